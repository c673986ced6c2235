"""The population register's one service we need: the personal number of a newborn (Luật Hộ tịch 60/2014, Đ16)."""

import hashlib
import hmac
from datetime import date
from typing import Protocol, runtime_checkable

from kit.pin import PROVINCES, Sex
from kit.refusal import Refusal


class PinIssuerAway(Refusal):
    """What an adapter raises when the register does not answer, or answers nothing it can use."""

    status = 503
    code = "pin-issuer-away"
    vi = (
        "Nơi cấp số định danh cá nhân chưa trả lời nên chưa quyết định được. Hồ sơ giữ nguyên; hãy thử lại sau ít phút."
    )
    en = "The issuer of personal numbers does not answer, so nothing was decided. Try again in a few minutes."


@runtime_checkable
class PinIssuer(Protocol):
    """Gives the number `PPP G YY NNNNNN` of a child whose birth is being registered.

    The real register (national population database) has no public interface, so no production adapter exists yet: one
    is written against the city's own connection. Production start-up refuses an adapter with `development_only = True`.
    """

    development_only: bool

    async def issue(self, *, province_code: str, sex: Sex, birth_date: date, request_id: str) -> str:
        """The same number for the same `request_id`, however often it is asked: a retry after a lost reply is safe.

        Raises PinIssuerAway.

        Whether the number is free is the civil register's unique rule; a caller told that it is taken asks with a new
        id.
        """
        ...


class SandboxPins:
    """Well-formed numbers that belong to nobody we know of, for demo and tests.

    The six last digits come from HMAC-SHA256(key, request): nothing need be remembered to give the same answer again.
    """

    development_only = True

    def __init__(self, key: bytes) -> None:
        self._key = key

    async def issue(self, *, province_code: str, sex: Sex, birth_date: date, request_id: str) -> str:
        if province_code not in PROVINCES:
            raise ValueError(f"{province_code} is no province's code")
        head = f"{province_code}{century_and_sex(birth_date.year, sex)}{birth_date.year % 100:02d}"
        mac = hmac.digest(self._key, f"{head}|{request_id}".encode(), hashlib.sha256)
        return f"{head}{int.from_bytes(mac[:8]) % 1_000_000:06d}"


def century_and_sex(year: int, sex: Sex) -> int:
    """The fourth digit: 0 and 1 for men and women born 1900-1999, 2 and 3 for 2000-2099, up to 8 and 9."""
    if not 1900 <= year <= 2399:
        raise ValueError(f"no personal number exists for the year {year}")
    return (year - 1900) // 100 * 2 + (sex == "female")
