"""Passive authentication: what is believed, and every way of SECURITY's list in which a chip is not to be believed."""

import msgspec
import pytest

from ocr import chip
from ocr.chip import ChipReading, TrustStore
from tests.ocr.chip import issuing, vectors
from tests.ocr.chip.issuing import NOW, Issue, chain


def read(name: str) -> ChipReading:
    vector = vectors.vector(name)
    return chip.read_chip(vector.files, vector.trust(), at=vector.at)


@pytest.mark.parametrize("name", vectors.NAMES)
def test_every_vector_gets_its_verdict_and_its_reason(name: str) -> None:
    vector, reading = vectors.vector(name), read(name)
    check = reading.check(vector.check)
    assert (reading.verdict, check.status, check.reason) == (vector.verdict, vector.status, vector.reason)


@pytest.mark.parametrize("name", vectors.BAD)
def test_a_failed_chip_gives_no_facts(name: str) -> None:
    reading = read(name)
    assert reading.usable_facts() is None
    assert reading.facts is None


@pytest.mark.parametrize("name", vectors.BAD)
def test_a_bad_chip_fails_without_a_trust_store_too(name: str) -> None:
    """All but what only a pinned authority can tell."""
    vector = vectors.vector(name)
    reading = chip.read_chip(vector.files, TrustStore(), at=vector.at)
    told_by_the_authority = vector.check in ("issuer", "revocation") or (vector.reason or "").startswith("issuer-")
    assert reading.verdict == ("issuer_unknown" if told_by_the_authority else "failed")


def test_an_authentic_chip_gives_the_facts_of_its_groups() -> None:
    facts = read("ECDSA P-256").usable_facts()
    assert facts is not None
    assert facts.details is not None
    assert facts.portrait is not None
    assert (facts.mrz.number, facts.details.full_name) == (issuing.NUMBER, issuing.FULL_NAME)
    assert (facts.portrait.media_type, facts.portrait.data) == ("image/jpeg", issuing.picture())


def test_an_unknown_issuer_is_said_and_the_rest_still_checked() -> None:
    reading = read("no CSCA configured")
    assert (reading.check("signature").status, reading.check("dg2").status) == ("pass", "pass")
    assert reading.check("revocation").reason == "issuer-unknown"
    assert reading.usable_facts() is not None


def test_every_check_is_listed_once_in_one_order() -> None:
    good, broken = read("ECDSA P-256"), read("cut short")
    assert [check.name for check in good.checks] == [check.name for check in broken.checks]
    assert broken.check("signature") == chip.Check("signature", "not_checked", "earlier-check-failed")


def test_a_listed_group_that_was_not_read_is_no_failure() -> None:
    files = issuing.files(Issue(chain=chain()))
    reading = chip.read_chip(chip.ChipFiles(sod=files.sod, dg1=files.dg1), chain().trust(), at=NOW)
    assert reading.verdict == "authentic"
    assert reading.check("dg2") == chip.Check("dg2", "not_checked", "not-read")
    assert reading.check("portrait") == chip.Check("portrait", "not_checked", "not-read")
    facts = reading.usable_facts()
    assert facts is not None
    assert (facts.details, facts.portrait) == (None, None)


def test_a_group_that_is_neither_listed_nor_read_is_not_present() -> None:
    reading = chip.read_chip(issuing.files(Issue(chain=chain(), groups={1: issuing.dg1()})), chain().trust(), at=NOW)
    assert reading.verdict == "authentic"
    assert reading.check("dg15") == chip.Check("dg15", "not_present")
    assert reading.check("active_key") == chip.Check("active_key", "not_present")


def test_dg1_must_be_there() -> None:
    files = msgspec.structs.replace(issuing.files(Issue(chain=chain())), dg1=b"")
    reading = chip.read_chip(files, chain().trust(), at=NOW)
    assert (reading.verdict, reading.check("dg1").reason) == ("failed", "hash-differs")


def test_a_group_whose_hash_fails_is_not_opened() -> None:
    assert read("DG2 swapped").check("portrait") == chip.Check("portrait", "not_checked", "group-not-held")


def test_dg1_and_dg13_of_two_people_fail_though_both_are_signed() -> None:
    other = issuing.dg13({1: (issuing.printable("079303000002"),)})
    reading = chip.read_chip(
        issuing.files(Issue(chain=chain(), groups={1: issuing.dg1(), 13: other})), chain().trust(), at=NOW
    )
    assert (reading.verdict, reading.check("agreement").reason) == ("failed", "numbers-differ")
    younger = issuing.dg13({3: (issuing.printable("16/01/2003"),)})
    reading = chip.read_chip(
        issuing.files(Issue(chain=chain(), groups={1: issuing.dg1(), 13: younger})), chain().trust(), at=NOW
    )
    assert reading.check("agreement").reason == "dates-of-birth-differ"


def test_the_boundary_second_of_validity() -> None:
    """The last second of a certificate is valid, the next is not."""
    made = chain().with_dsc(not_after=issuing.SIGNED_AT)
    assert chip.read_chip(issuing.files(Issue(chain=made)), made.trust(), at=NOW).verdict == "authentic"
    late = Issue(chain=made, signing_time=issuing.SIGNED_AT + issuing.datetime.timedelta(seconds=1))
    assert chip.read_chip(issuing.files(late), made.trust(), at=NOW).check("validity").reason == "signer-expired"


def test_an_old_revocation_list_is_said_and_still_applied() -> None:
    passed = NOW - issuing.YEAR
    files = issuing.files(Issue(chain=chain()))
    clean = issuing.trusted((chain().anchor,), (issuing.revocation_list(chain().csca, (), next_update=passed),))
    assert chip.read_chip(files, clean, at=NOW).check("revocation").reason == "revocation-list-out-of-date"
    listed = (chain().dsc.serial,)
    naming = issuing.trusted((chain().anchor,), (issuing.revocation_list(chain().csca, listed, next_update=passed),))
    assert chip.read_chip(files, naming, at=NOW).check("revocation").reason == "signer-revoked"


def test_a_failed_reading_cannot_be_made_to_carry_facts() -> None:
    good = read("ECDSA P-256")
    with pytest.raises(AssertionError):
        msgspec.structs.replace(good, verdict="failed")
