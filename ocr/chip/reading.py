"""What goes in and what comes out of a chip's reading."""

from typing import Literal

import msgspec

from ocr.mrz import Mrz

Verdict = Literal["authentic", "issuer_unknown", "failed"]
Status = Literal["pass", "fail", "not_present", "not_checked"]
Cloning = Literal["pass", "fail", "not_done"]
CheckName = Literal[
    "security_object",
    "dg1",
    "dg2",
    "dg13",
    "dg14",
    "dg15",
    "signed_attributes",
    "signer_certificate",
    "signature",
    "issuer",
    "validity",
    "revocation",
    "country",
    "mrz",
    "portrait",
    "personal_details",
    "security_infos",
    "active_key",
    "agreement",
    "active_authentication",
]
GROUPS: tuple[Literal["dg1", "dg2", "dg13", "dg14", "dg15"], ...] = ("dg1", "dg2", "dg13", "dg14", "dg15")


class ChipFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Elementary files, whole, as the phone read them. EF.COM is not asked for: it is not signed and proves nothing."""

    sod: bytes
    dg1: bytes
    dg2: bytes | None = None
    dg13: bytes | None = None
    dg14: bytes | None = None
    dg15: bytes | None = None

    def received(self) -> dict[int, bytes]:
        """The data groups in hand, by number."""
        files = {1: self.dg1, 2: self.dg2, 13: self.dg13, 14: self.dg14, 15: self.dg15}
        return {number: data for number, data in files.items() if data is not None}


class ActiveReply(msgspec.Struct, frozen=True):
    """The nonce this server made for this reading, and what the chip signed. That a nonce is used once, and within 60
    seconds, is for the caller to see to.
    """

    nonce: bytes
    signature: bytes


class Check(msgspec.Struct, frozen=True):
    """`reason` is a stable code; None when the check passed or there was nothing to check."""

    name: CheckName
    status: Status
    reason: str | None = None


class ChipDate(msgspec.Struct, frozen=True):
    """`value` as the chip writes it; `normal` is ISO (`2003-01-15`, `2003-01`, `2003`) or `none` for a card without end."""

    value: str
    normal: str


class PersonalDetails(msgspec.Struct, frozen=True, kw_only=True):
    """DG13: Vietnamese spelling, diacritics included, NFC; None where the chip says nothing."""

    number: str
    full_name: str
    date_of_birth: ChipDate | None = None
    sex: str | None = None
    nationality: str | None = None
    ethnicity: str | None = None
    religion: str | None = None
    place_of_origin: str | None = None
    place_of_residence: str | None = None
    personal_identification: str | None = None
    date_of_issue: ChipDate | None = None
    date_of_expiry: ChipDate | None = None
    father: str | None = None
    mother: str | None = None
    spouse: str | None = None
    old_number: str | None = None


class Portrait(msgspec.Struct, frozen=True):
    """The picture as the chip holds it, not decoded: `image/jpeg`, `image/jp2` or `image/j2c`."""

    media_type: Literal["image/jpeg", "image/jp2", "image/j2c"]
    data: bytes


class ChipFacts(msgspec.Struct, frozen=True):
    """What the signed groups say of the holder."""

    mrz: Mrz
    details: PersonalDetails | None
    portrait: Portrait | None


class ChipReading(msgspec.Struct, frozen=True):
    """`authentic`: everything holds, up to a pinned authority. `issuer_unknown`: hashes and signature hold, but nobody this
    city trusts vouches for the signer, and anyone can make such a chip. `failed`: at least one check failed.

    An authentic chip may still be a copy of one: `cloned_checked` tells whether the chip itself proved to be the original.
    """

    verdict: Verdict
    checks: tuple[Check, ...]
    cloned_checked: Cloning
    facts: ChipFacts | None = None

    def __post_init__(self) -> None:
        assert self.verdict != "failed" or self.facts is None

    def usable_facts(self) -> ChipFacts | None:
        """The facts, unless the chip failed."""
        return None if self.verdict == "failed" else self.facts

    def check(self, name: CheckName) -> Check:
        """The check of that name; every reading has every one."""
        return next(check for check in self.checks if check.name == name)
