"""Births and marriages in the books, on the real engine."""

from datetime import UTC, date, datetime

import anyio
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

import register
from kit import clock
from kit.actor import Actor
from kit.db import Database
from kit.refusal import Invalid, Refusal
from register import store
from tests.register.people import (
    AT,
    CLERK,
    CLERK_ELSEWHERE,
    ELSEWHERE,
    FATHER_PIN,
    MOTHER_PIN,
    OFFICE,
    SIGNER,
    a_pin,
    birth,
    child,
    father,
    marriage,
    mother,
    notification,
)

pytestmark = pytest.mark.anyio


async def registered(db: Database, pin: str, facts: register.BirthFacts, *, at: datetime = AT) -> register.BirthEntry:
    async with db.begin() as conn:
        return await register.register_birth(
            conn, actor=CLERK, office=OFFICE, signer=SIGNER, pin=pin, facts=facts, at=at
        )


async def refused(db: Database, pin: str, facts: register.BirthFacts) -> Refusal:
    with pytest.raises(Refusal) as no:
        await registered(db, pin, facts)
    return no.value


async def test_a_birth_becomes_an_entry_that_reads_back_the_same(db: Database) -> None:
    facts = birth(notification=notification(1), child=child(full_name="  Nguyễn  Ngọc Ha\u0300 "))
    entry = await registered(db, a_pin(1), facts)
    assert entry.book == "01/2026"
    assert entry.registered_on == date(2026, 11, 20)
    assert entry.registration_kind == "on_time"
    assert entry.facts.child.full_name == "Nguyễn Ngọc Hà"
    async with db.connect() as conn:
        assert await register.entry(conn, entry.id) == entry


async def test_an_unknown_entry_is_not_found(db: Database) -> None:
    async with db.connect() as conn:
        with pytest.raises(register.EntryUnknown):
            await register.entry(conn, "reg_nothing")


async def test_twenty_births_at_once_take_twenty_numbers_in_a_row(db: Database) -> None:
    at = datetime(2025, 12, 31, 16, 59, 59, tzinfo=UTC)
    entries: list[register.BirthEntry] = []

    async def one(serial: int) -> None:
        facts = birth(child=child(full_name=f"Nguyễn Văn {chr(65 + serial)}", sex="male", date_of_birth="2025-12-01"))
        async with db.begin() as conn:
            entry = await register.register_birth(
                conn,
                actor=CLERK_ELSEWHERE,
                office=ELSEWHERE,
                signer=SIGNER,
                pin=a_pin(100 + serial, sex="male", year=2025),
                facts=facts,
                at=at,
            )
            if serial % 5 == 4:
                # A decision that fails after the registration gives its number back.
                await conn.rollback()
                return
        entries.append(entry)

    async with anyio.create_task_group() as tasks:
        for serial in range(25):
            tasks.start_soon(one, serial)
    assert sorted(entry.number for entry in entries) == list(range(1, 21))
    async with db.connect() as conn:
        kept = await conn.execute(
            text("select count(*), max(number) from register_entries where registered_on = '2025-12-31'")
        )
        assert kept.one() == (20, 20)


async def test_the_year_of_the_book_is_the_city_s_year(db: Database) -> None:
    last = await registered(
        db, a_pin(31), birth(child=child(full_name="Cuối Năm")), at=datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC)
    )
    first = await registered(
        db, a_pin(32), birth(child=child(full_name="Đầu Năm")), at=datetime(2026, 12, 31, 17, 0, 0, tzinfo=UTC)
    )
    assert (last.year, last.registered_on) == (2026, date(2026, 12, 31))
    assert (first.year, first.number, first.book) == (2027, 1, "01/2027")


async def test_a_personal_number_stands_in_one_birth_only(db: Database) -> None:
    await registered(db, a_pin(41), birth(child=child(full_name="Nguyễn Thị Một")))
    no = await refused(db, a_pin(41), birth(child=child(full_name="Nguyễn Thị Hai")))
    assert no.code == "pin-already-registered"
    # Another number would not help the same child: that is what the clerk is told.
    no = await refused(db, a_pin(41), birth(child=child(full_name="Nguyễn Thị Một")))
    assert no.code == "birth-already-registered"


async def test_a_birth_notification_is_used_once(db: Database) -> None:
    first = await registered(
        db, a_pin(51), birth(child=child(full_name="Nguyễn Thị Ba"), notification=notification(51))
    )
    no = await refused(db, a_pin(52), birth(child=child(full_name="Nguyễn Thị Bốn"), notification=notification(51)))
    assert no.code == "birth-notification-used"
    assert no.fields["entry_number"] == first.number


async def test_the_same_child_twice_is_refused_whatever_the_accents(db: Database) -> None:
    await registered(db, a_pin(61), birth(child=child(full_name="Nguyễn Ngọc Ánh")))
    no = await refused(db, a_pin(62), birth(child=child(full_name="nguyen ngoc anh"), notification=notification(62)))
    assert no.code == "birth-already-registered"


async def test_twins_with_names_alike_are_two_children(db: Database) -> None:
    await registered(db, a_pin(71), birth(child=child(full_name="Lê Ngọc Anh"), multiple_birth=True, birth_order=1))
    second = await registered(
        db, a_pin(72), birth(child=child(full_name="Lê Ngọc Ánh"), multiple_birth=True, birth_order=2)
    )
    assert second.facts.birth_order == 2
    no = await refused(db, a_pin(73), birth(child=child(full_name="Lê Ngọc Anh"), multiple_birth=True, birth_order=2))
    assert no.code == "birth-already-registered"


async def test_two_offices_at_once_register_one_child_once(db: Database) -> None:
    """Both look before either has written: the unique rule of the table is the last word."""
    codes: list[str] = []
    numbers: list[int] = []
    looked = anyio.Event()

    async def first() -> None:
        async with db.begin() as conn:
            await register.register_birth(
                conn,
                actor=CLERK,
                office=OFFICE,
                signer=SIGNER,
                pin=a_pin(81),
                facts=birth(child=child(full_name="Hai Nơi")),
                at=AT,
            )
            looked.set()
            # Long enough for the other to be waiting on our uncommitted line.
            await anyio.sleep(0.3)

    async def second() -> None:
        await looked.wait()
        async with db.begin() as conn:
            for serial, name in ((82, "Hai Nơi"), (83, "Một Nơi")):
                try:
                    entry = await register.register_birth(
                        conn,
                        actor=CLERK_ELSEWHERE,
                        office=ELSEWHERE,
                        signer=SIGNER,
                        pin=a_pin(serial),
                        facts=birth(child=child(full_name=name)),
                        at=AT,
                    )
                    numbers.append(entry.number)
                except Refusal as no:
                    codes.append(no.code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(first)
        tasks.start_soon(second)
    assert codes == ["birth-already-registered"]
    # The refused one used up no number, though both were tried in one transaction.
    assert numbers == [1]


@pytest.mark.parametrize(
    "actor",
    [
        Actor(kind="nobody"),
        Actor(kind="citizen", account_id="acc_parent", level=2),
        Actor(kind="officer", office_id=OFFICE.id, roles=frozenset({"residence"})),
        CLERK_ELSEWHERE,
    ],
)
async def test_only_the_office_s_own_registrar_writes(db: Database, actor: Actor) -> None:
    async with db.begin() as conn:
        with pytest.raises(register.NotTheRegistrar):
            await register.register_birth(
                conn, actor=actor, office=OFFICE, signer=SIGNER, pin=a_pin(90), facts=birth(), at=AT
            )


async def test_wrong_facts_are_named_and_nothing_is_written(db: Database) -> None:
    facts = birth(child=child(date_of_birth="2026-11-21"), mother=mother(date_of_birth="2027"))
    no = await refused(db, a_pin(91), facts)
    assert isinstance(no, Invalid)
    assert {(f.field, f.code) for f in no.faults} >= {
        ("child.date_of_birth", "in-the-future"),
        ("mother.date_of_birth", "born-after"),
    }
    async with db.connect() as conn:
        assert await store.birth_like(conn, pin=a_pin(91), notification_number=None, likeness=None) == []


async def test_a_closed_book_takes_no_birth(db: Database) -> None:
    at = datetime(2024, 6, 1, tzinfo=UTC)
    async with db.begin() as conn:
        await store.open_book(conn, office_id=OFFICE.id, kind="birth", year=2024, volume=1, at=at, closed=True)
        with pytest.raises(register.BookClosed):
            await register.register_birth(
                conn,
                actor=CLERK,
                office=OFFICE,
                signer=SIGNER,
                pin=a_pin(1, year=2024),
                facts=birth(child=child(date_of_birth="2024-05-30")),
                at=at,
            )


@pytest.mark.parametrize("change", ["update register_entries set note = 'x'", "delete from register_entries"])
async def test_what_was_registered_stands(db: Database, change: str) -> None:
    async with db.begin() as conn:
        with pytest.raises(IntegrityError, match="never changed"):
            await conn.execute(text(change))


async def test_a_found_child_has_no_parents_and_no_likeness(db: Database) -> None:
    for serial in (95, 96):
        entry = await registered(
            db, a_pin(serial), birth(child=child(full_name="Nguyễn Bình An"), mother=None, father=None)
        )
        assert entry.facts.mother is None


async def test_the_parents_marriage_is_found_by_either_number(db: Database) -> None:
    async with db.begin() as conn:
        assert await register.marriage_of(conn, MOTHER_PIN) is None
        entry = await register.enter_marriage(
            conn, office=OFFICE, signer=SIGNER, registered_on=date(2019, 5, 4), number=37, facts=marriage()
        )
    async with db.connect() as conn:
        assert await register.marriage_of(conn, MOTHER_PIN) == entry
        assert await register.marriage_of(conn, FATHER_PIN) == entry
        assert await register.entry(conn, entry.id) == entry
    assert (entry.book, entry.number, entry.page) == ("01/2019", 37, 37)
    assert entry.spouse_of(MOTHER_PIN).full_name == "Nguyễn Văn Quý"


async def test_of_two_marriages_the_later_counts(db: Database) -> None:
    widow, second_husband = "079196000777", "079090000778"
    async with db.begin() as conn:
        for year, husband in ((2022, second_husband), (2015, "079090000779")):
            await register.enter_marriage(
                conn,
                office=OFFICE,
                signer=SIGNER,
                registered_on=date(year, 5, 4),
                number=5,
                facts=_aged(marriage(husband_pin=husband, wife_pin=widow)),
            )
        found = await register.marriage_of(conn, widow)
    assert found is not None
    assert found.facts.husband.pin == second_husband


async def test_a_taken_place_in_a_book_is_refused(db: Database) -> None:
    async def at_number(number: int) -> None:
        await register.enter_marriage(
            conn, office=ELSEWHERE, signer=SIGNER, registered_on=date(2018, 1, 9), number=number, facts=marriage()
        )

    async with db.begin() as conn:
        await at_number(8)
        with pytest.raises(register.PlaceTaken):
            await at_number(8)
        await at_number(9)


async def test_late_registration_begins_on_the_61st_day(db: Database) -> None:
    on_time = await registered(db, a_pin(97), birth(child=child(full_name="Đúng Hạn", date_of_birth="2026-09-21")))
    late = await registered(db, a_pin(98), birth(child=child(full_name="Quá Hạn", date_of_birth="2026-09-20")))
    assert (on_time.registration_kind, late.registration_kind) == ("on_time", "late")


async def test_a_father_s_year_alone_is_enough(db: Database) -> None:
    entry = await registered(
        db, a_pin(99), birth(child=child(full_name="Chỉ Năm"), father=father(date_of_birth="1993"))
    )
    assert entry.facts.father is not None
    assert entry.facts.father.date_of_birth == "1993"


async def test_a_birth_copied_from_its_book_is_found_by_the_childs_number(db: Database) -> None:
    pin, facts = a_pin(150, year=2019), birth(child=child(full_name="Chép Sổ", date_of_birth="2019-04-05"))
    copied = {"office": ELSEWHERE, "signer": SIGNER, "registered_on": date(2019, 5, 2), "facts": facts}
    async with db.begin() as conn:
        entry = await register.enter_birth(conn, number=12, pin=pin, **copied)
        assert (entry.book, entry.number, entry.registration_kind) == ("01/2019", 12, "on_time")
        assert await register.birth_of(conn, pin) == entry
        assert await register.birth_of(conn, a_pin(151, year=2019)) is None
        with pytest.raises(register.BirthAlreadyRegistered):
            await register.enter_birth(conn, number=13, pin=a_pin(151, year=2019), **copied)
        other = birth(child=child(full_name="Chỗ Khác", date_of_birth="2019-04-05"))
        with pytest.raises(register.PlaceTaken):
            await register.enter_birth(conn, number=12, pin=a_pin(152, year=2019), **copied | {"facts": other})


async def test_who_has_died_is_told_of_those_asked_for_alone(db: Database) -> None:
    dead, alive, unasked = "079096000901", "079096000902", "079096000903"
    async with db.begin() as conn:
        book = await register.enter_marriage(
            conn, office=ELSEWHERE, signer=SIGNER, registered_on=date(2017, 1, 9), number=1, facts=marriage()
        )
        row = {"book_id": book.book_id, "kind": "death", "page": 1, "registered_on": date(2020, 1, 1)}
        row |= {"registration_kind": "new", "office_name": "x", "signer_name": "x", "signer_title": "x"}
        for number, pin in enumerate((dead, unasked), 50):
            who = {"role": "deceased", "pin": pin, "name_folded": "x", "date_of_birth": None}
            entry = row | {
                "id": f"reg_{pin}",
                "number": number,
                "clerk_name": "x",
                "facts": {},
                "entered_at": clock.now(),
            }
            await store.add_entry(conn, entry, [who])
        assert await register.dead_among(conn, {dead, alive, FATHER_PIN}) == {dead}


def _aged(facts: register.MarriageFacts) -> register.MarriageFacts:
    return msgspec.structs.replace(facts, husband=msgspec.structs.replace(facts.husband, date_of_birth="1990"))
