"""The groups themselves: zone, portrait, the Vietnamese DG13, and the keys."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.chip import der, groups, personal_details
from ocr.chip.reading import ChipDate
from tests.ocr.chip import issuing
from tests.ocr.chip.issuing import dg13, integer, key, printable, seq, set_of, tlv, utf8

# ── DG1 ──


def test_the_zone_is_read_by_the_cards_own_reader() -> None:
    zone = groups.zone(issuing.dg1())
    assert (zone.number, zone.name, zone.sex) == (issuing.NUMBER, "NGUYEN THI HOA", "female")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (tlv(0x61, tlv(0x5F1F, b"I" * 88)), "mrz-shape"),
        (tlv(0x61, tlv(0x5F1F, "Đ".encode() * 45)), "mrz-shape"),
        (issuing.dg1().replace(b"IDVNM", b"IDUTO"), "mrz-constants"),
        (issuing.dg1().replace(b"030115", b"030116"), "mrz-date-of-birth-check-digit"),
        (tlv(0x61, tlv(0x5F20, bytes(90))), "dg1-shape"),
        (tlv(0x62, tlv(0x5F1F, bytes(90))), "dg1-shape"),
    ],
)
def test_a_zone_that_does_not_hold_is_rejected(data: bytes, reason: str) -> None:
    with pytest.raises(der.Rejected, match=f"^{reason}$"):
        groups.zone(data)


# ── DG2 ──


def test_the_picture_is_taken_out_past_any_feature_points() -> None:
    record = issuing.face_record(issuing.picture(), feature_points=7)
    assert groups.portrait(issuing.dg2(record)).data == issuing.picture()


def test_jpeg_2000_in_both_its_forms() -> None:
    boxed = issuing.picture("JPEG2000")
    bare = boxed[boxed.index(b"\xff\x4f\xff\x51") :]
    assert groups.portrait(issuing.dg2(issuing.face_record(boxed, image_type=1))).media_type == "image/jp2"
    found = groups.portrait(issuing.dg2(issuing.face_record(bare, image_type=1)))
    assert (found.media_type, found.data) == ("image/j2c", bare)


def test_more_faces_than_one_give_the_first() -> None:
    """A record may hold several; lengths are those of the first."""
    record = issuing.face_record(issuing.picture())
    two = record[:8] + (len(record) + 50).to_bytes(4, "big") + b"\x00\x02" + record[14:] + bytes(50)
    assert groups.portrait(issuing.dg2(two)).data == issuing.picture()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (issuing.dg2(b""), "portrait-format-not-supported"),
        (issuing.dg2(b"FAC\x00020\x00" + bytes(100)), "portrait-format-not-supported"),
        (issuing.dg2(b"FAC\x00010\x00" + bytes(100)), "portrait-shape"),
        (issuing.dg2(issuing.face_record(issuing.picture())[:-1]), "portrait-shape"),
        (issuing.dg2(issuing.face_record(b"")), "portrait-shape"),
        (issuing.dg2(issuing.face_record(issuing.picture(), image_type=1)), "portrait-format-not-supported"),
        (issuing.dg2(issuing.face_record(b"<svg onload=alert(1)>")), "portrait-format-not-supported"),
        (tlv(0x75, tlv(0x7F61, integer(0))), "portrait-missing"),
        (tlv(0x75, integer(1)), "dg2-shape"),
        (tlv(0x75, tlv(0x7F61, integer(1), tlv(0x7F60, tlv(0xA1), tlv(0x7F2E)))), "portrait-format-not-supported"),
    ],
)
def test_what_is_no_face_record_is_rejected(data: bytes, reason: str) -> None:
    with pytest.raises(der.Rejected, match=f"^{reason}$"):
        groups.portrait(data)


@given(st.binary(max_size=200))
def test_any_face_record_is_a_picture_or_rejected(rest: bytes) -> None:
    try:
        found = groups.portrait(issuing.dg2(b"FAC\x00010\x00" + (len(rest) + 12).to_bytes(4, "big") + rest))
    except der.Rejected:
        return
    assert found.data in rest


# ── DG13 ──


def test_every_field_of_the_vietnamese_layout() -> None:
    assert msgspec.to_builtins(personal_details.read(dg13())) == {
        "number": "079303000001",
        "full_name": "Nguyễn Thị Hoa",
        "date_of_birth": {"value": "15/01/2003", "normal": "2003-01-15"},
        "sex": "Nữ",
        "nationality": "Việt Nam",
        "ethnicity": "Kinh",
        "religion": "Không",
        "place_of_origin": "Xã Tân Thành, Huyện Tân Phước, Tiền Giang",
        "place_of_residence": issuing.LONG_RESIDENCE,
        "personal_identification": "Nốt ruồi cách 1 cm dưới trước đuôi mắt trái",
        "date_of_issue": {"value": "12/08/2022", "normal": "2022-08-12"},
        "date_of_expiry": {"value": "15/01/2028", "normal": "2028-01-15"},
        "father": "Nguyễn Văn Bình",
        "mother": "Trần Thị Lan",
        "spouse": None,
        "old_number": "024680135",
    }


@pytest.mark.parametrize("letters", [100, 126, 127, 128, 255, 256, 900])
def test_lengths_of_128_and_more(letters: int) -> None:
    """Readers that look for `30 .. 02 01 NN` lose such items: their length takes more octets (30 81 LL)."""
    said = "x" * letters
    assert personal_details.read(dg13({9: (utf8(said),)})).place_of_residence == said


def test_the_long_residence_of_the_fictional_holder_needs_the_long_form() -> None:
    assert b"\x30\x81" in dg13()
    assert len(issuing.LONG_RESIDENCE.encode()) >= 128


def test_no_spouse_is_an_item_of_its_number_alone() -> None:
    assert bytes.fromhex("300302010e") in dg13()
    assert personal_details.read(dg13()).spouse is None
    assert personal_details.read(dg13({14: (utf8("Lê Văn Nam"),)})).spouse == "Lê Văn Nam"


def test_items_left_out_empty_or_unknown() -> None:
    unknown = {17: (printable("?"),), 99: (seq(integer(5)), b"\x05\x00"), 300: (tlv(0x80, b"x"),)}
    said = personal_details.read(dg13({6: None, 7: (utf8(""),), 13: (), 15: None, **unknown}))
    assert (said.ethnicity, said.religion, said.father, said.mother, said.old_number) == (None,) * 5


def test_one_parent() -> None:
    said = personal_details.read(dg13({13: (seq(), seq(utf8("Trần Thị Lan")))}))
    assert (said.father, said.mother) == (None, "Trần Thị Lan")
    said = personal_details.read(dg13({13: (seq(utf8("Nguyễn Văn Bình")),)}))
    assert (said.father, said.mother) == ("Nguyễn Văn Bình", None)


def test_items_inside_a_wrapping() -> None:
    items = [issuing.dg13_item(number, *values) for number, values in issuing.DG13_ITEMS.items()]
    wrapped = tlv(0x6D, seq(issuing.oid("1.2.3"), integer(1)), seq(set_of(*items)))
    assert personal_details.read(wrapped) == personal_details.read(dg13())


@pytest.mark.parametrize(
    ("text", "normal"),
    [("Không thời hạn", "none"), ("KHÔNG THỜI HẠN", "none"), ("15/01/2028", "2028-01-15")],
)
def test_a_card_without_end(text: str, normal: str) -> None:
    assert personal_details.read(dg13({12: (utf8(text),)})).date_of_expiry == ChipDate(text, normal)


def test_partial_dates_of_birth() -> None:
    assert personal_details.read(dg13({3: (printable("1950"),)})).date_of_birth == ChipDate("1950", "1950")
    assert personal_details.read(dg13({3: (printable("02/1950"),)})).date_of_birth == ChipDate("02/1950", "1950-02")


def test_decomposed_letters_are_composed_and_odd_names_kept() -> None:
    assert personal_details.read(dg13({2: (utf8("Nguyễn Thị Hoa"),)})).full_name == "Nguyễn Thị Hoa"
    for name in ("H'Hen Êban", "K'Brơi", "Thạch Sô Phi", "Ý", "Lò Thị Lả-Ó"):
        assert personal_details.read(dg13({2: (utf8(name),)})).full_name == name


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({1: None}, "dg13-number"),
        ({1: (printable("07930300000"),)}, "dg13-number"),
        ({1: (utf8("０79303000001"),)}, "dg13-number"),
        ({15: (printable("1234"),)}, "dg13-number"),
        ({2: None}, "dg13-name-missing"),
        ({2: (utf8(" "),)}, "dg13-name-missing"),
        ({2: (utf8("Nguyễn\u202eThị Hoa"),)}, "dg13-text"),
        ({2: (tlv(0x0C, b"\xff\xfe"),)}, "dg13-text"),
        ({2: (tlv(0x13, b"\xc3\xa9"),)}, "dg13-text"),
        ({9: (utf8("x" * 1_001),)}, "dg13-text"),
        ({3: (printable("31/02/2003"),)}, "dg13-date"),
        ({3: (printable("Không thời hạn".encode().decode("ascii", "ignore")),)}, "dg13-date"),
        ({11: (utf8("Không thời hạn"),)}, "dg13-date"),
        ({2: (utf8("A"), utf8("B"))}, "dg13-shape"),
        ({2: (integer(1),)}, "dg13-shape"),
        ({13: (seq(utf8("A")), seq(utf8("B")), seq(utf8("C")))}, "dg13-shape"),
        ({13: (seq(utf8("A"), utf8("B")),)}, "dg13-shape"),
        ({13: (seq(seq()),)}, "dg13-shape"),
    ],
)
def test_a_dg13_that_cannot_be_relied_on_is_rejected(changes: dict[int, tuple[bytes, ...] | None], reason: str) -> None:
    with pytest.raises(der.Rejected, match=f"^{reason}$"):
        personal_details.read(dg13(changes))


def test_an_item_twice_is_rejected() -> None:
    """Two names: no reader may choose."""
    with pytest.raises(der.Rejected, match=r"^dg13-item-twice$"):
        personal_details.read(tlv(0x6D, issuing.dg13_item(2, utf8("A")), issuing.dg13_item(2, utf8("B"))))


# ── DG14, DG15 ──


def test_the_digest_of_active_authentication() -> None:
    assert groups.active_digest(issuing.dg14()) == "sha256"
    assert groups.active_digest(issuing.dg14(None)) is None
    with pytest.raises(der.Rejected, match=r"^active-algorithm-not-supported$"):
        groups.active_digest(issuing.dg14("1.2.3.4"))
    with pytest.raises(der.Rejected, match=r"^dg14-shape$"):
        groups.active_digest(tlv(0x6E, seq()))


def test_keys_a_chip_may_have() -> None:
    for kind in ("p256", "brainpool256", "rsa", "rsa1024"):
        private = key(kind, "chip")
        assert groups.active_key(issuing.dg15(private)).public_numbers() == private.public_key().public_numbers()
    with pytest.raises(der.Rejected, match=r"^curve-not-named$"):
        groups.active_key(tlv(0x6F, issuing.explicit_curve_info(key("p256", "chip"))))


@pytest.mark.parametrize(("modulus", "exponent"), [(-(2**2047) - 1, 65537), (2**2047 + 1, -3), (2**2047 + 1, 1)])
def test_rsa_numbers_that_make_no_key(modulus: int, exponent: int) -> None:
    """A negative modulus, one flipped bit away from a good one, once raised OverflowError out of the reading."""
    numbers = seq(integer(modulus), integer(exponent))
    info = seq(seq(issuing.oid("1.2.840.113549.1.1.1"), issuing.NULL), issuing.bit_string(numbers))
    with pytest.raises(der.Rejected, match=r"^key-not-valid$"):
        groups.active_key(tlv(0x6F, info))


def test_a_point_beside_the_curve_is_no_key() -> None:
    info = issuing.key_info(key("p256", "chip"))
    with pytest.raises(der.Rejected, match=r"^key-not-valid$"):
        groups.active_key(tlv(0x6F, info[:-1] + bytes([info[-1] ^ 1])))
