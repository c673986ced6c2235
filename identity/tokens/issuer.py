"""The issuer: makes codes and tokens, and tells from a request's token who acts."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import acting, clients, oidc, rfc6750, rfc7636, rfc7638, rfc8414, rfc9068, rfc9449, scopes, store
from identity.tokens.messages import AuthorizationReply, Client, TokenReply
from identity.tokens.refusals import (
    AccountClosed,
    AccountLocked,
    BadChallenge,
    BadScope,
    DpopProofNeeded,
    InvalidDpopProof,
    InvalidToken,
    NoAppointment,
    PasskeyNeeded,
    TokenExpired,
)
from identity.tokens.replay import Replays
from identity.tokens.rfc6749 import OAuthError, invalid_grant
from identity.tokens.rfc6750 import Scheme, challenge
from identity.tokens.rfc7515 import BadJws
from kit import clock, ids
from kit.actor import NOBODY, Actor, Kind
from kit.db import Database
from kit.keys import Keys
from kit.refusal import Refusal
from kit.settings import Settings
from kit.valkey import Valkey

CODE_LIFETIME = timedelta(seconds=60)

# RFC 8176.
_BY_PASSKEY = frozenset({"hwk", "swk"})


def check_challenge(code_challenge: str | None, method: str | None) -> None:
    """Refuses BadChallenge unless it is a challenge by S256."""
    if not rfc7636.acceptable(code_challenge, method):
        raise BadChallenge


class Issuer:
    """One per process; holds keys and the replay store, no state of its own."""

    def __init__(self, settings: Settings, keys: Keys, valkey: Valkey) -> None:
        self.url = settings.public_url
        signing = keys.signing_keys()
        self._kid, self._key = list(signing.items())[-1]
        self._public = {kid: key.public_key() for kid, key in signing.items()}
        self._subjects = hmac.digest(keys.key("pins"), b"pairwise subjects", hashlib.sha256)
        self._replays = Replays(valkey)
        self._passkeys_required = settings.officer_passkeys == "required"
        self.jwks = rfc7638.jwks(signing)
        self.metadata = rfc8414.metadata(self.url)

    # Codes

    async def issue_code(
        self,
        conn: AsyncConnection,
        *,
        client_id: str,
        account_id: str,
        code_challenge: str,
        jkt: str | None,
        scope: str | None,
        amr: Sequence[str],
        auth_time: datetime,
        nonce: str | None = None,
        authenticator_id: str | None = None,
    ) -> str:
        """A code for the token endpoint: 60 s, one use, kept as a digest. `scope` None asks for all the client may have;
        `authenticator_id` is the contact or passkey that signed in, where one thing did.

        Refuses UnknownClient, BadChallenge, BadScope, DpopProofNeeded, AccountClosed, AccountLocked, NoAppointment, PasskeyNeeded,
        NotForOfficers, NotForCitizens.
        """
        client = await clients.known_client(conn, client_id)
        check_challenge(code_challenge, rfc7636.METHOD)
        if client.dpop_required and jkt is None:
            raise DpopProofNeeded(reason="this client must bind its tokens to a device key")
        bearer = await self._bearer(conn, account_id)
        if kind_of(bearer) == "officer" and self._passkeys_required and not _BY_PASSKEY & set(amr):
            if bearer.has_passkey:
                raise PasskeyNeeded
            # By the code of the first day an officer registers a passkey, and does nothing else.
            scope = "account"
        code, now = ids.secret_token("ac"), clock.now()
        await store.add_code(
            conn,
            digest=ids.digest(code),
            client_id=client_id,
            account_id=account_id,
            grant_id=ids.new_id("grt"),
            code_challenge=code_challenge,
            jkt=jkt,
            scope=" ".join(clients.allowed_scopes(client, scope, kind_of(bearer))),
            amr=list(amr),
            auth_time=auth_time,
            nonce=nonce,
            authenticator_id=authenticator_id,
            created_at=now,
            expires_at=now + CODE_LIFETIME,
        )
        return code

    def authorization_reply(self, code: str) -> AuthorizationReply:
        return AuthorizationReply(authorization_code=code, expires_in=int(CODE_LIFETIME.total_seconds()), iss=self.url)

    async def _bearer(self, conn: AsyncConnection, account_id: str) -> Any:
        """The account a token would be for, with its current appointment; refuses AccountClosed, AccountLocked, NoAppointment."""
        local = clock.now().astimezone(clock.CITY)
        bearer = await store.bearer_of(conn, account_id, local.date(), local.time())
        if bearer is None or bearer.closed_at is not None:
            raise AccountClosed
        if bearer.locked_at is not None:
            raise AccountLocked
        if kind_of(bearer) == "officer" and bearer.appointment_id is None:
            raise NoAppointment
        return bearer

    # Tokens

    async def redeem(
        self, conn: AsyncConnection, client: Client, *, code: str, verifier: str | None, jkt: str | None
    ) -> TokenReply | OAuthError:
        """The token of a code. A second use ends the token of the first and *returns* the error, so that the caller commits it.

        Raises OAuthError for what must leave no trace: a wrong verifier or key does not burn the code, for a stranger
        who saw it go by must not be able to end a sign-in.
        """
        now = clock.now()
        taken = await store.use_code(conn, ids.digest(code), client.id, now)
        if taken is None:
            used = await store.used_code_grant(conn, ids.digest(code), client.id)
            if used is not None:
                await store.revoke_grant(conn, used, client_id=client.id, at=now, why="its code was used twice")
            return invalid_grant("the code is unknown, expired or used")
        if not rfc7636.matches(verifier, taken.code_challenge):
            raise invalid_grant("code_verifier does not fit the code")
        if taken.jkt is not None and taken.jkt != jkt:
            raise invalid_grant("the code was asked for with another device key")
        try:
            bearer = await self._bearer(conn, taken.account_id)
        except Refusal as refusal:
            raise invalid_grant(refusal.message.en) from refusal
        return await self._person_token(conn, client, taken, bearer, jkt, now)

    async def _person_token(
        self, conn: AsyncConnection, client: Client, taken: Any, bearer: Any, jkt: str | None, now: datetime
    ) -> TokenReply:
        pairwise = self.subject(client, taken.account_id)
        officer = kind_of(bearer) == "officer"
        token = await self._issue(
            conn,
            gid=taken.grant_id,
            kind=kind_of(bearer),
            client_id=client.id,
            subject=taken.account_id if client.first_party else pairwise,
            scope=taken.scope,
            jkt=jkt,
            now=now,
            account_id=taken.account_id,
            appointment_id=bearer.appointment_id if officer else None,
            authenticator_id=taken.authenticator_id,
            level=bearer.level,
            amr=tuple(taken.amr),
            auth_time=taken.auth_time,
            office=bearer.office_id if officer else None,
            roles=tuple(dict.fromkeys(bearer.roles)) if officer else (),
        )
        granted = scopes.names(taken.scope)
        identity = None
        if "openid" in granted:
            identity = oidc.id_token(
                self._kid,
                self._key,
                issuer=self.url,
                client_id=client.id,
                subject=pairwise,
                level=bearer.level,
                amr=taken.amr,
                auth_time=taken.auth_time,
                nonce=taken.nonce,
                access_token=token,
                at=now,
            )
        return _reply(token, jkt, rfc9068.LIFETIME, taken.scope, identity)

    async def client_token(
        self, conn: AsyncConnection, client: Client, *, scope: str | None, jkt: str | None
    ) -> TokenReply:
        """A token of the client for itself; a kiosk's names its office. Raises OAuthError."""
        kind: Kind = "kiosk" if client.office_id is not None else "client"
        try:
            granted = " ".join(clients.allowed_scopes(client, scope, kind))
        except BadScope as refusal:
            raise OAuthError("invalid_scope", refusal.message.en) from refusal
        token = await self._issue(
            conn,
            gid=ids.new_id("grt"),
            kind=kind,
            client_id=client.id,
            subject=client.id,
            scope=granted,
            jkt=jkt,
            now=clock.now(),
            office=client.office_id,
        )
        return _reply(token, jkt, rfc9068.LIFETIME, granted, None)

    async def proofing_token(self, conn: AsyncConnection, *, session_id: str, client_id: str, jkt: str) -> str:
        """The token of one proofing session: 15 minutes, bound to the device key, good for that session and nothing else."""
        client = await clients.known_client(conn, client_id)
        granted = " ".join(clients.allowed_scopes(client, "proofing", "proofing"))
        return await self._issue(
            conn,
            gid=ids.new_id("grt"),
            kind="proofing",
            client_id=client_id,
            subject=session_id,
            scope=granted,
            jkt=jkt,
            now=clock.now(),
            session=session_id,
            lifetime=rfc9068.PROOFING_LIFETIME,
        )

    async def _issue(
        self,
        conn: AsyncConnection,
        *,
        gid: str,
        kind: Kind,
        client_id: str,
        subject: str,
        scope: str,
        jkt: str | None,
        now: datetime,
        account_id: str | None = None,
        appointment_id: str | None = None,
        authenticator_id: str | None = None,
        level: int = 0,
        amr: tuple[str, ...] = (),
        auth_time: datetime | None = None,
        office: str | None = None,
        roles: tuple[str, ...] = (),
        session: str | None = None,
        lifetime: timedelta = rfc9068.LIFETIME,
    ) -> str:
        """The row and the token that names it."""
        await store.add_grant(
            conn,
            id=gid,
            kind=kind,
            client_id=client_id,
            account_id=account_id,
            appointment_id=appointment_id,
            session_id=session,
            authenticator_id=authenticator_id,
            scope=scope,
            level=level,
            jkt=jkt,
            created_at=now,
            expires_at=now + lifetime,
        )
        issued_at = int(now.timestamp())
        claims = rfc9068.AccessClaims(
            iss=self.url,
            aud=self.url,
            exp=issued_at + int(lifetime.total_seconds()),
            iat=issued_at,
            jti=ids.new_id("jti"),
            client_id=client_id,
            sub=subject,
            gid=gid,
            kind=kind,
            scope=scope,
            acr=rfc9068.acr_of(level),
            amr=amr,
            auth_time=None if auth_time is None else int(auth_time.timestamp()),
            cnf=None if jkt is None else rfc9068.Confirmation(jkt=jkt),
            office=office,
            roles=roles,
            session=session,
        )
        return rfc9068.sign(claims, self._kid, self._key)

    def subject(self, client: Client, account_id: str) -> str:
        """What this client knows the person by, in ID tokens and user info."""
        return oidc.pairwise_subject(self._subjects, client.sector, account_id)

    # Proofs and tokens shown

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
        async with db.connect() as conn:
            grant = await store.grant(conn, claims.gid, clock.today())
        acting.refuse_ended(grant, claims, shown.scheme)
        return acting.actor_of(claims, grant)

    def _claims(self, token: str, scheme: Scheme) -> rfc9068.AccessClaims:
        try:
            return rfc9068.read(token, self._public, issuer=self.url, audience=self.url, at=clock.now())
        except rfc9068.Expired as error:
            raise TokenExpired(headers=challenge(scheme, "invalid_token", str(error))) from error
        except BadJws as error:
            raise InvalidToken(headers=challenge(scheme, "invalid_token", str(error))) from error

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
        """RFC 7009: a token of this client ends now; anything else is passed over in silence."""
        try:
            claims = rfc9068.signed_claims(token, self._public, issuer=self.url)
        except BadJws:
            return
        await store.revoke_grant(conn, claims.gid, client_id=client.id, at=clock.now(), why="the client gave it back")


def kind_of(bearer: Any) -> Kind:
    return "officer" if bearer.kind == "officer" else "citizen"


def _bad_proof(reason: str) -> InvalidDpopProof:
    return InvalidDpopProof(reason=reason, headers=challenge("DPoP", "invalid_dpop_proof", reason))


def _reply(token: str, jkt: str | None, lifetime: timedelta, scope: str, identity: str | None) -> TokenReply:
    return TokenReply(
        access_token=token,
        token_type="Bearer" if jkt is None else "DPoP",
        expires_in=int(lifetime.total_seconds()),
        scope=scope,
        id_token=identity,
    )
