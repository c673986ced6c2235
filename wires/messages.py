"""What travels over a wire, in the published names; what the dead-letter desk and partners see."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kit.refusal import Words

Word = Annotated[str, Meta(max_length=2000)]
Line = Annotated[str, Meta(max_length=300)]


class Wire(msgspec.Struct, frozen=True):
    """An agency at the far end."""

    name: str
    agency: str
    url: str
    key_id: str
    public_key: bytes
    account_id: str


class Portal(msgspec.Struct, frozen=True):
    """The national portal at the far end: where it takes messages, where and as whom we sign in, which unit (`madonvi`) we speak for."""

    name: str
    url: str
    login_url: str
    username: str
    unit: str


class Attached(msgspec.Struct, frozen=True):
    """A paper that travels with a dossier."""

    id: str
    loaiGiayTo: str  # noqa: N815
    tenGiayTo: str  # noqa: N815
    tenTepDinhKem: str  # noqa: N815
    duLieuTepDinhKem: bytes  # noqa: N815
    huyGiayTo: str = "0"  # noqa: N815


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier for an agency. `trangThai` 1: new, or supplemented; 5: the citizen withdrew it."""

    trangThai: int  # noqa: N815
    maDonVi: str  # noqa: N815
    maTTHC: str  # noqa: N815
    module: str
    maHoSo: str  # noqa: N815
    maHoSoLT: str  # noqa: N815
    maHoSoMCDT: str  # noqa: N815
    ngayTiepNhan: str  # noqa: N815
    techId: str  # noqa: N815
    data: dict[str, Any] = {}
    fileDinhKem: list[Attached] = []  # noqa: N815

    @property
    def status(self) -> int:
        return self.trangThai


class FeeTaken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an agency took at its own counter: how much, under which number of its own receipts, and when."""

    soTien: Annotated[int, Meta(ge=1, le=1_000_000_000)]  # noqa: N815
    soBienLai: Annotated[str, Meta(pattern=r"^[0-9A-Za-zĐđ][0-9A-Za-zĐđ/.\-]{0,39}$")]  # noqa: N815
    ngayThu: Annotated[str, Meta(pattern=r"^[0-9]{14}$")]  # noqa: N815


class StatusReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an agency tells of a dossier. `maHoSo` is the one we gave it, `ketQuaXuLy` a JSON text with the result.

    With a result (4) it may say what became of the fee: `lePhiDaThu`, or why it let it off, `lyDoMienLePhi`. These two names are ours: the
    published report has none.
    """

    maHoSo: Annotated[str, Meta(pattern=r"^bra_[0-9a-z]{26}$")]  # noqa: N815
    trangThai: Annotated[int, Meta(ge=2, le=6)]  # noqa: N815
    thoiGianThucHien: Annotated[str, Meta(pattern=r"^[0-9]{14}$")]  # noqa: N815
    maTTHC: Line = ""  # noqa: N815
    soHoSoLT: Line = ""  # noqa: N815
    coQuanXuLy: int | Line = ""  # noqa: N815
    ghiChu: Word = ""  # noqa: N815
    ketQuaXuLy: Annotated[str, Meta(max_length=20_000)] = ""  # noqa: N815
    nguoiXuLy: Line = ""  # noqa: N815
    chucDanh: Line = ""  # noqa: N815
    phongBanXuLy: Line = ""  # noqa: N815
    noiDungXuLy: Word = ""  # noqa: N815
    ngayBatDau: Line = ""  # noqa: N815
    ngayKetThucTheoQuyDinh: Line = ""  # noqa: N815
    ngayHenTraTruoc: Line = ""  # noqa: N815
    ngayHenTraMoi: Line = ""  # noqa: N815
    hanBoSungHoSo: Line = ""  # noqa: N815
    lePhiDaThu: FeeTaken | None = None  # noqa: N815
    lyDoMienLePhi: Word = ""  # noqa: N815


class Answer(msgspec.Struct, frozen=True):
    """Our reply to a message, in the words the other side reads."""

    thongBao: str  # noqa: N815


class DeadMessage(msgspec.Struct, frozen=True):
    """A message that did not get over; its content is not shown. Those of the same dossier wait behind it.

    On the national portal's wire `branch_id` is the dossier, and `status` one of the ten.
    """

    id: str
    wire: str
    branch_id: str
    sequence: int
    status: int
    attempts: int
    error: str | None
    made_at: datetime
    waiting_behind: int


class Keys(msgspec.Struct, frozen=True):
    """Our public key as a JSON Web Key Set (RFC 8037)."""

    keys: list[dict[str, str]]


class WebhookRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where events go: https, port 443 or 8443, an address of the open Internet."""

    url: Annotated[str, Meta(min_length=9, max_length=500)]


class ReplayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Deliver again what came after this event; 0: everything that is still kept."""

    after: Annotated[int, Meta(ge=0, le=2**62)]


class Webhook(msgspec.Struct, frozen=True):
    """A partner's endpoint. `cursor` is the last event it took; parked, it is not called until turned on again."""

    id: str
    url: str
    cursor: int
    parked: bool
    last_error: str | None


class PartnerEvent(msgspec.Struct, frozen=True):
    """Something happened to a dossier whose owner lets this partner see it. No name and no content: code, branch, state."""

    cursor: int
    at: datetime
    receipt_code: str
    branch: str | None
    state: str
    label: Words


class PartnerEvents(msgspec.Struct, frozen=True):
    """Oldest first; `next` is what to send as `after`, the same again at the end."""

    events: list[PartnerEvent]
    next: int
