"""A draft looked through before it goes in: everything a submission would be refused for, at once, by field."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import uploads
from dossiers import known, store, views
from identity import offices
from kit import clock
from kit.refusal import Fault, fault
from procedures import Catalogue, Procedure, forms, rules
from procedures.messages import Document


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A draft as its own rows tell it: what is asked, what was answered, what is wrong with that alone."""

    row: views.Row
    item: views.Item
    values: dict[str, Any]
    papers: Sequence[views.Row]
    procedures: dict[str, Procedure]
    places: dict[str, tuple[str, str | None]]
    """Of each branch the field that decides which ward's office it is, and that ward."""
    faults: list[Fault]

    @property
    def wanted(self) -> set[tuple[offices.Agency, str]]:
        """Whose office is asked for: agency and ward."""
        return {
            (self.procedures[name].agency_kind, ward) for name, (_, ward) in self.places.items() if ward is not None
        }

    @property
    def files(self) -> list[str]:
        return [paper.upload_id for paper in self.papers]


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """A draft looked through once: what is wrong with it, and what its submission is made from when nothing is."""

    faults: list[Fault]
    draft: Draft
    files: Mapping[str, str | None]
    """Its files that are there, and the dossier each is tied to."""
    offices: dict[str, offices.Office]
    """By branch; one that is missing is among the faults."""


async def faults_of(conn: AsyncConnection, catalogue: Catalogue, row: views.Row) -> list[Fault]:
    """Everything a submission would be refused for now, by field."""
    draft = draft_of(catalogue, row, await store.documents_of(conn, row.id))
    desks, files = await offices.offices_for(conn, draft.wanted), await uploads.tied(conn, draft.files)
    return (await judged(conn, catalogue, draft, desks, files)).faults


def draft_of(catalogue: Catalogue, row: views.Row, papers: Sequence[views.Row]) -> Draft:
    item, today, branches = views.item_of(catalogue, row), clock.today(), views.chosen_of(row)
    values = forms.tidy(item.form, known.values_of(row.form), today=today, branches=branches)
    item = rules.as_answered(item, values, today=today)
    procedures = views.procedures_of(catalogue, item, row)
    return Draft(
        row=row,
        item=item,
        values=values,
        papers=papers,
        procedures=procedures,
        places={name: _place(procedure, row, values) for name, procedure in procedures.items()},
        faults=forms.check_tidy(item.form, values, today=today, branches=branches),
    )


async def judged(
    conn: AsyncConnection,
    catalogue: Catalogue,
    draft: Draft,
    desks: Mapping[tuple[offices.Agency, str], offices.Office],
    files: Mapping[str, str | None],
) -> Examined:
    """Answers, papers, unfinished files, places without an agency: every fault at once."""
    found, row, branches = list(draft.faults), draft.row, views.chosen_of(draft.row)
    asked = catalogue.documents(draft.item, views.opened_on(row), branches)
    found += await _missing_papers(conn, asked, draft.values, draft.papers, row, branches)
    found += [_unfinished(paper) for paper in draft.papers if paper.upload_id not in files]
    responsible: dict[str, offices.Office] = {}
    for name, procedure in draft.procedures.items():
        field, ward = draft.places[name]
        if ward is None:
            # Where the address that decides it is still to be answered, that answer is asked for already.
            asked_for = (*procedure.place, *(f"{parent}.residence" for parent in known.PARENTS.values()))
            if not any(named.field.startswith(asked_for) for named in found):
                found.append(_no_ward(field))
            continue
        office = desks.get((procedure.agency_kind, ward))
        if office is None:
            found.append(_no_office(field, procedure))
        else:
            responsible[name] = office
    return Examined(faults=_once(found), draft=draft, files=files, offices=responsible)


async def _missing_papers(
    conn: AsyncConnection,
    asked: list[Document],
    values: Mapping[str, Any],
    papers: Sequence[views.Row],
    row: views.Row,
    branches: list[str],
) -> list[Fault]:
    """What must still be handed in; what the city holds already is looked up only where that could spare a paper."""
    given, today = [paper.kind for paper in papers], clock.today()
    missing = forms.missing_documents(asked, values, given, today=today, branches=branches)
    if not missing or all(paper.held_when is None for paper in asked):
        return missing
    held = await known.held(conn, row.account_id, principal_id=row.principal_id, ward_pin=known.ward_pin(row.form))
    return forms.missing_documents(asked, values, given, today=today, known=held, branches=branches)


def _place(procedure: Procedure, row: views.Row, values: Mapping[str, Any]) -> tuple[str, str | None]:
    """The field that decides which ward's office it is, and that ward."""
    for field in procedure.place:
        ward = rules.at(values, f"{field}.ward")
        if ward is not None:
            return f"{field}.ward", ward
    if row.options.get("ward"):
        return "ward", row.options["ward"]
    # Luật Hộ tịch Đ13: where the father or the mother lives; the requester's own side first.
    relation = rules.at(values, known.RELATION)
    sides = [side for side in (relation, "mother", "father") if side in known.PARENTS.values()]
    for side in sides:
        ward = rules.at(values, f"{side}.residence.ward")
        if ward is not None:
            return f"{side}.residence.ward", ward
    return "ward", None


def _unfinished(paper: views.Row) -> Fault:
    return fault(
        f"documents.{paper.kind}",
        "document-unfinished",
        "Tệp này chưa tải lên xong hoặc đã hết hạn. Hãy tải lên lại.",
        "This file did not finish uploading, or has expired. Upload it again.",
    )


def _no_ward(field: str) -> Fault:
    return fault(
        field,
        "required",
        "Hãy chọn phường, xã nơi nộp hồ sơ.",
        "Choose the ward to file in.",
    )


def _no_office(field: str, procedure: Procedure) -> Fault:
    return fault(
        field,
        "no-such-office",
        f"Phường, xã này chưa có cơ quan giải quyết “{procedure.name.vi}” trên hệ thống. Hãy chọn nơi khác.",
        f"No office in this ward handles “{procedure.name.en}” here. Choose another place.",
    )


def _once(faults: list[Fault]) -> list[Fault]:
    """Two branches may miss the same thing; the citizen is told once."""
    return list({(found.field, found.code): found for found in faults}.values())
