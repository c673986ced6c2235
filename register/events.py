"""Marriages, deaths, recognitions and corrections: each an entry of its own, with a note on every entry it says something new of.

In the caller's transaction. Nothing is changed in place: a note says what holds from then on, and which entry brought it.
"""

from collections.abc import Collection, Iterable, Mapping

from kit import names
from kit.db import AsyncConnection, to_json
from kit.refusal import Invalid, Refusal
from register import checking, correcting, dates, searching, service, store, writing
from register.messages import (
    BirthEntry,
    CorrectionEntry,
    CorrectionFacts,
    DeathEntry,
    DeathFacts,
    Kind,
    MarriageEntry,
    MarriageFacts,
    Person,
    RecognitionEntry,
    RecognitionFacts,
)
from register.refusals import AlreadyMarried, DeathAlreadyRegistered, ParentAlreadyRegistered, PersonDead
from register.writing import Desk

PARENT_WORDS = {"father": ("cha", "father"), "mother": ("mẹ", "mother")}


async def register_marriage(
    conn: AsyncConnection, *, desk: Desk, facts: MarriageFacts, again: str | None = None
) -> MarriageEntry:
    """Both of age, both alive, neither married by the books. `again` says where the lost entry stood.

    Raises NotTheRegistrar, Invalid, PersonDead, AlreadyMarried, EntryStillHeld or BookClosed.
    """
    desk.refuse_others()
    facts = writing.as_written(facts)
    check = checking.marriage_again_faults if again is not None else checking.new_marriage_faults
    if faults := check(facts, desk.today):
        raise Invalid(faults=faults)
    spouses: dict[str, Person] = {"husband": facts.husband, "wife": facts.wife}
    await _hold(conn, spouses)
    await _refuse_the_dead(conn, spouses.values())
    for spouse in spouses.values():
        standing = await _standing_marriage(conn, spouse)
        if standing is None:
            continue
        if again is not None and {standing.facts.husband.pin, standing.facts.wife.pin} & {
            other.pin for other in spouses.values() if other is not spouse
        }:
            raise service.still_held(standing)
        raise AlreadyMarried(
            name=spouse.full_name, number=standing.number, book=standing.book, office=standing.office.name
        )
    return await writing.write(
        conn,
        desk,
        MarriageEntry,
        facts=facts,
        registration_kind="again" if again is not None else "new",
        people=spouses,
        note=again,
    )


async def register_death(
    conn: AsyncConnection, *, desk: Desk, facts: DeathFacts, again: str | None = None
) -> DeathEntry:
    """Writes a death (Luật Hộ tịch Đ33-34); it ends the marriage that stood, and the birth entry is noted.

    Raises NotTheRegistrar, Invalid, DeathAlreadyRegistered, EntryStillHeld or BookClosed.
    """
    desk.refuse_others()
    facts = writing.as_written(facts)
    if faults := checking.death_faults(facts, desk.today):
        raise Invalid(faults=faults)
    who, likeness = facts.deceased, checking.death_likeness(facts)
    # Of somebody without a number as of somebody with one: two offices cannot both look before either has written.
    await store.hold(conn, {key for key in (who.pin, likeness) if key is not None})
    known = await store.death_of(conn, pin=who.pin, likeness=likeness)
    if known is not None:
        raise _dead_already(known, again=again is not None)
    entry = await writing.write(
        conn,
        desk,
        DeathEntry,
        facts=facts,
        registration_kind="again" if again is not None else checking.death_kind(facts.died_on, desk.today),
        people={"deceased": who},
        note=again,
        pin=who.pin,
        likeness=likeness,
    )
    died = (
        f"chết ngày {dates.figures(facts.died_on)} (khai tử số {entry.number}, quyển {entry.book}, {desk.office.name})"
    )
    for marriage_id in await _entries_of(conn, "marriage", who):
        marriage = await writing.locked(conn, marriage_id)
        if isinstance(marriage, MarriageEntry) and marriage.stands:
            said = f"Hôn nhân chấm dứt do {who.full_name} {died}."
            await writing.annotate(conn, desk, marriage, entry, kind="widowed", text=said)
    for birth_id in await _entries_of(conn, "birth", who):
        birth = await writing.locked(conn, birth_id)
        await writing.annotate(conn, desk, birth, entry, kind="death", text=f"Đã {died}.")
    return entry


async def register_recognition(conn: AsyncConnection, *, desk: Desk, facts: RecognitionFacts) -> RecognitionEntry:
    """Writes a recognition and names the parent on the child's birth entry (Luật Hộ tịch Đ24-25).

    A child whose birth is in no book of the city is recognised all the same: the entry says that the office of the birth is to be told.
    Raises NotTheRegistrar, Invalid, PersonDead, ParentAlreadyRegistered, EntryAmbiguous or BookClosed.
    """
    desk.refuse_others()
    facts = writing.as_written(facts)
    if faults := checking.recognition_faults(facts, desk.today):
        raise Invalid(faults=faults)
    people = {"recogniser": facts.recogniser, "recognised": facts.recognised}
    await _hold(conn, people)
    await _refuse_the_dead(conn, people.values())
    birth = await _birth_of_child(conn, facts.child)
    role, parent = facts.parent_role, facts.parent
    if birth is not None:
        there = birth.facts.father if role == "father" else birth.facts.mother
        if there is not None:
            vi, en = PARENT_WORDS[role]
            raise ParentAlreadyRegistered(
                child=birth.facts.child.full_name,
                number=birth.number,
                book=birth.book,
                role=vi,
                role_en=en,
                name=there.full_name,
            )
    entry = await writing.write(
        conn,
        desk,
        RecognitionEntry,
        facts=facts,
        registration_kind="new",
        people=people,
        note=None
        if birth is not None
        else "Khai sinh của người con không có trong sổ của Thành phố; cần thông báo cho nơi đã đăng ký khai sinh.",
    )
    if birth is not None:
        said = (
            f"{parent.full_name} được ghi là {PARENT_WORDS[role][0]} theo đăng ký nhận cha, mẹ, con"
            f" số {entry.number}, quyển {entry.book}, {desk.office.name}."
        )
        changes = {role: to_json(parent)}
        await writing.annotate(
            conn, desk, birth, entry, kind="recognition", text=said, changes=changes, people={role: parent}
        )
    return entry


async def register_correction(
    conn: AsyncConnection, *, desk: Desk, facts: CorrectionFacts, person: str
) -> CorrectionEntry:
    """Writes a change, correction or completion and notes it on the entry it is of; `person` is whom it concerns, by name.

    Raises NotTheRegistrar, EntryUnknown, CorrectionRefused with every fault, or BookClosed.
    """
    desk.refuse_others()
    facts = writing.as_written(facts)
    await service.entry(conn, facts.entry_id)
    subject = await writing.locked(conn, facts.entry_id)
    plan = correcting.plan(subject, facts, names.nfc(person))
    entry = await writing.write(conn, desk, CorrectionEntry, facts=facts, registration_kind="new", people={})
    said = f"{correcting.KINDS[facts.kind]} số {entry.number}, quyển {entry.book}, {desk.office.name}: {plan.said}."
    await writing.annotate(
        conn,
        desk,
        subject,
        entry,
        kind="divorced" if plan.ends_marriage else "correction",
        text=said,
        changes=plan.changes,
        people=dict([plan.named] if plan.named else []),
    )
    return entry


# --- who it is ---------------------------------------------------------------------------------------------------------


async def _hold(conn: AsyncConnection, people: Mapping[str, Person]) -> None:
    await store.hold(conn, {who.pin for who in people.values() if who.pin is not None})


async def _refuse_the_dead(conn: AsyncConnection, people: Iterable[Person]) -> None:
    for who in people:
        row = await store.death_of(conn, pin=who.pin)
        if row is not None:
            death = writing.decode(row)
            raise PersonDead(name=who.full_name, number=death.number, book=death.book, office=death.office.name)


def _dead_already(row: writing.Row, *, again: bool) -> Refusal:
    entry = writing.decode(row)
    assert isinstance(entry, DeathEntry)
    if again:
        return service.still_held(entry)
    return DeathAlreadyRegistered(
        name=entry.facts.deceased.full_name, number=entry.number, book=entry.book, office=entry.office.name
    )


async def _standing_marriage(conn: AsyncConnection, who: Person) -> MarriageEntry | None:
    found = await service.marriages_of(conn, who.pin) if who.pin is not None else []
    return next((entry for entry in found if entry.stands), None)


async def _entries_of(conn: AsyncConnection, kind: Kind, who: Person) -> Collection[str]:
    """Ids of the entries that are surely of this person: by number, or by name and whole birthday where neither has another number."""
    roles = ("child",) if kind == "birth" else ("husband", "wife")
    return await store.entries_of(
        conn,
        kind=kind,
        roles=roles,
        pin=who.pin,
        name_folded=names.fold(who.full_name),
        date_of_birth=who.date_of_birth if who.date_of_birth and dates.is_whole(who.date_of_birth) else None,
    )


async def _birth_of_child(conn: AsyncConnection, child: Person) -> BirthEntry | None:
    """The child's entry, locked. Raises EntryAmbiguous where name and birthday fit several."""
    found = await _entries_of(conn, "birth", child)
    if len(found) > 1:
        raise searching.ambiguous([await service.entry(conn, entry_id) for entry_id in found])
    if not found:
        return None
    entry = await writing.locked(conn, next(iter(found)))
    assert isinstance(entry, BirthEntry)
    return entry
