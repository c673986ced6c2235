"""Whose consent a branch needs, asking them, and whether it is there."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import store, store_moving, telling, views
from dossiers.standing import Stand
from identity import accounts
from kit import ids
from procedures import Catalogue, Procedure, rules


def wanted(
    procedures: dict[str, Procedure], values: dict[str, Any], *, owner_pin: str | None, at: datetime
) -> dict[str, str]:
    """Branch -> the number of the person whose consent it needs; whoever files the dossier consents by filing it."""
    found: dict[str, str] = {}
    for name, procedure in procedures.items():
        asked = procedure.confirmation
        if asked is None or not rules.holds(asked.asked_when, values, today=views.day_of(at)):
            continue
        pin = rules.at(values, asked.person)
        if pin is not None and pin != owner_pin:
            found[name] = pin
    return found


async def missing(conn: AsyncConnection, dossier_id: str) -> set[str]:
    """Branches that were asked a consent for and do not have it."""
    return {
        row.branch for row in await store.invitations_of(conn, dossier_id) if row.answer not in store_moving.CONSENTS
    }


def due(catalogue: Catalogue, procedure: Procedure, at: datetime) -> datetime:
    """When a question asked now lapses."""
    assert procedure.confirmation is not None, "only such a branch is ever held"
    return catalogue.calendar.due(at, procedure.confirmation.deadline)


async def ask(
    stand: Stand,
    conn: AsyncConnection,
    dossier_id: str,
    procedures: dict[str, Procedure],
    asked: dict[str, str],
    *,
    at: datetime,
) -> None:
    """A question to each of these persons; who has an account is told, and who opens one later finds it there."""
    for branch, pin in asked.items():
        invitation_id = ids.new_id("inv")
        await store.invite(
            conn, {"id": invitation_id, "dossier_id": dossier_id, "branch": branch, "pin": pin, "asked_at": at}
        )
        invited = await accounts.by_pin(conn, stand.keys, pin)
        if invited is not None:
            day = f"{views.day_of(due(stand.catalogue, procedures[branch], at)):%d/%m/%Y}"
            title = procedures[branch].name
            await telling.invite(conn, stand.post_office, stand.settings, invited, title, day=day, cause=invitation_id)


async def ask_again(
    stand: Stand,
    conn: AsyncConnection,
    dossier_id: str,
    branch: str,
    procedure: Procedure,
    asked: dict[str, str],
    *,
    changed: Collection[str],
    at: datetime,
) -> None:
    """For a branch filed again: a consent already given stands as long as nothing it was given to has changed."""
    before = next((row for row in await store.invitations_of(conn, dossier_id) if row.branch == branch), None)
    section = procedure.confirmation.person.partition(".")[0] if procedure.confirmation is not None else None
    untouched = not any(path.partition(".")[0] == section for path in changed)
    if (
        before is not None
        and before.answer in store_moving.CONSENTS
        and untouched
        and before.pin == asked.get(branch, before.pin)
    ):
        return
    await store.forget_invitation(conn, dossier_id, branch)
    await ask(stand, conn, dossier_id, {branch: procedure}, asked, at=at)
