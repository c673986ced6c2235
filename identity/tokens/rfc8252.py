"""Where an answer may be sent: the address registered, letter by letter, and for apps on the same machine any port (RFC 8252 §7.3). Pure."""

import re
from collections.abc import Iterable

_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?((?:/[^#]*)?)", re.ASCII)


def registered(uri: str, known: Iterable[str]) -> bool:
    """Whether `uri` is one of `known`. Nothing is normalised: two spellings of one address are two addresses (RFC 9700 §2.1)."""
    return any(uri == one or _same_but_port(uri, one) for one in known)


def _same_but_port(uri: str, known: str) -> bool:
    said, kept = _LOOPBACK.fullmatch(uri), _LOOPBACK.fullmatch(known)
    if said is None or kept is None:
        return False
    port = int((said[2] or ":80")[1:])
    return 0 < port < 65_536 and (said[1], said[3]) == (kept[1], kept[3])
