"""What whoever filed a dossier, or may file for its principal, does to it later: one verb, one transaction, once per key; answers and papers given late."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import answering, examining, moving, store, views, whose
from dossiers.history import seal
from dossiers.messages import Dossier, Request, Supplement
from dossiers.refusals import Stale, SupplementIncomplete
from dossiers.standing import Stand
from dossiers.whose import Side
from kit import idempotency
from kit.actor import Actor
from kit.db import raw
from kit.refusal import Fault, fault
from procedures import Catalogue

Verb = Callable[[AsyncConnection, moving.Graph, Side], Awaitable[None]]


async def amend(
    stand: Stand,
    actor: Actor,
    dossier_id: str,
    verb: Verb,
    *,
    route: str,
    asked: Request,
    behalf: str | None,
    key: str | None,
    version: int | None,
) -> Dossier:
    """Does the verb to a dossier of the caller's whose row is locked, and shows how it stands; with a key, once.

    Raises what `whose.filed` does, Stale, what the verb refuses, and the kit's refusals about the key.
    """
    assert actor.account_id is not None
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf, writes=True)
        if key is None:
            await _do(stand, conn, side, dossier_id, verb, version)
        else:
            async with idempotency.once(
                await raw(conn),
                scope=actor.account_id,
                route=f"POST /v1/dossiers/{dossier_id}/{route}",
                key=idempotency.checked(key),
                body_digest=hashlib.sha256(msgspec.json.encode(asked, order="sorted")).digest(),
            ) as slot:
                if slot.reply is None:
                    await _do(stand, conn, side, dossier_id, verb, version)
                    slot.keep({"id": dossier_id})
        row = await whose.filed(conn, side, dossier_id)
        await whose.record_read(conn, side, row)
        return await views.dossier(conn, stand.catalogue, row)


async def _do(
    stand: Stand, conn: AsyncConnection, side: Side, dossier_id: str, verb: Verb, version: int | None
) -> None:
    row = await whose.filed(conn, side, dossier_id, lock=True)
    if version is not None and version != row.version:
        raise Stale(version=row.version)
    await verb(conn, await moving.graph(conn, stand.catalogue, row), side)


async def give(
    conn: AsyncConnection, catalogue: Catalogue, side: Side, held: moving.Graph, given: Supplement
) -> dict[str, Any]:
    """Puts answers and papers into a submitted dossier; what its history seals of them.

    Raises SupplementIncomplete with every fault that was not there before: time may have made others, which nobody asks
    about now.
    """
    row = held.dossier
    fields = answering.as_kept(given.fields)
    if faults := answering.unstorable(held.item.form, fields, row.form, contestable=False):
        raise SupplementIncomplete(faults=faults)
    before = {(found.field, found.code) for found in await examining.faults_of(conn, catalogue, row)}
    form = answering.changed(row.form, fields)
    await store.change_answers(conn, row.id, form)
    papers = {
        kind: await answering.attach(conn, catalogue, side, row, kind, upload_id)
        for kind, upload_id in given.documents.items()
    }
    after = await examining.faults_of(conn, catalogue, await views.again(conn, row.id))
    if new := [found for found in after if (found.field, found.code) not in before]:
        raise SupplementIncomplete(faults=new)
    return {"fields": sorted(given.fields), "documents": papers, "form_sha256": seal(form)}


def settled(held: moving.Graph, given: Supplement) -> list[Fault]:
    """Answers and papers that an approved branch was decided by."""
    sections: set[str] = set()
    papers: set[str] = set()
    for row in held.rows:
        if row.result_kind is not None:
            procedure = held.procedures[row.name]
            sections |= {section.name for section in procedure.form.sections}
            papers |= {document.kind for document in procedure.documents}
    paths = [path for path in given.fields if path.partition(".")[0] in sections]
    paths += [f"documents.{kind}" for kind in given.documents if kind in papers]
    return [
        fault(
            path,
            "settled",
            "Một thủ tục đã giải quyết theo mục này. Muốn sửa, hãy báo kết quả đó có sai sót.",
            "An approved procedure was decided by this. To change it, report a mistake in that result.",
        )
        for path in paths
    ]
