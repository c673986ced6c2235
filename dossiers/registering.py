"""Results that are entries of the civil register, or papers out of it: approving the branch writes the line, in one transaction.

What the register refuses (somebody dead or married already, an entry not found or not certain) goes to the officer as it is, and nothing
of the decision is kept.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import register
from dossiers import known
from dossiers.cases import Case, Made, Outcome, address_line
from kit import names
from kit.pades import Signed
from kit.refusal import Fault

_DEATH_CERTIFICATE = "GIẤY CHỨNG TỬ"


class OfTheBooks:
    """What stands in the civil register or comes out of it; nothing is stated by hand."""

    needs_pin: ClassVar[bool] = False
    alone: ClassVar[bool] = True
    in_register: ClassVar[bool] = True

    def known(self, case: Case) -> dict[str, Any]:
        return {}

    def faults(self, case: Case, stated: Mapping[str, Any]) -> list[Fault]:
        return []


class Entered(OfTheBooks, ABC):
    """An entry in a book of the deciding office; the paper is the original of that day."""

    @abstractmethod
    async def enter(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> register.AnyEntry:
        """The line written, on the transaction of the decision."""

    async def make(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> Made:
        entry = await self.enter(conn, case, stated)
        return Made(f"{entry.number}/{entry.year}", {"entry_id": entry.id})

    async def fetch(self, conn: AsyncConnection, data: Mapping[str, Any]) -> Any:
        return await register.as_registered(conn, data["entry_id"])

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return register.original(fetched, specimen=specimen, signed=signed)


class BirthCertificate(Entered):
    """Made from the form and the number issued."""

    kind: ClassVar[str] = "birth_certificate"
    needs_pin: ClassVar[bool] = True

    async def enter(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> register.AnyEntry:
        return await _birth(conn, case, case.given["child.pin"], birth_facts(case))

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return register.birth_certificate(fetched, specimen=specimen, signed=signed)


class BirthCertificateAgain(Entered):
    """Of somebody whose entry is lost: the number is theirs already, the parents are what the old papers say."""

    kind: ClassVar[str] = "birth_certificate_again"

    async def enter(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> register.AnyEntry:
        facts = register.BirthFacts(
            child=register.Child(
                full_name=case.value("person.full_name"),
                sex=case.value("person.sex"),
                date_of_birth=_as_registered(case.value("person.date_of_birth")),
                place_of_birth=case.value("person.place_of_birth"),
                place_of_origin=address_line(case.value("person.place_of_origin"), case.form),
                ethnicity=case.word("person.ethnicity"),
                nationality=case.word("person.nationality"),
            ),
            mother=_named(case, "person.mother"),
            father=_named(case, "person.father"),
            requester=_requester(case),
        )
        return await _birth(conn, case, case.value("person.pin"), facts, again=_lost(case))

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return register.birth_certificate(fetched, specimen=specimen, signed=signed)


class MarriageCertificate(Entered):
    kind: ClassVar[str] = "marriage_certificate"

    async def enter(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> register.AnyEntry:
        facts = register.MarriageFacts(husband=_spouse(case, "husband"), wife=_spouse(case, "wife"))
        return await register.register_marriage(conn, desk=_desk(case), facts=facts)


class MarriageCertificateAgain(Entered):
    kind: ClassVar[str] = "marriage_certificate_again"

    async def enter(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> register.AnyEntry:
        husband, wife = (
            register.Spouse(
                full_name=case.value(f"couple.{role}_name"),
                date_of_birth=_as_registered(case.value(f"couple.{role}_born")),
                residence_kind=None,
                pin=case.value(f"couple.{role}_pin"),
            )
            for role in ("husband", "wife")
        )
        facts = register.MarriageFacts(husband=husband, wife=wife)
        return await register.register_marriage(conn, desk=_desk(case), facts=facts, again=_lost(case))


class DeathExtract(Entered):
    kind: ClassVar[str] = "death_extract"

    async def enter(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> register.AnyEntry:
        number, issued_on = case.value("death_notice.number"), case.value("death_notice.issued_on")
        facts = register.DeathFacts(
            deceased=register.Deceased(
                full_name=case.value("deceased.full_name"),
                date_of_birth=_as_registered(case.value("deceased.date_of_birth")),
                sex=case.value("deceased.sex"),
                ethnicity=case.word("deceased.ethnicity"),
                nationality=case.word("deceased.nationality"),
                residence_kind=None,
                pin=case.value("deceased.pin"),
            ),
            died_on=_as_registered(case.value("deceased.date_of_death")),
            died_at=case.value("deceased.time_of_death"),
            place_of_death=address_line(case.value("deceased.place_of_death"), case.form),
            cause=case.value("deceased.cause"),
            notice=register.DeathNotice(
                number=number,
                issued_on=date.fromisoformat(issued_on) if issued_on else None,
                issued_by=case.value("death_notice.issued_by"),
            )
            if number
            else None,
            requester=_requester(case),
        )
        return await register.register_death(conn, desk=_desk(case), facts=facts)


class DeathCertificate(DeathExtract):
    """The same entry; the paper's name since 01/03/2027 (NĐ 301/2026)."""

    kind: ClassVar[str] = "death_certificate"

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return register.original(fetched, specimen=specimen, signed=signed, title=_DEATH_CERTIFICATE)


class DeathExtractAgain(Entered):
    kind: ClassVar[str] = "death_extract_again"

    async def enter(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> register.AnyEntry:
        born = case.value("deceased.date_of_birth")
        facts = register.DeathFacts(
            deceased=register.Deceased(
                full_name=case.value("deceased.full_name"),
                date_of_birth=_as_registered(born) if born else None,
                residence_kind=None,
            ),
            died_on=_as_registered(case.value("deceased.date_of_death")),
            place_of_death=case.value("deceased.place_of_death"),
            requester=_requester(case),
        )
        return await register.register_death(conn, desk=_desk(case), facts=facts, again=_lost(case))


class DeathCertificateAgain(DeathExtractAgain):
    kind: ClassVar[str] = "death_certificate_again"

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return register.original(fetched, specimen=specimen, signed=signed, title=_DEATH_CERTIFICATE)


class RecognitionExtract(Entered):
    kind: ClassVar[str] = "recognition_extract"

    async def enter(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> register.AnyEntry:
        facts = register.RecognitionFacts(
            kind=case.value("recognition.kind"),
            recogniser=register.Person(
                full_name=case.value("claimant.full_name"),
                date_of_birth=_as_registered(case.value("claimant.date_of_birth")),
                ethnicity=case.word("claimant.ethnicity"),
                nationality=case.word("claimant.nationality"),
                residence=address_line(case.value("home.residence"), case.form),
                residence_kind=None,
                pin=case.value("claimant.pin"),
            ),
            recognised=register.Person(
                full_name=case.value("recognised.full_name"),
                date_of_birth=_as_registered(case.value("recognised.date_of_birth")),
                residence=address_line(case.value("recognised.residence"), case.form),
                residence_kind=None,
                pin=case.value("recognised.pin"),
            ),
            grounds=case.value("recognition.reason"),
            requester=_requester(case),
        )
        return await register.register_recognition(conn, desk=_desk(case), facts=facts)


class CorrectionExtract(Entered):
    """Written on the entry that the form describes; number and book as the officer states them, where the citizen did not know."""

    kind: ClassVar[str] = "correction_extract"

    async def enter(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> register.AnyEntry:
        entry = await register.find(conn, _sought_entry(case, stated))
        items = case.form.lists["correction_item"]
        corrections: list[register.Correction] = []
        for row in case.value("correction.items"):
            code = items.get(row["what"])
            label = row.get("what_else") or (code.vi if code is not None else row["what"])
            corrections.append(
                register.Correction(
                    what=row["what"], label=label, written=row.get("written") or None, right=row["right"]
                )
            )
        facts = register.CorrectionFacts(
            kind=case.value("correction.kind"),
            entry_id=entry.id,
            items=tuple(corrections),
            grounds=case.value("correction.reason"),
            requester=_requester(case),
        )
        person = case.value("entry.full_name")
        return await register.register_correction(conn, desk=_desk(case), facts=facts, person=person)


class DivorceNote(Entered):
    """A court's judgment: an entry among the changes, and a note on the marriage, which stands no longer."""

    kind: ClassVar[str] = "divorce_note"

    async def enter(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> register.AnyEntry:
        husband, wife = case.value("marriage.husband_name"), case.value("marriage.wife_name")
        entry = await register.find(conn, _sought(case, stated, "marriage", kind="marriage", full_name=husband))
        if not isinstance(entry, register.MarriageEntry) or not names.same_name(entry.facts.wife.full_name, wife):
            raise register.EntryNotFound
        decided_on, final_on = (date.fromisoformat(case.value(f"judgment.{day}")) for day in ("decided_on", "final_on"))
        judgment = (
            f"Bản án, quyết định số {case.value('judgment.number')} ngày {decided_on:%d/%m/%Y} của "
            f"{case.value('judgment.court')}, có hiệu lực từ ngày {final_on:%d/%m/%Y}"
        )
        ended = register.Correction(what="marriage_ended", label=case.word("judgment.kind"), right=judgment)
        facts = register.CorrectionFacts(
            kind="change", entry_id=entry.id, items=(ended,), grounds=judgment, requester=_requester(case)
        )
        return await register.register_correction(conn, desk=_desk(case), facts=facts, person=husband)

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return register.original(fetched, specimen=specimen, signed=signed, title="TRÍCH LỤC GHI CHÚ THAY ĐỔI HỘ TỊCH")


class CopyExtract(OfTheBooks):
    """Bản sao trích lục, at any ward: the entry may stand in another office's book. The number is the issuing office's own."""

    kind: ClassVar[str] = "extract"

    async def make(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> Made:
        issued = await register.issue_extract(
            conn,
            desk=_desk(case),
            entry=await register.find(conn, _sought_entry(case, stated)),
            copies=case.value("copies.count") or 1,
            requester=_requester(case),
        )
        return Made(f"{issued.number}/{issued.year}", {"extract_id": issued.id})

    async def fetch(self, conn: AsyncConnection, data: Mapping[str, Any]) -> Any:
        return await register.extract(conn, data["extract_id"])

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return register.paper_of_extract(fetched, specimen=specimen, signed=signed)


class MaritalStatusCertificate(OfTheBooks):
    """What the books say on that day, kept as it was said."""

    kind: ClassVar[str] = "marital_status_certificate"

    async def make(self, conn: AsyncConnection, case: Case, stated: Mapping[str, Any]) -> Made:
        wanted, other = case.value("status.purpose"), case.value("status.spouse_to_be")
        purpose = case.value("status.purpose_text") or case.word("status.purpose")
        said = await register.state_marital_status(
            conn,
            desk=_desk(case),
            full_name=case.value("requester.full_name"),
            pin=case.value("requester.pin"),
            residence=address_line(case.value("status.residence"), case.form),
            purpose=f"{purpose} với {other}" if wanted == "marriage" and other else purpose,
            to_marry=wanted == "marriage",
        )
        return Made(f"{said.number}/{said.year}", msgspec.to_builtins(said))

    async def fetch(self, conn: AsyncConnection, data: Mapping[str, Any]) -> Any:
        return msgspec.convert(data, register.MaritalStatement)

    def render(self, fetched: Any, *, specimen: bool, signed: Signed | None) -> bytes:
        return register.marital_certificate(fetched, specimen=specimen, signed=signed)


OUTCOMES: tuple[Outcome, ...] = (
    BirthCertificate(),
    BirthCertificateAgain(),
    MarriageCertificate(),
    MarriageCertificateAgain(),
    DeathExtract(),
    DeathCertificate(),
    DeathExtractAgain(),
    DeathCertificateAgain(),
    RecognitionExtract(),
    CorrectionExtract(),
    DivorceNote(),
    CopyExtract(),
    MaritalStatusCertificate(),
)


# --- the form as the register's books want it: words for codes, one printed line for an address ---------------------------


def birth_facts(case: Case) -> register.BirthFacts:
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


async def _birth(
    conn: AsyncConnection, case: Case, pin: str, facts: register.BirthFacts, again: str | None = None
) -> register.BirthEntry:
    desk = _desk(case)
    return await register.register_birth(
        conn,
        actor=desk.actor,
        office=desk.office,
        signer=desk.signer,
        pin=pin,
        facts=facts,
        at=desk.at,
        again=again,
    )


def _desk(case: Case) -> register.Desk:
    return register.Desk(
        actor=case.actor,
        office=register.Office(id=case.office.id, name=case.office_name),
        signer=register.Signer(full_name=case.officer_name, title=case.officer_title, clerk=case.officer_name),
        at=case.at,
    )


def _requester(case: Case) -> register.Requester:
    return register.Requester(full_name=case.value("requester.full_name"), pin=case.value("requester.pin"))


def _spouse(case: Case, role: str) -> register.Spouse:
    return register.Spouse(
        full_name=case.value(f"{role}.full_name"),
        date_of_birth=_as_registered(case.value(f"{role}.date_of_birth")),
        ethnicity=case.word(f"{role}.ethnicity"),
        nationality=case.word(f"{role}.nationality"),
        residence=address_line(case.value(f"{role}.residence"), case.form),
        residence_kind=case.value(f"{role}.residence_kind"),
        pin=case.value(f"{role}.pin"),
    )


def _named(case: Case, path: str) -> register.Parent | None:
    name = case.value(path)
    return register.Parent(full_name=name, residence_kind=None) if name else None


def _lost(case: Case) -> str:
    """What an entry made again says of the first one."""
    when = case.value("lost_entry.registered_on")
    said = f"Đăng ký lại. Đã đăng ký tại {case.value('lost_entry.registered_at')}"
    return f"{said}, năm {_as_registered(when)[:4]}." if when else f"{said}."


def _sought_entry(case: Case, stated: Mapping[str, Any]) -> register.Sought:
    """The entry that the section `entry` describes."""
    born = case.value("entry.date_of_birth")
    return _sought(
        case,
        stated,
        "entry",
        kind=case.value("entry.kind"),
        full_name=case.value("entry.full_name"),
        date_of_birth=_as_registered(born) if born else None,
    )


def _sought(
    case: Case, stated: Mapping[str, Any], section: str, *, kind: Any, full_name: str, date_of_birth: str | None = None
) -> register.Sought:
    """Where a section says an entry stands; what the officer states of number and book goes before what the citizen remembered."""
    number = str(stated.get("number") or case.value(f"{section}.number") or "")
    registered_on = case.value(f"{section}.registered_on")
    return register.Sought(
        kind=kind,
        full_name=full_name,
        date_of_birth=date_of_birth,
        number=int(number) if number.isascii() and number.isdigit() else None,
        book=stated.get("book") or case.value(f"{section}.book"),
        registered_at=case.value(f"{section}.registered_at"),
        registered_on=_as_registered(registered_on) if registered_on else None,
    )
