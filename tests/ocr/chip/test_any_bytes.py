"""Whatever is done to a good chip's bytes: never believed, never an exception."""

import functools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocr import chip
from ocr.chip import ActiveReply, ChipFiles, ChipReading, TrustStore
from tests.ocr.chip import issuing
from tests.ocr.chip.issuing import NOW, Issue, KeyKind, Padding, chain

KINDS: tuple[tuple[KeyKind, Padding], ...] = (
    ("p256", "pkcs1"),
    ("brainpool256", "pkcs1"),
    ("rsa", "pkcs1"),
    ("rsa", "pss"),
)
FILES = ("sod", "dg1", "dg2", "dg13", "dg14", "dg15")
NONCE = bytes(8)


@functools.cache
def good(kind: KeyKind, pad: Padding) -> tuple[ChipFiles, TrustStore]:
    return issuing.files(Issue(chain=chain(kind), pad=pad)), chain(kind).trust()


@functools.cache
def reply(kind: KeyKind) -> ActiveReply:
    return ActiveReply(NONCE, issuing.answer(issuing.key(kind, "chip"), NONCE))


def read(kind: KeyKind, pad: Padding, name: str, data: bytes) -> ChipReading:
    files, trust = good(kind, pad)
    return chip.read_chip(msgspec.structs.replace(files, **{name: data}), trust, at=NOW, reply=reply("p256"))


def flip(data: bytes, bits: set[int]) -> bytes:
    out = bytearray(data)
    for bit in bits:
        out[bit // 8] ^= 1 << bit % 8
    return bytes(out)


def test_the_chip_itself_is_good() -> None:
    for kind, pad in KINDS:
        assert read(kind, pad, "sod", good(kind, pad)[0].sod).verdict == "authentic"


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_flipped_bits_never_verify(data: st.DataObject) -> None:
    kind, pad = data.draw(st.sampled_from(KINDS))
    name = data.draw(st.sampled_from(FILES))
    original: bytes = getattr(good(kind, pad)[0], name)
    bits = data.draw(st.sets(st.integers(0, 8 * len(original) - 1), min_size=1, max_size=4))
    reading = read(kind, pad, name, flip(original, bits))
    assert reading.verdict == "failed"
    assert reading.usable_facts() is None


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_spliced_bytes_never_verify(data: st.DataObject) -> None:
    kind, pad = data.draw(st.sampled_from(KINDS))
    name = data.draw(st.sampled_from(FILES))
    original: bytes = getattr(good(kind, pad)[0], name)
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 40)))
    changed = original[:start] + data.draw(st.binary(max_size=40)) + original[end:]
    reading = read(kind, pad, name, changed)
    assert reading.verdict == ("authentic" if changed == original else "failed")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=400), st.binary(max_size=300))
def test_any_bytes_at_all(sod: bytes, group: bytes, signature: bytes) -> None:
    files = ChipFiles(sod=sod, dg1=group, dg2=group, dg13=group, dg14=group, dg15=group)
    reading = chip.read_chip(files, TrustStore(), at=NOW, reply=ActiveReply(NONCE, signature))
    assert reading.verdict == "failed"


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FILES[1:]), st.binary(max_size=300))
def test_any_bytes_an_issuer_might_sign(name: str, content: bytes) -> None:
    """The signature holds, so the group is opened: it may be anything, and still nothing raises."""
    number = int(name[2:])
    tag = {1: 0x61, 2: 0x75, 13: 0x6D, 14: 0x6E, 15: 0x6F}[number]
    files = issuing.files(Issue(chain=chain(), groups={**issuing.groups(), number: issuing.tlv(tag, content)}))
    reading = chip.read_chip(files, chain().trust(), at=NOW, reply=ActiveReply(NONCE, bytes(64)))
    assert reading.verdict == "failed"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_flipped_bits_an_issuer_signed(data: st.DataObject) -> None:
    """The verdict may be either: a flipped letter of a religion is a religion. The reading holds together all the same."""
    name, private = data.draw(st.sampled_from(FILES[1:])), issuing.key("rsa", "chip")
    original: bytes = getattr(issuing.files(Issue(chain=chain(), groups=issuing.groups(private))), name)
    bits = data.draw(st.sets(st.integers(0, 8 * min(len(original), 500) - 1), min_size=1, max_size=3))
    issue = Issue(chain=chain(), groups={**issuing.groups(private), int(name[2:]): flip(original, bits)})
    reading = chip.read_chip(issuing.files(issue), chain().trust(), at=NOW, reply=reply("rsa"))
    failures = [check for check in reading.checks if check.status == "fail"]
    assert (reading.verdict == "failed") == bool(failures) == (reading.usable_facts() is None)
    assert all(check.reason for check in failures)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "pad"), [("p256", "pkcs1"), ("rsa", "pss")])
def test_every_single_bit_of_the_security_object(kind: KeyKind, pad: Padding) -> None:
    files, trust = good(kind, pad)
    for bit in range(8 * len(files.sod)):
        changed = msgspec.structs.replace(files, sod=flip(files.sod, {bit}))
        assert chip.read_chip(changed, trust, at=NOW).verdict == "failed", bit


@pytest.mark.slow
def test_every_length_of_the_security_object() -> None:
    files, trust = good("p256", "pkcs1")
    for length in range(len(files.sod)):
        changed = msgspec.structs.replace(files, sod=files.sod[:length])
        assert chip.read_chip(changed, trust, at=NOW).verdict == "failed", length
