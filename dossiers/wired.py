"""A branch whose agency is at the far end of a wire: what it is sent, and what its words do here, through the desk's own verbs."""

import json
import re
from collections.abc import Awaitable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import uploads
from dossiers import charging, deciding, desk, paying, store, store_paying, supplementing, views, waiving
from dossiers.deciding import LEAST_REASON_LETTERS
from dossiers.history import Event
from dossiers.messages import AskSupplement, Decide, WaiveFee
from dossiers.refusals import AlreadyDecided
from identity import offices
from identity.consents import reads
from kit import clock
from kit.actor import Actor
from procedures import Bundle
from wires import Attached, Intake, MessageMalformed, StatusReport, Wire
from wires.vocabulary import IN_HAND, NEW, RESULT, RETURNED, SUPPLEMENT

# Modules of the linked software for the books of civil status (published); other agencies' are their own.
_MODULES = {
    "birth_certificate": "LTKS",
    "death_extract": "LTKT",
    "death_certificate": "LTKT",
    "marriage_certificate": "LTKH",
}

# What an agency calls the parts of a result [assumption: no agency's own list is published].
_RESULT_NAMES: dict[str, dict[str, str]] = {
    "health_insurance_card": {
        "maSoThe": "card_number",
        "noiDangKyKCB": "facility",
        "giaTriTu": "valid_from",
        "giaTriDen": "valid_until",
    },
    "survivor_benefit": {"soQuyetDinh": "number", "soTien": "amount_dong"},
    "residence_confirmation": {"soThongBao": "number", "ngayDangKy": "registered_on"},
    "criminal_record_certificate": {"soPhieu": "number"},
}
_CLOCKS_APART = timedelta(minutes=5)
_DAY = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_ENDED_HERE = ("withdraw", "lapse")
_FILES = {"application/pdf": "pdf", "image/jpeg": "jpg"}


# --- out -------------------------------------------------------------------------------------------------------------


async def tell_agency(conn: AsyncConnection, services: Any, dossier: views.Row, event: Event) -> None:
    """One message where this event is one for an agency: the branch begins, is supplemented, or ended while it was with them."""
    begins = event.after == "submitted" and event.branch is not None
    if not begins and event.kind not in ("supplement", *_ENDED_HERE):
        return
    if begins and await _held(conn, event):
        return
    branches = await store.branches_of(conn, [dossier.id])
    row = next((branch for branch in branches if branch.name == event.branch), None)
    if row is None:
        return
    office = await offices.office(conn, row.office_id)
    wire = await services.wires.wire_to(conn, office.agency)
    # A branch that was on the desk before the wire was opened stays there.
    if wire is None or not (begins or await services.wires.has_case(conn, row.id)):
        return
    status = RETURNED if event.kind in _ENDED_HERE else NEW
    if status == NEW:
        read = reads.OfDossier(dossier.id, dossier.account_id, dossier.receipt_code)
        agency = Actor(kind="officer", account_id=wire.account_id, office_id=office.id)
        await reads.record(conn, agency, "branch", read)
    intake = await _intake(conn, services, dossier, row, branches, office, status)
    await services.wires.put(conn, wire, row.id, intake, becomes=NEW if begins else None)


async def _held(conn: AsyncConnection, event: Event) -> bool:
    """Whether the branch began only to wait for a consent in the same breath; it is told of once that is there."""
    after = await store.events_of(conn, event.dossier_id, after=event.seq)
    return any(line.kind == "hold" and line.branch == event.branch and line.at == event.at for line in after)


async def _intake(
    conn: AsyncConnection,
    services: Any,
    dossier: views.Row,
    row: views.Row,
    branches: list[views.Row],
    office: offices.Office,
    status: int,
) -> Intake:
    item = views.item_of(services.catalogue, dossier)
    procedure = views.procedures_of(services.catalogue, item, dossier)[row.name]
    given = {
        path: sibling.result[path]
        for sibling in branches
        if isinstance(item, Bundle) and sibling.result is not None
        for path in item.branch(sibling.name).gives
    }
    # Of what the group was told, an agency is sent what its own form would have asked.
    asked = {f"{section.name}.{field.name}" for section in procedure.form.sections for field in section.fields}
    data: dict[str, Any] = {}
    for section in item.form.sections:
        for field in section.fields:
            path = f"{section.name}.{field.name}"
            answer = dossier.form.get(path)
            if path in asked and answer is not None and answer["value"] is not None:
                data[field.portal[0] if field.portal else path] = answer["value"]
    files: list[Attached] = []
    wanted = {document.kind for document in procedure.documents}
    for paper in await store.documents_of(conn, dossier.id) if status == NEW else ():
        if paper.kind in wanted:
            content = await uploads.content(conn, services.vault, paper.upload_id)
            files.append(
                Attached(
                    id=paper.upload_id,
                    loaiGiayTo=paper.kind,
                    tenGiayTo=paper.kind,
                    tenTepDinhKem=f"{paper.kind}.{_FILES[content.media_type]}",
                    duLieuTepDinhKem=content.data,
                )
            )
    return Intake(
        trangThai=status,
        maDonVi=office.id,
        maTTHC=procedure.code,
        module=_MODULES.get(procedure.result.kind, ""),
        maHoSo=row.id,
        maHoSoLT=dossier.receipt_code,
        maHoSoMCDT=dossier.receipt_code,
        ngayTiepNhan=stamp(dossier.submitted_at),
        techId=row.id,
        data={**data, **given} if status == NEW else {},
        fileDinhKem=files,
    )


def stamp(at: datetime) -> str:
    """yyyyMMddHHmmss in the city."""
    return f"{at.astimezone(clock.CITY):%Y%m%d%H%M%S}"


# --- in --------------------------------------------------------------------------------------------------------------


async def apply(services: Any, wire: Wire, report: StatusReport) -> None:
    """An agency's word, done as its officer would have done it; done before, it changes nothing.

    Raises BranchUnknown, MessageMalformed, ReasonMissing, ResultIncomplete and the other refusals of the desk.
    """
    async with services.db.connect() as conn:
        row = await store.branch(conn, report.maHoSo)
        dossier = await store.dossier(conn, row.dossier_id) if row is not None else None
        if row is None or dossier is None:
            raise MessageMalformed(reason="maHoSo")
        office = await offices.office(conn, row.office_id)
    # An agency speaks for the branches of its own offices, whatever its wire was asked before.
    if office.agency != wire.agency:
        raise MessageMalformed(reason="maHoSo")
    actor = Actor(
        kind="officer",
        account_id=wire.account_id,
        office_id=row.office_id,
        roles=frozenset({row.officer_role}),
        scopes=frozenset({"desk"}),
    )
    if report.trangThai != RESULT and (report.lePhiDaThu or report.lyDoMienLePhi):
        raise MessageMalformed(reason="lePhiDaThu")
    if report.trangThai == IN_HAND:
        await _take_in_hand(services, actor, row)
    elif report.trangThai == SUPPLEMENT:
        await _ask_for_supplement(services, actor, row.id, report)
    elif report.trangThai == RESULT:
        procedure = services.catalogue.procedure(row.procedure, views.opened_on(dossier))
        result = result_of(procedure.result.kind, report)
        await _settle_fee(services, actor, wire, row, report)
        await _once(services, actor, row.id, "approved", _approve(services, actor, row.id, result))
    else:
        # Returned (5) or refused (6): here both end the branch, with the reason the agency wrote.
        await _once(services, actor, row.id, "refused", _refuse(services, actor, row.id, _reason(report)))


async def _take_in_hand(services: Any, actor: Actor, row: views.Row) -> None:
    # After a supplement the citizen's own act brought it back into their hands; their 3 says only that they know.
    if row.claimed_by == actor.account_id:
        return
    await deciding.claim(services.stand, actor, row.id, version=None)


async def _settle_fee(services: Any, actor: Actor, wire: Wire, row: views.Row, report: StatusReport) -> None:
    """What the agency took at its counter, or let off; kept whatever becomes of the result it came with."""
    taken, waived = report.lePhiDaThu, " ".join(report.lyDoMienLePhi.split())
    if taken is not None and waived:
        raise MessageMalformed(reason="lePhiDaThu")
    if taken is not None:
        at = _instant(taken.ngayThu)
        receipt = f"{wire.name}/{taken.soBienLai}"
        await paying.taken_by_agency(services.stand, actor, row.id, amount_dong=taken.soTien, receipt=receipt, at=at)
    elif waived:
        async with services.db.connect() as conn:
            if row.name in await store_paying.waivers_of(conn, row.dossier_id, charging.WAIVED):
                return
            dossier = await store.dossier(conn, row.dossier_id)
        asked = WaiveFee(channel=charging.channel_of(dossier), reason=waived)
        await waiving.waive(services.stand, actor, row.id, asked, version=None)


def _instant(stamped: str) -> datetime:
    """Of `yyyyMMddHHmmss` in the city; money is not taken in days to come. Raises MessageMalformed."""
    try:
        at = datetime.strptime(stamped, "%Y%m%d%H%M%S").replace(tzinfo=clock.CITY)
    except ValueError:
        raise MessageMalformed(reason="ngayThu") from None
    if at > clock.now() + _CLOCKS_APART:
        raise MessageMalformed(reason="ngayThu")
    return at


async def _approve(services: Any, actor: Actor, branch_id: str, result: dict[str, Any]) -> None:
    await deciding.decide(services.stand, actor, branch_id, Decide(outcome="approved", result=result), version=None)


async def _refuse(services: Any, actor: Actor, branch_id: str, reason: str) -> None:
    """It stands at once: who looked at it a second time is the agency's own matter."""
    async with services.db.begin() as conn:
        work = await deciding.decidable(services.stand, conn, actor, branch_id, None, "refuse_by_wire", lock=True)
        await deciding.refuse(services.stand, conn, work, "refuse_by_wire", reason)


async def _once(services: Any, actor: Actor, branch_id: str, outcome: str, verb: Awaitable[None]) -> None:
    try:
        await verb
    except AlreadyDecided:
        async with services.db.connect() as conn:
            row = await store.branch(conn, branch_id)
        # Ours, before a crash took the reply; anybody else's decision stands against the message.
        if row is None or row.decided_by != actor.account_id or row.state != outcome:
            raise


async def _ask_for_supplement(services: Any, actor: Actor, branch_id: str, report: StatusReport) -> None:
    """What the agency misses stands in its words alone: the published report names no field and no paper."""
    asked = AskSupplement(reason=_reason(report))
    async with services.db.begin() as conn:
        work = await desk.find(services.stand, conn, actor, branch_id, lock=True)
        if work.branch.state == "supplement_requested":
            return
        work = await deciding.decidable(services.stand, conn, actor, branch_id, None, "ask_supplement", lock=True)
        await supplementing.stop(services.stand, conn, work, asked)


def _reason(report: StatusReport) -> str:
    """The written reason, which the law asks for; raises MessageMalformed where there is none."""
    reason = " ".join((report.ghiChu or report.noiDungXuLy).split())
    if len(reason) < LEAST_REASON_LETTERS:
        raise MessageMalformed(reason="ghiChu")
    return reason


def result_of(kind: str, report: StatusReport) -> dict[str, Any]:
    """The result as our catalogue names its parts, days as ISO. Raises MessageMalformed."""
    try:
        told: Any = json.loads(report.ketQuaXuLy)
    except (ValueError, RecursionError):
        raise MessageMalformed(reason="ketQuaXuLy") from None
    if not isinstance(told, dict):
        raise MessageMalformed(reason="ketQuaXuLy")
    known: Mapping[str, str] = _RESULT_NAMES.get(kind, {})
    return {known[name]: _iso(value) for name, value in told.items() if name in known and isinstance(value, (str, int))}


def _iso(value: str | int) -> str | int:
    if isinstance(value, int):
        return value
    found = _DAY.fullmatch(value)
    if found is None:
        return value
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    except ValueError:
        raise MessageMalformed(reason="ketQuaXuLy") from None
