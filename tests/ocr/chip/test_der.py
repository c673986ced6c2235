"""X.690 as DER has it: one form for everything, and nothing a length or a nesting says is taken on trust."""

import datetime
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr import chip
from ocr.chip import TrustStore, der
from tests.ocr.chip import issuing
from tests.ocr.chip.issuing import tlv


def reason(data: bytes, *, longest: int = 65_536) -> str:
    with pytest.raises(der.Rejected) as rejected:
        der.read(data, longest=longest)
    return rejected.value.reason


def nested(times: int) -> bytes:
    """`times` SEQUENCEs, each with the true length of what it holds, made from the inside out in one pass."""
    heads: list[bytes] = []
    size = 0
    for _ in range(times):
        octets = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
        head = b"\x30" + (octets if size < 0x80 else bytes([0x80 | len(octets)]) + octets)
        heads.append(head)
        size += len(head)
    return b"".join(reversed(heads))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "der-truncated"),
        (b"\x30", "der-truncated"),
        (b"\x30\x80\x00\x00", "der-indefinite-length"),
        (b"\x30\x81\x7f" + bytes(127), "der-length-not-minimal"),
        (b"\x30\x82\x00\x80" + bytes(128), "der-length-not-minimal"),
        (b"\x04\x84\x80\x00\x00\x00", "der-length-beyond-end"),
        (b"\x04\x84\x7f\xff\xff\xff", "der-length-beyond-end"),
        (b"\x04\x88\x00\x00\x00\x01\x00\x00\x00\x00", "der-length-too-long"),
        (b"\x04\xff" + bytes(127), "der-length-too-long"),
        (b"\x04\x82\x01", "der-truncated"),
        (b"\x05\x00\x00", "der-trailing-bytes"),
        (b"\x30\x03\x04\x02\x00", "der-length-beyond-end"),
        (b"\x1f\x1e\x00", "der-tag-not-minimal"),
        (b"\x7f\x80\x61\x00", "der-tag-not-minimal"),
        (b"\x7f\xff\xff\x01\x00", "der-tag-too-long"),
        (b"\x7f", "der-truncated"),
        (b"\x24\x02\x04\x00", "der-constructed-string"),
        (b"\x2c\x00", "der-constructed-string"),
        (b"\x10\x00", "der-primitive-sequence"),
        (b"\x00\x00", "der-primitive-sequence"),
        (b"\x02\x00", "der-integer-not-minimal"),
        (b"\x02\x02\x00\x7f", "der-integer-not-minimal"),
        (b"\x02\x02\xff\x80", "der-integer-not-minimal"),
        (b"\x01\x01\x01", "der-boolean"),
        (b"\x05\x01\x00", "der-null"),
        (b"\x06\x00", "der-object-identifier"),
        (b"\x06\x02\x2a\x86", "der-object-identifier"),
        (b"\x06\x03\x2a\x80\x01", "der-object-identifier"),
        (b"\x03\x00", "der-bit-string"),
        (b"\x03\x01\x01", "der-bit-string"),
        (b"\x03\x02\x08\x00", "der-bit-string"),
        (b"\x03\x02\x01\x01", "der-bit-string"),
    ],
)
def test_what_is_not_der_is_told_apart(data: bytes, code: str) -> None:
    assert reason(data) == code


@pytest.mark.parametrize(
    "data",
    [b"\x02\x02\x00\x80", b"\x02\x02\xff\x7f", b"\x02\x01\x00", b"\x01\x01\xff", b"\x03\x01\x00", b"\x03\x02\x01\x02", b"\x7f\x61\x00", b"\x30\x00"],
)  # fmt: skip
def test_the_near_miss_of_each_is_der(data: bytes) -> None:
    assert der.read(data, longest=100).raw == data


def test_nesting_of_sixteen_is_read_and_seventeen_is_not() -> None:
    assert der.read(nested(16), longest=65_536).tag == 0x30
    assert reason(nested(17)) == "der-too-deep"


def test_size_is_asked_before_anything_else() -> None:
    whole = tlv(0x04, bytes(60_000))
    assert der.read(whole, longest=len(whole)).content == bytes(60_000)
    assert reason(whole, longest=len(whole) - 1) == "der-too-large"


def test_elements_are_counted() -> None:
    assert reason(tlv(0x30, b"\x05\x00" * 5_000)) == "der-too-many-elements"


HOSTILE = {
    "a million nested tags": (nested(1_000_000), "der-too-large"),
    "as many nested tags as fit": (nested(16_000), "der-too-deep"),
    "a million indefinite lengths": (b"\x30\x80" * 1_000_000, "der-too-large"),
    "as many indefinite lengths as fit": (b"\x30\x80" * 32_768, "der-indefinite-length"),
    "a length of 2^31": (b"\x77\x84\x80\x00\x00\x00" + bytes(100), "der-length-beyond-end"),
    "a length of 2^63": (b"\x77\x88\x80" + bytes(107), "der-length-too-long"),
    "as many elements as fit": (tlv(0x77, b"\x05\x00" * 32_700), "der-too-many-elements"),
    "65 kB": (tlv(0x77, bytes(66_000)), "der-too-large"),
    "nothing": (b"", "der-truncated"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_refused_in_little_memory(name: str) -> None:
    """The bytes themselves are the caller's; what reading adds stays under 2 MB, however they are made."""
    data, code = HOSTILE[name]
    files = chip.ChipFiles(sod=data, dg1=issuing.dg1())
    tracemalloc.start()
    try:
        reading = chip.read_chip(files, TrustStore(), at=issuing.NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (reading.verdict, reading.check("security_object").reason) == ("failed", code)
    assert peak < 2_000_000


@given(st.binary(max_size=300))
def test_any_bytes_are_one_element_or_rejected(data: bytes) -> None:
    try:
        whole = der.read(data, longest=300).raw
    except der.Rejected as rejected:
        whole = data if rejected.reason.startswith("der-") else None
    assert whole == data


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=8), st.sampled_from([0, 1, 2]), st.integers(0, 39))
def test_object_identifiers_come_back_as_written(arcs: list[int], first: int, second: int) -> None:
    dotted = ".".join(map(str, (first, second, *arcs)))
    assert der.oid(der.read(issuing.oid(dotted), longest=200)) == dotted


@given(st.integers(-(2**2_000), 2**2_000))
def test_integers_come_back_as_written(value: int) -> None:
    assert der.integer(der.read(issuing.integer(value), longest=1_000)) == value


def test_times_are_of_the_one_form_rfc_5280_allows() -> None:
    def read(tag: int, text: bytes) -> datetime.datetime:
        return der.instant(der.read(tlv(tag, text), longest=50), "dates")

    assert read(0x17, b"491231235959Z").year == 2049
    assert read(0x17, b"500101000000Z").year == 1950
    assert read(0x18, b"20500101000000Z") == datetime.datetime(2050, 1, 1, tzinfo=datetime.UTC)
    for tag, text in (
        (0x17, b"4912312359Z"),
        (0x17, b"491231235959+0700"),
        (0x17, b"491331235959Z"),
        (0x18, b"20500101000000.5Z"),
        (0x18, b"500101000000Z"),
        (0x17, "٤91231235959Z".encode()),
    ):
        with pytest.raises(der.Rejected, match="dates"):
            read(tag, text)
