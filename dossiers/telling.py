"""What happened, told twice: a line of the history for good, a message to the citizen where one is due."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import store_moving
from dossiers.history import ActorKind, Happening, Head, chain
from dossiers.standing import Stand
from dossiers.store_moving import Advance
from dossiers.views import Row
from identity import accounts
from identity.mandates import Mandates, followers
from kit import clock
from kit.actor import Actor
from kit.keys import Keys
from kit.refusal import Words
from kit.settings import Settings
from notifications import PostOffice, Recipient, Sending
from procedures.messages import Lifecycle


async def record(
    conn: AsyncConnection,
    row: Row,
    happenings: Sequence[Happening],
    *,
    at: datetime,
    status: str,
    done: Advance = Advance(),  # noqa: B008 - it is frozen
) -> None:
    """Appends to the history of a dossier whose row is locked, and moves that row along, with what was `done` to its branches."""
    events, head = chain(row.id, Head(row.event_count, bytes(row.event_hash)), at, happenings)
    await store_moving.advance(conn, row.id, done, events, head, status=status, at=at)


def submitted(actor: Actor, receipt_code: str, *, for_another: bool, **facts: Any) -> Happening:
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
        facts=facts,
    )


def assisted(how: Mapping[str, Any], office: Words) -> Happening:
    """An officer at a counter filled it in; the citizen confirmed it: by a paper they signed, or by sending it in."""
    signature = how.get("signature")
    vi, en = (
        ("đã ký xác nhận trên giấy", "signed it on paper")
        if signature
        else ("tự xác nhận và nộp", "confirmed and sent it in")
    )
    return Happening(
        kind="assist",
        words=Words(
            vi=f"{office.vi} giúp điền tại quầy; người nộp {vi}.",
            en=f"{office.en} helped to fill it in; the requester {en}.",
        ),
        actor_kind="officer",
        actor_id=how["officer_id"],
        facts={"signature_sha256": signature["sha256"]} if signature else None,
    )


def brought(office: Words, how: Mapping[str, Any]) -> Words:
    """A supplement that a counter filled in, confirmed as what is filed there is."""
    vi, en = (
        ("đã ký xác nhận trên giấy", "signed it on paper")
        if "signature_sha256" in how
        else ("tự xác nhận và gửi", "confirmed and gave it")
    )
    return Words(
        vi=f"công dân đã bổ sung, {office.vi} giúp điền tại quầy; người nộp {vi}.",
        en=f"the citizen gave what was missing; {office.en} helped to fill it in, the requester {en}.",
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
    match state:
        case "waiting":
            words = Words(vi=f"{title.vi}: chờ thủ tục trước.", en=f"{title.en}: waits for another procedure.")
        case "unconfirmed":
            words = _waits_for_consent(title)
        case _:
            words = Words(vi=f"{title.vi}: đã chuyển đến {office.vi}.", en=f"{title.en}: passed to {office.en}.")
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


def held(branch: str, title: Words, before: str, after: str) -> Happening:
    return Happening(kind="hold", branch=branch, before=before, after=after, words=_waits_for_consent(title))


def _waits_for_consent(title: Words) -> Words:
    return Words(
        vi=f"{title.vi}: chờ người được mời xác nhận đồng ý.", en=f"{title.en}: waits for an invited person's consent."
    )


def waits_again(branch: str, title: Words, before: str, after: str) -> Happening:
    words = Words(vi=f"{title.vi}: lại chờ thủ tục trước.", en=f"{title.en}: waits for the earlier procedure again.")
    return Happening(kind="wait_again", branch=branch, before=before, after=after, words=words)


def lapsed(branch: str, title: Words, before: str, after: str) -> Happening:
    words = Words(
        vi=f"{title.vi}: đã đóng vì quá hạn mà chưa nhận được phần còn thiếu. Có thể nộp lại.",
        en=f"{title.en}: closed, for what was missing did not come in time. It can be filed again.",
    )
    return Happening(kind="lapse", branch=branch, before=before, after=after, words=words)


def promised_anew(due_at: datetime) -> Words:
    """A line of how a promise came about."""
    day = f"{due_at.astimezone(clock.CITY):%d/%m/%Y}"
    return Words(vi=f"Cơ quan xin lỗi và hẹn lại ngày {day}.", en=f"The office apologised and set {day} anew.")


def promised_longer(title: Words, due_at: datetime) -> Words:
    """A line of how the promise of a whole dossier came about."""
    day = f"{due_at.astimezone(clock.CITY):%d/%m/%Y}"
    return Words(
        vi=f"{title.vi}: cần xác minh, hẹn trả ngày {day}.",
        en=f"{title.en}: facts must be verified, promised for {day}.",
    )


def done(
    actor: Actor, action: str, branch: str, title: Words, said: Words, before: str, after: str, **facts: Any
) -> Happening:
    """What a person did to a branch, in a sentence that begins with the procedure's name; `facts` are sealed with it."""
    words = Words(vi=f"{title.vi}: {said.vi}", en=f"{title.en}: {said.en}")
    happening = _by(actor, action, branch, before, after, words)
    return msgspec.structs.replace(happening, facts=facts or None)


def _by(actor: Actor, kind: str, branch: str, before: str, after: str, words: Words) -> Happening:
    who: ActorKind = "officer" if actor.kind == "officer" else "citizen"
    return Happening(
        kind=kind, branch=branch, before=before, after=after, words=words, actor_kind=who, actor_id=actor.account_id
    )


def recipient(owner: accounts.Account) -> Recipient:
    """An account as the post office addresses it."""
    return Recipient(account_id=owner.id, contacts=tuple(held.contact for held in owner.contacts), locale=owner.locale)


async def invite(
    conn: AsyncConnection,
    post_office: PostOffice,
    settings: Settings,
    invited: accounts.Account,
    title: Words,
    *,
    day: str,
    cause: str,
) -> None:
    """To a person whose consent is asked for; the question itself stands behind their sign-in."""
    fields: dict[str, str | Words] = {"branch": title, "day": day, "link": f"{settings.public_url}/account/invitations"}
    await post_office.send(
        conn, event="consent-asked", to=recipient(invited), fields=fields, once_key=f"invited:{cause}"
    )


async def recipients(
    conn: AsyncConnection, keys: Keys, mandates: Mandates, row: Row, *, owner: accounts.Account | None = None
) -> list[Recipient]:
    """Whoever filed it, who is read unless the caller has them; of one filed for another, everybody who may follow it today."""
    if row.principal_id is None:
        return [recipient(owner or await accounts.account(conn, keys, row.account_id))]
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
        self._public_url = settings.public_url
        # The page that asks for the second fact and shows how the dossier stands.
        self._link = f"{settings.public_url}/d/{receipt_code}"

    def dossier_received(self, dossier_id: str, state: str) -> list[Sending]:
        return self._to_all("dossier-received", self._common(state), cause=dossier_id)

    async def birth_registered(self, conn: AsyncConnection, branch_id: str) -> None:
        await self._send(conn, "birth-registered", self._common("approved"), cause=branch_id)

    async def branch_ended(
        self, conn: AsyncConnection, branch_id: str, title: Words, state: str, *, cause: int
    ) -> None:
        """Of a branch that ended, well or not; the written reason stands in the dossier, never in a message. `cause` is the
        version it ended from: a branch filed again may end again."""
        event = {
            "approved": "result-ready",
            "refused": "branch-refused",
            "not_started": "branch-not-started",
            "lapsed": "branch-lapsed",
            "declined": "branch-not-started",
        }[state]
        fields = {**self._common(state), "branch": title}
        await self._send(conn, event, fields, cause=f"{branch_id}:{cause}")

    async def appointment(self, conn: AsyncConnection, branch_id: str, *, day: str, time: str) -> None:
        """The place is what an officer typed: it stands in the dossier, never in a message."""
        fields: dict[str, str | Words] = {"day": day, "time": time}
        await self._send(
            conn, "appointment", {**fields, "receipt_code": self._code, "link": self._link}, cause=branch_id
        )

    async def supplement_requested(
        self, conn: AsyncConnection, branch_id: str, title: Words, *, day: str, cause: int
    ) -> None:
        """`cause` tells one request from the next on the same branch."""
        fields = {**self._common("supplement_requested"), "branch": title, "day": day}
        await self._send(conn, "supplement-requested", fields, cause=f"{branch_id}:{cause}")

    async def supplement_signed(self, conn: AsyncConnection, branch_id: str, title: Words, *, cause: int) -> None:
        """Given at a counter on the strength of a signature: whoever did not sign hears of it."""
        fields: dict[str, str | Words] = {"receipt_code": self._code, "branch": title, "link": self._link}
        await self._send(conn, "supplement-signed", fields, cause=f"{branch_id}:{cause}")

    async def promised_anew(
        self, conn: AsyncConnection, branch_id: str, title: Words, state: str, *, day: str, cause: int
    ) -> None:
        """The reason stands in the dossier, never in a message."""
        fields = {**self._common(state), "branch": title, "day": day}
        await self._send(conn, "promise-moved", fields, cause=f"{branch_id}:{cause}")

    async def extended(
        self, conn: AsyncConnection, branch_id: str, title: Words, state: str, *, day: str, cause: int
    ) -> None:
        """The reason stands in the dossier, never in a message."""
        fields = {**self._common(state), "branch": title, "day": day}
        await self._send(conn, "promise-extended", fields, cause=f"{branch_id}:{cause}")

    async def payment_requested(
        self, conn: AsyncConnection, branch_id: str, title: Words, *, day: str, cause: int
    ) -> None:
        """How much stands in the dossier, never in a message."""
        fields = {**self._common("payment_requested"), "branch": title, "day": day}
        await self._send(conn, "payment-requested", fields, cause=f"{branch_id}:{cause}")

    async def fee_received(self, conn: AsyncConnection, dossier_id: str, order_id: str, title: Words) -> None:
        """The receipt lies in the dossier; how much stands there, never in a message."""
        link = f"{self._public_url}/dossiers/{dossier_id}"
        fields: dict[str, str | Words] = {"receipt_code": self._code, "branch": title, "link": link}
        await self._send(conn, "fee-received", fields, cause=order_id)

    async def stopped(self, conn: AsyncConnection, branch_id: str, title: Words, *, cause: int) -> None:
        await self._send(
            conn, "branch-stopped", {**self._common("stopped"), "branch": title}, cause=f"{branch_id}:{cause}"
        )

    async def taken_up_again(self, conn: AsyncConnection, branch_id: str, title: Words, *, cause: int) -> None:
        fields = {**self._common("submitted"), "branch": title}
        await self._send(conn, "branch-reopened", fields, cause=f"{branch_id}:{cause}")

    async def result_reviewed(
        self, conn: AsyncConnection, branch_id: str, title: Words, state: str, *, cause: int
    ) -> None:
        """The result was looked at again, and corrected or upheld."""
        await self._send(
            conn, "result-reviewed", {**self._common(state), "branch": title}, cause=f"{branch_id}:{cause}"
        )

    async def consent_missing(
        self, conn: AsyncConnection, branch_id: str, title: Words, *, day: str, cause: int
    ) -> None:
        """To whoever filed: somebody invited has not answered yet, and there is another way."""
        fields = {**self._common("unconfirmed"), "branch": title, "day": day}
        await self._send(conn, "consent-missing", fields, cause=f"{branch_id}:{cause}")

    def _common(self, state: str) -> dict[str, str | Words]:
        label = self._lifecycle.state(state).label
        return {"receipt_code": self._code, "status": label, "link": self._link}

    async def _send(self, conn: AsyncConnection, event: str, fields: dict[str, str | Words], *, cause: str) -> None:
        await self._post_office.send_all(conn, self._to_all(event, fields, cause=cause))

    def _to_all(self, event: str, fields: dict[str, str | Words], *, cause: str) -> list[Sending]:
        return [
            Sending(event=event, to=to, fields=fields, once_key=f"{event}:{cause}:{to.account_id}") for to in self._to
        ]


async def messenger(stand: Stand, conn: AsyncConnection, row: Row) -> Messenger:
    """To whoever follows this dossier."""
    to = await recipients(conn, stand.keys, stand.mandates, row)
    return Messenger(stand.post_office, stand.settings, stand.catalogue.lifecycle, to, row.receipt_code)
