"""What stands in the data groups: the zone (DG1), the face (DG2), the chip's abilities (DG14), its own key (DG15).

ICAO 9303-10 §4.7. Only groups whose hash the security object vouches for are opened.
"""

from typing import Final

from ocr import mrz
from ocr.chip import der, signatures
from ocr.chip.der import Element, Fields, Rejected
from ocr.chip.reading import Portrait
from ocr.chip.signatures import Digest, PublicKey

_LONGEST: Final = 64 * 1024
_LONGEST_FACE: Final = 1024 * 1024
_ACTIVE_AUTHENTICATION = "2.23.136.1.1.5"
# BSI TR-03111: ECDSA with plain signatures, by the digest they are made over.
_PLAIN_ECDSA: Final[dict[str, Digest]] = {
    "0.4.0.127.0.7.1.1.4.1.1": "sha1",
    "0.4.0.127.0.7.1.1.4.1.2": "sha224",
    "0.4.0.127.0.7.1.1.4.1.3": "sha256",
    "0.4.0.127.0.7.1.1.4.1.4": "sha384",
    "0.4.0.127.0.7.1.1.4.1.5": "sha512",
}
# Old chips sign active authentications with 1024-bit keys; a fresh nonce leaves a forger a minute.
_SHORTEST_ACTIVE_RSA_BITS = 1_024


def _open(data: bytes, tag: int, reason: str, *, longest: int = _LONGEST) -> Element:
    group = der.read(data, longest=longest)
    if group.tag != tag:
        raise Rejected(reason)
    return group


def zone(data: bytes) -> mrz.Mrz:
    """DG1: the machine-readable zone of a TD1 card. Rejected: `dg1-shape`, `mrz-` and the zone's first fault."""
    group = _open(data, 0x61, "dg1-shape")
    text = der.only_child(group, 0x5F1F, "dg1-shape").content.decode("ascii", "replace")
    if len(text) != 90:
        raise Rejected("mrz-shape")
    found = mrz.parse((text[:30], text[30:60], text[60:]))
    if isinstance(found, mrz.Broken):
        raise Rejected(f"mrz-{found.faults[0]}")
    return found


def portrait(data: bytes) -> Portrait:
    """DG2: the first face of ISO/IEC 19794-5:2005 in its CBEFF wrapping. Rejected: `dg2-shape`, `portrait-…`."""
    wrapping = Fields(_open(data, 0x75, "dg2-shape", longest=_LONGEST_FACE), "dg2-shape", tag=0x75)
    faces = Fields(wrapping.take(0x7F61), "dg2-shape", tag=0x7F61)
    wrapping.end()
    if der.integer(faces.take(der.INTEGER)) < 1:
        raise Rejected("portrait-missing")
    face = Fields(faces.take(0x7F60), "dg2-shape", tag=0x7F60)
    face.take(0xA1)
    block = face.take_if(0x5F2E)
    if block is None:
        raise Rejected("portrait-format-not-supported")
    return _picture(block.content)


def _picture(record: bytes) -> Portrait:
    """§5: header of 14 octets, facial information of 20, eight per feature point, image information of 12, the picture."""
    if record[:8] != b"FAC\x00010\x00":
        raise Rejected("portrait-format-not-supported")
    if len(record) < 34 or int.from_bytes(record[8:12], "big") != len(record):
        raise Rejected("portrait-shape")
    length, points = int.from_bytes(record[14:18], "big"), int.from_bytes(record[18:20], "big")
    begins = 34 + 8 * points + 12
    if 14 + length > len(record) or begins >= 14 + length:
        raise Rejected("portrait-shape")
    picture = record[begins : 14 + length]
    kind = record[34 + 8 * points + 1]
    if kind == 0 and picture.startswith(b"\xff\xd8\xff"):
        return Portrait("image/jpeg", picture)
    if kind == 1 and picture.startswith(b"\x00\x00\x00\x0cjP  \r\n\x87\n"):
        return Portrait("image/jp2", picture)
    if kind == 1 and picture.startswith(b"\xff\x4f\xff\x51"):
        return Portrait("image/j2c", picture)
    raise Rejected("portrait-format-not-supported")


def active_digest(data: bytes) -> Digest | None:
    """DG14: the digest active authentication by ECDSA uses; None when the group does not speak of it.

    Rejected: `dg14-shape`, `active-algorithm-not-supported`.
    """
    infos = der.only_child(_open(data, 0x6E, "dg14-shape"), der.SET, "dg14-shape")
    said: Digest | None = None
    for info in infos.children:
        fields = Fields(info, "dg14-shape")
        if der.oid(fields.take(der.OID)) != _ACTIVE_AUTHENTICATION:
            continue
        version, algorithm = der.integer(fields.take(der.INTEGER)), der.oid(fields.take(der.OID))
        fields.end()
        if version != 1 or algorithm not in _PLAIN_ECDSA or said is not None:
            raise Rejected("active-algorithm-not-supported")
        said = _PLAIN_ECDSA[algorithm]
    return said


def active_key(data: bytes) -> PublicKey:
    """DG15: the key only this chip can sign with. Rejected: `dg15-shape`, and what is wrong with the key."""
    info = der.only_child(_open(data, 0x6F, "dg15-shape"), der.SEQUENCE, "dg15-shape")
    return signatures.public_key(info, shortest_rsa_bits=_SHORTEST_ACTIVE_RSA_BITS)
