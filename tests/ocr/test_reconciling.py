"""Print x QR x zone x number: the table of who agrees with whom, and what the card is then good for."""

import datetime
from typing import Any

import msgspec
import pytest

from kit import clock
from ocr import mrz, qr
from ocr.documents.layout import Place
from ocr.printed import Said
from ocr.reading import CardReading, Document, Field
from ocr.reconciling import Evidence, reconcile

from .conftest import BOX, FACTS, print_of

DOCUMENT = Document(kind="can_cuoc_2024", sides=("front", "back"), quality={})
PRINTED = {
    "number": "079190012345",
    "full_name": "NGUYỄN TRẦN PHƯƠNG THẢO",
    "date_of_birth": "17/05/1990",
    "sex": "Nữ",
    "nationality": "Việt Nam",
    "place_of_residence": "45/12 Đường Lê Thánh Tôn, Phường Sài Gòn, Thành phố Hồ Chí Minh",
    "place_of_birth": "Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh",
    "date_of_issue": "12/08/2024",
    "date_of_expiry": "17/05/2030",
}


def payload(**changes: Any) -> str:
    said = msgspec.structs.replace(FACTS, **changes)
    return qr.write(
        number=said.number,
        old_number=said.old_number,
        full_name=said.full_name,
        date_of_birth=said.date_of_birth,
        sex=said.sex,
        address=said.residence,
        issued=said.issued,
    )


def zone(**changes: Any) -> mrz.Mrz:
    said = msgspec.structs.replace(FACTS, **changes)
    read = mrz.parse(
        mrz.write(
            number=said.number,
            date_of_birth=said.date_of_birth,
            sex=said.sex,
            date_of_expiry=said.expires,
            full_name=said.full_name,
        )
    )
    assert isinstance(read, mrz.Mrz)
    return read


def read(
    *,
    printed: dict[str, str] | None = None,
    drop: tuple[str, ...] = (),
    evidence_print: dict[str, Said] | None = None,
    **changes: Any,
) -> CardReading:
    words = {name: text for name, text in {**PRINTED, **(printed or {})}.items() if name not in drop}
    evidence = Evidence(
        kind="can_cuoc_2024",
        printed=evidence_print or {name: Said(text=text, confidence=0.99999, box=BOX) for name, text in words.items()},
        qr_texts=(payload(),),
        zone=zone(),
    )
    with clock.frozen_near(datetime.datetime(2026, 11, 20, 3, tzinfo=datetime.UTC)):
        return reconcile(msgspec.structs.replace(evidence, **changes), DOCUMENT)


def codes(reading: CardReading) -> set[tuple[str, str | None]]:
    return {(issue.code, issue.field) for issue in reading.issues}


def test_all_agree() -> None:
    reading = read()
    assert reading.decision == "accept"
    assert reading.issues == ()
    assert {name for name, field in reading.fields.items() if field.status == "confirmed"} == {
        *("number", "full_name", "date_of_birth", "sex", "nationality"),
        *("place_of_residence", "date_of_issue", "date_of_expiry"),
    }
    name = reading.fields["full_name"]
    assert name.value == "Nguyễn Trần Phương Thảo", "the QR spells it, the print confirms it"
    assert [source.source for source in name.sources] == ["qr", "print", "mrz"]
    assert reading.fields["sex"].normal == "female"
    assert reading.day("date_of_birth") == datetime.date(1990, 5, 17)
    assert reading.confirmed("number") == "079190012345"
    assert reading.confirmed("place_of_birth") is None


def test_print_alone_is_read_and_its_place_resolved() -> None:
    born = read().fields["place_of_birth"]
    assert (born.status, born.value) == ("read", "Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh")
    assert born.reasons == ("only-print",)
    assert born.normal == "26740", "today's Phường Sài Gòn"
    assert born.place is not msgspec.UNSET
    assert [one.code for one in born.place.old] == ["79/760/26740"]


def test_print_that_is_read_with_doubt_says_so() -> None:
    unsure = Said(text="Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh", confidence=0.05, box=BOX)
    words = {name: Said(text=text, confidence=0.99999, box=BOX) for name, text in PRINTED.items()}
    reading = read(evidence_print={**words, "place_of_birth": unsure})
    assert "unsure" in reading.fields["place_of_birth"].reasons
    assert ("field-unsure", "place_of_birth") in codes(reading)
    assert reading.decision == "accept", "nobody is identified by it"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("number", {"qr_texts": (payload(number="079190012346"),)}),
        ("number", {"zone": zone(number="079190912345")}),
        ("number", {"printed": {"number": "079190012845"}}),
        ("full_name", {"qr_texts": (payload(full_name="Nguyễn Trần Phương Thanh"),)}),
        ("full_name", {"zone": zone(full_name="Nguyễn Trần Phương Thy")}),
        ("full_name", {"printed": {"full_name": "NGUYỄN TRẦN PHƯƠNG THU"}}),
        ("date_of_birth", {"qr_texts": (payload(date_of_birth=datetime.date(1990, 5, 18)),)}),
        ("date_of_birth", {"zone": zone(date_of_birth=datetime.date(1990, 6, 17))}),
        ("date_of_birth", {"printed": {"date_of_birth": "17/05/1996"}}),
        ("sex", {"qr_texts": (payload(sex="male"),)}),
        ("sex", {"zone": zone(sex="male")}),
        ("sex", {"printed": {"sex": "Nam"}}),
        ("place_of_residence", {"printed": {"place_of_residence": "46 Đường Lê Lợi, Phường Bến Thành"}}),
        ("date_of_issue", {"qr_texts": (payload(issued=datetime.date(2024, 8, 13)),)}),
        ("date_of_expiry", {"zone": zone(expires=datetime.date(2040, 5, 17))}),
        ("date_of_expiry", {"zone": zone(expires=None)}),
    ],
)
def test_one_source_against_the_others_is_a_conflict(field: str, changes: dict[str, Any]) -> None:
    reading = read(**changes)
    assert reading.fields[field].status == "conflict"
    assert ("sources-disagree", field) in codes(reading)
    assert reading.decision == "review"


def test_the_number_contradicts_sex_and_year_even_when_all_else_agrees() -> None:
    """All three sources carry a man's number of 2003 for a woman born in 1990."""
    number = "079203012345"
    reading = read(printed={"number": number}, qr_texts=(payload(number=number),), zone=zone(number=number))
    assert reading.fields["number"].status == "confirmed"
    assert reading.fields["sex"].reasons[-1].endswith("differs-from-number")
    assert reading.fields["sex"].status == "conflict"
    assert reading.fields["date_of_birth"].status == "conflict"
    assert reading.decision == "review"


def test_print_that_is_unclear_beside_the_code_does_not_contradict_the_zone() -> None:
    """The zone spells what the code spells, so the print is asked for that: THGA, but an O with one in a thousand."""

    def name(on_print: Said) -> Field:
        words = {field: Said(text=text, confidence=0.99999, box=BOX) for field, text in PRINTED.items()}
        told = "Nguyễn Trần Phương Thoa"
        agreeing = (payload(full_name=told),), zone(full_name=told)
        printed = {**words, "full_name": on_print}
        return read(evidence_print=printed, qr_texts=agreeing[0], zone=agreeing[1]).fields["full_name"]

    unclear = name(print_of("NGUYỄN TRẦN PHƯƠNG THGA", doubts={21: ("O", 1e-3)}))
    assert (unclear.status, unclear.value) == ("confirmed", "Nguyễn Trần Phương Thoa")
    assert unclear.reasons == ("print-unclear", "agree-qr-mrz")
    assert name(print_of("NGUYỄN TRẦN PHƯƠNG THGA")).status == "conflict"


def test_a_number_of_no_province_is_a_conflict() -> None:
    number = "003190012345"
    reading = read(printed={"number": number}, qr_texts=(payload(number=number),), zone=zone(number=number))
    assert reading.fields["number"].reasons[-1] == "number-structure-impossible"
    assert reading.decision == "review"


def test_without_a_qr_the_marks_are_printed_only() -> None:
    """The zone confirms the letters of a name, and has no marks to confirm."""
    reading = read(qr_texts=())
    assert reading.fields["number"].status == "confirmed"
    name = reading.fields["full_name"]
    assert (name.status, name.value) == ("read", "NGUYỄN TRẦN PHƯƠNG THẢO")
    assert "marks-by-print-only" in name.reasons
    assert ("qr-not-read", "qr") in codes(reading)
    assert reading.decision == "retake"


def test_without_qr_and_zone_print_is_only_read() -> None:
    reading = read(qr_texts=(), zone=None)
    printed = [reading.fields[name] for name in PRINTED]
    assert {field.status for field in printed} == {"read"}
    assert {("qr-not-read", "qr"), ("mrz-not-read", "mrz")} <= codes(reading)
    assert reading.decision == "retake"


def test_a_zone_that_fails_its_check_digits_is_no_source() -> None:
    reading = read(zone=mrz.Broken(("composite-check-digit",), ()))
    assert reading.fields["number"].status == "confirmed", "QR and print still agree"
    assert ("mrz-check-failed", "mrz") in codes(reading)
    assert reading.decision == "retake"


@pytest.mark.parametrize(
    "texts", [("https://example.org",), (payload(), payload(number="079190012346")), (payload(), "x")]
)
def test_a_qr_that_is_not_one_cards_is_reviewed(texts: tuple[str, ...]) -> None:
    reading = read(qr_texts=texts)
    assert ("qr-not-of-a-card", "qr") in codes(reading)
    assert reading.fields["qr"].status == "missing"
    assert reading.decision == "review"


def test_no_back_is_never_accepted() -> None:
    reading = read(has_back=False, qr_texts=(), zone=None, drop=("date_of_issue", "date_of_expiry"))
    assert ("back-missing", None) in codes(reading)
    assert ("qr-not-read", "qr") not in codes(reading), "this generation's QR is on the side that was not sent"
    assert reading.decision == "retake"


@pytest.mark.parametrize(
    ("printed_as", "on"), [("17/05/2026", datetime.date(2026, 5, 17)), ("19/11/2026", datetime.date(2026, 11, 19))]
)
def test_an_expired_card_is_reviewed(printed_as: str, on: datetime.date) -> None:
    reading = read(printed={"date_of_expiry": printed_as}, zone=zone(expires=on))
    assert ("card-expired", "date_of_expiry") in codes(reading)
    assert reading.decision == "review"


def test_a_card_is_good_through_its_last_day() -> None:
    reading = read(printed={"date_of_expiry": "20/11/2026"}, zone=zone(expires=datetime.date(2026, 11, 20)))
    assert reading.decision == "accept"


def test_a_card_for_life() -> None:
    reading = read(printed={"date_of_expiry": "Không thời hạn"}, zone=zone(expires=None))
    ends = reading.fields["date_of_expiry"]
    assert (ends.status, ends.value, ends.normal) == ("confirmed", "Không thời hạn", "none")
    assert reading.day("date_of_expiry") is None
    assert reading.decision == "accept"


def test_a_card_issued_before_its_kind_existed_is_reviewed() -> None:
    day = datetime.date(2024, 6, 30)
    reading = read(printed={"date_of_issue": "30/06/2024"}, qr_texts=(payload(issued=day),))
    assert ("dates-impossible", "date_of_issue") in codes(reading)
    assert reading.decision == "review"


def test_a_portrait_card_of_a_child_of_five_is_reviewed() -> None:
    born, number = datetime.date(2019, 5, 17), "079319012345"
    reading = read(
        printed={"date_of_birth": "17/05/2019", "number": number},
        qr_texts=(payload(date_of_birth=born, number=number),),
        zone=zone(date_of_birth=born, number=number),
    )
    assert reading.fields["date_of_birth"].status == "confirmed"
    assert ("dates-impossible", "date_of_issue") in codes(reading)


@pytest.mark.parametrize("name", ["number", "date_of_birth", "full_name", "sex"])
def test_one_source_less_still_confirms(name: str) -> None:
    reading = read(drop=(name,))
    assert reading.fields[name].status == "confirmed"
    assert reading.decision == "accept"


def test_a_reflection_names_the_field_beneath() -> None:
    reading = read(burnt={"front": (Place(0.35, 0.42, 0.1, 0.1),)})
    assert ("card-glare", "number") in codes(reading)
    assert reading.decision == "accept"


def test_a_reflection_over_nothing_printed_is_noted() -> None:
    assert ("card-glare", None) in codes(read(burnt={"back": (Place(0.0, 0.0, 0.1, 0.1),)}))


@pytest.mark.parametrize("code", ["card-on-screen", "card-photocopied"])
def test_a_photo_that_may_be_of_a_copy_goes_to_a_person(code: str) -> None:
    """However well every source agrees."""
    reading = read(doubts={"front": (code,), "back": ()})
    assert reading.decision == "review"
    (issue,) = reading.issues
    assert (issue.code, issue.field) == (code, None)
    assert "mặt trước" in issue.message.vi
    assert "photograph the card itself" in issue.message.en


@pytest.mark.parametrize("kind", ["cmnd_9", "cmnd_12", "cccd_barcode_2016"])
def test_a_card_of_print_alone_goes_to_a_person(kind: str) -> None:
    number = "024680135" if kind == "cmnd_9" else "079190012345"
    reading = read(
        kind=kind,
        printed={"number": number, "date_of_issue": "12/08/2016", "date_of_expiry": "17/05/2030"},
        qr_texts=(),
        zone=None,
    )
    assert ("print-only", None) in codes(reading)
    assert (("kind-no-longer-valid", None) in codes(reading)) == kind.startswith("cmnd")
    assert ("field-not-confirmed", "number") not in codes(reading)
    assert reading.decision == "review"


def test_json_is_as_promised_and_both_languages_are_there() -> None:
    reading = read(qr_texts=(payload(number="079190012346"),))
    told = msgspec.json.decode(msgspec.json.encode(reading))
    assert set(told) == {"document", "decision", "fields", "issues"}
    assert set(told["document"]) == {"kind", "sides", "quality"}
    assert {"value", "normal", "confidence", "status", "sources"} <= set(told["fields"]["number"])
    assert set(told["fields"]["number"]["sources"][0]) == {"source", "value", "confidence", "box"}
    assert set(told["issues"][0]) == {"code", "field", "message"}
    assert all(issue["message"]["vi"] and issue["message"]["en"] for issue in told["issues"])
    assert msgspec.json.decode(msgspec.json.encode(reading), type=CardReading) == reading


def test_every_witness_on_the_card_says_where_it_stands() -> None:
    boxes = {source.source: source.box and source.box.side for source in read().fields["sex"].sources}
    assert (boxes["qr"], boxes["mrz"]) == ("back", "back")
    assert boxes.get("number") is None, "what the number implies is printed nowhere"


def test_an_address_that_ends_nowhere_is_looked_at() -> None:
    """Each letter may be read plainly and the last line be lost."""
    cut = read(printed={"place_of_birth": "Làng Brel, Hựu Thạnh, Đức Hòa, Long"})
    assert {"on-no-map", "unsure"} <= set(cut.fields["place_of_birth"].reasons)
    assert ("field-unsure", "place_of_birth") in codes(cut)
    whole = read(printed={"place_of_birth": "Làng Brel, Hựu Thạnh, Đức Hòa, Long An"})
    assert "unsure" not in whole.fields["place_of_birth"].reasons
