"""What is known beforehand: the requester's card and account, the register's entries, earlier dossiers; and what the form makes of it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import register
from dossiers import store
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

_EARLIER_DOSSIERS = 5
"""How far back a person's own answers are looked for."""


async def sources(
    conn: AsyncConnection, keys: Keys, account_id: str, *, relation: str | None, of_marriage: bool
) -> dict[str, Any]:
    """Every source by name; `relation` is what the requester says they are to the child, if they said so."""
    known = await accounts.prefill(conn, keys, account_id)
    card = {name: claim.value for name, claim in known.items() if name not in _FROM_ACCOUNT}
    account = {name: claim.value for name, claim in known.items() if name in _FROM_ACCOUNT}
    found: dict[str, Any] = {"card": card, "account": account, **await held(conn, account_id)}
    if relation is not None:
        found["request"] = {"relation": relation}
    # Somebody who files as no parent is married, perhaps, but not to the other parent of this child.
    if of_marriage and relation in (None, *PARENTS.values()) and "pin" in card:
        marriage = await register.marriage_of(conn, card["pin"])
        if marriage is not None:
            found["register"] = {**found["register"], "marriage": _marriage(marriage)}
    return found


async def held(conn: AsyncConnection, account_id: str) -> dict[str, Any]:
    """What the city holds already because of a person's earlier dossiers: so it is not asked for again.

    `register.birth` is the entry of the one child whose birth this account had registered; of several nobody can know which is meant.
    """
    results = await store.results_of(conn, account_id)
    births = [row.data["entry_id"] for row in results if "entry_id" in row.data]
    known: dict[str, Any] = {
        "register": {},
        "earlier": {
            "answers": _answers(await store.earlier_forms(conn, account_id, limit=_EARLIER_DOSSIERS)),
            "results": {row.kind: {"number": row.number, "made_at": row.made_at} for row in reversed(results)},
        },
    }
    if len(births) == 1:
        entry = await register.entry(conn, births[0])
        assert isinstance(entry, register.BirthEntry)
        known["register"] = {"birth": {"child": {**msgspec.to_builtins(entry.facts.child), "pin": entry.pin}}}
    return known


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


def values_of(answers: Answers) -> dict[str, Any]:
    """The answers in the nested shape the forms' rules read."""
    values: dict[str, Any] = {}
    for path, answer in answers.items():
        if answer["value"] is not None:
            rules.put(values, path, answer["value"])
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
    return {**said, "date_of_birth": _as_asked(spouse.date_of_birth)}


def _as_asked(partial: str) -> str:
    """The register's `YYYY-MM` as forms write it, `mm/yyyy`; whole days and years are alike in both."""
    year, _, rest = partial.partition("-")
    return f"{rest}/{year}" if len(rest) == 2 else partial
