"""EF.SOD: the signed list of what every data group hashes to (ICAO 9303-10 §4.6.2, CMS of RFC 5652)."""

from datetime import datetime
from typing import Final

import msgspec

from ocr.chip import der, signatures
from ocr.chip.der import Element, Fields, Rejected
from ocr.chip.signatures import Digest

LONGEST: Final = 64 * 1024

_SIGNED_DATA = "1.2.840.113549.1.7.2"
_CONTENT = "2.23.136.1.1.1"
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (
    "1.2.840.113549.1.9.3",
    "1.2.840.113549.1.9.4",
    "1.2.840.113549.1.9.5",
)
_SHAPE = "sod-shape"


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """SignerInfo: who signed (issuer and serial number, or a key identifier), what, and how."""

    issuer: bytes | None
    serial: int | None
    key_id: bytes | None
    digest: Element
    attributes: Element | None
    algorithm: Element
    signature: bytes


class SecurityObject(msgspec.Struct, frozen=True, kw_only=True):
    """`hashes` by number of the data group; `content` is the octets the signer's messageDigest covers."""

    content: bytes
    digest: Digest
    hashes: dict[int, bytes]
    certificates: tuple[Element, ...]
    signer: Signer


class SignedAttributes(msgspec.Struct, frozen=True):
    """What the signature stands for; `signed` are the octets it covers: the attributes as a SET (RFC 5652 §5.4)."""

    message_digest: bytes
    signing_time: datetime | None
    signed: bytes


def read(data: bytes) -> SecurityObject:
    """Rejected: `der-…`, `sod-…`, `several-signers`, `sha1-refused`, `digest-not-supported`."""
    outer = der.read(data, longest=LONGEST)
    if outer.tag != 0x77:
        raise Rejected("sod-tag")
    info = Fields(der.only_child(outer, der.SEQUENCE, _SHAPE), _SHAPE)
    if der.oid(info.take(der.OID)) != _SIGNED_DATA:
        raise Rejected("sod-not-signed-data")
    parts = Fields(der.only_child(info.take(0xA0), der.SEQUENCE, _SHAPE), _SHAPE)
    info.end()
    if der.integer(parts.take(der.INTEGER)) != 3:
        raise Rejected("sod-version")
    digests = der.members(parts.take(der.SET), "sod-digests-not-sorted")
    content = _content(parts.take(der.SEQUENCE))
    certificates = parts.take_if(0xA0)
    signers = parts.take(der.SET).children
    parts.end()  # a revocation list inside, which 9303-10 tells states not to send, is refused here
    if len(signers) != 1:
        raise Rejected("several-signers" if signers else "signer-missing")
    signer = _signer(signers[0])
    if signatures.digest(signer.digest) not in {signatures.digest(algorithm) for algorithm in digests}:
        raise Rejected("sod-digests")
    digest, hashes = _hashes(content)
    return SecurityObject(
        content=content,
        digest=digest,
        hashes=hashes,
        certificates=certificates.children if certificates is not None else (),
        signer=signer,
    )


def _content(encapsulated: Element) -> bytes:
    parts = Fields(encapsulated, _SHAPE)
    if der.oid(parts.take(der.OID)) != _CONTENT:
        raise Rejected("sod-content-type")
    content = der.only_child(parts.take(0xA0), der.OCTET_STRING, _SHAPE).content
    parts.end()
    return content


def _hashes(content: bytes) -> tuple[Digest, dict[int, bytes]]:
    """LDSSecurityObject; version 1 also tells the version of the data structure, which decides nothing here."""
    parts = Fields(der.read(content, longest=LONGEST), "sod-content")
    version, algorithm, listed = parts.take(der.INTEGER), parts.take(der.SEQUENCE), parts.take(der.SEQUENCE)
    if der.integer(version) not in (0, 1):
        raise Rejected("sod-content-version")
    if der.integer(version) == 1:
        parts.take(der.SEQUENCE)
    parts.end()
    digest = signatures.digest(algorithm)
    hashes: dict[int, bytes] = {}
    for group in listed.children:
        fields = Fields(group, "sod-content")
        number, value = der.integer(fields.take(der.INTEGER)), fields.take(der.OCTET_STRING).content
        fields.end()
        if not 1 <= number <= 16 or len(value) != signatures.HASHES[digest].digest_size:
            raise Rejected("sod-content")
        if number in hashes:
            raise Rejected("sod-group-twice")
        hashes[number] = value
    return digest, hashes


def _signer(element: Element) -> Signer:
    parts = Fields(element, _SHAPE)
    version, named, key_id = der.integer(parts.take(der.INTEGER)), parts.take_if(der.SEQUENCE), parts.take_if(0x80)
    if version != (1 if named is not None else 3) or (named is None and key_id is None):
        raise Rejected("sod-signer-version")
    issuer, serial = _issuer_and_serial(named) if named is not None else (None, None)
    signer = Signer(
        issuer=issuer,
        serial=serial,
        key_id=key_id.content if key_id is not None else None,
        digest=parts.take(der.SEQUENCE),
        attributes=parts.take_if(0xA0),
        algorithm=parts.take(der.SEQUENCE),
        signature=parts.take(der.OCTET_STRING).content,
    )
    parts.take_if(0xA1)  # unsigned attributes: allowed, and worth nothing
    parts.end()
    return signer


def _issuer_and_serial(named: Element) -> tuple[bytes, int]:
    fields = Fields(named, _SHAPE)
    issuer, serial = fields.take(der.SEQUENCE), fields.take(der.INTEGER)
    fields.end()
    return issuer.raw, der.integer(serial)


def signed_attributes(signer: Signer) -> SignedAttributes:
    """contentType and messageDigest must both be there (RFC 5652 §11), each once. Rejected: `signed-attributes-…`,
    `content-type-…`, `message-digest-missing`, `signing-time-shape`.
    """
    if signer.attributes is None:
        raise Rejected("signed-attributes-missing")
    found: dict[str, Element] = {}
    for attribute in der.members(signer.attributes, "signed-attributes-not-sorted"):
        fields = Fields(attribute, "signed-attributes-shape")
        name, values = der.oid(fields.take(der.OID)), fields.take(der.SET).children
        fields.end()
        if name in found:
            raise Rejected("signed-attributes-twice")
        if len(values) != 1:
            raise Rejected("signed-attributes-shape")
        found[name] = values[0]
    kind, message_digest, time = found.get(_CONTENT_TYPE), found.get(_MESSAGE_DIGEST), found.get(_SIGNING_TIME)
    if kind is None:
        raise Rejected("content-type-missing")
    if message_digest is None or message_digest.tag != der.OCTET_STRING:
        raise Rejected("message-digest-missing")
    if kind.tag != der.OID or der.oid(kind) != _CONTENT:
        raise Rejected("content-type-differs")
    return SignedAttributes(
        message_digest=message_digest.content,
        signing_time=None if time is None else der.instant(time, "signing-time-shape"),
        signed=bytes([der.SET]) + signer.attributes.raw[1:],
    )
