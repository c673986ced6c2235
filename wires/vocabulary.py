"""The linked software's words: what a branch's `trangThai` may become, and what a reply in plain Vietnamese means."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

NEW, SENT, IN_HAND, SUPPLEMENT, RESULT, RETURNED, REFUSED = 1, 7, 3, 2, 4, 5, 6

_AFTER: dict[int, frozenset[int]] = {
    NEW: frozenset({SENT, IN_HAND}),  # 3 before our own 7: their word was faster than their reply
    SENT: frozenset({IN_HAND}),
    IN_HAND: frozenset({SUPPLEMENT, RESULT, RETURNED, REFUSED}),
    SUPPLEMENT: frozenset({IN_HAND, RETURNED, REFUSED}),
    RESULT: frozenset(),
    RETURNED: frozenset(),
    REFUSED: frozenset(),
}


def may_become(before: int, after: int) -> bool:
    """1 → 7 → 3 → 2, 4, 5 or 6; 2 → 3."""
    return after in _AFTER.get(before, frozenset())


Meaning = Literal["final", "retry", "permanent"]

# As a provincial system reads them (published); the order matters: a "không thành công" holds a "thành công".
_PERMANENT = ("logic xử lý không hợp lệ",)
_RETRY = (
    "chưa cập nhật",
    "server error",
    "không thành công",
    "chưa thành công",
    "soap:fault",
    "faultcode",
    "faultstring",
)
_FINAL = ("thành công", "bị từ chối", "đã tồn tại", "không tồn tại", "đã trả kết quả")


def meaning(status: int, text: str, *, permanent: Sequence[str] = _PERMANENT, final: Sequence[str] = _FINAL) -> Meaning:
    """What an HTTP status and a reply's words ask of the sender: it is settled, again later, or never again.

    Words nobody published mean "again later": a success must be said. Statuses: 401 and 403 are an operator's to mend on either side.
    `permanent` and `final` are the linked software's words unless another protocol has its own.
    """
    said = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    if any(word in said for word in permanent):
        return "permanent"
    if status >= 500 or status in (401, 403, 408, 409, 425, 429) or any(word in said for word in _RETRY):
        return "retry"
    if any(word in said for word in final):
        return "final"
    return "permanent" if 400 <= status < 500 else "retry"


_TAGS = re.compile(r"<[^>]{0,200}>")


def told(text: str) -> str:
    """A reply as an operator may read it: short, one line, no markup, no long number."""
    return re.sub(r"\d{6,}", "…", " ".join(_TAGS.sub(" ", text).split()))[:160]
