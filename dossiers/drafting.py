"""Drafts: opened with what is already known, changed field by field, papers attached; nothing is promised yet."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import known, outcomes, store, views
from dossiers.answering import attach, unstorable
from dossiers.messages import AttachDocument, ChangeForm, Dossier, OpenDraft
from dossiers.refusals import (
    AlreadySubmitted,
    DocumentUnknown,
    DossierUnknown,
    FormRefused,
    NotFiledHere,
    Stale,
)
from dossiers.submitting import faults_of
from kit import clock, idempotency, ids
from kit.actor import Actor, InsufficientLevel
from kit.db import Database, raw, to_json
from kit.keys import Keys
from procedures import Bundle, Catalogue, bundles

_OPEN = "POST /v1/dossiers"


async def open_draft(
    db: Database, keys: Keys, catalogue: Catalogue, actor: Actor, asked: OpenDraft, *, key: str | None = None
) -> Dossier:
    """A draft with every field filled that an authority, the card or the account can fill.

    With an Idempotency-Key the same call opens one draft. Raises InsufficientLevel, NotFiledHere, and the catalogue's refusals.
    """
    assert actor.account_id is not None
    now = clock.now()
    today = now.astimezone(clock.CITY).date()
    item = catalogue.find(asked.procedure, today)
    if actor.level < item.level_to_file:
        raise InsufficientLevel.of(actor, item.level_to_file)
    wanted = asked.options.branches
    branches = list(bundles.choose(item, wanted)) if isinstance(item, Bundle) else [item.key]
    procedures = catalogue.branch_procedures(item, today, branches if isinstance(item, Bundle) else None)
    if not outcomes.can_be_made([procedure.result.kind for procedure in procedures.values()]):
        raise NotFiledHere(procedure=item.code)
    async with db.begin() as conn:
        if key is None:
            return await _open(conn, keys, catalogue, actor.account_id, item, asked, branches, now)
        body = hashlib.sha256(msgspec.json.encode(asked)).digest()
        async with idempotency.once(
            await raw(conn), scope=actor.account_id, route=_OPEN, key=idempotency.checked(key), body_digest=body
        ) as slot:
            if slot.reply is not None:
                row = await owned(conn, actor, slot.reply["id"])
                return await _shown(conn, catalogue, row.id)
            opened = await _open(conn, keys, catalogue, actor.account_id, item, asked, branches, now)
            slot.keep({"id": opened.id})
            return opened


async def _open(
    conn: AsyncConnection,
    keys: Keys,
    catalogue: Catalogue,
    account_id: str,
    item: views.Item,
    asked: OpenDraft,
    branches: list[str],
    now: datetime,
) -> Dossier:
    sources = await known.sources(
        conn, keys, account_id, relation=asked.options.relation, of_marriage=asked.options.of_marriage
    )
    today = now.astimezone(clock.CITY).date()
    form = known.fill(item.form, sources, {}, today=today, branches=branches)
    dossier_id = ids.new_id("dos")
    await store.add_draft(
        conn,
        {
            "id": dossier_id,
            "account_id": account_id,
            "procedure": item.code,
            "procedure_version": item.version,
            "options": to_json(msgspec.structs.replace(asked.options, branches=tuple(branches))),
            "status": "draft",
            "form": to_json(form),
            "opened_at": now,
            "changed_at": now,
        },
    )
    return await _shown(conn, catalogue, dossier_id)


async def change_form(
    db: Database,
    keys: Keys,
    catalogue: Catalogue,
    actor: Actor,
    dossier_id: str,
    asked: ChangeForm,
    *,
    version: int | None,
) -> Dossier:
    """Stores the named answers and leaves the others. Raises Stale, FormRefused with every fault, AlreadySubmitted."""
    assert actor.account_id is not None
    async with db.begin() as conn:
        row = await draft(conn, actor, dossier_id, version=version)
        item, today, branches = views.item_of(catalogue, row), clock.today(), views.chosen_of(row)
        options: dict[str, Any] = dict(row.options)
        changes: dict[str, Any] = {} if asked.fields is UNSET else asked.fields
        if asked.ward is not UNSET:
            options["ward"] = asked.ward
        if known.RELATION in changes:
            options["relation"] = changes[known.RELATION]
        if faults := unstorable(item.form, changes, row.form):
            raise FormRefused(faults=faults)
        stored: known.Answers = {**row.form} | {
            path: {"value": value, "source": "citizen", "locked": False} for path, value in changes.items()
        }
        relation: str | None = options["relation"]
        sources = await known.sources(
            conn, keys, actor.account_id, relation=relation, of_marriage=options["of_marriage"]
        )
        form = known.fill(item.form, sources, stored, today=today, branches=branches)
        await store.change_draft(conn, dossier_id, form=to_json(form), options=options, at=clock.now())
        return await _shown(conn, catalogue, dossier_id)


async def attach_document(
    db: Database,
    catalogue: Catalogue,
    actor: Actor,
    dossier_id: str,
    kind: str,
    asked: AttachDocument,
    *,
    version: int | None,
) -> Dossier:
    """A finished upload becomes the paper of this kind. Raises DocumentNotAsked, DocumentType, and the uploads' refusals."""
    async with db.begin() as conn:
        row = await draft(conn, actor, dossier_id, version=version)
        await attach(conn, catalogue, row, kind, asked.upload_id)
        await store.touch(conn, dossier_id, clock.now())
        return await _shown(conn, catalogue, dossier_id)


async def detach_document(
    db: Database, catalogue: Catalogue, actor: Actor, dossier_id: str, kind: str, *, version: int | None
) -> Dossier:
    """The draft no longer holds this paper. Raises DocumentUnknown."""
    async with db.begin() as conn:
        await draft(conn, actor, dossier_id, version=version)
        if not await store.drop_document(conn, dossier_id, kind):
            raise DocumentUnknown(kind=kind)
        await store.touch(conn, dossier_id, clock.now())
        return await _shown(conn, catalogue, dossier_id)


async def owned(conn: AsyncConnection, actor: Actor, dossier_id: str, *, lock: bool = False) -> views.Row:
    """The caller's own dossier; anybody else's answers as a missing one does."""
    row = await store.dossier(conn, dossier_id, lock=lock)
    if row is None or row.account_id != actor.account_id:
        raise DossierUnknown
    return row


async def draft(conn: AsyncConnection, actor: Actor, dossier_id: str, *, version: int | None) -> views.Row:
    """The caller's own draft, locked, at the version the caller saw. Raises DossierUnknown, AlreadySubmitted, Stale."""
    row = await owned(conn, actor, dossier_id, lock=True)
    if row.status != "draft":
        raise AlreadySubmitted(receipt_code=row.receipt_code)
    if version is not None and version != row.version:
        raise Stale(version=row.version)
    return row


async def _shown(conn: AsyncConnection, catalogue: Catalogue, dossier_id: str) -> Dossier:
    row = await store.dossier(conn, dossier_id)
    assert row is not None
    faults = await faults_of(conn, catalogue, row) if row.status == "draft" else []
    return await views.dossier(conn, catalogue, row, faults=faults)
