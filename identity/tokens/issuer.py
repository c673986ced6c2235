"""The issuer: makes codes, and tokens where no person signs in; a person's are made in `redeeming.py`."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.tokens import clients, rfc7636, rfc9068, services, store
from identity.tokens.messages import AuthorizationReply, Client, TokenReply
from identity.tokens.refusals import (
    AccountClosed,
    AccountLocked,
    BadChallenge,
    BadScope,
    DpopProofNeeded,
    NoAppointment,
    PasskeyNeeded,
)
from identity.tokens.rfc6749 import OAuthError
from identity.tokens.services import Aim
from identity.tokens.signer import Signer
from kit import clock, ids
from kit.actor import Kind
from kit.keys import Keys
from kit.settings import Settings
from kit.valkey import Valkey

CODE_LIFETIME = timedelta(seconds=60)

# RFC 8176.
_BY_PASSKEY = frozenset({"hwk", "swk"})


def check_challenge(code_challenge: str | None, method: str | None) -> None:
    """Refuses BadChallenge unless it is a challenge by S256."""
    if not rfc7636.acceptable(code_challenge, method):
        raise BadChallenge


class Issuer(Signer):
    """One per process; holds keys and the replay store, no state of its own."""

    def __init__(self, settings: Settings, keys: Keys, valkey: Valkey) -> None:
        super().__init__(settings, keys, valkey)
        self.sandbox = settings.sandbox
        self._passkeys_required = settings.officer_passkeys == "required"

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
        resources: Sequence[str] = (),
    ) -> str:
        """A code for what was decided already: `scope`, `claims` and `resources` are what it grants."""
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
            resources=list(resources),
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

    def own_aim(self, client: Client, scope: str | None) -> Aim:
        """What a client's token for itself is for when it names no service: the city's own. Raises OAuthError."""
        try:
            granted = clients.allowed_scopes(client, scope, _kind_of_client(client))
        except BadScope as refusal:
            raise OAuthError("invalid_scope", refusal.message.en) from refusal
        return Aim((self.url,), " ".join(granted))

    async def own_aim_at(
        self, conn: AsyncConnection, client: Client, scope: str | None, resources: Sequence[str]
    ) -> Aim:
        """The same for the services it names. Raises OAuthError."""
        own = self.own_aim(client, scope)
        may = services.open_to(client, self.url)
        return await services.aim(conn, self.url, asked=resources or own.audience, granted=may, scope=own.scope)

    def client_token(self, client: Client, aim: Aim, *, jkt: str | None) -> TokenReply:
        """A token of the client for itself. It states all there is to its grant, which gets a row only when it ends before its time.
        A kiosk's names its office."""
        token = self.access_token(
            gid=ids.new_id("grt"),
            kind=_kind_of_client(client),
            client_id=client.id,
            subject=client.id,
            scope=aim.scope,
            jkt=jkt,
            now=clock.now(),
            office=client.office_id,
            audience=aim.audience,
        )
        return reply_of(token, jkt, rfc9068.LIFETIME, aim.scope)

    async def proofing_token(self, conn: AsyncConnection, *, session_id: str, client_id: str, jkt: str) -> str:
        """The token of one proofing session: 15 minutes, bound to the device key, good for that session and nothing else."""
        client = await clients.known_client(conn, client_id)
        granted = " ".join(clients.allowed_scopes(client, "proofing", "proofing"))
        gid, now = ids.new_id("grt"), clock.now()
        await self.keep_grant(
            conn,
            gid=gid,
            kind="proofing",
            client_id=client_id,
            scope=granted,
            jkt=jkt,
            now=now,
            until=now + rfc9068.PROOFING_LIFETIME,
            session_id=session_id,
        )
        return self.access_token(
            gid=gid,
            kind="proofing",
            client_id=client_id,
            subject=session_id,
            scope=granted,
            jkt=jkt,
            now=now,
            session=session_id,
            lifetime=rfc9068.PROOFING_LIFETIME,
        )

    async def keep_grant(
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
        resources: Sequence[str] = (),
        ends_with: Sequence[str] = (),
        amr: Sequence[str] | None = None,
        auth_time: datetime | None = None,
        appointment_id: str | None = None,
        authenticator_id: str | None = None,
        level: int = 0,
        idle_at: datetime | None = None,
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
            resources=list(resources),
            ends_with=list(ends_with),
            amr=None if amr is None else list(amr),
            auth_time=auth_time,
            scope=scope,
            level=level,
            jkt=jkt,
            created_at=now,
            expires_at=until,
            idle_at=idle_at,
        )


def _kind_of_client(client: Client) -> Kind:
    return "kiosk" if client.office_id is not None else "client"


def kind_of(bearer: Any) -> Kind:
    return "officer" if bearer.kind == "officer" else "citizen"


def reply_of(
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
