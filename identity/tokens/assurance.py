"""OpenID Connect for Identity Assurance 1.0: what an app asks of verified claims, and what of the verification it is told. Pure.

An app names the claims, and each member of the verification it wants; `value`, `values` and `max_age` are conditions. What cannot be
met is left out and is never an error (§6.5). Claims with different evidence are told apart: each object holds what one set of
evidence proved.
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import msgspec

from identity.tokens.rfc6749 import invalid_request

FILE = Path(__file__).with_suffix(".toml")

_CONDITIONS = frozenset({"value", "values", "max_age", "essential"})


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Evidence whose name begins with `name:`, or is it; `checks` by what follows."""

    name: str
    type: Literal["document", "electronic_record"]
    checks: dict[str, str]
    document: str | None = None
    country: str | None = None
    record: str | None = None

    def check(self, source: str) -> str | None:
        return self.checks.get(source, self.checks.get(""))


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    trust_framework: str
    corresponds_to: str
    source: str
    claims: dict[str, str]
    evidence: tuple[Kind, ...]
    holder: dict[Literal["face", "photos", "officer"], list[str]]


@cache
def policy() -> Policy:
    return msgspec.convert(tomllib.loads(FILE.read_text(encoding="utf-8")), Policy)


class VerifiedAsked(msgspec.Struct, frozen=True):
    """One object of the request: conditions and members of the verification, and the claims we can answer, each with its condition."""

    verification: dict[str, Any]
    claims: dict[str, Any]


class Verified(msgspec.Struct, frozen=True):
    """One claim that is verified, and all that is known of how."""

    value: Any
    verification: dict[str, Any]


def metadata() -> dict[str, Any]:
    """§9: what is answered, as the file has it."""
    known, kinds = policy(), policy().evidence
    holder = [method for methods in known.holder.values() for method in methods]
    checks = {method for kind in kinds if kind.type == "document" for method in kind.checks.values()}
    return {
        "verified_claims_supported": True,
        "trust_frameworks_supported": [known.trust_framework],
        "claims_in_verified_claims_supported": list(known.claims),
        "evidence_supported": sorted({kind.type for kind in kinds}),
        "documents_supported": sorted({kind.document for kind in kinds if kind.document}),
        "documents_check_methods_supported": sorted({*checks, *holder}),
        "electronic_records_supported": sorted({kind.record for kind in kinds if kind.record}),
    }


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


# What is known


def verified(
    account_claims: Mapping[str, Any], level_evidence: Sequence[Mapping[str, Any]], *, acr: str | None
) -> dict[str, Verified]:
    """The claims of an account that evidence proved. `account_claims` hold value, sources and proved_at by proofing's names; without
    a level that stands today nothing is verified any more."""
    if acr is None:
        return {}
    found: dict[str, Verified] = {}
    for name, called in policy().claims.items():
        claim = account_claims.get(called)
        if claim is None:
            continue
        evidence = _evidence(claim, account_claims, level_evidence)
        if evidence:
            value = {"formatted": claim.value} if name == "address" else claim.value
            found[name] = Verified(value, _verification(claim.proved_at, evidence, acr, level_evidence))
    return found


def _verification(
    at: datetime, evidence: list[dict[str, Any]], acr: str, level_evidence: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    session = _session_of(at, level_evidence)
    return {
        "trust_framework": policy().trust_framework,
        "assurance_level": acr,
        "time": _iso(at),
        **({} if session is None else {"verification_process": session["session"]}),
        "evidence": evidence,
    }


def _evidence(
    claim: Any, account_claims: Mapping[str, Any], level_evidence: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each kind of evidence among the claim's sources; empty where one is of no kind we answer for."""
    found: list[dict[str, Any]] = []
    for kind in policy().evidence:
        by = [rest for source in claim.sources for name, _, rest in [source.partition(":")] if name == kind.name]
        if by:
            found.append(_of_kind(kind, by, claim, account_claims, level_evidence))
    return found


def _of_kind(
    kind: Kind,
    by: Collection[str],
    claim: Any,
    account_claims: Mapping[str, Any],
    level_evidence: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    at = _iso(claim.proved_at)
    checks = [
        {"check_method": method, "check_id": f"{kind.name}:{source}" if source else kind.name, "time": at}
        for source in by
        if (method := kind.check(source)) is not None
    ]
    told: dict[str, Any] = {"type": kind.type, "check_details": checks, "time": at}
    if kind.type == "document":
        checks += _of_holder(_session_of(claim.proved_at, level_evidence), level_evidence)
        dates = {"date_of_issuance": "card_issued_on", "date_of_expiry": "card_expires_on"}
        told["document_details"] = {
            "type": kind.document,
            "issuer": {"country_code": kind.country},
            # Of the same card: a claim of another day is of another one.
            **{
                name: account_claims[called].value
                for name, called in dates.items()
                if called in account_claims and account_claims[called].proved_at == claim.proved_at
            },
        }
    else:
        source = next(iter(by)) or kind.name
        told["record"] = {"type": kind.record, "source": {"name": source}}
    return told


def _session_of(at: datetime, level_evidence: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The proofing session whose card was read at that moment."""
    each = (entry["evidence"] for entry in level_evidence)
    return next((said for said in each if said.get("card") and datetime.fromisoformat(said["card"]["at"]) == at), None)


def _of_holder(session: Mapping[str, Any] | None, level_evidence: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What showed that the card is this person's, and when."""
    if session is None:
        return []
    same = [entry["evidence"] for entry in level_evidence if entry["evidence"].get("session") == session["session"]]
    return [
        {"check_method": method, "check_id": proof, "time": _iso(datetime.fromisoformat(said[proof]["at"]))}
        for said in same
        for proof in ("face", "officer")
        if said.get(proof)
        for method in policy().holder[_looked(proof, said[proof])]
    ]


def _looked(proof: Literal["face", "officer"], said: Mapping[str, Any]) -> Literal["face", "photos", "officer"]:
    """Who held the face against the card: the machine, unless it was left to an officer, before whom the person stood or did not."""
    if said.get("by") != "officer":
        return proof
    return "officer" if said["in_person"] else "photos"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
