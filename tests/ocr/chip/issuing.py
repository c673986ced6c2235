"""TEST ONLY: a country that issues chips, and chips that are not quite what it issued.

Everything is written octet by octet, so that what is wrong can be written too. Holders are fictional; keys live as long as the run.
"""

import datetime
import functools
import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image

from ocr import mrz
from ocr.chip import ChipFiles, TrustStore, certificates
from ocr.chip.trust import RevocationList

UTC = datetime.UTC
NOW = datetime.datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SIGNED_AT = datetime.datetime(2022, 8, 12, 3, 0, tzinfo=UTC)
YEAR = datetime.timedelta(days=365)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


# ── DER, writing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def tlv(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    octets = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
    length = octets if size < 0x80 else bytes([0x80 | len(octets)]) + octets
    return tag.to_bytes((tag.bit_length() + 7) // 8, "big") + length + body


def seq(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    return tlv(0x31, *sorted(parts))


def integer(value: int) -> bytes:
    bits = (value if value >= 0 else ~value).bit_length()
    return tlv(0x02, value.to_bytes(bits // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    arcs = [int(arc) for arc in dotted.split(".")]
    out = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        out += bytes(reversed(septets))
    return tlv(0x06, bytes(out))


def octets(content: bytes) -> bytes:
    return tlv(0x04, content)


def bit_string(content: bytes, unused: int = 0) -> bytes:
    return tlv(0x03, bytes([unused]) + content)


def utf8(text: str) -> bytes:
    return tlv(0x0C, text.encode())


def printable(text: str) -> bytes:
    return tlv(0x13, text.encode("ascii"))


def instant(at: datetime.datetime) -> bytes:
    return tlv(0x17, f"{at:%y%m%d%H%M%SZ}".encode()) if at.year < 2050 else tlv(0x18, f"{at:%Y%m%d%H%M%SZ}".encode())


NULL = b"\x05\x00"
TRUE = b"\x01\x01\xff"

DIGEST_OIDS = {
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_RSA_WITH = {"sha1": 5, "sha224": 14, "sha256": 11, "sha384": 12, "sha512": 13}
_ECDSA_WITH = {"sha224": "4.3.1", "sha256": "4.3.2", "sha384": "4.3.3", "sha512": "4.3.4", "sha1": "4.1"}


def digest_algorithm(name: str) -> bytes:
    return seq(oid(DIGEST_OIDS[name]), NULL)


# ── Keys and signatures ───────────────────────────────────────────────────────────────────────────────────────────────

Curve = Literal["p256", "p384", "p521", "brainpool256", "brainpool384", "brainpool512", "p224"]
KeyKind = Literal["rsa", "rsa1024"] | Curve
Padding = Literal["pkcs1", "pss", "pss-no-parameters", "pss-empty-parameters", "pss-salt-0", "rsa-key-oid"]

_CURVES: dict[str, type[ec.EllipticCurve]] = {
    "p224": ec.SECP224R1,
    "p256": ec.SECP256R1,
    "p384": ec.SECP384R1,
    "p521": ec.SECP521R1,
    "brainpool256": ec.BrainpoolP256R1,
    "brainpool384": ec.BrainpoolP384R1,
    "brainpool512": ec.BrainpoolP512R1,
}


@functools.cache
def key(kind: KeyKind, who: str) -> PrivateKey:
    """One key of a kind for each name, made once a run."""
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind]())
    return rsa.generate_private_key(65537, 1024 if kind == "rsa1024" else 2048)


def key_info(private: PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def explicit_curve_info(private: PrivateKey) -> bytes:
    """P-256 described by its own parameters instead of its name (X9.62 specifiedCurve)."""
    p = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    gx = 0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296
    gy = 0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5
    curve = seq(
        integer(1),
        seq(oid("1.2.840.10045.1.1"), integer(p)),
        seq(octets((p - 3).to_bytes(32, "big")), octets(b.to_bytes(32, "big"))),
        octets(b"\x04" + gx.to_bytes(32, "big") + gy.to_bytes(32, "big")),
        integer(n),
        integer(1),
    )
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return seq(seq(oid("1.2.840.10045.2.1"), curve), bit_string(point))


def signature_algorithm(private: PrivateKey, digest: str, pad: Padding = "pkcs1") -> bytes:
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return seq(oid(f"1.2.840.10045.{_ECDSA_WITH[digest]}"))
    if pad == "rsa-key-oid":
        return seq(oid("1.2.840.113549.1.1.1"), NULL)
    if pad == "pkcs1":
        return seq(oid(f"1.2.840.113549.1.1.{_RSA_WITH[digest]}"), NULL)
    salt = 0 if pad == "pss-salt-0" else HASHES[digest].digest_size
    parameters = {"pss-no-parameters": b"", "pss-empty-parameters": seq()}.get(
        pad,
        seq(
            tlv(0xA0, digest_algorithm(digest)),
            tlv(0xA1, seq(oid("1.2.840.113549.1.1.8"), digest_algorithm(digest))),
            tlv(0xA2, integer(salt)),
        ),
    )
    return seq(oid("1.2.840.113549.1.1.10"), parameters)


def sign(private: PrivateKey, message: bytes, digest: str, pad: Padding = "pkcs1") -> bytes:
    algorithm = HASHES[digest]
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(message, ec.ECDSA(algorithm))
    if pad in ("pkcs1", "rsa-key-oid"):
        return private.sign(message, padding.PKCS1v15(), algorithm)
    salt = 0 if pad == "pss-salt-0" else algorithm.digest_size
    return private.sign(message, padding.PSS(padding.MGF1(algorithm), salt), algorithm)


# ── Certificates ──────────────────────────────────────────────────────────────────────────────────────────────────────


def name(country: str, common_name: str) -> bytes:
    return seq(
        set_of(seq(oid("2.5.4.6"), printable(country))),
        set_of(seq(oid("2.5.4.10"), utf8("TEST ONLY"))),
        set_of(seq(oid("2.5.4.3"), utf8(common_name))),
    )


def key_id(private: PrivateKey) -> bytes:
    return hashlib.sha1(key_info(private)).digest()


@dataclass(frozen=True, kw_only=True)
class CertificateRequest:
    """A certificate to be made; the defaults are a sound document signer's."""

    subject: bytes
    issuer: bytes
    private: PrivateKey
    issuer_private: PrivateKey
    serial: int = 4242
    not_before: datetime.datetime = SIGNED_AT - YEAR
    not_after: datetime.datetime = SIGNED_AT + 12 * YEAR
    authority: bool = False
    usage: bytes = bit_string(b"\x80", 7)
    info: bytes | None = None
    digest: str = "sha256"
    pad: Padding = "pkcs1"
    inner_algorithm: bytes | None = None
    more_extensions: tuple[bytes, ...] = ()


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    return seq(oid(dotted), TRUE if critical else b"", octets(value))


def certify(wanted: CertificateRequest) -> bytes:
    algorithm = signature_algorithm(wanted.issuer_private, wanted.digest, wanted.pad)
    constraints = (extension("2.5.29.19", seq(TRUE), critical=True),) if wanted.authority else ()
    body = seq(
        tlv(0xA0, integer(2)),
        integer(wanted.serial),
        wanted.inner_algorithm or algorithm,
        wanted.issuer,
        seq(instant(wanted.not_before), instant(wanted.not_after)),
        wanted.subject,
        wanted.info or key_info(wanted.private),
        tlv(
            0xA3,
            seq(
                extension("2.5.29.14", octets(key_id(wanted.private))),
                extension("2.5.29.35", seq(tlv(0x80, key_id(wanted.issuer_private)))),
                extension("2.5.29.15", wanted.usage, critical=True),
                *constraints,
                *wanted.more_extensions,
            ),
        ),
    )
    return seq(body, algorithm, bit_string(sign(wanted.issuer_private, body, wanted.digest, wanted.pad)))


def authority(private: PrivateKey, *, country: str = "VN", common_name: str = "TEST ONLY CSCA") -> CertificateRequest:
    """A self-signed country signing certificate."""
    subject = name(country, common_name)
    return CertificateRequest(
        subject=subject, issuer=subject, private=private, issuer_private=private, serial=1, authority=True,
        usage=bit_string(b"\x06", 1), not_before=SIGNED_AT - 3 * YEAR, not_after=SIGNED_AT + 15 * YEAR,
    )  # fmt: skip


@dataclass(frozen=True)
class Chain:
    """A country's authority and one document signer under it."""

    csca: CertificateRequest
    dsc: CertificateRequest

    @property
    def anchor(self) -> bytes:
        return _certified(self.csca)

    @property
    def signer(self) -> bytes:
        return _certified(self.dsc)

    def trust(self) -> TrustStore:
        return TrustStore((certificates.read(self.anchor),))

    def with_dsc(self, **changes: object) -> "Chain":
        return replace(self, dsc=replace(self.dsc, **changes))  # pyright: ignore[reportArgumentType]


_certified = functools.cache(certify)


def chain(kind: KeyKind = "p256", *, country: str = "VN", who: str = "") -> Chain:
    csca_key, dsc_key = key(kind, f"csca {country} {who}"), key(kind, f"dsc {country} {who}")
    top = authority(csca_key, country=country)
    dsc = CertificateRequest(
        subject=name(country, "TEST ONLY DSC"), issuer=top.subject, private=dsc_key, issuer_private=csca_key
    )
    return Chain(top, dsc)


def revocation_list(
    by: CertificateRequest, serials: tuple[int, ...], *, next_update: datetime.datetime = NOW + YEAR
) -> bytes:
    """A list in DER, signed by the authority `by`."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(x509.load_der_x509_certificate(_certified(by)).subject)
        .last_update(NOW - 2 * YEAR)
        .next_update(next_update)
    )
    for serial in serials:
        revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - 2 * YEAR)
        builder = builder.add_revoked_certificate(revoked.build())
    return builder.sign(by.private, hashes.SHA256()).public_bytes(Encoding.DER)


def trusted(anchors: tuple[bytes, ...], lists: tuple[bytes, ...] = ()) -> TrustStore:
    """A store in memory; `TrustStore.from_directory` is tested by itself."""
    authorities = tuple(certificates.read(anchor) for anchor in anchors)
    found = [x509.load_der_x509_crl(one) for one in lists]
    return TrustStore(
        authorities,
        tuple(
            RevocationList(authorities[0].subject, frozenset(e.serial_number for e in one), one.next_update_utc)
            for one in found
        ),
    )


# ── Data groups ───────────────────────────────────────────────────────────────────────────────────────────────────────

NUMBER = "079303000001"
FULL_NAME = "Nguyễn Thị Hoa"


def dg1(number: str = NUMBER, full_name: str = FULL_NAME) -> bytes:
    lines = mrz.write(
        number=number, date_of_birth=datetime.date(2003, 1, 15), sex="female",
        date_of_expiry=datetime.date(2028, 1, 15), full_name=full_name,
    )  # fmt: skip
    return tlv(0x61, tlv(0x5F1F, "".join(lines).encode()))


@functools.cache
def picture(kind: Literal["JPEG", "JPEG2000"] = "JPEG") -> bytes:
    """A grey square: no face is needed to take a picture out of its wrapping."""
    out = io.BytesIO()
    Image.new("RGB", (96, 128), (128, 128, 128)).save(out, kind)
    return out.getvalue()


def face_record(image: bytes, *, image_type: int = 0, feature_points: int = 0) -> bytes:
    information = bytes(20 - 6) + bytes(8 * feature_points)
    block = feature_points.to_bytes(2, "big") + information + bytes([1, image_type]) + bytes(10) + image
    block = (len(block) + 4).to_bytes(4, "big") + block
    return b"FAC\x00010\x00" + (len(block) + 14).to_bytes(4, "big") + b"\x00\x01" + block


def dg2(record: bytes | None = None) -> bytes:
    header = tlv(0xA1, tlv(0x80, b"\x01\x01"), tlv(0x81, b"\x02"), tlv(0x87, b"\x01\x01"), tlv(0x88, b"\x00\x08"))
    face = tlv(0x7F60, header, tlv(0x5F2E, face_record(picture()) if record is None else record))
    return tlv(0x75, tlv(0x7F61, integer(1), face))


def dg13_item(number: int, *values: bytes) -> bytes:
    return seq(integer(number), *values)


LONG_RESIDENCE = (
    "Số 12/34/56 hẻm 78 đường Nguyễn Thị Minh Khai nối dài, Khu phố 9, Phường Sài Gòn, Thành phố Hồ Chí Minh, Việt Nam"
)
DG13_ITEMS: Mapping[int, tuple[bytes, ...]] = {
    1: (printable(NUMBER),),
    2: (utf8(FULL_NAME),),
    3: (printable("15/01/2003"),),
    4: (utf8("Nữ"),),
    5: (utf8("Việt Nam"),),
    6: (utf8("Kinh"),),
    7: (utf8("Không"),),
    8: (utf8("Xã Tân Thành, Huyện Tân Phước, Tiền Giang"),),
    9: (utf8(LONG_RESIDENCE),),
    10: (utf8("Nốt ruồi cách 1 cm dưới trước đuôi mắt trái"),),
    11: (printable("12/08/2022"),),
    12: (utf8("15/01/2028"),),
    13: (seq(utf8("Nguyễn Văn Bình")), seq(utf8("Trần Thị Lan"))),
    14: (),
    15: (printable("024680135"),),
    16: (printable("0123456789ABCDEF"),),
}


def dg13(changes: Mapping[int, tuple[bytes, ...] | None] | None = None) -> bytes:
    """The group of the fictional holder; an item changed to None is left out."""
    items = {**DG13_ITEMS, **(changes or {})}
    return tlv(0x6D, *(dg13_item(number, *values) for number, values in items.items() if values is not None))


PLAIN_ECDSA_SHA1, PLAIN_ECDSA_SHA256 = "0.4.0.127.0.7.1.1.4.1.1", "0.4.0.127.0.7.1.1.4.1.3"


def dg14(active_algorithm: str | None = PLAIN_ECDSA_SHA256) -> bytes:
    chip_authentication = seq(oid("0.4.0.127.0.7.2.2.3.2.2"), integer(1))
    active = () if active_algorithm is None else (seq(oid("2.23.136.1.1.5"), integer(1), oid(active_algorithm)),)
    return tlv(0x6E, set_of(chip_authentication, *active))


def dg15(private: PrivateKey) -> bytes:
    return tlv(0x6F, key_info(private))


def groups(active_key: PrivateKey | None = None) -> dict[int, bytes]:
    """Every group a Vietnamese card has that a phone can read."""
    return {1: dg1(), 2: dg2(), 13: dg13(), 14: dg14(), 15: dg15(active_key or key("p256", "chip"))}


# ── The security object ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, kw_only=True)
class Issue:
    """A security object to be made; every default is sound, every field is a way to tamper."""

    chain: Chain
    groups: Mapping[int, bytes] = field(default_factory=groups)
    hashed: Mapping[int, bytes] | None = None
    """What is hashed into the object instead of the groups handed out."""
    lds_digest: str = "sha256"
    lds_version: int = 0
    digest: str = "sha256"
    signature_digest: str | None = None
    """What the signature is made over, when it is not the signer's digest."""
    pad: Padding = "pkcs1"
    signing_time: datetime.datetime | None = SIGNED_AT
    certificates: tuple[bytes, ...] | None = None
    by_key_id: bool = False
    attributes: Callable[[list[bytes]], list[bytes]] = lambda attributes: attributes
    """Changes the signed attributes before they are signed."""
    sort_attributes: bool = True
    signed_attributes_sent: bool = True
    unsigned_attributes: tuple[bytes, ...] = ()
    signature: Callable[[bytes], bytes] = lambda signature: signature
    second_signer: bool = False
    digests: tuple[str, ...] | None = None


def attribute(dotted: str, value: bytes) -> bytes:
    return seq(oid(dotted), set_of(value))


CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.5"
LDS_SECURITY_OBJECT = "2.23.136.1.1.1"


def _lds(issue: Issue) -> bytes:
    hashed = [
        seq(integer(number), octets(hashlib.new(issue.lds_digest, data).digest()))
        for number, data in sorted((issue.groups if issue.hashed is None else issue.hashed).items())
    ]
    version = (seq(printable("0108"), printable("040000")),) if issue.lds_version == 1 else ()
    return seq(integer(issue.lds_version), digest_algorithm(issue.lds_digest), seq(*hashed), *version)


def _signer(issue: Issue, content: bytes, *, broken: bool = False) -> bytes:
    dsc, private = issue.chain.dsc, issue.chain.dsc.private
    attributes = [
        attribute(CONTENT_TYPE, oid(LDS_SECURITY_OBJECT)),
        attribute(MESSAGE_DIGEST, octets(hashlib.new(issue.digest, content).digest())),
    ]
    if issue.signing_time is not None:
        attributes.append(attribute(SIGNING_TIME, instant(issue.signing_time)))
    attributes = issue.attributes(attributes)
    body = b"".join(sorted(attributes) if issue.sort_attributes else attributes)
    signed = tlv(0x31, body) if issue.signed_attributes_sent else content
    digest = issue.signature_digest or issue.digest
    signature = issue.signature(sign(private, signed, digest, issue.pad))
    if broken:
        signature = sign(private, signed + b"!", digest, issue.pad)
    named = tlv(0x80, key_id(private)) if issue.by_key_id else seq(dsc.issuer, integer(dsc.serial))
    return seq(
        integer(3 if issue.by_key_id else 1),
        named,
        digest_algorithm(issue.digest),
        tlv(0xA0, body) if issue.signed_attributes_sent else b"",
        signature_algorithm(private, digest, issue.pad),
        octets(signature),
        tlv(0xA1, *sorted(issue.unsigned_attributes)) if issue.unsigned_attributes else b"",
    )


def sod(issue: Issue) -> bytes:
    content = _lds(issue)
    signers = [_signer(issue, content)]
    if issue.second_signer:
        signers.append(_signer(issue, content, broken=True))
    certificates_sent = (issue.chain.signer,) if issue.certificates is None else issue.certificates
    data = seq(
        integer(3),
        set_of(*(digest_algorithm(digest) for digest in issue.digests or (issue.digest,))),
        seq(oid(LDS_SECURITY_OBJECT), tlv(0xA0, octets(content))),
        tlv(0xA0, *certificates_sent),
        set_of(*signers),
    )
    return tlv(0x77, seq(oid("1.2.840.113549.1.7.2"), tlv(0xA0, data)))


def files(issue: Issue) -> ChipFiles:
    """What a phone would hand in of the chip made so."""
    got = issue.groups
    return ChipFiles(
        sod=sod(issue), dg1=got.get(1, b""), dg2=got.get(2), dg13=got.get(13), dg14=got.get(14), dg15=got.get(15)
    )


# ── The chip's answer ─────────────────────────────────────────────────────────────────────────────────────────────────


def answer(
    private: PrivateKey, nonce: bytes, *, digest: str = "sha256", trailer: bytes | None = None, header: int = 0x6A
) -> bytes:
    """Active authentication as a chip performs it: ISO/IEC 9796-2 scheme 1, or plain ECDSA."""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        size = (private.key_size + 7) // 8
        r, s = decode_dss_signature(private.sign(nonce, ec.ECDSA(HASHES[digest])))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    ends = {
        "sha1": b"\x33\xcc",
        "sha256": b"\x34\xcc",
        "sha512": b"\x35\xcc",
        "sha384": b"\x36\xcc",
        "sha224": b"\x38\xcc",
    }
    tail = ends[digest] if trailer is None else trailer
    size = private.key_size // 8
    own = hashlib.shake_128(nonce).digest(size - 1 - HASHES[digest].digest_size - len(tail))
    block = bytes([header]) + own + hashlib.new(digest, own + nonce).digest() + tail
    numbers = private.private_numbers()
    opened = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n)
    return opened.to_bytes(size, "big")
