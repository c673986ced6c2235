"""Drafts: opened with what is already known, changed field by field, papers attached; nothing is promised yet."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy.ext.asyncio import AsyncConnection

from dossiers import known, store, views, whose
from dossiers.answering import as_kept, attach, fields_of, unstorable
from dossiers.examining import faults_of
from dossiers.messages import AttachDocument, ChangeForm, ContestField, Dossier, OpenDraft
from dossiers.refusals import (
    AlreadySubmitted,
    DocumentUnknown,
    FormRefused,
    NotContested,
    NotLocked,
    Stale,
)
from dossiers.standing import Stand
from dossiers.whose import Side
from identity import accounts
from kit import clock, idempotency, ids, names
from kit.actor import Actor, InsufficientLevel
from kit.db import raw, to_json
from kit.refusal import Fault, fault
from procedures import Bundle, Catalogue, bundles, forms

_OPEN = "POST /v1/dossiers"


async def open_draft(
    stand: Stand, actor: Actor, asked: OpenDraft, *, behalf: str | None = None, key: str | None = None
) -> Dossier:
    """A draft with every field filled that an authority, the card or the account can fill.

    With an Idempotency-Key the same call opens one draft. `behalf` is the mandate the caller acts under.
    Raises InsufficientLevel, SignInTooOld, NotFiledFor, and the catalogue's and the mandates' refusals.
    """
    assert actor.account_id is not None
    now = clock.now()
    today = now.astimezone(clock.CITY).date()
    item = stand.catalogue.find(asked.procedure, today)
    if actor.level < item.level_to_file:
        raise InsufficientLevel.of(actor, item.level_to_file)
    accounts.refuse_stale(actor, "file", item.key)
    wanted = asked.options.branches
    branches = list(bundles.choose(item, wanted)) if isinstance(item, Bundle) else [item.key]
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf, writes=True)
        side.refuse_filing(item)
        if key is None:
            return await _open(stand, conn, side, item, asked, branches, now)
        body = hashlib.sha256(msgspec.json.encode((asked, behalf))).digest()
        async with idempotency.once(
            await raw(conn), scope=actor.account_id, route=_OPEN, key=idempotency.checked(key), body_digest=body
        ) as slot:
            if slot.reply is not None:
                row = await whose.owned(conn, side, slot.reply["id"])
                return await _shown(conn, stand.catalogue, row.id)
            opened = await _open(stand, conn, side, item, asked, branches, now)
            slot.keep({"id": opened.id})
            return opened


async def _open(
    stand: Stand,
    conn: AsyncConnection,
    side: Side,
    item: views.Item,
    asked: OpenDraft,
    branches: list[str],
    now: datetime,
) -> Dossier:
    sources = await known.sources(
        conn, stand.keys, side, relation=asked.options.relation, of_marriage=asked.options.of_marriage
    )
    today = now.astimezone(clock.CITY).date()
    form = known.fill(item.form, sources, {}, today=today, branches=branches)
    dossier_id = ids.new_id("dos")
    await store.add_draft(
        conn,
        {
            "id": dossier_id,
            "account_id": side.actor.account_id,
            "principal_id": side.principal_id,
            "behalf": side.behalf,
            "procedure": item.code,
            "procedure_version": item.version,
            "options": to_json(msgspec.structs.replace(asked.options, branches=tuple(branches))),
            "status": "draft",
            "form": to_json(known.dated(form, {}, 1)),
            "opened_at": now,
            "changed_at": now,
        },
    )
    return await _shown(conn, stand.catalogue, dossier_id)


async def change_form(
    stand: Stand,
    actor: Actor,
    dossier_id: str,
    asked: ChangeForm,
    *,
    behalf: str | None = None,
    version: int | None,
    merging: bool = False,
) -> Dossier:
    """Stores the named answers and leaves the others. Raises Stale, FormRefused with every fault, AlreadySubmitted.

    Of a version that is past, Stale names the answers that another device gave otherwise meanwhile; with `merging`, and none of
    those, the change is made all the same.
    """
    changes = {} if asked.fields is UNSET else as_kept(asked.fields)
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf, writes=True)
        row = await draft(conn, side, dossier_id, version=None)
        if version is not None and version != row.version:
            conflicts = _conflicts(row, changes, version)
            if conflicts or not merging:
                raise Stale(version=row.version, faults=conflicts)
        item, today, branches = views.item_of(stand.catalogue, row), clock.today(), views.chosen_of(row)
        options: dict[str, Any] = dict(row.options)
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
        sources = await known.sources(conn, stand.keys, side, relation=relation, of_marriage=options["of_marriage"])
        form = known.fill(item.form, sources, stored, today=today, branches=branches)
        form = known.dated(form, row.form, row.version + 1)
        await store.change_draft(conn, dossier_id, form=to_json(form), options=options, at=clock.now())
        return await _shown(conn, stand.catalogue, dossier_id)


async def contest(
    stand: Stand, actor: Actor, dossier_id: str, asked: ContestField, *, behalf: str | None = None, version: int | None
) -> Dossier:
    """Records that a value an authority vouches for is wrong; the officer sees it beside that value.

    Raises NotLocked for what can be changed, FormRefused for a value of no possible shape, Stale, AlreadySubmitted.
    """
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf, writes=True)
        row = await draft(conn, side, dossier_id, version=version)
        answer = row.form.get(asked.field)
        if answer is None or not answer["locked"]:
            raise NotLocked(field=asked.field)
        value, form = forms.composed(asked.value), views.item_of(stand.catalogue, row).form
        if value is not None:
            field = fields_of(form)[asked.field]
            if faults := forms.shape_faults(field, value, path=asked.field, lists=form.lists):
                raise FormRefused(faults=faults)
        said = {"reason": names.nfc(asked.reason), "value": value, "at": clock.now().isoformat()}
        return await _answer_changed(conn, stand.catalogue, row, asked.field, {**answer, "contested": said})


async def uncontest(
    stand: Stand, actor: Actor, dossier_id: str, field: str, *, behalf: str | None = None, version: int | None
) -> Dossier:
    """The value is right after all. Raises NotContested, Stale, AlreadySubmitted."""
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf, writes=True)
        row = await draft(conn, side, dossier_id, version=version)
        answer = dict(row.form.get(field, {}))
        if answer.pop("contested", None) is None:
            raise NotContested(field=field)
        return await _answer_changed(conn, stand.catalogue, row, field, answer)


async def _answer_changed(
    conn: AsyncConnection, catalogue: Catalogue, row: views.Row, path: str, answer: Mapping[str, Any]
) -> Dossier:
    form = known.dated({**row.form, path: dict(answer)}, row.form, row.version + 1)
    await store.change_draft(conn, row.id, form=to_json(form), options=dict(row.options), at=clock.now())
    return await _shown(conn, catalogue, row.id)


async def attach_document(
    stand: Stand,
    actor: Actor,
    dossier_id: str,
    kind: str,
    asked: AttachDocument,
    *,
    behalf: str | None = None,
    version: int | None,
) -> Dossier:
    """A finished upload becomes the paper of this kind. Raises what `attach_documents` does."""
    papers = {kind: asked.upload_id}
    return await attach_documents(stand, actor, dossier_id, papers, behalf=behalf, version=version)


async def attach_documents(
    stand: Stand,
    actor: Actor,
    dossier_id: str,
    papers: Mapping[str, str],
    *,
    behalf: str | None = None,
    version: int | None,
) -> Dossier:
    """Finished uploads become the papers of their kinds, all or none. Raises DocumentNotAsked, DocumentType, and the uploads' refusals."""
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf, writes=True)
        row = await draft(conn, side, dossier_id, version=version)
        for kind, upload_id in papers.items():
            await attach(conn, stand.catalogue, side, row, kind, upload_id)
        await store.touch(conn, dossier_id, clock.now())
        return await _shown(conn, stand.catalogue, dossier_id)


async def detach_document(
    stand: Stand, actor: Actor, dossier_id: str, kind: str, *, behalf: str | None = None, version: int | None
) -> Dossier:
    """The draft no longer holds this paper. Raises DocumentUnknown."""
    async with stand.db.begin() as conn:
        side = await whose.side(conn, stand.mandates, actor, behalf, writes=True)
        await draft(conn, side, dossier_id, version=version)
        if not await store.drop_document(conn, dossier_id, kind):
            raise DocumentUnknown(kind=kind)
        await store.touch(conn, dossier_id, clock.now())
        return await _shown(conn, stand.catalogue, dossier_id)


async def draft(conn: AsyncConnection, side: Side, dossier_id: str, *, version: int | None) -> views.Row:
    """The caller's draft, locked, at the version the caller saw. Raises what `whose.owned` does, AlreadySubmitted, Stale."""
    row = await whose.owned(conn, side, dossier_id, lock=True)
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


def _conflicts(row: views.Row, changes: Mapping[str, Any], version: int) -> list[Fault]:
    """What another device answered otherwise since the version that this change was made on."""
    return [
        fault(
            path,
            "changed-elsewhere",
            "Mục này vừa được sửa trên thiết bị khác. Hãy xem lại rồi chọn.",
            "This was just changed on another device. Look at both, and choose.",
        )
        for path, value in changes.items()
        if path in row.form and row.form[path].get("since", 1) > version and row.form[path]["value"] != value
    ]
