"""The issuer: makes codes and tokens, and tells from a request's token who acts."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import (
    claims,
    clients,
    oidc,
    rfc7636,
    rfc7638,
    rfc8414,
    rfc9068,
    scopes,
    store,
)
from identity.tokens.messages import AuthorizationReply, Client, Confirmation, TokenReply
from identity.tokens.refusals import (
    AccountClosed,
    AccountLocked,
    BadChallenge,
    BadScope,
    DpopProofNeeded,
    NoAppointment,
    PasskeyNeeded,
)
from identity.tokens.rfc6749 import OAuthError, invalid_grant
from identity.tokens.verifier import Verifier
from kit import clock, ids
from kit.actor import Kind
from kit.keys import Keys, signing_kid
from kit.refusal import Refusal
from kit.settings import Settings
from kit.valkey import Valkey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

CODE_LIFETIME = timedelta(seconds=60)
REFRESH_LIFETIME = timedelta(days=30)
"""An app that is not opened for so long signs in again."""
GRANT_LIFETIME = timedelta(days=90)
"""However often it refreshes."""

# RFC 8176.
_BY_PASSKEY = frozenset({"hwk", "swk"})


def check_challenge(code_challenge: str | None, method: str | None) -> None:
    """Refuses BadChallenge unless it is a challenge by S256."""
    if not rfc7636.acceptable(code_challenge, method):
        raise BadChallenge


class Issuer(Verifier):
    """One per process; holds keys and the replay store, no state of its own."""

    def __init__(self, settings: Settings, keys: Keys, valkey: Valkey) -> None:
        signing = keys.signing_keys()
        super().__init__(settings.public_url, {kid: key.public_key() for kid, key in signing.items()}, valkey)
        self.keys = keys
        self._signing, self._kids = dict(signing), list(signing)
        self._subjects = hmac.digest(keys.key("pins"), b"pairwise subjects", hashlib.sha256)
        self._passkeys_required = settings.officer_passkeys == "required"
        self.jwks = rfc7638.jwks(signing)
        self.metadata = rfc8414.metadata(self.url)

    def _signer(self, at: datetime) -> "tuple[str, ec.EllipticCurvePrivateKey]":
        """The kid and key that sign at that moment: a new key is published for a while before."""
        kid = signing_kid(self._kids, at)
        return kid, self._signing[kid]

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
        bearer = await self.bearer(conn, account_id)
        return await self.add_code(
            conn,
            client_id=client_id,
            account_id=account_id,
            code_challenge=code_challenge,
            jkt=jkt,
            scope=" ".join(clients.allowed_scopes(client, self.scope_by_proof(bearer, amr, scope), kind_of(bearer))),
            amr=amr,
            auth_time=auth_time,
            nonce=nonce,
            authenticator_id=authenticator_id,
        )

    def scope_by_proof(self, bearer: Any, amr: Sequence[str], scope: str | None) -> str | None:
        """What may be asked for, by how the person signed in. An officer does so by a passkey; by the code of the first day they
        register one, and do nothing else. Refuses PasskeyNeeded."""
        if kind_of(bearer) != "officer" or not self._passkeys_required or _BY_PASSKEY & set(amr):
            return scope
        if bearer.has_passkey:
            raise PasskeyNeeded
        return "account"

    async def add_code(
        self,
        conn: AsyncConnection,
        *,
        client_id: str,
        account_id: str,
        code_challenge: str,
        jkt: str | None,
        scope: str,
        amr: Sequence[str],
        auth_time: datetime,
        nonce: str | None,
        authenticator_id: str | None = None,
        redirect_uri: str | None = None,
        browser_session_id: str | None = None,
        claims: dict[str, Any] | None = None,
    ) -> str:
        """A code for what was decided already: `scope` and `claims` are what it grants."""
        code, now = ids.secret_token("ac"), clock.now()
        await store.add_code(
            conn,
            digest=ids.digest(code),
            client_id=client_id,
            account_id=account_id,
            grant_id=ids.new_id("grt"),
            code_challenge=code_challenge,
            jkt=jkt,
            scope=scope,
            amr=list(amr),
            auth_time=auth_time,
            nonce=nonce,
            authenticator_id=authenticator_id,
            redirect_uri=redirect_uri,
            browser_session_id=browser_session_id,
            claims=claims,
            created_at=now,
            expires_at=now + CODE_LIFETIME,
        )
        return code

    def authorization_reply(self, code: str) -> AuthorizationReply:
        return AuthorizationReply(authorization_code=code, expires_in=int(CODE_LIFETIME.total_seconds()), iss=self.url)

    async def bearer(self, conn: AsyncConnection, account_id: str) -> Any:
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
        self,
        conn: AsyncConnection,
        client: Client,
        *,
        code: str,
        verifier: str | None,
        jkt: str | None,
        redirect_uri: str | None = None,
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
        # OAuth 2.1 no longer asks for it: PKCE does its work. Who sends it sends the right one.
        if redirect_uri is not None and taken.redirect_uri not in (None, redirect_uri):
            raise invalid_grant("redirect_uri is not the one the code was sent to")
        try:
            bearer = await self.bearer(conn, taken.account_id)
        except Refusal as refusal:
            raise invalid_grant(refusal.message.en) from refusal
        return await self._person_token(conn, client, taken, bearer, jkt, now)

    async def _person_token(
        self, conn: AsyncConnection, client: Client, taken: Any, bearer: Any, jkt: str | None, now: datetime
    ) -> TokenReply:
        officer = kind_of(bearer) == "officer"
        granted = scopes.names(taken.scope)
        stays = "refresh_token" in client.grants and (client.first_party or "offline_access" in granted)
        until = now + (GRANT_LIFETIME if stays else rfc9068.LIFETIME)
        await self._keep(
            conn,
            gid=taken.grant_id,
            kind=kind_of(bearer),
            client_id=client.id,
            scope=taken.scope,
            jkt=jkt,
            now=now,
            until=until,
            account_id=taken.account_id,
            browser_session_id=taken.browser_session_id,
            claims=taken.claims,
            amr=list(taken.amr),
            auth_time=taken.auth_time,
            appointment_id=bearer.appointment_id if officer else None,
            authenticator_id=taken.authenticator_id,
            level=bearer.level,
        )
        return await self._person_reply(
            conn,
            client,
            taken,
            bearer,
            gid=taken.grant_id,
            scope=taken.scope,
            jkt=jkt,
            now=now,
            nonce=taken.nonce,
            refresh_until=until if stays else None,
        )

    async def token_again(
        self,
        conn: AsyncConnection,
        client: Client,
        grant: Any,
        bearer: Any,
        *,
        scope: str,
        jkt: str | None,
        now: datetime,
    ) -> TokenReply:
        """The tokens of a refresh: of the same grant, from the same sign-in."""
        return await self._person_reply(
            conn,
            client,
            grant,
            bearer,
            gid=grant.id,
            scope=scope,
            jkt=jkt,
            now=now,
            nonce=None,
            refresh_until=grant.expires_at,
        )

    async def _person_reply(
        self,
        conn: AsyncConnection,
        client: Client,
        behind: Any,
        bearer: Any,
        *,
        gid: str,
        scope: str,
        jkt: str | None,
        now: datetime,
        nonce: str | None,
        refresh_until: datetime | None,
    ) -> TokenReply:
        """Tokens for a person; `behind` is the code or grant with account_id, amr, auth_time and claims of the sign-in."""
        told = await claims.known(conn, self.keys, behind.account_id, (behind.claims or {}).get("id_token", ()))
        reply = self.person_reply(
            client,
            behind,
            bearer,
            gid=gid,
            scope=scope,
            jkt=jkt,
            now=now,
            nonce=nonce,
            told=told,
            refreshed=refresh_until is not None,
        )
        if reply.refresh_token is not None and refresh_until is not None:
            until = min(refresh_until, now + REFRESH_LIFETIME)
            await store.add_refresh_token(conn, digest=ids.digest(reply.refresh_token), grant_id=gid, expires_at=until)
        return reply

    def person_reply(
        self,
        client: Client,
        behind: Any,
        bearer: Any,
        *,
        gid: str,
        scope: str,
        jkt: str | None,
        now: datetime,
        nonce: str | None,
        told: dict[str, Any],
        refreshed: bool,
    ) -> TokenReply:
        """The same, written nowhere yet: `told` is what the ID token says of the person, `refreshed` asks for a refresh token."""
        pairwise = self.subject(client, behind.account_id)
        officer = kind_of(bearer) == "officer"
        token = self._signed(
            gid=gid,
            kind=kind_of(bearer),
            client_id=client.id,
            subject=behind.account_id if client.first_party else pairwise,
            scope=scope,
            jkt=jkt,
            now=now,
            level=bearer.level,
            amr=tuple(behind.amr),
            auth_time=behind.auth_time,
            office=bearer.office_id if officer else None,
            roles=tuple(dict.fromkeys(bearer.roles)) if officer else (),
        )
        refresh = ids.secret_token("rt") if refreshed else None
        identity = None
        if "openid" in scopes.names(scope):
            identity = oidc.id_token(
                *self._signer(now),
                issuer=self.url,
                client_id=client.id,
                subject=pairwise,
                level=bearer.level,
                amr=behind.amr,
                auth_time=behind.auth_time,
                nonce=nonce,
                access_token=token,
                at=now,
                sid=None if behind.browser_session_id is None else self.session_name(client, behind.browser_session_id),
                more=told,
            )
        return _reply(token, jkt, rfc9068.LIFETIME, scope, identity, refresh)

    def client_token(self, client: Client, *, scope: str | None, jkt: str | None) -> tuple[dict[str, Any], TokenReply]:
        """A token of the client for itself, and the row it is ended by, which the caller writes before anybody gets the token. A
        kiosk's names its office. Raises OAuthError."""
        kind: Kind = "kiosk" if client.office_id is not None else "client"
        try:
            granted = " ".join(clients.allowed_scopes(client, scope, kind))
        except BadScope as refusal:
            raise OAuthError("invalid_scope", refusal.message.en) from refusal
        gid, now = ids.new_id("grt"), clock.now()
        row = {
            "id": gid, "kind": kind, "client_id": client.id, "scope": granted, "jkt": jkt, "created_at": now,
            "expires_at": now + rfc9068.LIFETIME,
        }  # fmt: skip
        token = self._signed(
            gid=gid,
            kind=kind,
            client_id=client.id,
            subject=client.id,
            scope=granted,
            jkt=jkt,
            now=now,
            office=client.office_id,
        )
        return row, _reply(token, jkt, rfc9068.LIFETIME, granted)

    async def proofing_token(self, conn: AsyncConnection, *, session_id: str, client_id: str, jkt: str) -> str:
        """The token of one proofing session: 15 minutes, bound to the device key, good for that session and nothing else."""
        client = await clients.known_client(conn, client_id)
        granted = " ".join(clients.allowed_scopes(client, "proofing", "proofing"))
        return await self._issue(
            conn,
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
        kind: Kind,
        client_id: str,
        subject: str,
        scope: str,
        jkt: str | None,
        now: datetime,
        office: str | None = None,
        session: str | None = None,
        lifetime: timedelta = rfc9068.LIFETIME,
    ) -> str:
        """The row and the token that names it, where no person signed in."""
        gid = ids.new_id("grt")
        await self._keep(
            conn,
            gid=gid,
            kind=kind,
            client_id=client_id,
            scope=scope,
            jkt=jkt,
            now=now,
            until=now + lifetime,
            session_id=session,
        )
        return self._signed(
            gid=gid,
            kind=kind,
            client_id=client_id,
            subject=subject,
            scope=scope,
            jkt=jkt,
            now=now,
            office=office,
            session=session,
            lifetime=lifetime,
        )

    async def _keep(
        self,
        conn: AsyncConnection,
        *,
        gid: str,
        kind: Kind,
        client_id: str,
        scope: str,
        jkt: str | None,
        now: datetime,
        until: datetime,
        account_id: str | None = None,
        session_id: str | None = None,
        browser_session_id: str | None = None,
        claims: dict[str, Any] | None = None,
        amr: list[str] | None = None,
        auth_time: datetime | None = None,
        appointment_id: str | None = None,
        authenticator_id: str | None = None,
        level: int = 0,
    ) -> None:
        """The row a grant is ended by."""
        await store.add_grant(
            conn,
            id=gid,
            kind=kind,
            client_id=client_id,
            account_id=account_id,
            appointment_id=appointment_id,
            session_id=session_id,
            browser_session_id=browser_session_id,
            authenticator_id=authenticator_id,
            claims=claims,
            amr=amr,
            auth_time=auth_time,
            scope=scope,
            level=level,
            jkt=jkt,
            created_at=now,
            expires_at=until,
        )

    def _signed(
        self,
        *,
        gid: str,
        kind: Kind,
        client_id: str,
        subject: str,
        scope: str,
        jkt: str | None,
        now: datetime,
        level: int = 0,
        amr: tuple[str, ...] = (),
        auth_time: datetime | None = None,
        office: str | None = None,
        roles: tuple[str, ...] = (),
        session: str | None = None,
        lifetime: timedelta = rfc9068.LIFETIME,
    ) -> str:
        issued_at = int(now.timestamp())
        stated = rfc9068.AccessClaims(
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
            cnf=None if jkt is None else Confirmation(jkt=jkt),
            office=office,
            roles=roles,
            session=session,
        )
        return rfc9068.sign(stated, *self._signer(now))

    def subject(self, client: Client, account_id: str) -> str:
        """What this client knows the person by, in ID tokens and user info."""
        return oidc.pairwise_subject(self._subjects, client.sector, account_id)

    def session_name(self, client: Client, session_id: str) -> str:
        """`sid`: of one browser's session each client knows another name, or by it they would know they share a person."""
        return oidc.pairwise_subject(self._subjects, f"session {client.id}", session_id)

    def logout_token(self, client: Client, *, subject: str, sid: str, lifetime: timedelta) -> str:
        """What tells an app that a session of its has ended."""
        return oidc.logout_token(
            *self._signer(clock.now()),
            issuer=self.url,
            client_id=client.id,
            subject=subject,
            sid=sid,
            jti=ids.new_id("jti"),
            at=clock.now(),
            lifetime=lifetime,
        )


def kind_of(bearer: Any) -> Kind:
    return "officer" if bearer.kind == "officer" else "citizen"


def _reply(
    token: str,
    jkt: str | None,
    lifetime: timedelta,
    scope: str,
    identity: str | None = None,
    refresh: str | None = None,
) -> TokenReply:
    return TokenReply(
        access_token=token,
        token_type="Bearer" if jkt is None else "DPoP",
        expires_in=int(lifetime.total_seconds()),
        scope=scope,
        refresh_token=refresh,
        id_token=identity,
    )
