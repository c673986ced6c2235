"""One account per person: opened by proof, found by number, never two; what is kept is unreadable without the keys."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from identity import accounts, offices
from kit import keys as kit_keys
from kit.actor import Actor
from kit.db import Database, raw
from kit.keys import FileKeys
from kit.refusal import NotFound, Refusal

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
LAN: dict[str, Any] = {
    "pin": "079192004321", "full_name": "Trần Thị Lan", "date_of_birth": "1992-05-12", "sex": "female",
    "residence": "12 Lê Lợi, phường Sài Gòn", "ethnicity": "Kinh",
}  # fmt: skip


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> FileKeys:
    home: Path = tmp_path_factory.mktemp("keys")
    kit_keys.create(home)
    return FileKeys(home)


def number(serial: int) -> str:
    """Another woman of 1992 for each test."""
    return f"079192{serial:06d}"


async def opened(
    db: Database, keys: FileKeys, phone: str, *, level: int = 1, at: datetime = AT, without: str = "", **said: Any
) -> accounts.Account:
    contact = accounts.contact.parse(phone)
    assert contact is not None
    claims = [
        accounts.ProvedClaim(claim=name, value=value, sources=("card.print", "card.qr"), proved_at=at)
        for name, value in (LAN | said).items()
        if name != without
    ]
    async with db.begin() as conn:
        return await accounts.open_or_find(
            conn, keys, claims=claims, contact=contact, level=level, evidence={"face": "matched"}, at=at
        )


async def refused(code: str, awaitable: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await awaitable
    assert caught.value.code == code
    return caught.value


async def test_the_same_number_is_the_same_account(db: Database, keys: FileKeys) -> None:
    first = await opened(db, keys, "0901000001", pin=number(1))
    assert (first.pin, first.level, first.sex, first.contacts[0].value) == (number(1), 1, "female", "+84901000001")
    later = await opened(db, keys, "0901000001", pin=number(1), full_name="TRAN THI LAN", at=AT + timedelta(days=1))
    assert later.id == first.id
    assert later.full_name == "Trần Thị Lan"
    assert later.contacts[0].verified_at == AT + timedelta(days=1)
    async with db.connect() as conn:
        assert (await accounts.by_pin(conn, keys, number(1)) or first).id == first.id
        assert await accounts.by_pin(conn, keys, number(999)) is None
        assert (await accounts.by_login(conn, keys, first.contacts[0].contact) or later).id == first.id


async def test_ten_at_once_open_one(db: Database, keys: FileKeys) -> None:
    found = await asyncio.gather(*(opened(db, keys, "0901000002", pin=number(2)) for _ in range(10)))
    assert len({account.id for account in found}) == 1


async def test_ten_people_at_once_with_one_phone_open_one(db: Database, keys: FileKeys) -> None:
    answers = await asyncio.gather(
        *(opened(db, keys, "0901000003", pin=number(300 + n)) for n in range(10)), return_exceptions=True
    )
    codes = Counter(getattr(answer, "code", "opened") for answer in answers)
    assert codes == {"opened": 1, "contact-in-use": 9}
    async with db.connect() as conn:
        # A refused opening leaves nothing behind.
        rows = await (await raw(conn)).execute(
            "select count(*) from accounts a left join contacts c on c.account_id = a.id where c.id is null"
        )
        assert await rows.fetchone() == (0,)


async def test_a_card_and_a_face_add_no_new_phone_to_an_account(db: Database, keys: FileKeys) -> None:
    await opened(db, keys, "0901000004", pin=number(4))
    said = await refused("account-has-other-contact", opened(db, keys, "0901000005", pin=number(4)))
    assert "+84*****0004" in said.message.vi
    assert "901000004" not in said.message.vi


@pytest.mark.parametrize(
    "other", [{"full_name": "Lê Thị Lan"}, {"date_of_birth": "1992-05-13"}], ids=["name", "date of birth"]
)
async def test_one_number_two_people(db: Database, keys: FileKeys, other: dict[str, str]) -> None:
    serial = 60 + len(other.get("full_name", ""))
    await opened(db, keys, f"09010006{serial}", pin=number(serial))
    await refused("identity-conflict", opened(db, keys, f"09010006{serial}", pin=number(serial), **other))


@pytest.mark.parametrize("name", ["pin", "full_name", "date_of_birth", "sex"])
async def test_what_an_account_stands_on(db: Database, keys: FileKeys, name: str) -> None:
    await refused("bad-claims", opened(db, keys, "0901000007", pin=number(7), without=name))


@pytest.mark.parametrize(
    "wrong",
    [{"pin": "079192"}, {"pin": "000192000001"}, {"sex": "male"}, {"sex": "x"}, {"date_of_birth": "1991-05-12"}],
)
async def test_a_number_that_contradicts_the_rest(db: Database, keys: FileKeys, wrong: dict[str, str]) -> None:
    await refused("bad-claims", opened(db, keys, "0901000008", **{"pin": number(8)} | wrong))


async def test_a_level_is_raised_with_evidence_and_never_lowered(db: Database, keys: FileKeys) -> None:
    account = await opened(db, keys, "0901000009", pin=number(9))
    officer = Actor(kind="officer", account_id="acc_officer", office_id="off_1")
    async with db.begin() as conn:
        await accounts.raise_level(conn, account.id, 2, {"check": "chk_1"}, officer)
        await accounts.raise_level(conn, account.id, 1, {"check": "chk_2"}, officer)
        assert (await accounts.account(conn, keys, account.id)).level == 2
        rows = await (await raw(conn)).execute("select level_evidence from accounts where id = %s", (account.id,))
        kept = (await rows.fetchone() or ([],))[0]
        await refused("not-found", accounts.raise_level(conn, "acc_nobody", 2, {}, officer))
    assert [(one["level"], (one["by"] or {}).get("office_id")) for one in kept] == [
        (1, None),
        (2, "off_1"),
        (1, "off_1"),
    ]


async def test_forms_are_filled_from_the_newest_proof(db: Database, keys: FileKeys) -> None:
    await opened(db, keys, "0901000010", pin=number(10))
    account = await opened(db, keys, "0901000010", pin=number(10), residence="Nơi mới", at=AT + timedelta(days=2))
    async with db.connect() as conn:
        known = await accounts.prefill(conn, keys, account.id)
    assert known["residence"] == accounts.Known("Nơi mới", ("card.print", "card.qr"), AT + timedelta(days=2))
    assert known["phone"].value == "+84901000010"
    assert known["pin"].value == number(10)
    assert known["date_of_birth"].value == "1992-05-12"


async def test_the_tables_alone_tell_no_number(db: Database, keys: FileKeys) -> None:
    await opened(db, keys, "0901000011", pin=number(11), residence="Một nơi kín đáo")
    async with db.connect() as conn:
        beneath = await raw(conn)
        text = ""
        for table in ("accounts", "contacts", "account_claims"):
            for row in await (await beneath.execute(f"select * from {table}")).fetchall():
                text += " ".join(v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in row)
    for told in (number(11), "901000011", "kín đáo".encode().decode("latin-1"), "kín đáo"):
        assert told not in text


async def test_officers_are_appointed_once(db: Database, keys: FileKeys) -> None:
    mail = accounts.contact.parse("officer@motcua.test")
    assert mail is not None
    person = await opened(db, keys, "0901000012", pin=number(12))
    async with db.begin() as conn:
        office = await offices.create_office(
            conn,
            agency="ubnd_xa",
            ward_code="26740",
            name_vi="UBND phường Sài Gòn",
            name_en="Sài Gòn ward",
            address="1",
        )
        officer = await accounts.open_officer(conn, keys, full_name="Bùi Thị  Cúc", contact=mail)
        assert (officer.kind, officer.full_name, officer.pin) == ("officer", "Bùi Thị Cúc", None)
        await refused(
            "not-an-officer", offices.appoint(conn, account_id=person.id, office_id=office.id, roles=["head"])
        )
        await refused("unknown-role", offices.appoint(conn, account_id=officer.id, office_id=office.id, roles=["king"]))
        await refused("not-found", offices.appoint(conn, account_id=officer.id, office_id="off_x", roles=["head"]))
        await offices.appoint(conn, account_id=officer.id, office_id=office.id, roles=["head"])
        await refused(
            "already-appointed", offices.appoint(conn, account_id=officer.id, office_id=office.id, roles=["head"])
        )
        await refused("office-exists", offices.create_office(
            conn, agency="ubnd_xa", ward_code="26740", name_vi="x", name_en="x", address="x"
        ))  # fmt: skip
        assert (await offices.office_for(conn, "ubnd_xa", "26740")).id == office.id
        await refused("no-such-office", offices.office_for(conn, "bhxh", "26740"))
        await offices.end_appointment(conn, account_id=officer.id)
        with pytest.raises(NotFound):
            await offices.end_appointment(conn, account_id=officer.id)
        await offices.appoint(conn, account_id=officer.id, office_id=office.id, roles=["reception"])
