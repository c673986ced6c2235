"""Whoever filed a procedure rates the service once it was decided, once; a low score keeps the step it was about."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import amending, moving, store, store_desk
from dossiers.messages import Dossier, Rate
from dossiers.refusals import NotAStep, NothingToRate, RatedAlready
from dossiers.standing import Stand
from dossiers.whose import Side
from kit import clock, names
from kit.actor import Actor
from kit.db import to_json
from procedures import Catalogue

LOW = 2
"""A score of this or less keeps what caused it."""


async def rate(
    stand: Stand, actor: Actor, dossier_id: str, branch: str, asked: Rate, *, behalf: str | None = None, key: str | None
) -> Dossier:
    """Raises NothingToRate, RatedAlready, NotAStep, NotInDossier, and what `amending.amend` refuses."""

    async def verb(conn: AsyncConnection, held: moving.Graph, side: Side) -> None:
        row = held.row(branch)
        if row.decided_at is None or row.decided_by is None:
            raise NothingToRate
        if row.rating is not None:
            raise RatedAlready
        stays = await store_desk.office_steps(conn, row.id)
        step = asked.step
        if step is not None and step not in (known := _nameable(stand.catalogue, stays)):
            raise NotAStep(step=step, known=", ".join(known) or "-")
        if step is None and asked.score <= LOW:
            step = _cause(stays)
        rating = {
            "score": asked.score, "comment": names.nfc(asked.comment).strip(), "at": clock.now(), "step": step,
            "named": asked.step is not None, "late": any(stay.late for stay in stays),
        }  # fmt: skip
        await store.move(conn, row.id, rating=to_json(rating))

    return await amending.amend(
        stand, actor, dossier_id, verb,
        route=f"branches/{branch}/rating", asked=asked, behalf=behalf, key=key, version=None,
    )  # fmt: skip


def _nameable(catalogue: Catalogue, stays: list[Any]) -> list[str]:
    """Steps as a citizen knows them; each once."""
    return list(dict.fromkeys(catalogue.lifecycle.told(stay.state).name for stay in stays))


def _cause(stays: list[Any]) -> str | None:
    """The step that was late the longest, else the one that took longest."""
    if not stays:
        return None
    return max(stays, key=lambda stay: (stay.late, stay.over if stay.late else stay.took)).state
