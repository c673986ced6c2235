"""What is known beforehand: the requester's card and account, the register's marriage entry; and what the form makes of it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

import register
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
"""path -> {"value", "source", "locked", "origin"?}, as the dossier's row keeps them."""


async def sources(
    conn: AsyncConnection, keys: Keys, side: Side, *, relation: str | None, of_marriage: bool
) -> dict[str, Any]:
    """Every source by name; `relation` is what the requester says they are to the child, if they said so. Who acts for another is the
    requester still; what is known of the other stands beside it."""
    assert side.actor.account_id is not None
    known = await accounts.prefill(conn, keys, side.actor.account_id)
    card = {name: claim.value for name, claim in known.items() if name not in _FROM_ACCOUNT}
    account = {name: claim.value for name, claim in known.items() if name in _FROM_ACCOUNT}
    found: dict[str, Any] = {"card": card, "account": account}
    if side.acting is not None:
        found[side.acting.principal.kind] = side.acting.known
        relation = relation or side.acting.relation or "carer"
    if relation is not None:
        found["request"] = {"relation": relation}
    # Somebody who files as no parent is married, perhaps, but not to the other parent of this child.
    if of_marriage and relation in (None, *PARENTS.values()) and "pin" in card:
        marriage = await register.marriage_of(conn, card["pin"])
        if marriage is not None:
            found["register"] = {"marriage": _marriage(marriage)}
    return found


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
    return kept


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
