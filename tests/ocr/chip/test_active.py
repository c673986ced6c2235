"""Active authentication: the answer of this chip to this nonce, and no other."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ocr import chip
from ocr.chip import ActiveReply, ChipReading
from tests.ocr.chip import issuing
from tests.ocr.chip.issuing import NOW, Issue, KeyKind, chain, key

NONCE, LATER_NONCE = bytes(range(8)), bytes(range(8, 16))


def read(
    reply: ActiveReply | None,
    kind: KeyKind = "p256",
    who: str = "chip",
    *,
    groups: dict[int, bytes] | None = None,
) -> ChipReading:
    issue = Issue(chain=chain(), groups=groups or issuing.groups(key(kind, who)))
    return chip.read_chip(issuing.files(issue), chain().trust(), at=NOW, reply=reply)


def failed(reading: ChipReading, reason: str) -> bool:
    check = reading.check("active_authentication")
    assert (reading.verdict, reading.cloned_checked, check.status) == ("failed", "fail", "fail")
    assert reading.usable_facts() is None
    return check.reason == reason


def not_done(reading: ChipReading, reason: str) -> bool:
    check = reading.check("active_authentication")
    assert (reading.verdict, reading.cloned_checked, check.status) == ("authentic", "not_done", "not_checked")
    return check.reason == reason


def modulus(who: str) -> int:
    numbers = key("rsa", who).public_key().public_numbers()
    assert isinstance(numbers, rsa.RSAPublicNumbers)
    return numbers.n


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
def test_rsa_with_a_trailer_of_two_octets(digest: str) -> None:
    reading = read(ActiveReply(NONCE, issuing.answer(key("rsa", "chip"), NONCE, digest=digest)), "rsa")
    assert (reading.verdict, reading.cloned_checked) == ("authentic", "pass")


def test_rsa_with_the_old_trailer_bc_which_means_sha1() -> None:
    reading = read(ActiveReply(NONCE, issuing.answer(key("rsa", "chip"), NONCE, digest="sha1", trailer=b"\xbc")), "rsa")
    assert (reading.verdict, reading.cloned_checked) == ("authentic", "pass")
    longer = issuing.answer(key("rsa", "chip"), NONCE, digest="sha256", trailer=b"\xbc")
    assert failed(read(ActiveReply(NONCE, longer), "rsa"), "active-signature-wrong")


@pytest.mark.parametrize("header", [0x4A, 0x6B, 0x2A])
def test_rsa_with_another_header_is_another_scheme(header: int) -> None:
    """4A recovers the whole message, 6B has padding inside: chips do neither."""
    reply = ActiveReply(NONCE, issuing.answer(key("rsa", "chip"), NONCE, header=header))
    assert failed(read(reply, "rsa"), "active-signature-wrong")


def test_rsa_sent_as_the_smaller_of_s_and_n_minus_s() -> None:
    other = modulus("chip") - int.from_bytes(issuing.answer(key("rsa", "chip"), NONCE), "big")
    assert read(ActiveReply(NONCE, other.to_bytes(256, "big")), "rsa").cloned_checked == "pass"


@pytest.mark.parametrize("kind", ["p256", "p384", "p521", "brainpool256", "brainpool512"])
def test_ecdsa_with_the_digest_dg14_names(kind: KeyKind) -> None:
    assert read(ActiveReply(NONCE, issuing.answer(key(kind, "chip"), NONCE)), kind).cloned_checked == "pass"
    other = issuing.answer(key(kind, "chip"), NONCE, digest="sha384")
    assert failed(read(ActiveReply(NONCE, other), kind), "active-signature-wrong")


@pytest.mark.parametrize("kind", ["p256", "rsa"])
def test_a_reply_replayed_does_not_answer_a_later_nonce(kind: KeyKind) -> None:
    old = issuing.answer(key(kind, "chip"), NONCE)
    assert failed(read(ActiveReply(LATER_NONCE, old), kind), "active-signature-wrong")


@pytest.mark.parametrize("kind", ["p256", "rsa"])
def test_a_reply_of_the_chip_of_another_dg15(kind: KeyKind) -> None:
    """The clone's own chip answers, but the key the issuer signed is the original's."""
    assert failed(
        read(ActiveReply(NONCE, issuing.answer(key(kind, "clone"), NONCE)), kind, "chip"), "active-signature-wrong"
    )


def test_a_dg15_of_ones_own_fails_by_its_hash_and_its_key_is_not_used() -> None:
    groups = issuing.groups()
    swapped = {**groups, 15: issuing.dg15(key("p256", "clone"))}
    files = issuing.files(Issue(chain=chain(), groups=swapped, hashed=groups))
    reply = ActiveReply(NONCE, issuing.answer(key("p256", "clone"), NONCE))
    reading = chip.read_chip(files, chain().trust(), at=NOW, reply=reply)
    assert (reading.verdict, reading.cloned_checked) == ("failed", "not_done")
    assert reading.check("dg15").reason == "hash-differs"
    assert reading.check("active_key").reason == "group-not-held"
    assert reading.check("active_authentication").reason == "no-key-held"


def test_a_swapped_dg14_cannot_choose_the_digest() -> None:
    groups = issuing.groups()
    swapped = {**groups, 14: issuing.dg14("0.4.0.127.0.7.1.1.4.1.4")}
    files = issuing.files(Issue(chain=chain(), groups=swapped, hashed=groups))
    reply = ActiveReply(NONCE, issuing.answer(key("p256", "chip"), NONCE, digest="sha384"))
    reading = chip.read_chip(files, chain().trust(), at=NOW, reply=reply)
    assert reading.check("dg14").reason == "hash-differs"
    assert failed(reading, "active-digest-not-named")


def test_without_a_reply_or_a_dg15_nothing_is_claimed() -> None:
    assert not_done(read(None), "no-reply")
    groups = {1: issuing.dg1(), 14: issuing.dg14()}
    reply = ActiveReply(NONCE, issuing.answer(key("p256", "chip"), NONCE))
    assert not_done(read(reply, groups=groups), "no-key-held")


def test_ecdsa_needs_dg14_to_name_a_digest_that_is_taken() -> None:
    reply = ActiveReply(NONCE, issuing.answer(key("p256", "chip"), NONCE))
    silent = {**issuing.groups(), 14: issuing.dg14(None)}
    assert failed(read(reply, groups=silent), "active-digest-not-named")
    weak = {**issuing.groups(), 14: issuing.dg14(issuing.PLAIN_ECDSA_SHA1)}
    reply = ActiveReply(NONCE, issuing.answer(key("p256", "chip"), NONCE, digest="sha1"))
    assert failed(read(reply, groups=weak), "sha1-refused")


@pytest.mark.parametrize("kind", ["p256", "rsa"])
def test_lengths(kind: KeyKind) -> None:
    good = issuing.answer(key(kind, "chip"), NONCE)
    for signature in (b"", good[:-1], good + b"\x00", b"\x00" + good):
        assert failed(read(ActiveReply(NONCE, signature), kind), "active-signature-length")
    assert failed(read(ActiveReply(NONCE[:7], good), kind), "active-nonce-length")


def test_a_signature_has_one_spelling_modulo_n() -> None:
    """s + n opens to the same block. It must still have 256 octets, so the key's n is small and the nonce is looked for."""
    who = next(who for who in map(str, range(200)) if 10 * modulus(who) < 7 << 2_048)
    nonces = (number.to_bytes(8, "big") for number in range(200))
    answers = ((nonce, int.from_bytes(issuing.answer(key("rsa", who), nonce), "big")) for nonce in nonces)
    nonce, value = next((nonce, s) for nonce, s in answers if s + modulus(who) < 2**2_048)
    assert read(ActiveReply(nonce, value.to_bytes(256, "big")), "rsa", who).cloned_checked == "pass"
    other = (value + modulus(who)).to_bytes(256, "big")
    assert failed(read(ActiveReply(nonce, other), "rsa", who), "active-signature-wrong")


@pytest.mark.parametrize(("kind", "octets"), [("p256", 64), ("rsa", 256)])
def test_zero_is_no_signature(kind: KeyKind, octets: int) -> None:
    assert failed(read(ActiveReply(NONCE, bytes(octets)), kind), "active-signature-wrong")


def test_nonces_are_eight_octets_and_differ() -> None:
    made = {chip.new_nonce() for _ in range(100)}
    assert len(made) == 100
    assert {len(nonce) for nonce in made} == {8}
