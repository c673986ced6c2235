"""OpenID Connect for Identity Assurance 1.0: what an app asks of verified claims, and what of the verification it is told. Pure.

An app names the claims, and each member of the verification it wants; `value`, `values` and `max_age` are conditions. What cannot be
met is left out and is never an error (§6.5). Claims with different evidence are told apart: each object holds what one set of
evidence proved.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

import msgspec

from identity.tokens.evidence import Verified, policy
from identity.tokens.rfc6749 import invalid_request

_CONDITIONS = frozenset({"value", "values", "max_age", "essential"})


class VerifiedAsked(msgspec.Struct, frozen=True):
    """One object of the request: conditions and members of the verification, and the claims we can answer, each with its condition."""

    verification: dict[str, Any]
    claims: dict[str, Any]


# What is asked


def asked(sent: Any) -> tuple[VerifiedAsked, ...]:
    """Of `verified_claims` in a request; claims nobody verifies here are passed over. Raises OAuthError for what is no such object."""
    if sent is None:
        return ()
    each = cast("list[Any]", sent) if isinstance(sent, list) else [sent]
    found = [_one(entry) for entry in each]
    return tuple(one for one in found if one.claims)


def _one(sent: Any) -> VerifiedAsked:
    if not isinstance(sent, dict):
        raise invalid_request("claims: verified_claims is an object, or a list of them")
    entry = cast("dict[str, Any]", sent)
    verification, claims = entry.get("verification"), entry.get("claims")
    if not isinstance(verification, dict):
        raise invalid_request("claims: verified_claims holds an object called verification")
    if not isinstance(claims, dict) or not claims:
        raise invalid_request("claims: verified_claims names the claims it is about")
    wanted = cast("dict[str, Any]", claims)
    known = {name: condition(wanted[name], name) for name in policy().claims if name in wanted}
    return VerifiedAsked(_checked(cast("dict[str, Any]", verification)), known)


def condition(asked: Any, name: str) -> dict[str, Any] | None:
    """What Core §5.5.1 lets an app say of one claim. Raises OAuthError for another shape."""
    if asked is None:
        return None
    if not isinstance(asked, dict):
        raise invalid_request(f"claims: {name} is null or an object")
    said = cast("dict[str, Any]", asked)
    if not isinstance(said.get("essential", False), bool) or not isinstance(said.get("values", []), list):
        raise invalid_request(f"claims: of {name}, essential is true or false and values is a list")
    return {key: value for key, value in said.items() if key in ("value", "values")} or None


def _checked(verification: dict[str, Any]) -> dict[str, Any]:
    """§6.2: one filter of evidence is for one type of it."""
    evidence = verification.get("evidence")
    if evidence is not None:
        entries = cast("list[Any]", evidence) if isinstance(evidence, list) else [None]
        if not entries or not all(_has_type(entry) for entry in entries):
            raise invalid_request("claims: evidence is a list, and each entry says the value of its type")
    _refuse_odd(verification)
    return verification


def _has_type(entry: Any) -> bool:
    kind = cast("dict[str, Any]", entry).get("type") if isinstance(entry, dict) else None
    return isinstance(kind, dict) and isinstance(cast("dict[str, Any]", kind).get("value"), str)


def _refuse_odd(asked: Any) -> None:
    """A filter is made of null, objects and lists of objects down to its conditions."""
    for entry in cast("list[Any]", asked) if isinstance(asked, list) else [asked]:
        if entry is None:
            continue
        if not isinstance(entry, dict):
            raise invalid_request("claims: a member of verification is null or an object")
        members = cast("dict[str, Any]", entry)
        if _is_condition(members):
            age = members.get("max_age", 0)
            if not isinstance(members.get("values", []), list) or not isinstance(age, int) or isinstance(age, bool):
                raise invalid_request("claims: values is a list, and max_age a number of seconds")
        else:
            for inner in members.values():
                _refuse_odd(inner)


# What is told


class _Unmet(Exception):
    pass


def told(
    requests: Sequence[VerifiedAsked], known: Mapping[str, Verified], at: datetime
) -> dict[str, Any] | list[Any] | None:
    """`verified_claims` for these requests: one object or several, None where nothing can be told."""
    objects = [one for request in requests for one in _answers(request, known, at)]
    if len(objects) == 1:
        return objects[0]
    return objects or None


def _answers(request: VerifiedAsked, known: Mapping[str, Verified], at: datetime) -> Iterator[dict[str, Any]]:
    """One object for each set of evidence that proved something of this."""
    wanted = {"trust_framework": None, **request.verification}
    objects: list[dict[str, Any]] = []
    for name, asked in request.claims.items():
        if name not in known or not fits(asked, known[name].value):
            continue
        try:
            verification = _pruned(wanted, known[name].verification, at)
        except _Unmet:
            continue
        same = next((one for one in objects if one["verification"] == verification), None)
        if same is None:
            objects.append({"verification": verification, "claims": {name: known[name].value}})
        else:
            same["claims"][name] = known[name].value
    yield from objects


def fits(asked: Mapping[str, Any] | None, value: Any, at: datetime | None = None) -> bool:
    """Whether a value meets what was asked of it (Core §5.5.1; `max_age`, §6.3.2)."""
    if not asked:
        return True
    if "value" in asked and value != asked["value"]:
        return False
    if "values" in asked and value not in asked["values"]:
        return False
    return "max_age" not in asked or (at is not None and _age(value, at) <= asked["max_age"])


def _age(value: Any, at: datetime) -> float:
    """Seconds since a moment, or since the last second of a day."""
    try:
        said = datetime.fromisoformat(value) if "T" in value else _end_of(date.fromisoformat(value))
    except (TypeError, ValueError):
        return float("inf")
    return (at - said).total_seconds()


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC) + timedelta(days=1, seconds=-1)


def _pruned(asked: Any, have: Any, at: datetime) -> Any:
    """What was asked for of what there is; raises _Unmet where a condition is not met."""
    if isinstance(asked, list):
        return _filtered(cast("list[Any]", asked), have, at)
    members = cast("dict[str, Any]", asked or {})
    if _is_condition(members):
        if not fits(members, have, at):
            raise _Unmet
        return have
    if not isinstance(have, dict):
        raise _Unmet
    held, found = cast("dict[str, Any]", have), dict[str, Any]()
    for name, inner in members.items():
        if name in held:
            found[name] = _pruned(inner, held[name], at)
        elif _demands(inner):
            raise _Unmet
    return found


def _filtered(asked: Sequence[Any], have: Any, at: datetime) -> list[Any]:
    """§6.2: several filters are joined by or; an entry is told as the first that it passes asks."""
    found: list[Any] = []
    for entry in cast("list[Any]", have) if isinstance(have, list) else []:
        for template in asked:
            try:
                found.append(_pruned(template, entry, at))
            except _Unmet:
                continue
            break
    if not found:
        raise _Unmet
    return found


def _is_condition(members: Mapping[str, Any]) -> bool:
    return members.keys() <= _CONDITIONS


def _demands(asked: Any) -> bool:
    """Whether something must hold of it: what must hold of what is not there does not hold."""
    if isinstance(asked, list):
        return True
    if not isinstance(asked, dict):
        return False
    members = cast("dict[str, Any]", asked)
    if _is_condition(members):
        return not members.keys() <= {"essential"}
    return any(_demands(inner) for inner in members.values())
