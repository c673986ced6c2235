"""Print x QR x MRZ x the number's own structure: the whole card's reading, and what may be done with it.

`weighing` gives each field its verdict. A conflict is looked at by a person; nothing is accepted on one witness.
"""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from kit import clock
from kit.refusal import Words
from ocr import locating, mrz, qr
from ocr.documents.layout import Side
from ocr.reading import CardReading, Decision, Document, Field, Issue, Witness
from ocr.transcribing import Said, Transcript
from ocr.weighing import Witnesses, weigh

# Without these four, confirmed, nobody is who the card says.
CRITICAL: Final = ("number", "full_name", "date_of_birth", "sex")

_FIRST_ISSUED: Final = {"cccd_chip_2021": datetime.date(2021, 1, 1), "can_cuoc_2024": datetime.date(2024, 7, 1)}

# Years a holder has behind them: CCCD from 14 (Luật Căn cước công dân 2014 Đ19); a căn cước with a portrait from 6 (2023 Đ23).
_YOUNGEST: Final = {"cccd_chip_2021": 14, "can_cuoc_2024": 6}

_FIELD_NAMES: Final = {
    "number": ("Số định danh", "The personal number"),
    "old_number": ("Số CMND cũ", "The old number"),
    "full_name": ("Họ và tên", "The full name"),
    "date_of_birth": ("Ngày sinh", "The date of birth"),
    "sex": ("Giới tính", "The sex"),
    "nationality": ("Quốc tịch", "The nationality"),
    "place_of_origin": ("Quê quán", "The place of origin"),
    "place_of_residence": ("Nơi cư trú", "The place of residence"),
    "place_of_birth": ("Nơi đăng ký khai sinh", "The place of birth"),
    "date_of_issue": ("Ngày cấp", "The date of issue"),
    "date_of_expiry": ("Ngày hết hạn", "The date of expiry"),
}
_WITNESS_NAMES: Final[dict[Witness, tuple[str, str]]] = {
    "print": ("chữ in", "the print"),
    "qr": ("mã QR", "the QR code"),
    "mrz": ("dòng MRZ", "the machine-readable zone"),
    "number": ("cấu trúc số định danh", "the structure of the number"),
}


class Evidence(msgspec.Struct, frozen=True):
    """What both sides said, side by side. `qr_texts` are all codes found on the card."""

    kind: str
    printed: dict[str, Said]
    qr_texts: tuple[str, ...] = ()
    zone: mrz.Mrz | mrz.Broken | None = None
    has_back: bool = True
    has_portrait: bool = True
    qr_side_seen: bool = True
    glare: tuple[Side, ...] = ()


def evidence(transcripts: Sequence[Transcript]) -> Evidence:
    """Two sides of one card, or its front alone, laid together."""
    printed: dict[str, Said] = {}
    for transcript in transcripts:
        for name, said in transcript.printed.items():
            printed.setdefault(name, said)
    sides = {transcript.side for transcript in transcripts}
    kind = transcripts[0].kind
    return Evidence(
        kind=kind,
        printed=printed,
        qr_texts=tuple(text for transcript in transcripts for text in transcript.qr_texts),
        zone=next((transcript.zone for transcript in transcripts if transcript.zone is not None), None),
        has_back="back" in sides,
        has_portrait=any(transcript.portrait for transcript in transcripts),
        qr_side_seen=kind == "cccd_chip_2021" or "back" in sides,
        glare=tuple(t.side for t in transcripts if t.quality.glare_share > locating.GLARE_NOTED_ABOVE),
    )


def reconcile(said: Evidence, document: Document) -> CardReading:
    """The reading of this evidence on today's date."""
    code = _one_code(said.qr_texts)
    zone = said.zone if isinstance(said.zone, mrz.Mrz) else None
    fields = weigh(Witnesses(kind=said.kind, printed=said.printed, code=code, zone=zone))
    issues = (
        *_of_code(said, code),
        *_of_zone(said),
        *_of_fields(fields),
        *_of_dates(said.kind, fields),
        *_of_photos(said),
    )
    return CardReading(document=document, decision=_decision(fields, issues), fields=fields, issues=issues)


def _one_code(texts: Sequence[str]) -> qr.CardQr | None:
    """The one card's QR among the codes found; none when any of them is something else."""
    parsed = [qr.parse(text) for text in texts]
    codes = {code.text: code for code in parsed if code is not None}
    return next(iter(codes.values())) if len(codes) == 1 and None not in parsed else None


def _of_code(said: Evidence, code: qr.CardQr | None) -> Iterator[Issue]:
    if code is not None:
        return
    if said.qr_texts:
        yield _issue(
            "qr-not-of-a-card",
            "qr",
            "Mã QR trên thẻ không phải mã của thẻ căn cước. Cán bộ sẽ kiểm tra thẻ.",
            "The QR code on the card is not an identity card's. An officer will look at the card.",
        )
    elif said.qr_side_seen:
        yield _issue(
            "qr-not-read",
            "qr",
            "Không đọc được mã QR. Lau sạch mã QR, chụp gần hơn và tránh lóa sáng.",
            "The QR code could not be read. Wipe it clean, come closer and avoid reflections.",
        )


def _of_zone(said: Evidence) -> Iterator[Issue]:
    if not said.has_back:
        yield _issue(
            "back-missing",
            None,
            "Chưa có ảnh mặt sau. Hãy lật thẻ và chụp mặt sau.",
            "There is no photo of the back. Turn the card over and photograph it.",
        )
    elif said.zone is None:
        yield _issue(
            "mrz-not-read",
            "mrz",
            "Không đọc được ba dòng chữ máy ở cuối mặt sau. Chụp lại cho thấy rõ cả ba dòng.",
            "The three machine-readable lines at the foot of the back could not be read. Photograph all three again.",
        )
    elif isinstance(said.zone, mrz.Broken):
        yield _issue(
            "mrz-check-failed",
            "mrz",
            "Ba dòng chữ máy ở mặt sau không khớp số kiểm tra. Chụp lại mặt sau thật rõ.",
            "The machine-readable lines on the back fail their check digits. Photograph the back again, sharply.",
        )


def _of_fields(fields: Mapping[str, Field]) -> Iterator[Issue]:
    for name, field in fields.items():
        words_vi, words_en = _FIELD_NAMES.get(name, (name, name))
        if field.status == "conflict":
            told = " / ".join(f"{_WITNESS_NAMES[s.source][0]}: {s.value}" for s in field.sources)
            told_en = " / ".join(f"{_WITNESS_NAMES[s.source][1]}: {s.value}" for s in field.sources)
            yield _issue(
                "sources-disagree",
                name,
                f"{words_vi} không thống nhất ({told}). Cán bộ sẽ kiểm tra thẻ.",
                f"{words_en} differs between sources ({told_en}). An officer will look at the card.",
            )
        elif name in CRITICAL and field.status == "missing":
            yield _issue(
                "field-not-read",
                name,
                f"{words_vi} không đọc được. Hãy chụp lại rõ hơn, không để tay hay vệt sáng che chữ.",
                f"{words_en} could not be read. Take the photo again, with no finger or reflection over it.",
            )
        elif name in CRITICAL and field.status == "read":
            yield _issue(
                "field-not-confirmed",
                name,
                f"{words_vi} mới có một nguồn. Hãy chụp lại để thấy rõ cả chữ in, mã QR và ba dòng chữ máy.",
                f"{words_en} has one source only. Take the photos again so that print, QR and zone all show.",
            )


def _of_dates(kind: str, fields: Mapping[str, Field]) -> Iterator[Issue]:
    today = clock.today()
    born, issued, ends = (fields[name].day() for name in ("date_of_birth", "date_of_issue", "date_of_expiry"))
    if ends is not None and ends < today:
        yield _issue(
            "card-expired",
            "date_of_expiry",
            f"Thẻ đã hết hạn ngày {ends:%d/%m/%Y}. Hãy đổi thẻ tại công an phường, xã.",
            f"The card expired on {ends:%d/%m/%Y}. Renew it at the ward police.",
        )
    impossible = issued is not None and (
        issued > today
        or issued < _FIRST_ISSUED[kind]
        or (born is not None and issued.year - born.year < _YOUNGEST[kind])
        or (ends is not None and ends <= issued)
    )
    if impossible:
        yield _issue(
            "dates-impossible",
            "date_of_issue",
            "Ngày cấp không hợp lý so với loại thẻ, ngày sinh hoặc ngày hết hạn. Cán bộ sẽ kiểm tra thẻ.",
            "The date of issue does not fit the kind of card, birth or expiry. An officer will look at the card.",
        )


def _of_photos(said: Evidence) -> Iterator[Issue]:
    if not said.has_portrait:
        yield _issue(
            "portrait-missing",
            None,
            "Không thấy ảnh chân dung trên thẻ. Cán bộ sẽ kiểm tra thẻ.",
            "No portrait was found on the card. An officer will look at the card.",
        )
    for side in said.glare:
        words_vi, words_en = ("mặt trước", "front") if side == "front" else ("mặt sau", "back")
        yield _issue(
            "card-glare",
            None,
            f"Có vệt sáng trên {words_vi} của thẻ; chữ ở đó có thể không đọc được.",
            f"There is a reflection on the {words_en} of the card; text under it may be unread.",
        )


_REVIEWED: Final = frozenset(
    {"sources-disagree", "qr-not-of-a-card", "card-expired", "dates-impossible", "portrait-missing"}
)
_RETAKEN: Final = frozenset({"back-missing", "qr-not-read", "mrz-not-read", "mrz-check-failed"})


def _decision(fields: Mapping[str, Field], issues: Sequence[Issue]) -> Decision:
    """A contradiction goes to a person before a better photo is asked for; nothing is accepted on one witness."""
    codes = {issue.code for issue in issues}
    if codes & _REVIEWED:
        return "review"
    if codes & _RETAKEN or any(fields[name].status != "confirmed" for name in CRITICAL):
        return "retake"
    return "accept"


def _issue(code: str, field: str | None, vi: str, en: str) -> Issue:
    return Issue(code=code, field=field, message=Words(vi=vi, en=en))
