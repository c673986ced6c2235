"""The two verbs every app calls all day, a client's own token and a refresh, for many callers at once (decision 0025).

Only what is good beyond doubt is answered here. What is refused, and what is rare (assertions, officers, services of others, a kiosk's
visitor, claims in the ID token, a second use), goes the ordinary way through `service`, which alone says no to a token. No client is
answered as it was before it changed, and no refresh before its rows are committed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from identity.tokens import clients, redeeming, refreshing, rfc6749, sandbox_errors, service
from identity.tokens.issuer import Issuer
from identity.tokens.messages import Client, TokenReply
from identity.tokens.redeeming import REFRESH_LIFETIME
from identity.tokens.rfc6749 import OAuthError
from identity.tokens.services import Aim
from identity.tokens.store import many
from kit import clock, ids
from kit.db import Database
from kit.refusal import Refusal
from kit.together import Together
from notifications import PostOffice

_TOGETHER = frozenset({"client_credentials", "refresh_token"})
# A request with any other parameter, known or not, goes the ordinary way: what it changes is said in one place only.
_ORDINARY = frozenset({"grant_type", "client_id", "client_secret", "refresh_token", "scope"})


class Asked(NamedTuple):
    """A request: its form, its Authorization, every DPoP proof, and the error a sandbox is asked to make on purpose."""

    sent: Mapping[str, str]
    authorization: str | None = None
    dpop: Sequence[str] = ()
    fail: str | None = None


class Known(msgspec.Struct, frozen=True):
    """A client as it was read, and the version of its row: every answer asks for that version, so that a changed client is read again."""

    client: Client
    version: str


class _Refresh(msgspec.Struct, frozen=True):
    known: Known
    token: str
    scope: str | None
    jkt: str | None


class Busy:
    """One per process. Takes what the token endpoint takes."""

    def __init__(self, db: Database, issuer: Issuer, post_office: PostOffice) -> None:
        self._db, self._issuer, self._post_office = db, issuer, post_office
        self._known: dict[str, Known] = {}
        # Of its own for each question: one statement at a time, the next when that is committed. While some refreshes are brought to the
        # disk, the tokens of others are signed.
        self._clients, self._families, self._uses = self._lines = db.line(), db.line(), db.line()
        self._stands: Together[Known, bool] = Together(self._stand)
        self._good: Together[_Refresh, many.Standing | None] = Together(self._good_of)
        self._used: Together[many.Change, bool] = Together(self._use)

    async def give_token(self, asked: Asked, *, path: str) -> TokenReply:
        """As `service.give_token`. Raises OAuthError."""
        sent, authorization = asked.sent, asked.authorization
        if asked.fail and self._issuer.sandbox:
            async with self._db.connect() as conn:
                await sandbox_errors.fail_at_endpoint(conn, asked.fail, "token", sent, authorization)
        grant = sent.get("grant_type")
        if grant in _TOGETHER and _ORDINARY.issuperset(sent):
            shown = rfc6749.credentials(authorization, sent)
            known = await self._proved(shown)
            if grant in known.client.grants:
                jkt = await service.device_key(self._issuer, known.client, asked.dpop, path)
                if grant == "refresh_token":
                    return await self._refresh(known, shown, sent, jkt)
                return await self._client_token(known, shown, sent, jkt)
        return await service.give_token(
            self._db, self._issuer, sent, authorization=authorization, post_office=self._post_office, dpop=asked.dpop, path=path
        )  # fmt: skip

    def ready(self, asked: Asked) -> Known | None:
        """The client of a request that is good as far as is known here, and that nobody need be asked about but the database.
        Raises OAuthError."""
        sent = asked.sent
        grant = sent.get("grant_type")
        if asked.dpop or asked.fail or grant not in _TOGETHER or not _ORDINARY.issuperset(sent):
            return None
        shown = rfc6749.credentials(asked.authorization, sent)
        known = self._held(shown)
        if known is None or known.client.dpop_required or grant not in known.client.grants:
            return None
        return None if grant == "refresh_token" and "refresh_token" not in sent else known

    async def stand(self, known: list[Known]) -> list[bool]:
        """Whether each of these clients is still as it was read."""
        return await self._stands.ask_all(known)

    def own_token(self, known: Known, asked: Asked) -> TokenReply | None:
        """A token for itself of a client that stands, None for what `give_token` is to answer."""
        try:
            aim = self._issuer.own_aim(known.client, asked.sent.get("scope"))
            return self._issuer.client_token(known.client, aim, jkt=None)
        except (OAuthError, Refusal):
            return None

    async def refreshed(self, ready: list[tuple[Asked, Known]]) -> list[TokenReply | None]:
        """The next tokens, None for what `give_token` is to answer."""
        return await self._next_all(
            [_Refresh(known, asked.sent["refresh_token"], asked.sent.get("scope"), None) for asked, known in ready]
        )

    async def close(self) -> None:
        for line in self._lines:
            await line.close()

    async def _proved(self, shown: rfc6749.Credentials, *, again: bool = False) -> Known:
        """The client as it is known here; read anew before it is refused. An unknown one costs the same work as a known one."""
        held = None if again else self._held(shown)
        if held is not None:
            return held
        async with self._db.connect() as conn:
            read = await many.client_and_version(conn, shown.client_id)
        if read is None:
            self._known.pop(shown.client_id, None)
        service.proved(None if read is None else read[0], shown)
        assert read is not None
        known = self._known[shown.client_id] = Known(*read)
        return known

    def _held(self, shown: rfc6749.Credentials) -> Known | None:
        """The client as it is known here, if what was shown proves it."""
        held = self._known.get(shown.client_id)
        if held is not None:
            try:
                service.proved(held.client, shown)
            except OAuthError:
                return None
        return held

    # A client's own token

    async def _client_token(
        self, known: Known, shown: rfc6749.Credentials, sent: Mapping[str, str], jkt: str | None
    ) -> TokenReply:
        while not await self._stands.ask(known):
            known = await self._proved(shown, again=True)
            _refuse_changed(known.client, "client_credentials", jkt)
        aim = self._issuer.own_aim(known.client, sent.get("scope"))
        return self._issuer.client_token(known.client, aim, jkt=jkt)

    async def _stand(self, asked: list[Known]) -> list[bool]:
        """Whether each is still as it was read. Of two readings of one client the later one may be; the other is asked again."""
        versions = {known.client.id: known.version for known in asked}
        same = await many.unchanged(self._clients, versions)
        return [known.client.id in same and versions[known.client.id] == known.version for known in asked]

    # Refreshes

    async def _refresh(
        self, known: Known, shown: rfc6749.Credentials, sent: Mapping[str, str], jkt: str | None
    ) -> TokenReply:
        token = sent.get("refresh_token")
        if token is not None:
            (reply,) = await self._next_all([_Refresh(known, token, sent.get("scope"), jkt)])
            if reply is not None:
                return reply
            known = await self._proved(shown, again=True)
            _refuse_changed(known.client, "refresh_token", jkt)
        async with self._db.begin() as conn:
            answer = await service.refresh(conn, self._issuer, self._post_office, known.client, sent, jkt=jkt)
        # What ended a family stands, and then it is refused.
        if isinstance(answer, OAuthError):
            raise answer
        return answer

    async def _next_all(self, asked: list[_Refresh]) -> list[TokenReply | None]:
        """The new tokens, None for what must go the ordinary way; of two with one token the second does."""
        now = clock.now()
        replies: list[TokenReply | None] = []
        changes: list[many.Change] = []
        for one, grant in zip(asked, await self._good.ask_all(asked), strict=True):
            reply = None if grant is None else self._next(one, grant, now)
            replies.append(reply)
            if grant is not None and reply is not None:
                changes.append(_change(one, grant, reply, now))
        if not changes:
            return replies
        # What ended meanwhile ended the grant, and with it all that is written here. What was used meanwhile is not written.
        used = iter(await self._used.ask_all(changes))
        return [reply if reply is not None and next(used) else None for reply in replies]

    async def _good_of(self, asked: list[_Refresh]) -> list[many.Standing | None]:
        shown = [many.Shown(ids.digest(one.token), one.known.client.id, one.known.version) for one in asked]
        good = await many.good_refresh_tokens(self._families, shown, at=clock.now(), day=clock.today())
        return [good.pop(one.digest, None) for one in shown]

    async def _use(self, changes: list[many.Change]) -> list[bool]:
        # One token may be here twice, found good both times before either was written: only one answer to it may be.
        first: dict[bytes, many.Change] = {}
        for change in changes:
            first.setdefault(change.digest, change)
        now = clock.now()
        used = await many.change_refresh_tokens(
            self._uses, list(first.values()), at=now, forget_before=now - refreshing.SAME_ANSWER
        )
        return [change.digest in used and first[change.digest] is change for change in changes]

    def _next(self, one: _Refresh, grant: many.Standing, now: datetime) -> TokenReply | None:
        client = one.known.client
        if client.kind == "public" and grant.jkt is not None and grant.jkt != one.jkt:
            return None
        city = self._issuer.url
        if redeeming.tells_more(grant) or grant.resources not in ([], [city]):
            return None
        try:
            clients.refuse_wrong_desk(client, "citizen")
            scope = refreshing.narrowed(grant.scope, one.scope)
            return redeeming.person_reply(
                self._issuer, client, grant, grant, gid=grant.id, aim=Aim((city,), scope), jkt=one.jkt, now=now, nonce=None,
                told={} if redeeming.is_identified(scope) else None, refreshed=True,
            )  # fmt: skip
        except (Refusal, OAuthError):
            return None


def _refuse_changed(client: Client, grant: str, jkt: str | None) -> None:
    """What `service.give_token` refuses before, of a client that was read anew after it."""
    if grant not in client.grants or (client.dpop_required and jkt is None):
        raise OAuthError(
            "unauthorized_client", "the client's registration has changed; this grant is no longer its own"
        )


def _change(one: _Refresh, grant: many.Standing, reply: TokenReply, now: datetime) -> many.Change:
    assert reply.refresh_token is not None
    return many.Change(
        digest=grant.digest,
        grant_id=grant.id,
        used_for=refreshing.asked(one.scope, one.jkt),
        sealed=refreshing.sealed(one.token, reply, grant.id),
        successor=ids.digest(reply.refresh_token),
        until=min(grant.expires_at, now + REFRESH_LIFETIME),
    )
