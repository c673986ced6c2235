"""What we ask of the business register: whether somebody is the legal representative of an enterprise."""

from collections.abc import Iterable
from typing import Literal, Protocol, runtime_checkable

import msgspec

from kit.names import nfc
from kit.refusal import Refusal


class BusinessRegisterAway(Refusal):
    """What an adapter raises when the register does not answer, or answers nothing it can use."""

    status = 503
    code = "business-register-away"
    vi = "Cơ sở dữ liệu đăng ký doanh nghiệp chưa trả lời. Hãy thử lại sau ít phút."
    en = "The business register does not answer. Try again in a few minutes."


class BusinessAnswer(msgspec.Struct, frozen=True):
    """`yes`: the register named `source` holds an enterprise at work under this number and name, and this person represents it by law.

    `unknown` is the register's own word for a number it does not hold; no adapter says it for want of an answer.
    """

    answer: Literal["yes", "no", "unknown"]
    source: str


@runtime_checkable
class BusinessRegister(Protocol):
    """Number, name and person in; yes, no or unknown out, never who represents it instead.

    Like `PopulationRegister`: no production adapter exists, one is written against the city's own connection, and production start-up
    refuses an adapter with `development_only = True`.
    """

    development_only: bool

    async def confirm(self, *, number: str, legal_name: str, representative_pin: str) -> BusinessAnswer:
        """Raises BusinessRegisterAway; answers are never guessed."""
        ...


class Company(msgspec.Struct, frozen=True):
    """An enterprise of the sandbox's register, with the personal numbers of who represents it by law."""

    number: str
    legal_name: str
    representative_pins: frozenset[str]


class SandboxBusinesses:
    """Knows the enterprises it is given, for demo and tests; every other is unknown to it."""

    development_only = True

    def __init__(self, companies: Iterable[Company]) -> None:
        self._companies = {company.number: company for company in companies}

    async def confirm(self, *, number: str, legal_name: str, representative_pin: str) -> BusinessAnswer:
        known = self._companies.get(number)
        if known is None:
            return BusinessAnswer("unknown", "sandbox")
        same = nfc(known.legal_name).casefold() == nfc(legal_name).casefold()
        yes = same and representative_pin in known.representative_pins
        return BusinessAnswer("yes" if yes else "no", "sandbox")
