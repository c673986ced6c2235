"""What proved what of a person, as OpenID Connect for Identity Assurance 1.0 says it: `evidence.toml` ties what proofing keeps by name to
the words of the specification. Pure."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

FILE = Path(__file__).with_suffix(".toml")


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
