"""Chips, sound and tampered, by name; what must be said of each; and where openssl, asked the same, may be milder and why."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from ocr.chip import ChipFiles, TrustStore, Verdict
from ocr.chip.reading import CheckName, Status
from tests.ocr.chip import issuing
from tests.ocr.chip.issuing import NOW, SIGNED_AT, YEAR, Issue, chain


@dataclass(frozen=True, kw_only=True)
class Vector:
    """`check`, `status` and `reason` are the one thing to be said; `stricter` is why openssl may accept what we refuse."""

    files: ChipFiles
    verdict: Verdict
    check: CheckName = "issuer"
    status: Status = "pass"
    reason: str | None = None
    anchors: tuple[bytes, ...]
    lists: tuple[bytes, ...] = ()
    at: datetime = NOW
    moment: datetime = SIGNED_AT
    """When openssl is asked to judge the certificates: the signing time, or the time of reading where none is signed."""
    stricter: str | None = None

    def trust(self) -> TrustStore:
        return issuing.trusted(self.anchors, self.lists)


def sound(issue: Issue, **more: object) -> Vector:
    anchors = (issue.chain.anchor,)
    return Vector(files=issuing.files(issue), verdict="authentic", anchors=anchors, **more)  # pyright: ignore[reportArgumentType]


def bad(issue: Issue, check: CheckName, reason: str, **more: object) -> Vector:
    given: dict[str, object] = {"anchors": (issue.chain.anchor,), "files": issuing.files(issue), **more}
    return Vector(verdict="failed", check=check, status="fail", reason=reason, **given)  # pyright: ignore[reportArgumentType]


def _without(dotted: str) -> Callable[[list[bytes]], list[bytes]]:
    return lambda attributes: [one for one in attributes if issuing.oid(dotted) not in one]


def _instead(dotted: str, value: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda attributes: [*_without(dotted)(attributes), issuing.attribute(dotted, value)]


def _swapped(number: int, data: bytes) -> dict[int, bytes]:
    return {**issuing.groups(), number: data}


_NOT_DER = "openssl reads BER"
_OURS = "what is refused is lawful CMS, and refused by policy"

_GOOD: dict[str, Callable[[], Vector]] = {
    "RSA PKCS #1 v1.5": lambda: sound(Issue(chain=chain("rsa"))),
    "RSA under the key's own OID": lambda: sound(Issue(chain=chain("rsa"), pad="rsa-key-oid")),
    "RSA-PSS with its parameters": lambda: sound(Issue(chain=chain("rsa").with_dsc(pad="pss"), pad="pss")),
    "RSA-PSS SHA-512": lambda: sound(Issue(chain=chain("rsa"), pad="pss", digest="sha512", lds_digest="sha512")),
    "ECDSA P-256": lambda: sound(Issue(chain=chain())),
    "ECDSA P-384 SHA-384": lambda: sound(Issue(chain=chain("p384"), digest="sha384", lds_digest="sha384")),
    "ECDSA P-521 SHA-512": lambda: sound(Issue(chain=chain("p521"), digest="sha512")),
    "brainpoolP256r1": lambda: sound(Issue(chain=chain("brainpool256"))),
    "brainpoolP384r1": lambda: sound(Issue(chain=chain("brainpool384"), digest="sha384")),
    "brainpoolP512r1": lambda: sound(Issue(chain=chain("brainpool512"), digest="sha512")),
    "SHA-224 of the groups": lambda: sound(Issue(chain=chain(), lds_digest="sha224")),
    "LDS version 1": lambda: sound(Issue(chain=chain(), lds_version=1)),
    "signer named by its key": lambda: sound(Issue(chain=chain(), by_key_id=True)),
    "no signing time": lambda: sound(Issue(chain=chain(), signing_time=None), moment=NOW),
    "unsigned attributes beside the signed ones": lambda: sound(
        Issue(chain=chain(), unsigned_attributes=(issuing.attribute("1.2.3.4", issuing.NULL),))
    ),
    "CSCA sent along, and pinned": lambda: sound(
        Issue(chain=chain(), certificates=(chain().anchor, chain().signer))
    ),
    "a clean revocation list": lambda: sound(
        Issue(chain=chain(), signing_time=None), moment=NOW, check="revocation",
        lists=(issuing.revocation_list(chain().csca, (99,)),),
    ),
    "an authority that has expired since": lambda: sound(
        Issue(chain=replace(chain(), csca=replace(chain().csca, not_after=SIGNED_AT + YEAR)))
    ),
}  # fmt: skip


def _second_key_of_one_name() -> Vector:
    """The authority got a new key and kept its name: the signer's is found among the two."""
    old, new = chain(), chain(who="second key")
    return replace(sound(Issue(chain=old)), anchors=(new.anchor, old.anchor))


_GOOD["two keys of one authority"] = _second_key_of_one_name


def _evil(**changes: object) -> Issue:
    """A chip of somebody who plays the state: same names, own keys."""
    made = chain(who="evil")
    return Issue(chain=made, **changes)  # pyright: ignore[reportArgumentType]


def _other_country_signer() -> Vector:
    """The Vietnamese authority, but the signer says it stands for another country."""
    made = chain().with_dsc(subject=issuing.name("UT", "TEST ONLY DSC"))
    return bad(Issue(chain=made), "country", "country-differs", stricter="openssl knows no countries")


def _self_signed() -> Vector:
    private = issuing.key("p256", "self")
    subject = issuing.name("VN", "TEST ONLY self-signed")
    made = chain().with_dsc(subject=subject, issuer=subject, private=private, issuer_private=private)
    return bad(Issue(chain=made), "signer_certificate", "signer-self-signed")


def _wrong_digest_value() -> Callable[[list[bytes]], list[bytes]]:
    return _instead(issuing.MESSAGE_DIGEST, issuing.octets(bytes(32)))


def _indefinite(sod: bytes) -> bytes:
    """The same object with its outermost SEQUENCE of indefinite length, lawful BER."""
    head = 2 + (sod[1] & 0x7F)
    inner = 2 + (sod[head + 1] & 0x7F)
    return issuing.tlv(0x77, b"\x30\x80" + sod[head + inner :] + b"\x00\x00")


def _long_form(sod: bytes) -> bytes:
    """The same object, the length of its outermost SEQUENCE written with a needless zero."""
    head = 2 + (sod[1] & 0x7F)
    octets = sod[head + 1] & 0x7F
    length = sod[head + 2 : head + 2 + octets]
    return issuing.tlv(0x77, b"\x30" + bytes([0x81 + octets]) + b"\x00" + length + sod[head + 2 + octets :])


def _changed(change: Callable[[bytes], bytes], reason: str, stricter: str | None = None) -> Vector:
    issue = Issue(chain=chain())
    files = issuing.files(issue)
    changed = ChipFiles(
        sod=change(files.sod), dg1=files.dg1, dg2=files.dg2, dg13=files.dg13, dg14=files.dg14, dg15=files.dg15
    )
    return bad(issue, "security_object", reason, files=changed, stricter=stricter)


_BAD: dict[str, Callable[[], Vector]] = {
    # the groups
    "DG2 swapped": lambda: bad(
        Issue(chain=chain(), groups=_swapped(2, issuing.dg2(issuing.face_record(issuing.picture() + b"another"))), hashed=issuing.groups()),
        "dg2", "hash-differs",
    ),
    "DG1 swapped": lambda: bad(
        Issue(chain=chain(), groups=_swapped(1, issuing.dg1(full_name="Trần Thị Lan")), hashed=issuing.groups()),
        "dg1", "hash-differs",
    ),
    "DG13 swapped": lambda: bad(
        Issue(chain=chain(), groups=_swapped(13, issuing.dg13({15: None})), hashed=issuing.groups()), "dg13", "hash-differs"
    ),
    "DG hash swapped": lambda: bad(
        # the hashes of the swapped DG2 stand in an object whose signature is another's
        Issue(chain=chain(), groups=_swapped(2, issuing.dg2(issuing.face_record(issuing.picture() + b"x"))),
              attributes=_instead(issuing.MESSAGE_DIGEST, issuing.octets(issuing.hashlib.sha256(b"the true object").digest()))),
        "signed_attributes", "message-digest-differs",
    ),
    "extra DG received": lambda: bad(
        Issue(chain=chain(), hashed={number: data for number, data in issuing.groups().items() if number != 13}),
        "dg13", "not-in-sod",
    ),
    "DG1 not in the SOD": lambda: bad(
        Issue(chain=chain(), hashed={number: data for number, data in issuing.groups().items() if number != 1}),
        "dg1", "not-in-sod",
    ),
    # digests
    "SHA-1 digest of the groups": lambda: bad(
        Issue(chain=chain(), lds_digest="sha1"), "security_object", "sha1-refused", stricter=_OURS
    ),
    "SHA-1 digest of the signer": lambda: bad(
        Issue(chain=chain("rsa"), digest="sha1"), "security_object", "sha1-refused", stricter=_OURS
    ),
    "SHA-1 under the signer's certificate": lambda: bad(
        Issue(chain=chain("rsa").with_dsc(digest="sha1")), "signer_certificate", "sha1-refused", stricter=_OURS
    ),
    "the signer's digest is not announced": lambda: bad(
        Issue(chain=chain(), digests=("sha384",)), "security_object", "sod-digests"
    ),
    "the signature's digest is not the signer's": lambda: bad(
        Issue(chain=chain(), signature_digest="sha384"), "signature", "digests-differ"
    ),
    # attributes
    "unsigned attrs only": lambda: bad(
        Issue(chain=chain(), signed_attributes_sent=False,
              unsigned_attributes=(issuing.attribute(issuing.CONTENT_TYPE, issuing.oid(issuing.LDS_SECURITY_OBJECT)),)),
        "signed_attributes", "signed-attributes-missing", stricter=_OURS,
    ),
    "no contentType": lambda: bad(
        Issue(chain=chain(), attributes=_without(issuing.CONTENT_TYPE)), "signed_attributes", "content-type-missing"
    ),
    "no messageDigest": lambda: bad(
        Issue(chain=chain(), attributes=_without(issuing.MESSAGE_DIGEST)), "signed_attributes", "message-digest-missing"
    ),
    "another contentType": lambda: bad(
        Issue(chain=chain(), attributes=_instead(issuing.CONTENT_TYPE, issuing.oid("1.2.840.113549.1.7.1"))),
        "signed_attributes", "content-type-differs",
        stricter="openssl compares contentType only for nested signed receipts",
    ),
    "wrong messageDigest": lambda: bad(
        Issue(chain=chain(), attributes=_wrong_digest_value()), "signed_attributes", "message-digest-differs"
    ),
    "messageDigest twice": lambda: bad(
        Issue(chain=chain(), attributes=lambda attributes: [*attributes, issuing.attribute(issuing.MESSAGE_DIGEST, issuing.octets(bytes(32)))]),
        "signed_attributes", "signed-attributes-twice",
    ),
    "signed attributes out of order": lambda: bad(
        Issue(chain=chain(), sort_attributes=False, attributes=lambda attributes: sorted(attributes, reverse=True)),
        "signed_attributes", "signed-attributes-not-sorted", stricter=_NOT_DER,
    ),
    # the signature
    "signature of other octets": lambda: bad(
        Issue(chain=chain(), signature=lambda _: issuing.sign(chain().dsc.private, b"other", "sha256")), "signature", "signature-wrong"
    ),
    "signature of another key": lambda: bad(
        Issue(chain=chain(), certificates=(chain().with_dsc(private=issuing.key("p256", "another")).signer,)), "signature", "signature-wrong"
    ),
    "two signers, one bad": lambda: bad(Issue(chain=chain(), second_signer=True), "security_object", "several-signers"),
    "RSA-PSS params missing": lambda: bad(
        Issue(chain=chain("rsa"), pad="pss-no-parameters"), "signature", "pss-parameters-missing"
    ),
    "RSA-PSS params empty": lambda: bad(
        Issue(chain=chain("rsa"), pad="pss-empty-parameters"), "signature", "pss-parameters-missing"
    ),
    "RSA-PSS salt 0": lambda: bad(
        Issue(chain=chain("rsa"), pad="pss-salt-0"), "signature", "pss-salt-too-short", stricter=_OURS
    ),
    "RSA-PSS salt 0 under the signer's certificate": lambda: bad(
        Issue(chain=chain("rsa").with_dsc(pad="pss-salt-0")), "signer_certificate", "pss-salt-too-short", stricter=_OURS
    ),
    "explicit-parameter curve": lambda: bad(
        Issue(chain=chain().with_dsc(info=issuing.explicit_curve_info(chain().dsc.private))),
        "signer_certificate", "curve-not-named",
    ),
    "a curve of 224 bits": lambda: bad(
        Issue(chain=chain().with_dsc(private=issuing.key("p224", "short")), digest="sha224"),
        "signer_certificate", "curve-not-supported", stricter=_OURS,
    ),
    "RSA of 1024 bits": lambda: bad(
        Issue(chain=chain("rsa").with_dsc(private=issuing.key("rsa1024", "short"))), "signer_certificate", "key-too-short",
        stricter=_OURS,
    ),
    # the signer
    "DSC expired": lambda: bad(
        Issue(chain=chain().with_dsc(not_after=SIGNED_AT - YEAR / 2)), "validity", "signer-expired"
    ),
    "DSC not yet valid": lambda: bad(
        Issue(chain=chain().with_dsc(not_before=SIGNED_AT + YEAR)), "validity", "signer-not-yet-valid"
    ),
    "DSC expired, no signing time": lambda: bad(
        Issue(chain=chain().with_dsc(not_after=NOW - YEAR), signing_time=None), "validity", "signer-expired", moment=NOW
    ),
    "CSCA expired when it was signed": lambda: bad(
        Issue(chain=replace(chain(), csca=replace(chain().csca, not_after=SIGNED_AT - YEAR / 2))), "validity", "issuer-expired"
    ),
    "CSCA not yet valid when it was signed": lambda: bad(
        Issue(chain=replace(chain(), csca=replace(chain().csca, not_before=SIGNED_AT + YEAR))), "validity", "issuer-not-yet-valid"
    ),
    "signed in the future": lambda: bad(
        Issue(chain=chain(), signing_time=NOW + YEAR), "validity", "signed-in-the-future", moment=NOW + YEAR,
        stricter="openssl is asked about the signing time, not about today",
    ),
    "DSC of another country": _other_country_signer,
    "DSC and CSCA of another country": lambda: bad(
        Issue(chain=chain(country="UT")), "country", "country-differs", stricter="openssl knows no countries"
    ),
    "DSC self-signed": _self_signed,
    "DSC in the CRL": lambda: bad(
        Issue(chain=chain(), signing_time=None), "revocation", "signer-revoked", moment=NOW,
        lists=(issuing.revocation_list(chain().csca, (17, chain().dsc.serial)),),
    ),
    "DSC is an authority": lambda: bad(
        Issue(chain=chain().with_dsc(authority=True)), "signer_certificate", "signer-is-authority", stricter=_OURS
    ),
    "DSC may not sign": lambda: bad(
        Issue(chain=chain().with_dsc(usage=issuing.bit_string(b"\x20", 5))), "signer_certificate", "signer-key-usage",
        stricter="openssl is asked for any purpose",
    ),
    "DSC with a critical extension nobody knows": lambda: bad(
        Issue(chain=chain().with_dsc(more_extensions=(issuing.extension("1.2.3.4", issuing.NULL, critical=True),))),
        "signer_certificate", "certificate-critical-extension-unknown",
    ),
    "no DSC": lambda: bad(Issue(chain=chain(), certificates=()), "signer_certificate", "signer-certificate-missing"),
    "DSC twice": lambda: bad(
        Issue(chain=chain(), certificates=(chain().signer, chain().signer)), "signer_certificate", "signer-certificate-ambiguous",
        stricter=_OURS,
    ),
    "DSC signed otherwise than it says inside": lambda: bad(
        Issue(chain=chain().with_dsc(inner_algorithm=issuing.signature_algorithm(chain().csca.private, "sha384"))),
        "signer_certificate", "certificate-algorithms-differ",
    ),
    # the issuer
    "CSCA not in store but inside the SOD": lambda: bad(
        _evil(certificates=(chain(who="evil").anchor, chain(who="evil").signer)), "issuer", "issuer-not-pinned",
        anchors=(chain().anchor,),
    ),
    "DSC forged under the pinned name": lambda: bad(
        Issue(chain=chain().with_dsc(issuer_private=issuing.key("p256", "forger"), more_extensions=())), "issuer", "issuer-not-pinned"
    ),
    "DSC forged under the pinned name and key identifier": lambda: bad(
        Issue(chain=chain(), certificates=(chain().signer[:-4] + bytes(4),)), "issuer", "issuer-signature-wrong"
    ),
    # the bytes
    "indefinite length": lambda: _changed(_indefinite, "der-indefinite-length", _NOT_DER),
    "length not minimal": lambda: _changed(_long_form, "der-length-not-minimal", _NOT_DER),
    "trailing bytes": lambda: _changed(lambda sod: sod + b"\x00", "der-trailing-bytes", "the oracle is handed the inner object"),
    "cut short": lambda: _changed(lambda sod: sod[:-1], "der-length-beyond-end"),
    "another tag outside": lambda: _changed(lambda sod: b"\x78" + sod[1:], "sod-tag", "the oracle is handed the inner object"),
}  # fmt: skip

_UNKNOWN: dict[str, Callable[[], Vector]] = {
    "no CSCA configured": lambda: Vector(
        files=issuing.files(Issue(chain=chain())), verdict="issuer_unknown", status="not_checked", reason="issuer-unknown",
        anchors=(),
    ),
    "only another country's CSCA configured": lambda: Vector(
        files=issuing.files(Issue(chain=chain())), verdict="issuer_unknown", status="not_checked", reason="issuer-unknown",
        anchors=(chain(country="UT").anchor,),
    ),
    "no CSCA configured, one inside the SOD": lambda: Vector(
        files=issuing.files(_evil(certificates=(chain(who="evil").anchor, chain(who="evil").signer))),
        verdict="issuer_unknown", status="not_checked", reason="issuer-unknown", anchors=(),
    ),
}  # fmt: skip

_ALL = {**_GOOD, **_BAD, **_UNKNOWN}
GOOD, BAD, UNKNOWN, NAMES = tuple(_GOOD), tuple(_BAD), tuple(_UNKNOWN), tuple(_ALL)


@functools.cache
def vector(name: str) -> Vector:
    """Made when it is first asked for."""
    return _ALL[name]()
