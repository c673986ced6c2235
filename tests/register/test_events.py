"""Marriages, deaths, recognitions, corrections: entries of their own, and notes on the entries they say something new of."""

import itertools
from collections.abc import Awaitable
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import anyio
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

import register
from kit.db import AsyncConnection, Database
from kit.refusal import Refusal
from register import Sought
from tests.register.people import AT, CLERK, CLERK_ELSEWHERE, ELSEWHERE, HOME, OFFICE, SIGNER, a_pin, birth, child

pytestmark = pytest.mark.anyio

HERE = register.Desk(actor=CLERK, office=OFFICE, signer=SIGNER, at=AT)
THERE = register.Desk(actor=CLERK_ELSEWHERE, office=ELSEWHERE, signer=SIGNER, at=AT)
ASKER = register.Requester(full_name="Đặng Thị Ngọc Hoà")
_serials = itertools.count(700)
T = TypeVar("T")


def a_man(name: str = "Lý Văn Khang", born: str = "1990-02-03", **changes: Any) -> register.Spouse:
    return register.Spouse(
        full_name=name,
        date_of_birth=born,
        ethnicity="Kinh",
        nationality="Việt Nam",
        residence=HOME,
        **({"pin": f"079090{next(_serials):06d}"} | changes),
    )


def a_woman(name: str = "Mạc Thị Lệ", born: str = "1992-07-08", **changes: Any) -> register.Spouse:
    return a_man(name, born, **({"pin": f"079192{next(_serials):06d}"} | changes))


def dead(who: register.Person, on: str = "2026-11-10", **changes: Any) -> register.DeathFacts:
    deceased = register.Deceased(**{field: getattr(who, field) for field in ("full_name", "date_of_birth", "pin")})
    return register.DeathFacts(
        **{"deceased": deceased, "died_on": on, "place_of_death": HOME, "requester": ASKER} | changes
    )


async def wed(db: Database, he: register.Spouse, she: register.Spouse, **more: Any) -> register.MarriageEntry:
    facts = register.MarriageFacts(husband=he, wife=she)
    async with db.begin() as conn:
        return await register.register_marriage(conn, **({"desk": HERE, "facts": facts} | more))


async def bury(db: Database, who: register.Person, **more: Any) -> register.DeathEntry:
    async with db.begin() as conn:
        return await register.register_death(conn, **({"desk": HERE, "facts": dead(who)} | more))


async def born(db: Database, **changes: Any) -> register.BirthEntry:
    facts = birth(
        child=child(full_name=f"Nguyễn Hạ {chr(65 + next(_serials) % 26)}{chr(65 + next(_serials) % 23)}"), father=None
    )
    async with db.begin() as conn:
        return await register.register_birth(
            conn, actor=CLERK, office=OFFICE, signer=SIGNER, pin=a_pin(next(_serials)), at=AT,
            facts=msgspec.structs.replace(facts, **changes),
        )  # fmt: skip


def fathering(entry: register.BirthEntry, he: register.Person) -> register.RecognitionFacts:
    of = entry.facts.child
    return register.RecognitionFacts(
        kind="father_of_child",
        recogniser=register.Person(full_name=he.full_name, date_of_birth=he.date_of_birth, ethnicity="Kinh", nationality="Việt Nam", residence=HOME, pin=he.pin),
        recognised=register.Person(full_name=of.full_name, date_of_birth=of.date_of_birth, pin=entry.pin),
        grounds="Kết quả giám định ADN",
        requester=ASKER,
    )  # fmt: skip


async def recognise(
    db: Database, facts: register.RecognitionFacts, desk: register.Desk = HERE
) -> register.RecognitionEntry:
    async with db.begin() as conn:
        return await register.register_recognition(conn, desk=desk, facts=facts)


async def correct(
    db: Database,
    entry: register.AnyEntry,
    *items: register.Correction,
    person: str = "",
    kind: Any = "correct",
    desk: register.Desk = HERE,
) -> register.CorrectionEntry:
    facts = register.CorrectionFacts(
        kind=kind, entry_id=entry.id, items=items, grounds="Theo giấy chứng sinh", requester=ASKER
    )
    async with db.begin() as conn:
        return await register.register_correction(conn, desk=desk, facts=facts, person=person)


def point(what: Any, right: str, written: str | None = None) -> register.Correction:
    return register.Correction(what=what, label="Mục", right=right, written=written)


async def now(db: Database, entry: T) -> T:
    async with db.connect() as conn:
        found: Any = await register.entry(conn, entry.id)  # type: ignore[attr-defined]
        return found


async def lines(db: Database) -> tuple[int, ...]:
    async with db.connect() as conn:
        counted = await conn.execute(
            text(
                "select (select count(*) from register_entries), (select count(*) from register_notes), (select sum(last_number) from register_books)"
            )
        )
        return tuple(counted.one())


async def refused(db: Database, verb: Awaitable[Any]) -> Refusal:
    """What it says no with; and that nothing was written."""
    before = await lines(db)
    with pytest.raises(Refusal) as no:
        await verb
    assert await lines(db) == before
    return no.value


# --- marriage ----------------------------------------------------------------------------------------------------------


async def test_each_kind_has_a_book_and_numbers_of_its_own(db: Database) -> None:
    he, she = a_man(), a_woman()
    first = await wed(db, he, she)
    second = await wed(db, a_man("Lý Văn Hai"), a_woman("Mạc Thị Hai"))
    assert (second.book_id, second.number, second.book) == (first.book_id, first.number + 1, "01/2026")
    other = await wed(db, a_man("Lý Văn Ba"), a_woman("Mạc Thị Ba"), desk=THERE)
    assert other.book_id != first.book_id
    death, entry = await bury(db, a_man("Lý Văn Bốn")), await born(db)
    recognition = await recognise(db, fathering(entry, a_man("Lý Văn Năm")))
    correction = await correct(db, entry, point("ethnicity", "Tày", "Kinh"))
    assert len({first.book_id, death.book_id, entry.book_id, recognition.book_id, correction.book_id}) == 5
    for one in (first, death, entry, recognition, correction):
        assert (await now(db, one)).facts == one.facts if one is not entry else True


async def test_only_the_registrar_of_the_office_writes(db: Database) -> None:
    stranger = msgspec.structs.replace(HERE, office=ELSEWHERE)
    no = await refused(db, wed(db, a_man(), a_woman(), desk=stranger))
    assert no.code == "not-the-registrar"


async def test_nobody_marries_twice_until_the_marriage_has_ended(db: Database) -> None:
    he, she = a_man(), a_woman()
    entry = await wed(db, he, she)
    no = await refused(db, wed(db, he, a_woman("Kiều Thị Tư"), desk=THERE))
    assert (no.code, no.fields["number"]) == ("already-married", entry.number)
    await bury(db, she)
    ended = await now(db, entry)
    assert not ended.stands
    assert "Hôn nhân chấm dứt do Mạc Thị Lệ chết ngày 10/11/2026" in (ended.remarks or "")
    assert (await wed(db, he, a_woman("Kiều Thị Tư"))).stands


async def test_a_judgment_noted_in_the_book_ends_a_marriage(db: Database) -> None:
    he, she = a_man(), a_woman()
    entry = await wed(db, he, she)
    await correct(db, entry, point("marriage_ended", "Bản án 12/2026/HNGĐ-ST ngày 02/03/2026"))
    assert not (await now(db, entry)).stands
    no = await refused(db, correct(db, entry, point("marriage_ended", "lần nữa")))
    assert [fault.code for fault in no.faults] == ["no-marriage"]
    assert (await wed(db, he, a_woman("Kiều Thị Năm"))).stands


@pytest.mark.parametrize(
    ("he", "she", "codes"), [("2006-11-20", "2008-11-20", []), ("2006-11-21", "2008-11-21", ["under-age", "under-age"])]
)
async def test_of_age_on_the_very_birthday(db: Database, he: str, she: str, codes: list[str]) -> None:
    husband, wife = (
        a_man(born=he, pin=f"079206{next(_serials):06d}"),
        a_woman(born=she, pin=f"079308{next(_serials):06d}"),
    )
    if codes:
        no = await refused(db, wed(db, husband, wife))
        assert [fault.code for fault in no.faults] == codes
    else:
        await wed(db, husband, wife)


async def test_the_dead_neither_marry_nor_recognise(db: Database) -> None:
    he, entry = a_man(), await born(db)
    await bury(db, he)
    for verb in (wed(db, he, a_woman()), recognise(db, fathering(entry, he))):
        no = await refused(db, verb)
        assert no.code == "person-dead"
        assert "Lý Văn Khang" in no.message.vi


async def test_two_offices_at_once_marry_a_man_once(db: Database) -> None:
    he, codes = a_man(), []

    async def one(desk: register.Desk, she: register.Spouse) -> None:
        try:
            await wed(db, he, she, desk=desk)
            codes.append("wed")
        except Refusal as no:
            codes.append(no.code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one, HERE, a_woman("Một Thị"))
        tasks.start_soon(one, THERE, a_woman("Hai Thị"))
    assert sorted(codes) == ["already-married", "wed"]


# --- death -------------------------------------------------------------------------------------------------------------


async def test_a_death_is_registered_once_with_and_without_a_number(db: Database) -> None:
    old = register.Person(full_name="Cao Văn Cụ", date_of_birth="1938")
    first = await bury(db, old)
    again = register.Person(full_name="cao van cu", date_of_birth="1938", pin="079038000611")
    no = await refused(db, bury(db, again, desk=THERE))
    assert (no.code, no.fields["number"]) == ("death-already-registered", first.number)
    he = a_man()
    await bury(db, he)
    no = await refused(db, bury(db, he, facts=dead(he, "2026-11-11")))
    assert no.code == "death-already-registered"
    async with db.connect() as conn:
        assert await register.dead_among(conn, {str(he.pin)}) == {he.pin}


async def test_two_persons_of_one_name_and_birthday_may_die_on_one_day(db: Database) -> None:
    entries = [await bury(db, a_man("Cùng Tên")) for _ in range(2)]
    assert len({entry.id for entry in entries}) == 2


async def test_two_offices_at_once_bury_somebody_without_a_number_once(db: Database) -> None:
    old, codes = register.Person(full_name="Cao Thị Bà", date_of_birth="1931"), []

    async def one(desk: register.Desk) -> None:
        try:
            await bury(db, old, desk=desk)
            codes.append("buried")
        except Refusal as no:
            codes.append(no.code)

    async with anyio.create_task_group() as tasks:
        for desk in (HERE, THERE):
            tasks.start_soon(one, desk)
    assert sorted(codes) == ["buried", "death-already-registered"]


async def test_on_time_until_the_fifteenth_day(db: Database) -> None:
    kinds = [
        (await bury(db, who, facts=dead(who, on))).registration_kind
        for on in ("2026-11-05", "2026-11-04")
        for who in [a_man()]
    ]
    assert kinds == ["on_time", "late"]


async def test_a_childs_death_is_noted_on_the_birth(db: Database) -> None:
    entry = await born(db)
    of = entry.facts.child
    death = await bury(db, register.Person(full_name=of.full_name, date_of_birth=of.date_of_birth, pin=entry.pin))
    noted = await now(db, entry)
    assert [note.kind for note in noted.notes] == ["death"]
    assert f"khai tử số {death.number}" in noted.notes[0].text


# --- recognition -------------------------------------------------------------------------------------------------------


async def test_a_father_is_written_on_the_birth_as_a_note_and_the_line_stands(db: Database) -> None:
    entry, he = await born(db), a_man()
    recognition = await recognise(db, fathering(entry, he), THERE)
    noted = await now(db, entry)
    assert noted.facts.father is not None
    assert (noted.facts.father.full_name, noted.facts.father.pin) == (he.full_name, he.pin)
    assert f"số {recognition.number}, quyển 01/2026, {ELSEWHERE.name}" in noted.notes[0].text
    async with db.connect() as conn:
        first: Any = await register.as_registered(conn, entry.id)
        assert (first.facts.father, first.notes) == (None, ())
        assert await register.birth_of(conn, entry.pin) == noted
    no = await refused(db, recognise(db, fathering(entry, a_man("Kẻ Đến Sau"))))
    assert (no.code, no.fields["name"]) == ("parent-already-registered", he.full_name)


async def test_a_child_born_elsewhere_is_recognised_and_the_other_office_is_to_be_told(db: Database) -> None:
    entry = await born(db)
    facts = fathering(entry, a_man())
    away = msgspec.structs.replace(facts.recognised, full_name="Sinh Nơi Khác", pin=None)
    recognition = await recognise(db, msgspec.structs.replace(facts, recognised=away))
    assert "thông báo cho nơi đã đăng ký khai sinh" in (recognition.remarks or "")


async def test_two_children_alike_are_told_and_neither_is_touched(db: Database) -> None:
    alike = child(full_name="Trùng Tên Ngày")
    first = await born(db, child=alike, mother=None)
    await born(db, child=alike, mother=None)
    facts = fathering(first, a_man())
    unnumbered = msgspec.structs.replace(facts.recognised, pin=None)
    no = await refused(db, recognise(db, msgspec.structs.replace(facts, recognised=unnumbered)))
    assert no.code == "register-entry-ambiguous"


async def test_a_mother_is_a_woman_and_older_than_her_child(db: Database) -> None:
    entry = await born(db)
    facts = msgspec.structs.replace(fathering(entry, a_man(born="2026-12-01", pin=None)), kind="mother_of_child")
    no = await refused(db, recognise(db, facts))
    assert [(fault.field, fault.code) for fault in no.faults] == [("recogniser.date_of_birth", "born-after")]
    facts = msgspec.structs.replace(fathering(entry, a_man()), kind="mother_of_child")
    no = await refused(db, recognise(db, facts))
    assert [fault.code for fault in no.faults] == ["pin-sex"]


# --- correction --------------------------------------------------------------------------------------------------------


async def test_a_correction_is_a_note_and_the_entry_is_found_by_both_names(db: Database) -> None:
    entry = await born(db, child=child(full_name="Phùng Bảo Hy"))
    made = await correct(
        db,
        entry,
        point("name", "Phùng Bảo Huy", "Phùng Bảo Hy"),
        point("date_of_birth", "02/11/2026", "01/11/2026"),
        desk=THERE,
    )
    noted = await now(db, entry)
    assert (noted.facts.child.full_name, noted.facts.child.date_of_birth) == ("Phùng Bảo Huy", "2026-11-02")
    assert noted.facts.child.sex == entry.facts.child.sex
    assert noted.notes[0].by == made.id
    async with db.connect() as conn:
        for name, day in (("Phùng Bảo Hy", "2026-11-01"), ("phung bao huy", "2026-11-02")):
            assert (await register.find(conn, Sought(kind="birth", full_name=name, date_of_birth=day))).id == entry.id


@pytest.mark.parametrize(
    ("what", "right", "written", "kind", "code"),
    [
        ("name", "Đúng Tên", "Sai Tên", "correct", "not-as-in-book"),
        ("date_of_birth", "31/02/2026", "01/11/2026", "correct", "not-possible"),
        ("name", "Tên 2", None, "correct", "not-possible"),
        ("sex", "không rõ", None, "correct", "not-possible"),
        ("ethnicity", "Tày", None, "complete", "already-written"),
        ("marriage_ended", "Bản án", None, "correct", "no-marriage"),
    ],
)  # fmt: skip
async def test_what_cannot_be_written_so_is_told_by_the_point(
    db: Database, what: str, right: str, written: str | None, kind: str, code: str
) -> None:
    entry = await born(db)
    no = await refused(db, correct(db, entry, point(what, right, written), kind=kind))
    assert (no.code, [fault.code for fault in no.faults]) == ("correction-refused", [code])


async def test_of_two_spouses_the_book_must_know_which(db: Database) -> None:
    entry = await wed(db, a_man(), a_woman())
    no = await refused(db, correct(db, entry, point("ethnicity", "Tày"), person="Ai Đó"))
    assert [fault.code for fault in no.faults] == ["which-person"]
    await correct(db, entry, point("ethnicity", "Tày", "Kinh"), person="mac thi le")
    assert ((await now(db, entry)).facts.wife.ethnicity, (await now(db, entry)).facts.husband.ethnicity) == (
        "Tày",
        "Kinh",
    )
    no = await refused(db, correct(db, entry, point("sex", "Nữ"), person="Mạc Thị Lệ"))
    assert [fault.code for fault in no.faults] == ["not-in-entry"]


async def test_two_corrections_at_once_are_two_notes(db: Database) -> None:
    entry = await born(db)
    async with anyio.create_task_group() as tasks:
        for desk, item in ((HERE, point("ethnicity", "Tày", "Kinh")), (THERE, point("place_of_origin", "xã Tân An"))):
            tasks.start_soon(lambda d, i: correct(db, entry, i, desk=d), desk, item)
    noted = await now(db, entry)
    assert [note.seq for note in noted.notes] == [1, 2]
    assert (noted.facts.child.ethnicity, noted.facts.child.place_of_origin) == ("Tày", "xã Tân An")


async def test_braces_in_what_people_wrote_are_only_words(db: Database) -> None:
    entry = await born(db)
    await correct(db, entry, point("place_of_origin", "xã {office} {0}"))
    assert "xã {office} {0}" in (await now(db, entry)).notes[0].text


@pytest.mark.parametrize(
    "statement",
    [
        "update register_notes set text = 'x'",
        "delete from register_notes",
        "update register_extracts set copies = 9",
        "delete from register_extracts",
    ],
)
async def test_notes_and_extracts_stand(db: Database, statement: str) -> None:
    with pytest.raises(IntegrityError, match="never changed"):
        async with db.begin() as conn:
            await conn.execute(text(statement))


# --- registered again ----------------------------------------------------------------------------------------------------

LOST = "Đăng ký lại. Đã đăng ký tại UBND phường Bến Nghé năm 1999."


async def test_what_still_stands_in_the_book_is_not_registered_again(db: Database) -> None:
    he, she = a_man(), a_woman()
    await wed(db, he, she)
    assert (await refused(db, wed(db, he, she, again=LOST))).code == "register-entry-held"
    assert (await refused(db, wed(db, he, a_woman("Người Khác"), again=LOST))).code == "already-married"
    await bury(db, register.Person(full_name="Cao Văn Xưa", date_of_birth="1930"))
    assert (
        await refused(db, bury(db, register.Person(full_name="Cao Văn Xưa", date_of_birth="1930"), again=LOST))
    ).code == "register-entry-held"
    here = await born(db)

    async def reborn() -> None:
        async with db.begin() as conn:
            await register.register_birth(
                conn, actor=CLERK, office=OFFICE, signer=SIGNER, pin=here.pin, facts=here.facts, at=AT, again=LOST
            )

    assert (await refused(db, reborn())).code == "register-entry-held"


async def test_old_papers_leave_open_what_they_do_not_say(db: Database) -> None:
    he = register.Spouse(full_name="Tô Văn Cũ", date_of_birth="1960", residence_kind=None)
    she = register.Spouse(full_name="Tô Thị Cũ", residence_kind=None)
    entry = await wed(db, he, she, again=LOST)
    assert (entry.registration_kind, entry.remarks, entry.facts.wife.date_of_birth) == ("again", LOST, None)
    async with db.begin() as conn:
        facts = birth(
            child=child(full_name="Tô Văn Con", sex="male", date_of_birth="1985"),
            mother=register.Parent(full_name="Tô Thị Mẹ", residence_kind=None),
            father=None,
        )
        again = await register.register_birth(
            conn, actor=CLERK, office=OFFICE, signer=SIGNER, pin="079085000777", facts=facts, at=AT, again=LOST
        )
    assert (again.registration_kind, again.facts.child.date_of_birth) == ("again", "1985")


# --- found, and given out --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "register-entry-ambiguous"),
        ({"date_of_birth": "2025"}, "register-entry-not-found"),
        ({"registered_on": "2025"}, "register-entry-not-found"),
        ({"book": "01/2025", "date_of_birth": "2026"}, "register-entry-not-found"),
        ({"full_name": "Không Có Ai", "date_of_birth": "2026"}, "register-entry-not-found"),
        ({"date_of_birth": "2026-11"}, None),
        ({"registered_on": "2026-11"}, None),
    ],
)  # fmt: skip
async def test_an_entry_is_found_by_what_is_remembered_and_never_guessed(
    db: Database, changes: dict[str, str], code: str | None
) -> None:
    name = f"Độc Nhất {chr(65 + next(_serials) % 26)}{chr(65 + next(_serials) % 25)}{chr(65 + next(_serials) % 23)}"
    entry = await born(db, child=child(full_name=name))
    sought = Sought(**({"kind": "birth", "full_name": name} | changes))  # type: ignore[arg-type]
    async with db.connect() as conn:
        if code is None:
            assert (await register.find(conn, sought)).id == entry.id
        else:
            with pytest.raises(Refusal) as no:
                await register.find(conn, sought)
            assert no.value.code == code


async def test_of_two_alike_number_book_and_office_decide(db: Database) -> None:
    alike = child(full_name="Hai Trẻ Giống")
    first = await born(db, child=alike, mother=None)
    second = await born(db, child=alike, mother=None)
    async with db.connect() as conn:
        with pytest.raises(register.EntryAmbiguous) as no:
            await register.find(conn, Sought(kind="birth", full_name="Hai Trẻ Giống", date_of_birth="2026"))
        for entry in (first, second):
            assert f"số {entry.number}, quyển 01/2026" in no.value.message.vi
            found = await register.find(
                conn,
                Sought(
                    kind="birth",
                    full_name="Tên Nhớ Sai",
                    number=entry.number,
                    book="01/2026",
                    registered_at="UBND Phường Sài Gòn, Quận 1",
                ),
            )
            assert found.id == entry.id


async def _issued(db: Database, entry: register.AnyEntry, desk: register.Desk) -> register.Extract:
    async with db.begin() as conn:
        return await register.issue_extract(
            conn, desk=desk, entry=await register.entry(conn, entry.id), copies=2, requester=ASKER
        )


async def test_any_ward_issues_an_extract_and_what_was_given_out_stays_so(db: Database) -> None:
    entry = await born(db)
    issued = await _issued(db, entry, THERE)
    assert (issued.office.id, issued.entry.office.id) == (ELSEWHERE.id, OFFICE.id)
    await recognise(db, fathering(entry, a_man()))
    later = await _issued(db, entry, THERE)
    assert later.number == issued.number + 1
    async with db.connect() as conn:
        before, after = await register.extract(conn, issued.id), await register.extract(conn, later.id)
    assert (len(before.entry.notes), len(after.entry.notes)) == (0, 1)
    assert before == issued


async def test_the_certificate_says_what_the_books_say(db: Database) -> None:
    async def stated(pin: Any, *, to_marry: bool = False) -> register.MaritalStatement:
        async with db.begin() as conn:
            return await register.state_marital_status(
                conn,
                desk=HERE,
                full_name="Lý Văn Khang",
                pin=pin,
                residence=HOME,
                purpose="Để kết hôn",
                to_marry=to_marry,
            )

    he, she = a_man(), a_woman()
    assert (await stated(he.pin)).status == "never_married"
    entry = await wed(db, he, she)
    married = await stated(he.pin)
    assert (married.status, f"là Mạc Thị Lệ (kết hôn số {entry.number}" in married.said) == ("married", True)
    assert (await refused(db, stated(he.pin, to_marry=True))).code == "already-married"
    await bury(db, she)
    widowed = await stated(he.pin, to_marry=True)
    assert (widowed.status, widowed.number) == ("widowed", married.number + 1)
    other = await wed(db, he, a_woman("Kiều Thị Sáu"))
    assert (await stated(he.pin)).status == "married"
    await correct(db, other, point("marriage_ended", "Bản án 15/2026"))
    assert (await stated(he.pin)).status == "divorced"
    assert (await refused(db, stated(she.pin))).code == "person-dead"


async def test_a_new_year_begins_a_new_book_of_each_kind(db: Database) -> None:
    new_year = msgspec.structs.replace(THERE, at=datetime(2027, 12, 31, 17, 0, tzinfo=UTC))
    entry = await wed(db, a_man(), a_woman(), desk=new_year)
    assert (entry.number, entry.book, entry.registered_on) == (1, "01/2028", date(2028, 1, 1))


async def test_nothing_is_half_written(db: Database) -> None:
    """A decision that fails after the entry takes entry, notes and number back with it."""
    he, she = a_man(), a_woman()
    await wed(db, he, she)
    before = await lines(db)

    async def fails(conn: AsyncConnection) -> None:
        await register.register_death(conn, desk=HERE, facts=dead(she))
        raise RuntimeError("the result could not be kept")

    with pytest.raises(RuntimeError):
        async with db.begin() as conn:
            await fails(conn)
    assert await lines(db) == before
