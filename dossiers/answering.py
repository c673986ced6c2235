"""Answers and papers as they are given, to a draft or later: what cannot be kept is named, what can be is put in its place."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

import uploads
from dossiers import known, store, views
from dossiers.refusals import DocumentNotAsked, DocumentType
from dossiers.whose import Side
from kit import clock
from kit.refusal import Fault, fault
from procedures import Catalogue, forms, rules
from procedures.messages import Field, Form


def as_kept(given: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as they are stored; a blank one is none."""
    composed = {path: forms.composed(value) for path, value in given.items()}
    return {path: value if rules.is_given(value) else None for path, value in composed.items()}


def fields_of(form: Form) -> dict[str, Field]:
    """The form's questions by path."""
    return {f"{section.name}.{field.name}": field for section in form.sections for field in section.fields}


def unstorable(
    form: Form, changes: Mapping[str, Any], stored: known.Answers, *, contestable: bool = True
) -> list[Fault]:
    """Every answer that cannot be kept: unknown, vouched for by an authority, or of no possible shape.

    What an authority vouches for is contested in a draft; afterwards only that authority puts it right.
    """
    fields = fields_of(form)
    found: list[Fault] = []
    for path, value in changes.items():
        if path not in fields:
            found.append(fault(path, "unknown-field", "Biểu mẫu không có mục này.", "The form has no such field."))
        elif path in stored and stored[path]["locked"] and value != stored[path]["value"]:
            found.append(_locked(path, contestable=contestable))
        elif value is not None:
            found += forms.shape_faults(fields[path], value, path=path, lists=form.lists)
    return found


def _locked(path: str, *, contestable: bool) -> Fault:
    do = ("hãy báo sai ở mục này.", "contest it.") if contestable else ("hãy báo cơ quan đó.", "tell that authority.")
    return fault(
        path,
        "locked",
        f"Mục này lấy từ cơ sở dữ liệu của cơ quan nhà nước, không sửa được ở đây. Nếu sai, {do[0]}",
        f"This comes from an authority's record and cannot be changed here. If it is wrong, {do[1]}",
    )


def changed(stored: known.Answers, changes: Mapping[str, Any]) -> known.Answers:
    """The answers with these in place of the old ones; one that says the same keeps its source."""
    said = {
        path: {"value": value, "source": "citizen", "locked": False}
        for path, value in changes.items()
        if path not in stored or stored[path]["value"] != value
    }
    return {**stored} | said


def unasked(paths: Collection[str], asked: Collection[str]) -> list[Fault]:
    """What is given beyond what may be given now."""
    return [
        fault(path, "not-asked", "Mục này không được sửa lúc này.", "This may not be changed now.")
        for path in paths
        if path not in asked
    ]


async def attach(
    conn: AsyncConnection, catalogue: Catalogue, side: Side, row: views.Row, kind: str, upload_id: str
) -> dict[str, str]:
    """A finished upload of the caller's becomes the dossier's paper of this kind; what the history seals of it.

    Raises DocumentNotAsked, DocumentType, and the uploads' refusals.
    """
    item = views.item_of(catalogue, row)
    papers = {paper.kind: paper for paper in catalogue.documents(item, views.opened_on(row), views.chosen_of(row))}
    if kind not in papers:
        raise DocumentNotAsked(kind=kind, known=", ".join(papers) or "-")
    assert side.actor.account_id is not None
    upload = await uploads.claim(conn, upload_id, account_id=side.actor.account_id, dossier_id=row.id)
    if upload.media_type not in papers[kind].media_types:
        raise DocumentType(allowed=", ".join(papers[kind].media_types))
    await store.put_document(
        conn,
        {
            "dossier_id": row.id,
            "kind": kind,
            "upload_id": upload.id,
            "sha256": bytes.fromhex(upload.sha256),
            "media_type": upload.media_type,
            "size_bytes": upload.size_bytes,
            "attached_at": clock.now(),
        },
    )
    return {"upload_id": upload.id, "sha256": upload.sha256}
