"""What is known beforehand: the requester's card and account, the register's entries, earlier dossiers; and what the form makes of it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import register
from dossiers import store, views
from dossiers.whose import Side
from identity import accounts
from kit.keys import Keys
from procedures import forms, rules
from procedures.messages import Form

PARENTS = {"female": "mother", "male": "father"}
RELATION = "requester.relation"

_FROM_ACCOUNT = frozenset({"phone", "email"})
"""What the account knows by itself; every other claim was proved from the card."""

Answers = dict[str, dict[str, Any]]
"""path -> {"value", "source", "locked", "origin"?, "contested"?, "since"?}, as the dossier's row keeps them; `since` is the draft's
version that the answer is of."""

_WARDS_NUMBER = frozenset({"ward.pin", "register.birth.child.pin"})
"""Where a form has the number of the child or ward it is filled for."""

_EARLIER_DOSSIERS = 5
"""How far back a person's own answers are looked for."""


async def sources(
    conn: AsyncConnection, keys: Keys, side: Side, *, relation: str | None, of_marriage: bool
) -> dict[str, Any]:
    """Every source by name; `relation` is what the requester says they are to the child, if they said so. Who acts for another is the
    requester still; what is known of the other stands beside it."""
    assert side.actor.account_id is not None
    known = await accounts.prefill(conn, keys, side.actor.account_id)
    card = {name: claim.value for name, claim in known.items() if name not in _FROM_ACCOUNT}
    account = {name: claim.value for name, claim in known.items() if name in _FROM_ACCOUNT}
    of_ward = side.acting.known["pin"] if side.acting is not None and side.acting.principal.kind == "ward" else None
    found: dict[str, Any] = {
        "card": card,
        "account": account,
        **await held(conn, side.actor.account_id, principal_id=side.principal_id, ward_pin=of_ward),
    }
    if side.acting is not None:
        found[side.acting.principal.kind] = side.acting.known
        relation = relation or side.acting.relation or "carer"
    if relation is not None:
        found["request"] = {"relation": relation}
    # Somebody who files as no parent is married, perhaps, but not to the other parent of this child.
    if of_marriage and relation in (None, *PARENTS.values()) and "pin" in card:
        marriage = await register.marriage_of(conn, card["pin"])
        if marriage is not None:
            found["register"] = {**found["register"], "marriage": _marriage(marriage)}
    return found


async def held(
    conn: AsyncConnection, account_id: str, *, principal_id: str | None, ward_pin: str | None
) -> dict[str, Any]:
    """What the city holds already: so it is not asked for again. Of earlier dossiers those of the same side: what one filed for oneself
    never stands in a form for another, nor the other way round.

    `register.birth` is the entry of the ward acted for; for oneself that of the one child whose birth this account had registered:
    of several nobody can know which is meant.
    """
    results = await store.results_of(conn, account_id, principal_id=principal_id)
    earlier = await store.earlier_forms(conn, account_id, principal_id=principal_id, limit=_EARLIER_DOSSIERS)
    known: dict[str, Any] = {
        "register": {},
        "earlier": {
            "answers": _answers(earlier),
            "results": {row.kind: {"number": row.number, "made_at": row.made_at} for row in reversed(results)},
        },
    }
    entry = await _birth(conn, results) if ward_pin is None else await register.birth_of(conn, ward_pin)
    if entry is not None:
        known["register"] = {"birth": {"child": {**msgspec.to_builtins(entry.facts.child), "pin": entry.pin}}}
    return known


def ward_pin(answers: Answers) -> str | None:
    """The number of the child or ward a form is filled for, where an authority gave it."""
    return next(
        (one["value"] for one in answers.values() if one["locked"] and one.get("origin") in _WARDS_NUMBER), None
    )


async def _birth(conn: AsyncConnection, results: list[Any]) -> register.BirthEntry | None:
    births = [row.data["entry_id"] for row in results if row.kind == "birth_certificate" and "entry_id" in row.data]
    if len(births) != 1:
        return None
    entry = await register.entry(conn, births[0])
    assert isinstance(entry, register.BirthEntry)
    return entry


def _answers(forms_newest_first: list[Answers]) -> dict[str, Any]:
    """What a person answered before; the newest answer to each question."""
    merged: Answers = {}
    for form in reversed(forms_newest_first):
        merged |= form
    return values_of(merged)


def fill(form: Form, known: Mapping[str, Any], stored: Answers, *, today: date, branches: list[str]) -> Answers:
    """What the dossier's row keeps: the person's own answers, then what is known beforehand; an authority's word wins."""
    filled = forms.prefill(form, known, today=today, branches=branches)
    if RELATION not in filled:
        filled = forms.prefill(form, _as_parent(known), today=today, branches=branches)
        if RELATION in filled:
            # Nobody chose it: the card's sex says which parent a requester would be, and the requester may correct it.
            filled[RELATION] = msgspec.structs.replace(filled[RELATION], source="card", path="card.sex")
    kept = {path: dict(answer) for path, answer in stored.items() if answer["source"] == "citizen"}
    for path, value in filled.items():
        if path not in kept or value.locked:
            kept[path] = {"value": value.value, "source": value.source, "locked": value.locked, "origin": value.path}
            before = stored.get(path, {})
            if value.locked and before.get("value") == value.value and "contested" in before:
                kept[path]["contested"] = before["contested"]
    return kept


def dated(answers: Answers, before: Answers, version: int) -> Answers:
    """The answers with the version of the draft that each is of: this one, where it changed."""
    return {path: {**answer, "since": _since(answer, before.get(path), version)} for path, answer in answers.items()}


def _since(answer: Mapping[str, Any], before: Mapping[str, Any] | None, version: int) -> int:
    same = before is not None and all(before.get(key) == answer.get(key) for key in ("value", "locked", "contested"))
    return before.get("since", 1) if same and before is not None else version


def answered(item: views.Item, row: views.Row) -> views.Item:
    """The item with the deadline that the answers of a submitted dossier ask for."""
    if not item.deadline.instead:
        return item
    return rules.as_answered(item, values_of(row.form), today=views.day_of(row.submitted_at))


def values_of(answers: Answers) -> dict[str, Any]:
    """The answers in the nested shape the forms' rules read."""
    values: dict[str, Any] = {}
    for path, answer in answers.items():
        if answer["value"] is not None:
            section, _, name = path.partition(".")
            values.setdefault(section, {})[name] = answer["value"]
    return values


def _as_parent(known: Mapping[str, Any]) -> dict[str, Any]:
    parent = PARENTS.get(known["card"].get("sex", ""))
    return {**known, "request": {"relation": parent}} if parent else dict(known)


def _marriage(entry: register.MarriageEntry) -> dict[str, Any]:
    return {
        "number": str(entry.number),
        "book": entry.book,
        "registered_on": entry.registered_on,
        "place": entry.office.name,
        "husband": _spouse(entry.facts.husband),
        "wife": _spouse(entry.facts.wife),
    }


def _spouse(spouse: register.Spouse) -> dict[str, Any]:
    said = msgspec.to_builtins(spouse)
    born = spouse.date_of_birth
    return {**said, "date_of_birth": None if born is None else _as_asked(born)}


def _as_asked(partial: str | None) -> str | None:
    """The register's `YYYY-MM` as forms write it, `mm/yyyy`; whole days and years are alike in both."""
    if partial is None:
        return None
    year, _, rest = partial.partition("-")
    return f"{rest}/{year}" if len(rest) == 2 else partial
