"""The national portal's way: sign in, then one dossier or one step of its progress at a time, in the portal's published names.

Published (as an open one-stop system speaks it): the two services, their field names, `session`, `madonvi`, `isUpdating` "True" or "False",
`error_code` 0 or "00" for yes, instants as yyyyMMddHHmmss of the city. Assumed: what its other answers mean, and that it may be told the
same thing twice in the same words.
"""

import asyncio
from typing import Any, ClassVar, Literal

import msgspec

from kit.calling import Caller, Reply
from wires import vocabulary
from wires.messages import Portal
from wires.protocol import Heard, text_of

PORTAL = "national_portal"
"""Who is at the far end, where an agency's kind stands on the other wires."""


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A result of the dossier (`DanhSachGiayToKetQua`); the address asks for a sign-in, it holds nothing by itself."""

    TenGiayTo: str
    MaThanhPhanHoSo: str
    GiayToId: str
    DuongDanTepTinKetQua: str


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """A paper of the dossier (`TaiLieuNop`): which it is. The paper itself stays with the city, so its address is empty."""

    TepDinhKemId: str
    TenTepDinhKem: str
    MaThanhPhanHoSo: str
    IsDeleted: str = "False"
    DuongDanTaiTepTin: str = ""


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """A dossier (`DongBoHoSoMC`). Lists whose codes nobody published (fees, supplements, other papers) stay empty."""

    MaHoSo: str
    MaTTHC: str
    TenTTHC: str
    MaLinhVuc: str = ""
    TenLinhVuc: str = ""
    ChuHoSo: str
    LoaiDoiTuong: str
    MaDoiTuong: str = ""
    Email: str
    SoDienThoai: str
    TrichYeuHoSo: str
    NgayTiepNhan: str
    NgayHenTra: str
    TrangThaiHoSo: str
    NgayTra: str = ""
    HinhThuc: str
    NgayKetThucXuLy: str = ""
    DonViXuLy: str
    GhiChu: str = ""
    TaiLieuNop: list[Handed] = []
    DanhSachLePhi: list[Any] = []
    DanhSachTepDinhKemKhac: list[Any] = []
    DanhSachHoSoBoSung: list[Any] = []
    DanhSachGiayToKetQua: list[Paper] = []


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a dossier (`CapNhatTienDoHoSoMC`)."""

    MaHoSo: str
    NguoiXuLy: str
    ChucDanh: str = ""
    ThoiDiemXuLy: str
    PhongBanXuLy: str
    NoiDungXuLy: str
    TrangThai: str
    NgayBatDau: str
    NgayKetThucTheoQuyDinh: str


class Sync(msgspec.Struct, frozen=True, kw_only=True):
    """`DongBoHoSoMC`: a dossier for the first time, or as it is now."""

    isUpdating: Literal["True", "False"]  # noqa: N815
    data: list[Filed]
    service: Literal["DongBoHoSoMC"] = "DongBoHoSoMC"

    @property
    def status(self) -> int:
        return int(self.data[0].TrangThaiHoSo)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """`CapNhatTienDoHoSoMC`."""

    data: list[Progress]
    service: Literal["CapNhatTienDoHoSoMC"] = "CapNhatTienDoHoSoMC"

    @property
    def status(self) -> int:
        return int(self.data[0].TrangThai)


class National:
    """`password` is that of every portal wire's user name; without one nothing is handed over and everything waits."""

    first_makes: ClassVar[int | None] = None

    def __init__(self, caller: Caller, password: str | None) -> None:
        self._caller, self._password = caller, password
        self._sessions: dict[str, str] = {}
        self._signing_in: dict[str, asyncio.Task[str | Heard]] = {}

    async def carry(self, wire: Portal, row: Any) -> Heard:
        session = await self._session(wire)
        if isinstance(session, Heard):
            return session
        body = {"session": session, "madonvi": wire.unit, **msgspec.json.decode(row.body)}
        # The published interface knows no such header; whoever stands in between may use it, and our own example does.
        reply = await self._caller.post_json(wire.url, body, {"idempotency-key": row.id})
        heard = heard_in(reply)
        if heard.meaning == "retry" and self._sessions.get(wire.name) == session:
            # Which answer means an old session is not published: after any that says "not now" the next one signs in again.
            del self._sessions[wire.name]
        return heard

    async def _session(self, wire: Portal) -> str | Heard:
        """The open one, or one sign-in for all messages of a batch: a portal that hangs is waited for once, not ten times in a row."""
        if (held := self._sessions.get(wire.name)) is not None:
            return held
        if (task := self._signing_in.get(wire.name)) is None:
            task = self._signing_in[wire.name] = asyncio.create_task(self._sign_in(wire))
            task.add_done_callback(lambda _: self._signing_in.pop(wire.name, None))
        return await asyncio.shield(task)

    async def _sign_in(self, wire: Portal) -> str | Heard:
        if self._password is None:
            return Heard("retry", "the key file portal-password is missing")
        asked = {"username": wire.username, "password": self._password}
        reply = await self._caller.post_json(wire.login_url, asked)
        answer = reply.json()
        session = answer.get("session") if isinstance(answer, dict) and _is_yes(reply, answer) else None
        if not isinstance(session, str) or not session:
            return Heard("retry", f"sign-in: {reply.status} {vocabulary.told(text_of(reply))}")
        self._sessions[wire.name] = session
        return session


# [assumption] but for the first, which other systems of the same authority answer (published).
_TAKEN = ("đã tồn tại",)
_PERMANENT = ("không tồn tại", "không hợp lệ", "không đúng định dạng", "bắt buộc")


def heard_in(reply: Reply) -> Heard:
    """`error_code` 0 is a yes; other answers are read by their words, and words that nobody published mean "again later"."""
    answer, words = reply.json(), text_of(reply)
    if isinstance(answer, dict) and _is_yes(reply, answer):
        return Heard("final")
    meaning = vocabulary.meaning(reply.status, words, permanent=_PERMANENT, final=_TAKEN)
    return Heard(meaning, f"{reply.status} {vocabulary.told(words)}", reply.retry_after_seconds)


def _is_yes(reply: Reply, answer: dict[str, Any]) -> bool:
    return 200 <= reply.status < 300 and str(answer.get("error_code")) in ("0", "00")
