"""Strict DER (X.690 §8, §10, §11): one way to write a thing, so that two readers never see two things in the same bytes.

Refused before anything is made of it: too many bytes, nesting deeper than 16, more than 4,096 elements. Sizes are compared
with what is there, never reserved, so a length of 2³¹ costs nothing.
"""

import itertools
import re
from collections.abc import Sequence
from datetime import UTC, datetime

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTF8_STRING, PRINTABLE_STRING, IA5_STRING, UTC_TIME, GENERALIZED_TIME = 0x0C, 0x13, 0x16, 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31

_DEEPEST = 16
_MOST_ELEMENTS = 4_096
# Tags of three octets and lengths of four are more than any file of a chip needs.
_TAG_OCTETS = 3
_LENGTH_OCTETS = 4


class Rejected(Exception):
    """Bytes of a chip that are not what they must be; `reason` is the stable code a check reports."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Element:
    """One element: its tag as the octets read (0x30, 0x7F61), its content, and the whole of it."""

    __slots__ = ("_body", "_data", "_end", "_start", "children", "tag")

    def __init__(self, tag: int, data: bytes, start: int, body: int, end: int, children: "tuple[Element, ...]") -> None:
        self.tag, self.children = tag, children
        self._data, self._start, self._body, self._end = data, start, body, end

    @property
    def content(self) -> bytes:
        return self._data[self._body : self._end]

    @property
    def raw(self) -> bytes:
        return self._data[self._start : self._end]


def read(data: bytes, *, longest: int) -> Element:
    """The one element that `data` (at most `longest` bytes) is, every part of it checked. Raises Rejected, `der-…`."""
    if len(data) > longest:
        raise Rejected("der-too-large")
    reader = _Reader(data)
    element, after = reader.element(0, len(data), 1)
    if after != len(data):
        raise Rejected("der-trailing-bytes")
    return element


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = _MOST_ELEMENTS

    def element(self, start: int, limit: int, depth: int) -> tuple[Element, int]:
        """The element at `start`, which may reach to `limit`; and where the next one begins."""
        if depth > _DEEPEST:
            raise Rejected("der-too-deep")
        self._left -= 1
        if self._left < 0:
            raise Rejected("der-too-many-elements")
        tag, at = self._tag(start, limit)
        length, body = self._length(at, limit)
        end = body + length
        if end > limit:
            raise Rejected("der-length-beyond-end")
        first = self._data[start]
        children: tuple[Element, ...] = ()
        if first & 0x20:
            if first & 0xC0 == 0 and first not in (SEQUENCE, SET):
                raise Rejected("der-constructed-string")
            children = self._children(body, end, depth + 1)
        elif first & 0xC0 == 0:
            _check_primitive(tag, self._data[body:end])
        return Element(tag, self._data, start, body, end, children), end

    def _children(self, at: int, end: int, depth: int) -> tuple[Element, ...]:
        found: list[Element] = []
        while at < end:
            child, at = self.element(at, end, depth)
            found.append(child)
        return tuple(found)

    def _tag(self, at: int, limit: int) -> tuple[int, int]:
        if at >= limit:
            raise Rejected("der-truncated")
        tag = self._data[at]
        if tag & 0x1F != 0x1F:
            return tag, at + 1
        for more in range(at + 1, at + _TAG_OCTETS):
            if more >= limit:
                raise Rejected("der-truncated")
            octet = self._data[more]
            if more == at + 1 and (octet == 0x80 or octet < 0x1F):
                raise Rejected("der-tag-not-minimal")
            tag = tag << 8 | octet
            if not octet & 0x80:
                return tag, more + 1
        raise Rejected("der-tag-too-long")

    def _length(self, at: int, limit: int) -> tuple[int, int]:
        if at >= limit:
            raise Rejected("der-truncated")
        first = self._data[at]
        if first < 0x80:
            return first, at + 1
        if first == 0x80:
            raise Rejected("der-indefinite-length")
        octets = first & 0x7F
        if octets > _LENGTH_OCTETS:
            raise Rejected("der-length-too-long")
        if at + 1 + octets > limit:
            raise Rejected("der-truncated")
        length = int.from_bytes(self._data[at + 1 : at + 1 + octets], "big")
        if length < 0x80 or length >> (8 * (octets - 1)) == 0:
            raise Rejected("der-length-not-minimal")
        return length, at + 1 + octets


_OID_CONTENT = re.compile(rb"(?:(?!\x80)[\x80-\xff]*[\x00-\x7f])+", re.DOTALL)


def _check_primitive(tag: int, content: bytes) -> None:
    """What DER asks of the content of universal types."""
    if tag in (SEQUENCE & ~0x20, SET & ~0x20, 0x00):
        raise Rejected("der-primitive-sequence")
    if tag == INTEGER:
        if not content or (len(content) > 1 and content[0] in (0x00, 0xFF) and (content[0] ^ content[1]) < 0x80):
            raise Rejected("der-integer-not-minimal")
    elif tag == OID:
        if not _OID_CONTENT.fullmatch(content):
            raise Rejected("der-object-identifier")
    elif tag == BOOLEAN:
        if content not in (b"\x00", b"\xff"):
            raise Rejected("der-boolean")
    elif tag == NULL:
        if content:
            raise Rejected("der-null")
    elif tag == BIT_STRING:
        unused = content[0] if content else 8
        if unused > 7 or (unused and (len(content) == 1 or content[-1] & ((1 << unused) - 1))):
            raise Rejected("der-bit-string")


class Fields:
    """The parts of a constructed element, taken in order; whatever is not in its place is `reason`."""

    def __init__(self, of: Element, reason: str, *, tag: int = SEQUENCE) -> None:
        if of.tag != tag:
            raise Rejected(reason)
        self._parts: Sequence[Element] = of.children
        self._at = 0
        self._reason = reason

    def take(self, tag: int) -> Element:
        found = self.take_if(tag)
        if found is None:
            raise Rejected(self._reason)
        return found

    def take_if(self, tag: int) -> Element | None:
        if self._at < len(self._parts) and self._parts[self._at].tag == tag:
            self._at += 1
            return self._parts[self._at - 1]
        return None

    def take_any(self) -> Element | None:
        """The next part, whatever it is; None when there is none."""
        if self._at < len(self._parts):
            self._at += 1
            return self._parts[self._at - 1]
        return None

    def end(self) -> None:
        if self._at != len(self._parts):
            raise Rejected(self._reason)


def only_child(element: Element, tag: int, reason: str) -> Element:
    """The single part of an explicit tag or of a set of one."""
    if len(element.children) != 1 or element.children[0].tag != tag:
        raise Rejected(reason)
    return element.children[0]


def members(element: Element, reason: str) -> tuple[Element, ...]:
    """The members of a SET OF in the order DER asks for (X.690 §11.6), none twice."""
    raws = [child.raw for child in element.children]
    if any(first >= second for first, second in itertools.pairwise(raws)):
        raise Rejected(reason)
    return element.children


def integer(element: Element) -> int:
    return int.from_bytes(element.content, "big", signed=True)


def oid(element: Element) -> str:
    """`1.2.840.…`; the element is known to be an OBJECT IDENTIFIER."""
    arcs: list[int] = []
    value = 0
    for octet in element.content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    top = min(arcs[0] // 40, 2)
    return ".".join(map(str, (top, arcs[0] - 40 * top, *arcs[1:])))


def bits(element: Element, reason: str) -> bytes:
    """The content of a BIT STRING of whole octets: keys and signatures."""
    if element.tag != BIT_STRING or element.content[0] != 0:
        raise Rejected(reason)
    return element.content[1:]


def instant(element: Element, reason: str) -> datetime:
    """UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 writes them: seconds, Z, no fraction; 50 to 99 are the 1900s."""
    text = element.content.decode("ascii", "replace")
    if element.tag == UTC_TIME and re.fullmatch(r"[0-9]{12}Z", text, re.ASCII):
        text = ("19" if text >= "50" else "20") + text
    elif element.tag != GENERALIZED_TIME or not re.fullmatch(r"[0-9]{14}Z", text, re.ASCII):
        raise Rejected(reason)
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Rejected(reason) from None
