"""A chip's files as a phone read them in; a verdict, the checks behind it and the facts they carry out.

    reading = chip.read_chip(files, trust, at=clock.now(), reply=chip.ActiveReply(nonce, signature))

Pure: no clock, no network, no state. Bad bytes never raise; they are a failed check with a code.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar, get_args

from ocr.chip import active, groups, personal_details, security_object
from ocr.chip.active import NONCE_OCTETS, new_nonce
from ocr.chip.der import Rejected
from ocr.chip.passive import Checks, check_groups, check_signer
from ocr.chip.reading import (
    ActiveReply,
    Check,
    CheckName,
    ChipDate,
    ChipFacts,
    ChipFiles,
    ChipReading,
    Cloning,
    PersonalDetails,
    Portrait,
    Verdict,
)
from ocr.chip.trust import BadTrustStore, TrustStore
from ocr.mrz import Mrz

__all__ = [
    "NONCE_OCTETS",
    "ActiveReply",
    "BadTrustStore",
    "Check",
    "ChipDate",
    "ChipFacts",
    "ChipFiles",
    "ChipReading",
    "PersonalDetails",
    "Portrait",
    "TrustStore",
    "new_nonce",
    "read_chip",
]

T = TypeVar("T")

_ORDER: Final[tuple[CheckName, ...]] = get_args(CheckName)
# What must have passed, each by itself, before a chip is called anything but failed.
_PROOF: Final[tuple[CheckName, ...]] = (
    "security_object",
    "dg1",
    "signed_attributes",
    "signer_certificate",
    "signature",
    "validity",
    "country",
    "mrz",
)
# ICAO 9303-3 names states by three letters, certificates by two; the zone of our cards names one only.
_COUNTRIES: Final = {"VNM": "VN"}


def read_chip(files: ChipFiles, trust: TrustStore, *, at: datetime, reply: ActiveReply | None = None) -> ChipReading:
    """Passive authentication of the files and, given a reply, active authentication of the chip. `at` is an aware instant.

    Any failed check makes the verdict `failed`; reasons are listed in `docs/flows/chip.md`.
    """
    checks = Checks()
    sod = checks.attempt("security_object", security_object.read, files.sod)
    facts: ChipFacts | None = None
    if sod is not None:
        check_groups(checks, files, sod)
        facts = _open_groups(checks, files)
        country = _COUNTRIES.get(facts.mrz.lines[0][2:5]) if facts is not None else None
        check_signer(checks, sod, trust, country=country, at=at)
    cloned_checked = _authenticate_chip(checks, files, reply)
    said = checks.listed(_ORDER)
    verdict = _verdict(said)
    return ChipReading(verdict, said, cloned_checked, None if verdict == "failed" else facts)


def _verdict(checks: tuple[Check, ...]) -> Verdict:
    status = {check.name: check.status for check in checks}
    if "fail" in status.values() or any(status[name] != "pass" for name in _PROOF):
        return "failed"
    return "authentic" if status["issuer"] == "pass" else "issuer_unknown"


def _open_groups(checks: Checks, files: ChipFiles) -> ChipFacts | None:
    """What DG1, DG2 and DG13 say; None without DG1."""
    zone = _open(checks, "dg1", "mrz", files.dg1, groups.zone)
    portrait = _open(checks, "dg2", "portrait", files.dg2, groups.portrait)
    details = _open(checks, "dg13", "personal_details", files.dg13, personal_details.read)
    if zone is not None and details is not None:
        checks.attempt("agreement", _check_agreement, zone, details)
    else:
        checks.say("agreement", "not_checked", "one-group-only")
    return None if zone is None else ChipFacts(zone, details, portrait)


def _open(
    checks: Checks, group: CheckName, content: CheckName, data: bytes | None, work: Callable[[bytes], T]
) -> T | None:
    """The content of a group whose hash holds; no other group is opened, and its content check says why."""
    if data is not None and checks.status(group) == "pass":
        return checks.attempt(content, work, data)
    if checks.status(group) == "not_present":
        checks.say(content, "not_present")
    else:
        checks.say(content, "not_checked", "not-read" if data is None else "group-not-held")
    return None


def _check_agreement(zone: Mrz, details: PersonalDetails) -> None:
    """DG1 and DG13 speak of one person; of a date of birth DG13 may know only the year."""
    if zone.number != details.number:
        raise Rejected("numbers-differ")
    born = details.date_of_birth
    if born is not None and not zone.date_of_birth.isoformat().startswith(born.normal):
        raise Rejected("dates-of-birth-differ")


def _authenticate_chip(checks: Checks, files: ChipFiles, reply: ActiveReply | None) -> Cloning:
    """Active authentication with the key of DG15 and the digest of DG14, both only when their hashes hold."""
    digest = _open(checks, "dg14", "security_infos", files.dg14, groups.active_digest)
    key = _open(checks, "dg15", "active_key", files.dg15, groups.active_key)
    if reply is None or key is None:
        checks.say("active_authentication", "not_checked", "no-reply" if reply is None else "no-key-held")
        return "not_done"
    checks.attempt("active_authentication", active.verify, key, digest, reply)
    return "pass" if checks.status("active_authentication") == "pass" else "fail"
