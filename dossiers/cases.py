"""What one approval is made from, and what every kind of result must be able to do."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from identity.offices import Office
from kit import clock, places
from kit.actor import Actor
from kit.pades import Signed
from kit.refusal import Fault
from procedures import Procedure, rules
from procedures.messages import Field, Form

VIETNAM = "VNM"


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one approval is made from. `given` is what earlier branches gave, such as `child.pin`."""

    branch_id: str
    receipt_code: str
    form: Form
    values: dict[str, Any]
    given: dict[str, Any]
    procedure: Procedure
    office: Office
    actor: Actor
    officer_name: str
    officer_title: str
    city: str
    at: datetime

    def value(self, path: str) -> Any:
        return rules.at(self.values, path)

    def word(self, path: str) -> str:
        """A coded answer as papers print it, in Vietnamese."""
        section, _, name = path.partition(".")
        field = next(f for s in self.form.sections if s.name == section for f in s.fields if f.name == name)
        entry = self.form.lists[field.codes or ""].get(str(self.value(path)))
        return entry.vi if entry is not None else ""

    @property
    def today(self) -> date:
        return self.at.astimezone(clock.CITY).date()

    @property
    def child_born(self) -> date:
        return date.fromisoformat(self.value("child.date_of_birth"))

    @property
    def office_name(self) -> str:
        """As letterheads print it, the city after the ward."""
        name = self.office.name.vi
        return name if self.city in name else f"{name}, {self.city}"


class Made(msgspec.Struct, frozen=True):
    """A result: the number on its paper, and what the paper is printed from."""

    number: str
    data: dict[str, Any]


class Outcome(Protocol):
    """One kind of result."""

    kind: ClassVar[str]
    needs_pin: ClassVar[bool]
    """Whether the child gets its personal number by this approval; it then stands in `given["child.pin"]`."""

    alone: ClassVar[bool]
    """Whether its procedure can be filed by itself: its own form then holds all that the paper prints."""

    in_register: ClassVar[bool]
    """Whether it stands in the civil register, or is a paper out of it: then only a correction of civil status changes it."""

    def known(self, case: Case) -> dict[str, Any]:
        """What the officer need not state."""
        ...

    def faults(self, case: Case, stated: Mapping[str, Any]) -> list[Fault]:
        """What is wrong beyond the fields' own shapes."""
        ...

    async def make(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> Made:
        """The result of an approval whose statement has no fault, on the transaction of the decision."""
        ...

    async def fetch(self, conn: AsyncConnection, data: Mapping[str, Any]) -> Any:
        """What `render` wants, from what is stored."""
        ...

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        """The PDF, which says in words how it is about to be signed. Blocks."""
        ...


def printed(field: Field, value: Any, form: Form) -> str:
    """One answer as papers print it, in Vietnamese."""
    if field.kind == "address":
        return address_line(value, form)
    if field.kind == "code":
        entry = form.lists[field.codes or ""].get(str(value))
        return entry.vi if entry is not None else str(value)
    if field.kind == "date":
        return f"{date.fromisoformat(value):%d/%m/%Y}"
    if isinstance(value, bool):
        return "Có" if value else "Không"
    return f"{value:,}".replace(",", ".") if isinstance(value, int) else str(value)


def address_line(address: Mapping[str, Any], form: Form) -> str:
    """An address on one printed line, on today's map; an address abroad ends in the country."""
    detail, country = address.get("detail"), address.get("country")
    if country not in (None, "", VIETNAM):
        nations = form.lists.get("nationality")
        entry = nations.get(country) if nations else None
        return ", ".join(part for part in (detail, entry.vi if entry else country) if part)
    place = places.ward(address["ward"])
    assert place is not None, "checked with the form"
    return ", ".join(part for part in (detail, place.name, place.province_name) if part)
