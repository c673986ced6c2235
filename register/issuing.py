"""Papers given out of the books: copy extracts of any office's entry at any ward, and what the books say of a marital status."""

from typing import Literal

from kit import ids
from kit.db import AsyncConnection
from register import dates, service, store, writing
from register.messages import AnyEntry, Extract, MaritalStatement, MarriageEntry, Office, Requester, Signer
from register.refusals import AlreadyMarried, EntryUnknown, PersonDead
from register.writing import Desk

MaritalStatus = Literal["never_married", "married", "widowed", "divorced"]


async def issue_extract(
    conn: AsyncConnection, *, desk: Desk, entry: AnyEntry, copies: int, requester: Requester
) -> Extract:
    """A copy extract, numbered in the issuing office's own series (Luật Hộ tịch Đ63). Raises NotTheRegistrar, BookClosed."""
    desk.refuse_others()
    book_id, _, number = await writing.place(conn, desk, "extract")
    extract_id = ids.new_id("ext")
    row = {
        "id": extract_id,
        "book_id": book_id,
        "number": number,
        "entry_id": entry.id,
        "notes": len(entry.notes),
        "copies": copies,
        "requester_name": requester.full_name,
        "requester_pin": requester.pin,
        "office_name": desk.office.name,
        "signer_name": desk.signer.full_name,
        "signer_title": desk.signer.title,
        "clerk_name": desk.signer.clerk,
        "issued_on": desk.today,
        "entered_by": desk.actor.account_id,
        "entered_at": desk.at,
    }
    await store.add_extract(conn, row)
    return await extract(conn, extract_id)


async def extract(conn: AsyncConnection, extract_id: str) -> Extract:
    """An extract as it was given out, whatever was noted since. Raises EntryUnknown."""
    row = await store.extract(conn, extract_id)
    if row is None:
        raise EntryUnknown
    of = await store.entry(conn, row["entry_id"])
    assert of is not None, "entries never go"
    return Extract(
        id=row["id"],
        number=row["number"],
        year=row["year"],
        office=Office(id=row["office_id"], name=row["office_name"]),
        signer=Signer(full_name=row["signer_name"], title=row["signer_title"], clerk=row["clerk_name"]),
        issued_on=row["issued_on"],
        copies=row["copies"],
        entry=writing.decode(of, notes=row["notes"]),
    )


async def state_marital_status(
    conn: AsyncConnection, *, desk: Desk, full_name: str, pin: str, residence: str, purpose: str, to_marry: bool
) -> MaritalStatement:
    """What the books say today, numbered in a series of its own. Raises NotTheRegistrar, BookClosed, PersonDead, and AlreadyMarried
    where somebody married asks for it to marry."""
    desk.refuse_others()
    await store.hold(conn, {pin})
    death = await store.death_of(conn, pin=pin)
    if death is not None:
        dead = writing.decode(death)
        raise PersonDead(name=full_name, number=dead.number, book=dead.book, office=dead.office.name)
    marriages = await service.marriages_of(conn, pin)
    latest = next((entry for entry in marriages if entry.stands), marriages[-1] if marriages else None)
    status = _status(latest)
    if to_marry and status == "married":
        assert latest is not None
        raise AlreadyMarried(name=full_name, number=latest.number, book=latest.book, office=latest.office.name)
    birth = await service.birth_of(conn, pin)
    _, _, number = await writing.place(conn, desk, "marital_status")
    return MaritalStatement(
        number=number,
        year=desk.today.year,
        office=desk.office,
        signer=desk.signer,
        issued_on=desk.today,
        full_name=full_name,
        pin=pin,
        date_of_birth=None if birth is None else dates.figures(birth.facts.child.date_of_birth),
        residence=residence,
        status=status,
        said=_said(status, latest, pin),
        purpose=purpose,
    )


def _status(latest: MarriageEntry | None) -> MaritalStatus:
    if latest is None:
        return "never_married"
    if latest.stands:
        return "married"
    return "widowed" if any(note.kind == "widowed" for note in latest.notes) else "divorced"


def _said(status: MaritalStatus, latest: MarriageEntry | None, pin: str) -> str:
    if latest is None:
        return "Chưa đăng ký kết hôn với ai."
    other = latest.spouse_of(pin).full_name
    place = f"số {latest.number}, quyển {latest.book}, {latest.office.name}"
    match status:
        case "married":
            return f"Hiện tại đang có vợ/chồng là {other} (kết hôn {place})."
        case "widowed":
            return f"Đã đăng ký kết hôn với {other} ({place}), nhưng vợ/chồng đã chết; hiện tại chưa đăng ký kết hôn với ai."
        case _:
            return f"Đã đăng ký kết hôn với {other} ({place}), nhưng hôn nhân đã chấm dứt; hiện tại chưa đăng ký kết hôn với ai."
