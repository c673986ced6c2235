"""What happened, told twice: a line of the history for good, a message to the citizen where one is due."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import store
from dossiers.history import ActorKind, Happening, Head, chain
from dossiers.views import Row
from identity import accounts
from identity.mandates import Mandates, followers
from kit.actor import Actor
from kit.keys import Keys
from kit.refusal import Words
from kit.settings import Settings
from notifications import PostOffice, Recipient
from procedures.messages import Lifecycle


async def record(
    conn: AsyncConnection, row: Row, happenings: Sequence[Happening], *, at: datetime, status: str
) -> None:
    """Appends to the history of a dossier whose row is locked, and moves that row along."""
    events, head = chain(row.id, Head(row.event_count, bytes(row.event_hash)), at, happenings)
    await store.append(conn, events)
    await store.advance(conn, row.id, event_count=head.count, event_hash=head.hash, status=status, at=at)


def submitted(actor: Actor, receipt_code: str, *, for_another: bool) -> Happening:
    """For whom is no line of the history: it is shown to whoever holds the code."""
    vi, en = (", do người được uỷ quyền nộp thay", ", filed under a mandate") if for_another else ("", "")
    return Happening(
        kind="submit",
        words=Words(
            vi=f"Đã nhận hồ sơ, mã hồ sơ {receipt_code}{vi}.", en=f"The dossier is in, receipt code {receipt_code}{en}."
        ),
        before="draft",
        after="open",
        actor_kind="citizen",
        actor_id=actor.account_id,
    )


def contested(actor: Actor, label: Words, reason: str) -> Happening:
    """Somebody says that what an authority's record told us is wrong."""
    return Happening(
        kind="contest",
        words=Words(
            vi=f"Người nộp cho rằng mục “{label.vi}” chưa đúng: {reason}",
            en=f"The requester says that “{label.en}” is wrong: {reason}",
        ),
        actor_kind="citizen",
        actor_id=actor.account_id,
    )


def planted(branch: str, title: Words, office: Words, state: str) -> Happening:
    """A branch as it stands right after the submission."""
    words = (
        Words(vi=f"{title.vi}: chờ thủ tục trước.", en=f"{title.en}: waits for another procedure.")
        if state == "waiting"
        else Words(vi=f"{title.vi}: đã chuyển đến {office.vi}.", en=f"{title.en}: passed to {office.en}.")
    )
    return Happening(kind="plant", branch=branch, after=state, words=words)


def started(branch: str, title: Words, office: Words, before: str, after: str) -> Happening:
    words = Words(
        vi=f"{title.vi}: bắt đầu, đã chuyển đến {office.vi}.", en=f"{title.en}: begins, passed to {office.en}."
    )
    return Happening(kind="start", branch=branch, before=before, after=after, words=words)


def claimed(actor: Actor, branch: str, title: Words, office: Words, before: str, after: str) -> Happening:
    words = Words(vi=f"{title.vi}: {office.vi} đang xử lý.", en=f"{title.en}: {office.en} is working on it.")
    return _by(actor, "claim", branch, before, after, words)


def approved(actor: Actor, branch: str, title: Words, paper: Words, before: str, after: str) -> Happening:
    words = Words(
        vi=f"{title.vi}: đã giải quyết, có kết quả “{paper.vi}”.",
        en=f"{title.en}: approved, the result is “{paper.en}”.",
    )
    return _by(actor, "approve", branch, before, after, words)


def refused(actor: Actor, branch: str, title: Words, reason: str, before: str, after: str) -> Happening:
    words = Words(vi=f"{title.vi}: bị từ chối. Lý do: {reason}", en=f"{title.en}: refused. Reason: {reason}")
    return _by(actor, "refuse", branch, before, after, words)


def not_started(branch: str, title: Words, reason: Words, before: str, after: str) -> Happening:
    words = Words(vi=f"{title.vi}: không bắt đầu. {reason.vi}", en=f"{title.en}: not started. {reason.en}")
    return Happening(kind="not_start", branch=branch, before=before, after=after, words=words)


def _by(actor: Actor, kind: str, branch: str, before: str, after: str, words: Words) -> Happening:
    who: ActorKind = "officer" if actor.kind == "officer" else "citizen"
    return Happening(
        kind=kind, branch=branch, before=before, after=after, words=words, actor_kind=who, actor_id=actor.account_id
    )


def recipient(owner: accounts.Account) -> Recipient:
    """An account as the post office addresses it."""
    return Recipient(account_id=owner.id, contacts=tuple(held.contact for held in owner.contacts), locale=owner.locale)


async def recipients(conn: AsyncConnection, keys: Keys, mandates: Mandates, row: Row) -> list[Recipient]:
    """Whoever filed it; of one filed for another, everybody who may follow it today."""
    if row.principal_id is None:
        return [recipient(await accounts.account(conn, keys, row.account_id))]
    return [recipient(one) for one in await followers(conn, mandates, row.principal_id, row.procedure)]


class Messenger:
    """Messages about one dossier to whoever follows it, on the transaction that causes them."""

    def __init__(
        self,
        post_office: PostOffice,
        settings: Settings,
        lifecycle: Lifecycle,
        to: Sequence[Recipient],
        receipt_code: str,
    ) -> None:
        self._post_office, self._lifecycle, self._to, self._code = post_office, lifecycle, to, receipt_code
        # The page that asks for the second fact and shows how the dossier stands.
        self._link = f"{settings.public_url}/d/{receipt_code}"

    async def dossier_received(self, conn: AsyncConnection, dossier_id: str, state: str) -> None:
        await self._send(conn, "dossier-received", self._common(state), cause=dossier_id)

    async def birth_registered(self, conn: AsyncConnection, branch_id: str) -> None:
        await self._send(conn, "birth-registered", self._common("approved"), cause=branch_id)

    async def branch_ended(self, conn: AsyncConnection, branch_id: str, title: Words, state: str) -> None:
        """Of a branch that ended, well or not; the written reason stands in the dossier, never in a message."""
        event = {"approved": "result-ready", "refused": "branch-refused", "not_started": "branch-not-started"}[state]
        await self._send(conn, event, {**self._common(state), "branch": title}, cause=branch_id)

    async def appointment(self, conn: AsyncConnection, branch_id: str, *, day: str, time: str, place: str) -> None:
        fields: dict[str, str | Words] = {"day": day, "time": time, "place": place}
        await self._send(
            conn, "appointment", {**fields, "receipt_code": self._code, "link": self._link}, cause=branch_id
        )

    def _common(self, state: str) -> dict[str, str | Words]:
        label = self._lifecycle.state(state).label
        return {"receipt_code": self._code, "status": label, "link": self._link}

    async def _send(self, conn: AsyncConnection, event: str, fields: dict[str, str | Words], *, cause: str) -> None:
        for to in self._to:
            once_key = f"{event}:{cause}:{to.account_id}"
            await self._post_office.send(conn, event=event, to=to, fields=fields, once_key=once_key)
