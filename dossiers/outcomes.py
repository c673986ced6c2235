"""What each kind of result needs from the officer, what the dossier knows already, and the paper it prints. One class, one kind."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, ClassVar, Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import register
from dossiers import known, papers
from identity.offices import Office
from kit import clock, places
from kit.actor import Actor
from kit.pades import Signed
from kit.refusal import Fault, fault
from procedures import Procedure, forms, rules
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


class BirthCertificate:
    """Made by the register from the form and the number issued; nothing is stated by hand."""

    kind: ClassVar[str] = "birth_certificate"
    needs_pin: ClassVar[bool] = True
    alone: ClassVar[bool] = True

    def known(self, case: Case) -> dict[str, Any]:
        return {}

    def faults(self, case: Case, stated: Mapping[str, Any]) -> list[Fault]:
        return []

    async def make(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> Made:
        entry = await register.register_birth(
            conn,
            actor=case.actor,
            office=register.Office(id=case.office.id, name=case.office_name),
            signer=register.Signer(full_name=case.officer_name, title=case.officer_title, clerk=case.officer_name),
            pin=case.given["child.pin"],
            facts=birth_facts(case),
            at=case.at,
        )
        return Made(f"{entry.number}/{entry.year}", {"entry_id": entry.id})

    async def fetch(self, conn: AsyncConnection, data: Mapping[str, Any]) -> Any:
        return await register.entry(conn, data["entry_id"])

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return register.birth_certificate(fetched, specimen=specimen, signed=signed)


class InsuranceCard:
    """Thẻ bảo hiểm y tế: number and first day from the agency; facility from the form, last day by law."""

    kind: ClassVar[str] = "health_insurance_card"
    needs_pin: ClassVar[bool] = False
    alone: ClassVar[bool] = True

    def known(self, case: Case) -> dict[str, Any]:
        found: dict[str, Any] = {"facility": case.value("insurance.facility")}
        if case.procedure.result.validity is not None:
            found["valid_until"] = rules.valid_until(case.procedure.result.validity, case.child_born).isoformat()
        return found

    def faults(self, case: Case, stated: Mapping[str, Any]) -> list[Fault]:
        first, last = date.fromisoformat(stated["valid_from"]), date.fromisoformat(stated["valid_until"])
        found: list[Fault] = []
        if first < case.child_born:
            found.append(
                fault("result.valid_from", "too-early", "Không thể trước ngày sinh.", "It cannot be before the birth.")
            )
        if last <= first:
            found.append(
                fault("result.valid_until", "too-early", "Phải sau ngày bắt đầu.", "It must be after the first day.")
            )
        return found

    async def make(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> Made:
        card = papers.HealthInsuranceCard(
            card_code=stated["card_number"],
            full_name=case.value("child.full_name"),
            date_of_birth=case.child_born,
            sex=case.value("child.sex"),
            address=child_address(case),
            facility=stated["facility"],
            valid_from=date.fromisoformat(stated["valid_from"]),
            valid_until=date.fromisoformat(stated["valid_until"]),
            issued_by=case.office_name,
            issued_on=case.today,
        )
        return Made(stated["card_number"], msgspec.to_builtins(card))

    async def fetch(self, conn: AsyncConnection, data: Mapping[str, Any]) -> Any:
        return msgspec.convert(data, papers.HealthInsuranceCard)

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return papers.health_insurance_card(fetched, specimen=specimen, signed=signed)


class ResidenceConfirmation:
    """Xác nhận thông tin về cư trú, numbered by the police in a series of their own."""

    kind: ClassVar[str] = "residence_confirmation"
    needs_pin: ClassVar[bool] = False
    alone: ClassVar[bool] = False

    def known(self, case: Case) -> dict[str, Any]:
        return {"address": case.value("residence.address")}

    def faults(self, case: Case, stated: Mapping[str, Any]) -> list[Fault]:
        day = date.fromisoformat(stated["registered_on"])
        if case.child_born <= day <= case.today:
            return []
        return [
            fault(
                "result.registered_on",
                "not-possible",
                "Ngày đăng ký phải từ ngày sinh đến hôm nay.",
                "The day of registration lies between the birth and today.",
            )
        ]

    async def make(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> Made:
        address = address_line(stated["address"], case.form)
        paper = papers.ResidenceConfirmation(
            office=case.office_name,
            number=stated["number"],
            full_name=case.value("child.full_name"),
            date_of_birth=case.child_born,
            sex=case.value("child.sex"),
            pin=case.given["child.pin"],
            ethnicity=case.word("child.ethnicity"),
            nationality=case.word("child.nationality"),
            place_of_origin=address_line(case.value("child.place_of_origin"), case.form),
            permanent_residence=address,
            present_residence=address,
            household_head=case.value("residence.household_head_name"),
            household_head_pin=case.value("residence.household_head_pin"),
            relationship_to_head=case.word("residence.relation_to_head"),
            registered_on=date.fromisoformat(stated["registered_on"]),
            requested_by=case.value("requester.full_name"),
            signer_name=case.officer_name,
            signer_title=case.officer_title,
            issued_on=case.today,
        )
        return Made(paper.number, msgspec.to_builtins(paper))

    async def fetch(self, conn: AsyncConnection, data: Mapping[str, Any]) -> Any:
        return msgspec.convert(data, papers.ResidenceConfirmation)

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return papers.residence_confirmation(fetched, specimen=specimen, signed=signed)


class IdentityCardAppointment:
    """Giấy hẹn: when and where the ward police see the child."""

    kind: ClassVar[str] = "identity_card_appointment"
    needs_pin: ClassVar[bool] = False
    alone: ClassVar[bool] = False

    def known(self, case: Case) -> dict[str, Any]:
        return {"place": case.office.name.vi}

    def faults(self, case: Case, stated: Mapping[str, Any]) -> list[Fault]:
        if appointment_at(stated) > case.at:
            return []
        return [
            fault(
                "result.appointment_on", "in-past", "Lịch hẹn phải ở tương lai.", "An appointment lies in the future."
            )
        ]

    async def make(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> Made:
        paper = papers.IdentityCardAppointment(
            office=case.office_name,
            receipt_code=case.receipt_code,
            child_name=case.value("child.full_name"),
            child_date_of_birth=case.child_born,
            child_pin=case.given["child.pin"],
            representative=case.value("requester.full_name"),
            place=stated["place"],
            address=case.office.address,
            at=appointment_at(stated),
            bring=["Giấy khai sinh của trẻ (bản điện tử hoặc bản giấy)", "Thẻ căn cước của cha hoặc mẹ"],
            officer_name=case.officer_name,
            issued_on=case.today,
        )
        return Made(case.receipt_code, msgspec.to_builtins(paper))

    async def fetch(self, conn: AsyncConnection, data: Mapping[str, Any]) -> Any:
        return msgspec.convert(data, papers.IdentityCardAppointment)

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return papers.identity_card_appointment(fetched, specimen=specimen, signed=signed)


class StatedResult:
    """Any result that its agency makes itself: the officer states what the catalogue asks (`result.fields`), and a notice tells it.

    So a procedure needs no Python: what comes out of it is data too.
    """

    kind: ClassVar[str] = "notice"
    needs_pin: ClassVar[bool] = False
    alone: ClassVar[bool] = True

    def known(self, case: Case) -> dict[str, Any]:
        return {}

    def faults(self, case: Case, stated: Mapping[str, Any]) -> list[Fault]:
        return []

    async def make(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> Made:
        number = str(stated.get("number") or case.receipt_code)
        notice = papers.ResultNotice(
            office=case.office_name,
            number=number,
            receipt_code=case.receipt_code,
            procedure=case.procedure.name.vi,
            result=case.procedure.result.name.vi,
            requested_by=case.value("requester.full_name") or "",
            lines=[
                papers.NoticeLine(field.label.vi, printed(field, stated[field.name], case.form))
                for field in case.procedure.result.fields
                if field.name in stated
            ],
            signer_name=case.officer_name,
            signer_title=case.officer_title,
            issued_on=case.today,
        )
        return Made(number, {self.kind: msgspec.to_builtins(notice)})

    async def fetch(self, conn: AsyncConnection, data: Mapping[str, Any]) -> Any:
        return msgspec.convert(data[self.kind], papers.ResultNotice)

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return papers.result_notice(fetched, specimen=specimen, signed=signed)


_KINDS: dict[str, Outcome] = {
    outcome.kind: outcome
    for outcome in (BirthCertificate(), InsuranceCard(), ResidenceConfirmation(), IdentityCardAppointment())
}
_STATED = StatedResult()


def outcome_of(procedure: Procedure, *, alone: bool) -> Outcome:
    """How a procedure's result is made: by a verb and a paper of its own where there is one that this filing can feed."""
    outcome = _KINDS.get(procedure.result.kind, _STATED)
    return _STATED if alone and not outcome.alone else outcome


def printer(kind: str, data: Mapping[str, Any]) -> Outcome:
    """What prints a stored result."""
    return _STATED if StatedResult.kind in data else _KINDS[kind]


def stated_faults(case: Case, outcome: Outcome, stated: Mapping[str, Any]) -> list[Fault]:
    """Everything wrong with what an officer states of a result, by `result.<field>`."""
    asked = case.procedure.result.fields
    shapes = forms.check_fields(asked, stated, lists=case.form.lists, today=case.today)
    return shapes or outcome.faults(case, stated)


def appointment_at(stated: Mapping[str, Any]) -> datetime:
    """The instant of an appointment, stated as the city's day and time."""
    return datetime.combine(
        date.fromisoformat(stated["appointment_on"]), time.fromisoformat(stated["appointment_time"]), clock.CITY
    )


def officer_title(roles: frozenset[str], procedure: Procedure) -> str:
    """What stands above the signature; a head signs as head, others by their work (assumption: delegated signing)."""
    if "head" in roles:
        return "Thủ trưởng cơ quan"
    return {
        "civil_status": "Công chức tư pháp - hộ tịch",
        "residence": "Cán bộ đăng ký cư trú",
        "insurance": "Cán bộ bảo hiểm xã hội",
        "identity_card": "Cán bộ cấp căn cước",
        "social_affairs": "Công chức văn hóa - xã hội",
        "business": "Công chức đăng ký kinh doanh",
        "criminal_record": "Cán bộ lý lịch tư pháp",
    }.get(procedure.officer_role, "Công chức một cửa")


# --- the birth -------------------------------------------------------------------------------------------------------


def birth_facts(case: Case) -> register.BirthFacts:
    """The form as the register's book wants it: words for codes, one printed line for an address."""
    number = case.value("birth_notification.number")
    issued_on = case.value("birth_notification.issued_on")
    return register.BirthFacts(
        child=register.Child(
            full_name=case.value("child.full_name"),
            sex=case.value("child.sex"),
            date_of_birth=case.value("child.date_of_birth"),
            place_of_birth=_place_of_birth(case),
            place_of_birth_unit=case.value("child.birth_place.ward"),
            place_of_origin=address_line(case.value("child.place_of_origin"), case.form),
            ethnicity=case.word("child.ethnicity"),
            nationality=case.word("child.nationality"),
        ),
        mother=_parent(case, "mother"),
        father=_parent(case, "father"),
        requester=register.Requester(
            full_name=case.value("requester.full_name"),
            relationship=case.word(known.RELATION),
            pin=case.value("requester.pin"),
        ),
        notification=register.BirthNotification(
            number=number,
            issued_on=date.fromisoformat(issued_on) if issued_on else None,
            issued_by=case.value("child.birth_facility"),
        )
        if number
        else None,
        multiple_birth=case.value("child.multiple_birth") or False,
        birth_order=case.value("child.birth_order") or 1,
    )


def _parent(case: Case, role: str) -> register.Parent | None:
    if case.value(f"{role}.full_name") is None:
        return None
    return register.Parent(
        full_name=case.value(f"{role}.full_name"),
        date_of_birth=_as_registered(case.value(f"{role}.date_of_birth")),
        ethnicity=case.word(f"{role}.ethnicity"),
        nationality=case.word(f"{role}.nationality"),
        residence=address_line(case.value(f"{role}.residence"), case.form),
        residence_kind=case.value(f"{role}.residence_kind"),
        pin=case.value(f"{role}.pin"),
    )


def _as_registered(asked: str) -> str:
    """`dd/mm/yyyy`, `mm/yyyy` or `yyyy` as the register keeps it, the year first."""
    return "-".join(reversed(asked.split("/"))) if "/" in asked else asked


def _place_of_birth(case: Case) -> str:
    line = address_line(case.value("child.birth_place"), case.form)
    facility = case.value("child.birth_facility")
    return f"{facility}, {line}" if facility else line


def child_address(case: Case) -> str:
    """Where the child lives: what was said of it, the residence asked for, else the mother's, else the father's."""
    for path in ("home.address", "residence.address", "mother.residence", "father.residence"):
        if case.value(path) is not None:
            return address_line(case.value(path), case.form)
    return ""


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
