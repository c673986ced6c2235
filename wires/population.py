"""What we ask of the population register: the number of a newborn (Luật Hộ tịch 60/2014, Đ16), and whether somebody is who their card says."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, Protocol, runtime_checkable

import msgspec

from kit.names import nfc
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


class RegisterAway(Refusal):
    """What an adapter raises when the register does not answer, or answers nothing it can use."""

    status = 503
    code = "population-register-away"
    vi = "Cơ sở dữ liệu dân cư chưa trả lời. Hãy thử lại sau ít phút."
    en = "The population register does not answer. Try again in a few minutes."


class RegisterAnswer(msgspec.Struct, frozen=True):
    """Whether number, name and birth date are one person's in the register named `source`.

    `unknown` is the register's own word for a number it does not hold; no adapter says it for want of an answer. `locked` are
    values that the register alone may change, by the claims' names, told with a `yes` only.
    """

    answer: Literal["yes", "no", "unknown"]
    source: str
    locked: Mapping[str, str] = {}


@runtime_checkable
class PopulationRegister(Protocol):
    """Name, number and birth date in; yes, no or unknown out, never whose they are instead.

    Like `PinIssuer`: no production adapter exists, one is written against the city's own connection, and production start-up
    refuses an adapter with `development_only = True`.
    """

    development_only: bool

    async def confirm(self, *, pin: str, full_name: str, date_of_birth: date) -> RegisterAnswer:
        """Raises RegisterAway; answers are never guessed."""
        ...


class Registered(msgspec.Struct, frozen=True):
    """A person of the sandbox's register."""

    pin: str
    full_name: str
    date_of_birth: date
    locked: Mapping[str, str]


class SandboxRegister:
    """Knows the people it is given, for demo and tests; everybody else is unknown to it."""

    development_only = True

    def __init__(self, people: Iterable[Registered]) -> None:
        self._people = {person.pin: person for person in people}

    async def confirm(self, *, pin: str, full_name: str, date_of_birth: date) -> RegisterAnswer:
        known = self._people.get(pin)
        if known is None:
            return RegisterAnswer("unknown", "sandbox")
        # Letter by letter but for case: cards print capitals, and a dropped mark is another name.
        same = nfc(known.full_name).casefold() == nfc(full_name).casefold() and known.date_of_birth == date_of_birth
        return RegisterAnswer("yes", "sandbox", known.locked) if same else RegisterAnswer("no", "sandbox")
