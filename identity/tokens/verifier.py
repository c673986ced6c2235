"""What is shown to the issuer: proofs of keys, assertions of clients, tokens of its own, and who acts by them."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import acting, oidc, rfc6750, rfc7523, rfc9068, rfc9449, store
from identity.tokens.messages import Client
from identity.tokens.refusals import DpopProofNeeded, InvalidDpopProof, InvalidToken, TokenExpired
from identity.tokens.replay import Replays
from identity.tokens.rfc6750 import Scheme, challenge
from identity.tokens.rfc7515 import BadJws
from kit import clock, ids
from kit.actor import NOBODY, Actor
from kit.db import Database
from kit.together import Together
from kit.valkey import Valkey

if TYPE_CHECKING:
    from identity.tokens.rfc7518 import PublicKey


_MOST_SIGNED: Final = 10_000
"""Tokens whose signature is remembered; about a kilobyte each."""


async def _grants_behind(asked: list[tuple[Database, str]]) -> list[Any]:
    """As `acting.grant_behind` tells them, of tokens of people; all asked of one database."""
    async with asked[0][0].direct() as conn:
        found = await store.grants(conn, [grant_id for _, grant_id in asked], clock.today())
    return [found.get(grant_id) for _, grant_id in asked]


class Verifier:
    """Holds the public keys and the replay store; the issuer is one that also signs."""

    def __init__(self, url: str, public: "Mapping[str, PublicKey]", valkey: Valkey) -> None:
        self.url = url
        self._public = dict(public)
        self._replays = Replays(valkey)
        # By the digest of the token: a phone shows the same one for ten minutes, and its signature is good or not for good. Whether it
        # is in force, for us and not ended is asked each time.
        self._signed: dict[bytes, rfc9068.AccessClaims] = {}
        # Every request passes here: those that come together are one statement, and no transaction around it.
        self._grants: Together[tuple[Database, str], Any] = Together(_grants_behind)

    async def proof(self, proofs: Sequence[str], *, method: str, path: str, access_token: str | None = None) -> str:
        """The thumbprint of the key that made this proof, which is then used up. Raises rfc9449.BadProof."""
        found = rfc9449.check(proofs, method=method, url=f"{self.url}{path}", at=clock.now(), access_token=access_token)
        await self._replays.use(found)
        return found.jkt

    async def check_proof(self, dpop: Sequence[str], *, method: str, path: str) -> str:
        """The same where a flow begins; refuses DpopProofNeeded, ReplayCheckUnavailable."""
        try:
            return await self.proof(dpop, method=method, path=path)
        except rfc9449.BadProof as error:
            raise DpopProofNeeded(reason=str(error)) from error

    async def actor(
        self, db: Database, *, authorization: Sequence[str], dpop: Sequence[str], method: str, path: str
    ) -> Actor:
        """Who acts; both header arguments hold every value sent. Uses up the proof: ask once a request.

        Nobody without a token; refuses 401 for a token that is not good.
        """
        if len(authorization) > 1:
            raise InvalidToken(headers=challenge("Bearer", "invalid_request", "show one token"))
        shown = rfc6750.shown(authorization[0] if authorization else None)
        if shown is None:
            return NOBODY
        claims = self._claims(shown.token, shown.scheme)
        await self._refuse_foreign_key(claims, shown, dpop, method, path)
        if rfc9068.is_own(claims):
            async with db.direct() as conn:
                grant = await acting.grant_behind(conn, claims)
        else:
            grant = await self._grants.ask((db, claims.gid))
        acting.refuse_ended(grant, claims, shown.scheme)
        if grant.idle_at is not None:
            async with db.begin() as conn:
                await store.stay(conn, claims.gid, at=clock.now(), until=clock.now() + acting.IDLE)
        return acting.actor_of(claims, grant)

    def claims_in_force(self, token: str, *, for_anybody: bool = False) -> rfc9068.AccessClaims | None:
        """Of an access token of ours that has not expired, and is for the city's own service unless it is `for_anybody`; whether it
        was ended since, its grant says."""
        try:
            return self._in_force(token, audience=None if for_anybody else self.url)
        except (rfc9068.Expired, BadJws):
            return None

    async def check_assertion(self, client: Client, assertion: str) -> None:
        """Raises rfc7523.BadAssertion; refuses ReplayCheckUnavailable. The assertion is used up."""
        found = rfc7523.check(
            assertion,
            client.keys,
            client_id=client.id,
            audiences=(self.url, f"{self.url}/v1/oauth/token", f"{self.url}/v1/oauth/par"),
            issuer_only=client.fapi2,
            at=clock.now(),
        )
        if not await self._replays.first_use(f"assertion|{client.id}|{found.jti}", kept_seconds=found.seconds_left):
            raise rfc7523.BadAssertion("the assertion was used before")

    def _claims(self, token: str, scheme: Scheme) -> rfc9068.AccessClaims:
        try:
            return self._in_force(token, audience=self.url)
        except rfc9068.Expired as error:
            raise TokenExpired(headers=challenge(scheme, "invalid_token", str(error))) from error
        except BadJws as error:
            raise InvalidToken(headers=challenge(scheme, "invalid_token", str(error))) from error

    def _in_force(self, token: str, *, audience: str | None) -> rfc9068.AccessClaims:
        """Raises BadJws, rfc9068.Expired."""
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).digest()
        claims = self._signed.get(digest)
        if claims is None:
            claims = rfc9068.signed_claims(token, self._public, issuer=self.url)
        rfc9068.refuse_out_of_force(claims, audience=audience, at=clock.now())
        if len(self._signed) >= _MOST_SIGNED:
            self._signed.clear()
        self._signed[digest] = claims
        return claims

    async def _refuse_foreign_key(
        self, claims: rfc9068.AccessClaims, shown: rfc6750.Shown, dpop: Sequence[str], method: str, path: str
    ) -> None:
        """A bound token comes as DPoP with a proof by its key; an unbound one comes as Bearer (RFC 9449 §7.1, §7.2)."""
        if claims.cnf is None:
            if shown.scheme == "DPoP":
                raise InvalidToken(
                    headers=challenge("DPoP", "invalid_token", "the token is bound to no key; show it as Bearer")
                )
            return
        if shown.scheme != "DPoP":
            raise InvalidToken(
                headers=challenge("DPoP", "invalid_token", "the token is bound to a key; show it as DPoP")
            )
        try:
            jkt = await self.proof(dpop, method=method, path=path, access_token=shown.token)
        except rfc9449.BadProof as error:
            raise _bad_proof(str(error)) from error
        if not hmac.compare_digest(jkt, claims.cnf.jkt):
            raise _bad_proof("the token is bound to another key")

    async def revoke(self, conn: AsyncConnection, client: Client, token: str) -> None:
        """RFC 7009: the grant of a token of this client ends now; anything else is passed over in silence."""
        now, why = clock.now(), "the client gave it back"
        refresh = await store.refresh_token(conn, ids.digest(token))
        if refresh is not None:
            await store.revoke_grant(conn, refresh.grant_id, client_id=client.id, at=now, why=why)
            return
        try:
            claims = rfc9068.signed_claims(token, self._public, issuer=self.url)
        except BadJws:
            return
        if not rfc9068.is_own(claims):
            await store.revoke_grant(conn, claims.gid, client_id=client.id, at=now, why=why)
        elif claims.client_id == client.id and claims.exp > now.timestamp():
            made_at, until = (datetime.fromtimestamp(at, UTC) for at in (claims.iat, claims.exp))
            await store.end_own_grant(
                conn, id=claims.gid, kind=claims.kind, client_id=client.id, scope=claims.scope, created_at=made_at,
                expires_at=until, at=now, why=why,
            )  # fmt: skip

    def hinted(self, id_token: str) -> tuple[str, str]:
        """The client and the subject of an ID token of ours, however old. Raises OAuthError."""
        return oidc.hinted(id_token, self._public, issuer=self.url)


def _bad_proof(reason: str) -> InvalidDpopProof:
    return InvalidDpopProof(reason=reason, headers=challenge("DPoP", "invalid_dpop_proof", reason))
