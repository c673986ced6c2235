"""A certificate of the document chain (RFC 5280 §4, ICAO 9303-12 §7): only the parts that decide whether it may be believed."""

from datetime import datetime
from typing import Final

import msgspec

from ocr.chip import der, signatures
from ocr.chip.der import Element, Fields, Rejected
from ocr.chip.signatures import PublicKey

_COUNTRY = "2.5.4.6"
_SUBJECT_KEY, _KEY_USAGE, _CONSTRAINTS, _AUTHORITY_KEY = "2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.35"
# Critical extensions whose meaning is applied here; any other critical one makes the certificate unusable.
_UNDERSTOOD = {_SUBJECT_KEY, _KEY_USAGE, _CONSTRAINTS, _AUTHORITY_KEY}
_DIGITAL_SIGNATURE, _CERTIFICATE_SIGNING = 0x80, 0x04
_LONGEST: Final = 16 * 1024


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """`issuer` and `subject` are whole DER names, compared octet by octet; countries are two capital letters."""

    raw: bytes
    serial: int
    issuer: bytes
    subject: bytes
    issuer_country: str
    subject_country: str
    not_before: datetime
    not_after: datetime
    key: PublicKey
    is_authority: bool
    may_sign_documents: bool
    may_sign_certificates: bool
    subject_key_id: bytes | None
    authority_key_id: bytes | None
    signed: bytes
    how_signed: Element
    signature: bytes

    def is_signed_by(self, issuer: "Certificate") -> bool:
        """Only the signature; names, dates and uses are asked elsewhere. Rejected for schemes that are not taken."""
        return signatures.holds(issuer.key, signatures.scheme(self.how_signed), self.signature, self.signed)


def read(data: bytes) -> Certificate:
    """A certificate alone in its bytes, at most 16 kB."""
    return decode(der.read(data, longest=_LONGEST))


def decode(element: Element) -> Certificate:
    """A certificate already checked as DER. Rejected: `certificate-…`, or what is wrong with its key."""
    outer = Fields(element, "certificate-shape")
    body, how_signed = outer.take(der.SEQUENCE), outer.take(der.SEQUENCE)
    signature = der.bits(outer.take(der.BIT_STRING), "certificate-shape")
    outer.end()
    parts = Fields(body, "certificate-shape")
    if der.integer(der.only_child(parts.take(0xA0), der.INTEGER, "certificate-shape")) != 2:
        raise Rejected("certificate-version")
    serial, inner_algorithm, issuer = parts.take(der.INTEGER), parts.take(der.SEQUENCE), parts.take(der.SEQUENCE)
    if inner_algorithm.raw != how_signed.raw:
        raise Rejected("certificate-algorithms-differ")
    period = parts.take(der.SEQUENCE)
    if len(period.children) != 2:
        raise Rejected("certificate-dates")
    subject, key_info = parts.take(der.SEQUENCE), parts.take(der.SEQUENCE)
    parts.take_if(0x81)  # issuerUniqueID and subjectUniqueID: nothing is decided by them
    parts.take_if(0x82)
    extensions = _extensions(parts.take(0xA3))
    parts.end()
    usage = _key_usage(extensions.get(_KEY_USAGE))
    return Certificate(
        raw=element.raw,
        serial=der.integer(serial),
        issuer=issuer.raw,
        subject=subject.raw,
        issuer_country=_country(issuer),
        subject_country=_country(subject),
        not_before=der.instant(period.children[0], "certificate-dates"),
        not_after=der.instant(period.children[1], "certificate-dates"),
        key=signatures.public_key(key_info),
        is_authority=_is_authority(extensions.get(_CONSTRAINTS)),
        may_sign_documents=bool(usage & _DIGITAL_SIGNATURE),
        may_sign_certificates=bool(usage & _CERTIFICATE_SIGNING),
        subject_key_id=_subject_key_id(extensions.get(_SUBJECT_KEY)),
        authority_key_id=_authority_key_id(extensions.get(_AUTHORITY_KEY)),
        signed=body.raw,
        how_signed=how_signed,
        signature=signature,
    )


def _country(name: Element) -> str:
    """countryName, which every name of the chain has exactly once (ICAO 9303-12 §7.1)."""
    found: list[str] = []
    for part in name.children:
        for pair in part.children:
            fields = Fields(pair, "certificate-name")
            kind, value = der.oid(fields.take(der.OID)), fields.take_any()
            if kind == _COUNTRY and value is not None:
                found.append(value.content.decode("ascii", "replace").upper())
    if len(found) != 1:
        raise Rejected("certificate-country-missing")
    return found[0]


def _extensions(explicit: Element) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for extension in der.only_child(explicit, der.SEQUENCE, "certificate-extensions").children:
        fields = Fields(extension, "certificate-extensions")
        name, critical, value = (
            der.oid(fields.take(der.OID)),
            fields.take_if(der.BOOLEAN),
            fields.take(der.OCTET_STRING),
        )
        fields.end()
        if name in found:
            raise Rejected("certificate-extension-twice")
        if critical is not None and critical.content != b"\x00" and name not in _UNDERSTOOD:
            raise Rejected("certificate-critical-extension-unknown")
        if name in _UNDERSTOOD:
            found[name] = der.read(value.content, longest=_LONGEST)
    return found


def _key_usage(value: Element | None) -> int:
    """The first eight bits of keyUsage; without the extension nothing is allowed."""
    if value is None:
        return 0
    if value.tag != der.BIT_STRING:
        raise Rejected("certificate-extensions")
    return value.content[1] if len(value.content) > 1 else 0


def _is_authority(value: Element | None) -> bool:
    if value is None:
        return False
    fields = Fields(value, "certificate-extensions")
    authority = fields.take_if(der.BOOLEAN)
    return authority is not None and authority.content != b"\x00"


def _subject_key_id(value: Element | None) -> bytes | None:
    if value is None:
        return None
    if value.tag != der.OCTET_STRING:
        raise Rejected("certificate-extensions")
    return value.content


def _authority_key_id(value: Element | None) -> bytes | None:
    if value is None:
        return None
    found = Fields(value, "certificate-extensions").take_if(0x80)
    return None if found is None else found.content
