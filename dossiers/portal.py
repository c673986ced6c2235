"""The national portal hears of every dossier: its opening, each change of its branches, and how it stands once it has ended."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import known, store, views
from dossiers.history import Event
from dossiers.wired import stamp
from identity import accounts, offices
from identity.consents import reads
from kit.actor import Actor
from kit.settings import Settings
from procedures import Catalogue, Procedure
from procedures.messages import Lifecycle, State
from wires.national import PORTAL, Filed, Handed, Paper, Progress, Step, Sync

# LoaiDoiTuong (published: 0, 1, 2; that 1 is a person and 2 an enterprise, as an open one-stop system has it).
_PERSON, _ENTERPRISE = "1", "2"
# HinhThuc (as an open one-stop system has it): how the result comes back; the citizen's account counts as 0 [assumption].
_FETCHED, _POSTED = "0", "1"

# Of the ten: newly filed, accepted, being processed, processed.
_NEW, _ACCEPTED, _IN_HAND, _PROCESSED = 1, 2, 4, 9
# What sets another day without another state, as the portal is told it.
_REDATED: Final = {"extend": "Gia hạn để xác minh", "apologise": "Xin lỗi và hẹn lại"}


async def tell_portal(conn: AsyncConnection, services: Any, dossier: views.Row, event: Event) -> None:
    """What this line of the history is to the portal, on the transaction that takes the line from the feed.

    A dossier that is older than the wire is opened there as it stands, with its next line.
    """
    portal = await services.wires.portal(conn)
    if portal is None:
        return
    first = not await services.wires.has_case(conn, dossier.id)
    redated = event.kind in _REDATED
    changed = redated or (event.branch is not None and event.before is not None and event.after != event.before)
    if not first and not changed:
        return
    catalogue: Catalogue = services.catalogue
    lines = await store.events_of(conn, dossier.id)
    # What is written in one breath is one moment: a submission plants its branches one line after the other.
    status = standing(
        catalogue.lifecycle, states_of(line for line in lines if line.seq <= event.seq or line.at == event.at)
    )
    branches = await store.branches_of(conn, [dossier.id])
    places = await views.offices_of(conn, branches)
    procedures = views.procedures_of(catalogue, views.item_of(catalogue, dossier), dossier)

    async def put(told: Sync | Step) -> None:
        await services.wires.put(conn, portal, dossier.id, told, becomes=status)

    async def sync(*, again: bool, ended: datetime | None = None) -> None:
        papers = await store.documents_of(conn, dossier.id)
        filed = _filed(services.settings, catalogue, dossier, branches, places, procedures, papers, status, ended)
        await put(Sync(isUpdating="True" if again else "False", data=[filed]))

    if first:
        read = reads.OfDossier(dossier.id, dossier.account_id, dossier.receipt_code)
        await reads.record(conn, Actor(kind="client", client_id=PORTAL), PORTAL, read)
        await sync(again=False)
    elif redated:
        await sync(again=True)
    if not changed:
        return
    assert event.after is not None
    row = next(branch for branch in branches if branch.name == event.branch)
    state = catalogue.lifecycle.state(event.after)
    progress = Progress(
        MaHoSo=dossier.receipt_code,
        NguoiXuLy=await _who(conn, services, event),
        ThoiDiemXuLy=stamp(event.at),
        PhongBanXuLy=places[row.office_id].name.vi,
        # What an officer or a citizen wrote stays in the dossier.
        NoiDungXuLy=f"{procedures[row.name].name.vi}: {_REDATED.get(event.kind, state.label.vi)}",
        TrangThai=str(status),
        NgayBatDau=_stamped(row.started_at),
        NgayKetThucTheoQuyDinh=_stamped(row.due_at),
    )
    await put(Step(data=[progress]))
    so_far = states_of(line for line in lines if line.seq <= event.seq)
    if all(catalogue.lifecycle.state(name).closed for name in so_far):
        await sync(again=True, ended=event.at)


def states_of(lines: Iterable[Event]) -> Sequence[str]:
    """The branches' states after these lines, in the order the branches were planted."""
    found = {line.branch: line.after for line in lines if line.branch is not None and line.after is not None}
    return list(found.values())


def standing(lifecycle: Lifecycle, states: Sequence[str]) -> int:
    """One of the nation's ten for a whole dossier, from its branches' own [assumption: what a linked group counts as is not published].

    Whatever waits for the citizen comes first. Before anybody took it up it is newly filed, or accepted; then in hand until every branch
    has ended; then processed if one was approved, else as the first branch ended. A branch that waits for another says nothing.
    """
    found = [lifecycle.state(name) for name in states]
    going = [state for state in found if not state.closed]
    if not going:
        return _PROCESSED if any(_status(state) == _PROCESSED for state in found) else _status(found[0])
    if stopped := [_status(state) for state in going if state.clock_stopped]:
        return stopped[0]
    told = {_status(state) for state in found if state.name != "waiting"}
    return _NEW if told == {_NEW} else _ACCEPTED if told <= {_NEW, _ACCEPTED} else _IN_HAND


def _status(state: State) -> int:
    assert state.national_status is not None, "only a draft has none"
    return state.national_status


def _filed(
    settings: Settings,
    catalogue: Catalogue,
    dossier: views.Row,
    branches: Sequence[views.Row],
    places: dict[str, offices.Office],
    procedures: dict[str, Procedure],
    papers: Sequence[views.Row],
    status: int,
    ended: datetime | None,
) -> Filed:
    item = views.item_of(catalogue, dossier)
    values = known.values_of(dossier.form)
    requester, copies = values.get("requester", {}), values.get("copies", {})
    enterprise = dossier.behalf is not None and dossier.behalf["principal"]["kind"] == "enterprise"
    made = [branch for branch in branches if ended is not None and branch.result_kind is not None]
    return Filed(
        MaHoSo=dossier.receipt_code,
        MaTTHC=item.code,
        TenTTHC=item.name.vi,
        ChuHoSo=requester.get("full_name") or "" if dossier.behalf is None else dossier.behalf["principal"]["name"],
        LoaiDoiTuong=_ENTERPRISE if enterprise else _PERSON,
        Email=requester.get("email") or "",
        SoDienThoai=requester.get("phone") or "",
        TrichYeuHoSo=item.name.vi,
        NgayTiepNhan=stamp(dossier.submitted_at),
        NgayHenTra=_stamped(dossier.promised_at),
        TrangThaiHoSo=str(status),
        NgayTra=_stamped(ended) if made else "",
        HinhThuc=_POSTED if copies.get("delivery") == "post" else _FETCHED,
        NgayKetThucXuLy=_stamped(ended),
        DonViXuLy=places[branches[0].office_id].name.vi,
        TaiLieuNop=[
            Handed(TepDinhKemId=paper.upload_id, TenTepDinhKem=document.name.vi, MaThanhPhanHoSo=document.kind)
            for paper, document in zip(papers, views.document_views(catalogue, item, dossier, papers), strict=True)
        ],
        DanhSachGiayToKetQua=[
            Paper(
                TenGiayTo=procedures[branch.name].result.name.vi,
                MaThanhPhanHoSo=procedures[branch.name].result.code or branch.result_kind,
                GiayToId=branch.result_number,
                DuongDanTepTinKetQua=f"{settings.public_url}/v1/dossiers/{dossier.id}/results/{branch.name}",
            )
            for branch in made
        ],
    )


async def _who(conn: AsyncConnection, services: Any, event: Event) -> str:
    """The officer who did it. A citizen's name is in the dossier already, and what happens by itself nobody did."""
    if event.actor_kind != "officer" or event.actor_id is None:
        return ""
    return (await accounts.account(conn, services.keys, event.actor_id)).full_name


def _stamped(at: datetime | None) -> str:
    return "" if at is None else stamp(at)
