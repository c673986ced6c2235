"""Print x QR x MRZ x chip x the number's own structure: the whole card's reading, and what may be done with it.

`weighing` gives each field its verdict. A conflict is looked at by a person; nothing is accepted on one witness.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from kit import clock
from kit.refusal import Words
from ocr import mrz, qr
from ocr.chip import ChipReading
from ocr.documents import DOCUMENTS
from ocr.documents.layout import Place, Side
from ocr.printed import Said
from ocr.reading import Box, CardReading, ChipSummary, Decision, Document, Field, Issue, Witness
from ocr.transcribing import Transcript
from ocr.weighing import Witnesses, weigh

# Without these four, confirmed, nobody is who the card says.
CRITICAL: Final = ("number", "full_name", "date_of_birth", "sex")

_FIELD_NAMES: Final = {
    "number": ("Số định danh", "The personal number"),
    "old_number": ("Số CMND cũ", "The old number"),
    "full_name": ("Họ và tên", "The full name"),
    "date_of_birth": ("Ngày sinh", "The date of birth"),
    "sex": ("Giới tính", "The sex"),
    "nationality": ("Quốc tịch", "The nationality"),
    "ethnicity": ("Dân tộc", "The ethnicity"),
    "place_of_origin": ("Quê quán", "The place of origin"),
    "place_of_residence": ("Nơi cư trú", "The place of residence"),
    "place_of_birth": ("Nơi đăng ký khai sinh", "The place of birth"),
    "date_of_issue": ("Ngày cấp", "The date of issue"),
    "date_of_expiry": ("Ngày hết hạn", "The date of expiry"),
    "issuer": ("Nơi cấp", "The issuer"),
}
_WITNESS_NAMES: Final[dict[Witness, tuple[str, str]]] = {
    "print": ("chữ in", "the print"),
    "qr": ("mã QR", "the QR code"),
    "mrz": ("dòng MRZ", "the machine-readable zone"),
    "chip": ("chip", "the chip"),
    "number": ("cấu trúc số định danh", "the structure of the number"),
}


_SIDE_NAMES: Final[dict[Side, tuple[str, str]]] = {"front": ("mặt trước", "front"), "back": ("mặt sau", "back")}
_DOUBTS: Final = {
    "card-on-screen": ("có thể chụp từ màn hình", "may have been taken of a screen"),
    "card-photocopied": ("không có màu, không biết là thẻ hay bản sao", "has no colour, so it may be of a copy"),
}


class Evidence(msgspec.Struct, frozen=True):
    """What both sides said, side by side. `qr_texts` are all codes found on the card."""

    kind: str
    printed: dict[str, Said]
    qr_texts: tuple[str, ...] = ()
    zone: mrz.Mrz | mrz.Broken | None = None
    has_back: bool = True
    has_portrait: bool = True
    burnt: Mapping[Side, tuple[Place, ...]] = {}
    """Where a reflection hides what is printed."""
    doubts: Mapping[Side, tuple[str, ...]] = {}
    """What of each photo a person should look at."""
    chip: ChipReading | None = None


def evidence(transcripts: Sequence[Transcript], read_chip: ChipReading | None = None) -> Evidence:
    """Two sides of one card, or one alone, laid together."""
    printed: dict[str, Said] = {}
    for transcript in transcripts:
        for name, said in transcript.printed.items():
            printed.setdefault(name, said)
    sides = {transcript.side for transcript in transcripts}
    return Evidence(
        kind=kind_of(transcripts),
        printed=printed,
        qr_texts=tuple(text for transcript in transcripts for text in transcript.qr_texts),
        zone=next((transcript.zone for transcript in transcripts if transcript.zone is not None), None),
        has_back="back" in sides,
        has_portrait=any(transcript.portrait for transcript in transcripts),
        burnt={transcript.side: transcript.burnt for transcript in transcripts},
        doubts={transcript.side: transcript.doubts for transcript in transcripts},
        chip=read_chip,
    )


def kind_of(transcripts: Sequence[Transcript]) -> str:
    """The one kind of these sides; a back cannot tell a variant from the kind whose print it shares."""
    kinds = {transcript.kind for transcript in transcripts}
    variants = {kind for kind in kinds if DOCUMENTS[kind].variant_of in kinds}
    return next(iter(variants or kinds))


def reconcile(said: Evidence, document: Document) -> CardReading:
    """The reading of this evidence on today's date."""
    code = _one_code(said.qr_texts)
    zone = said.zone if isinstance(said.zone, mrz.Mrz) else None
    facts = said.chip.usable_facts() if said.chip else None
    fields = weigh(
        Witnesses(
            kind=said.kind,
            printed=said.printed,
            code=code,
            zone=zone,
            chip=facts,
            chip_is_authentic=said.chip is not None and said.chip.verdict == "authentic",
        )
    )
    issues = (
        *_of_kind(said),
        *_of_code(said, code),
        *_of_zone(said),
        *_of_chip(said),
        *_of_fields(said, fields),
        *_of_dates(said.kind, fields),
        *_of_photos(said, fields),
    )
    summary = (
        ChipSummary(verdict=said.chip.verdict, cloned_checked=said.chip.cloned_checked, checks=said.chip.checks)
        if said.chip
        else msgspec.UNSET
    )
    return CardReading(
        document=document, decision=_decision(said, fields, issues), fields=fields, issues=issues, chip=summary
    )


def _has_code(kind: str) -> bool:
    return any(layout.qr for layout in DOCUMENTS[kind].layouts)


def _has_zone(kind: str) -> bool:
    return any(layout.has_mrz for layout in DOCUMENTS[kind].layouts)


def _qr_side_seen(said: Evidence) -> bool:
    document = DOCUMENTS[said.kind]
    return document.front.qr is not None or (document.back.qr is not None and said.has_back)


def _of_kind(said: Evidence) -> Iterator[Issue]:
    document = DOCUMENTS[said.kind]
    if said.kind in _NO_LONGER_VALID:
        yield _issue(
            "kind-no-longer-valid",
            None,
            f"{document.name_vi} không còn giá trị sử dụng từ 01/01/2025. Hãy làm thẻ căn cước tại công an phường, xã.",
            f"The {document.name_en} has not been valid since 01/01/2025. Ask the ward police for an identity card.",
        )
    if not (_has_code(said.kind) or _has_zone(said.kind)):
        yield _issue(
            "print-only",
            None,
            "Loại thẻ này chỉ có chữ in, không có mã để đối chiếu. Cán bộ sẽ kiểm tra thẻ.",
            "This kind of card has print only, nothing to check it against. An officer will look at the card.",
        )


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
    elif _has_code(said.kind) and _qr_side_seen(said):
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
    elif not _has_zone(said.kind):
        return
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


def _of_chip(said: Evidence) -> Iterator[Issue]:
    if said.chip is None:
        return
    if said.chip.verdict == "failed":
        yield _issue(
            "chip-failed",
            None,
            "Dữ liệu chip không nguyên vẹn hoặc không phải của cơ quan cấp thẻ. Cán bộ sẽ kiểm tra thẻ.",
            "The chip's data is not whole or not its issuer's. An officer will look at the card.",
        )
    elif said.chip.verdict == "issuer_unknown":
        yield _issue(
            "chip-issuer-unknown",
            None,
            "Dữ liệu chip nguyên vẹn nhưng chưa xác minh được cơ quan ký.",
            "The chip's data is whole, but who signed it could not be established.",
        )
    if said.chip.cloned_checked == "fail":
        yield _issue(
            "chip-copied",
            None,
            "Chip không chứng minh được là bản gốc. Cán bộ sẽ kiểm tra thẻ.",
            "The chip could not prove that it is the original. An officer will look at the card.",
        )


def _of_fields(said: Evidence, fields: Mapping[str, Field]) -> Iterator[Issue]:
    alone = not (_has_code(said.kind) or _has_zone(said.kind))
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
        elif "unsure" in field.reasons:
            yield _issue(
                "field-unsure",
                name,
                f"{words_vi} đọc chưa chắc: {field.value}. Hãy so lại với thẻ.",
                f"{words_en} is not read surely: {field.value}. Compare it with the card.",
            )
        elif name in CRITICAL and field.status == "read" and not alone:
            yield _issue(
                "field-not-confirmed",
                name,
                f"{words_vi} mới có một nguồn. Hãy chụp lại để thấy rõ cả chữ in, mã QR và ba dòng chữ máy.",
                f"{words_en} has one source only. Take the photos again so that print, QR and zone all show.",
            )


def _of_dates(kind: str, fields: Mapping[str, Field]) -> Iterator[Issue]:
    today = clock.today()
    document = DOCUMENTS[kind]
    born, issued, ends = (
        fields[name].day() if name in fields else None for name in ("date_of_birth", "date_of_issue", "date_of_expiry")
    )
    if ends is not None and ends < today:
        yield _issue(
            "card-expired",
            "date_of_expiry",
            f"Thẻ đã hết hạn ngày {ends:%d/%m/%Y}. Hãy đổi thẻ tại công an phường, xã.",
            f"The card expired on {ends:%d/%m/%Y}. Renew it at the ward police.",
        )
    impossible = issued is not None and (
        issued > today
        or not document.may_be_issued(issued)
        or (born is not None and not document.may_be_held(born, issued))
        or (ends is not None and ends <= issued)
    )
    if impossible:
        yield _issue(
            "dates-impossible",
            "date_of_issue",
            "Ngày cấp không hợp lý so với loại thẻ, ngày sinh hoặc ngày hết hạn. Cán bộ sẽ kiểm tra thẻ.",
            "The date of issue does not fit the kind of card, birth or expiry. An officer will look at the card.",
        )


def _of_photos(said: Evidence, fields: Mapping[str, Field]) -> Iterator[Issue]:
    if DOCUMENTS[said.kind].front.portrait is not None and not said.has_portrait:
        yield _issue(
            "portrait-missing",
            None,
            "Không thấy ảnh chân dung trên thẻ. Cán bộ sẽ kiểm tra thẻ.",
            "No portrait was found on the card. An officer will look at the card.",
        )
    for side, codes in said.doubts.items():
        words_vi, words_en = _SIDE_NAMES[side]
        for code in codes:
            doubt_vi, doubt_en = _DOUBTS[code]
            yield _issue(
                code,
                None,
                f"Ảnh {words_vi} {doubt_vi}. Cán bộ sẽ kiểm tra thẻ; nếu có thẻ thật, hãy chụp lại chính thẻ ấy, có màu.",
                f"The photo of the {words_en} {doubt_en}. An officer will look at the card; if you have it at hand, "
                "photograph the card itself, in colour.",
            )
    for side, burnt in said.burnt.items():
        if not burnt:
            continue
        words_vi, words_en = _SIDE_NAMES[side]
        hidden = _beneath(side, burnt, fields)
        if not hidden:
            yield _issue(
                "card-glare",
                None,
                f"Có vệt sáng trên {words_vi} của thẻ; chữ ở đó có thể không đọc được.",
                f"There is a reflection on the {words_en} of the card; text under it may be unread.",
            )
        for name in hidden:
            yield _issue(
                "card-glare",
                name,
                f"Có vệt sáng che {_FIELD_NAMES[name][0].casefold()} trên {words_vi}. Nghiêng thẻ cho hết lóa rồi chụp lại.",
                f"A reflection lies over {_FIELD_NAMES[name][1].casefold()} on the {words_en}. Tilt the card and take it again.",
            )


def _beneath(side: Side, burnt: Sequence[Place], fields: Mapping[str, Field]) -> list[str]:
    """Fields whose print a reflection touches."""
    return [
        name
        for name, field in fields.items()
        for source in field.sources
        if source.source == "print" and source.box is not None and source.box.side == side
        if any(_touch(source.box, place) for place in burnt)
    ]


def _touch(box: Box, place: Place) -> bool:
    return (
        box.x < place.x + place.width
        and place.x < box.x + box.width
        and box.y < place.y + place.height
        and place.y < box.y + box.height
    )


_REVIEWED: Final = frozenset(
    {
        *("sources-disagree", "qr-not-of-a-card", "card-expired", "dates-impossible", "portrait-missing"),
        *("chip-failed", "chip-copied", "kind-no-longer-valid"),
        *_DOUBTS,
    }
)
# Luật Căn cước 2023 Đ46: the cards of nine and of twelve digits called chứng minh nhân dân ended with 2024.
_NO_LONGER_VALID: Final = frozenset({"cmnd_9", "cmnd_12"})
_RETAKEN: Final = frozenset({"back-missing", "qr-not-read", "mrz-not-read", "mrz-check-failed"})


def _decision(said: Evidence, fields: Mapping[str, Field], issues: Sequence[Issue]) -> Decision:
    """A contradiction goes to a person before a better photo is asked for; nothing is accepted on one witness."""
    codes = {issue.code for issue in issues}
    if codes & _REVIEWED:
        return "review"
    if codes & _RETAKEN or any(name in fields and fields[name].status == "missing" for name in CRITICAL):
        return "retake"
    if "print-only" in codes:
        return "review"
    return "accept" if all(fields[name].status == "confirmed" for name in CRITICAL) else "retake"


def _issue(code: str, field: str | None, vi: str, en: str) -> Issue:
    return Issue(code=code, field=field, message=Words(vi=vi, en=en))
