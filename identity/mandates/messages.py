"""Mandates, claims and changes as people, officers and other rooms see them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from identity.accounts.authenticators.messages import WRITTEN
from kit.pin import Sex
from kit.refusal import Words

MandateKind = Literal["representative", "delegate", "guardian"]
PrincipalKind = Literal["enterprise", "ward"]
Act = Literal["file", "follow"]
State = Literal["standing", "not_begun", "resting", "ended"]
"""`resting`: its holder's level lapsed, or the holder's or the enterprise's account is locked; nobody acts under it until that is over."""
EndedFor = Literal["time", "resigned", "revoked", "decision", "death", "closed"]
Change = Literal["granted", "narrowed", "ended"]
ClaimState = Literal["waiting", "confirmed", "refused"]
PaperKind = Literal["court_decision", "guardianship_registration", "recognition", "birth_certificate", "other"]

BOTH: tuple[Act, ...] = ("file", "follow")

Pin = Annotated[str, Meta(pattern="^[0-9]{12}$", description="personal number")]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=WRITTEN)]
Said = Annotated[str, Meta(min_length=1, max_length=1000, pattern=WRITTEN)]
Procedure = Annotated[str, Meta(min_length=1, max_length=60, pattern="^[0-9A-Za-z._-]+$")]
Acts = Annotated[tuple[Act, ...], Meta(min_length=1, max_length=2)]
Procedures = Annotated[tuple[Procedure, ...], Meta(min_length=1, max_length=100)]


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who is acted for. `number` is the enterprise's; a ward's personal number is masked."""

    kind: PrincipalKind
    id: str
    name: str
    number: str


class MandateEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One change. `by` is `holder`, `principal` (a representative of the enterprise), `officer` or `law`: time, age, a closed account."""

    at: datetime
    what: Change
    by: Literal["holder", "principal", "officer", "law"]
    office_id: str | None
    said: str
    covers: dict[str, Any]


class Mandate(msgspec.Struct, frozen=True, kw_only=True):
    """One person's power to act for one principal. `procedures` null covers every one; `until_on` is the last day."""

    id: str
    kind: MandateKind
    principal: Principal
    holder_name: str
    acts: list[Act]
    procedures: list[str] | None
    from_on: date
    until_on: date | None
    state: State
    ended_for: EndedFor | None
    basis: Words
    version: int


class MyMandates(msgspec.Struct, frozen=True):
    """`held` is whom one acts for, `over_me` who acts for oneself; the newest first, ended ones among them."""

    held: list[Mandate]
    over_me: list[Mandate]


class EnterpriseClaim(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one represents an enterprise. `waiting`: come to a service desk with the certificate of registration."""

    id: str
    number: str
    legal_name: str
    state: ClaimState
    claimed_at: datetime
    decided_at: datetime | None
    reason: str | None
    mandate: Mandate | None


class DeskClaim(msgspec.Struct, frozen=True, kw_only=True):
    """A claim as an officer sees it; `answer` is the business register's."""

    id: str
    number: str
    legal_name: str
    claimant_name: str
    claimant_pin_masked: str
    answer: Literal["yes", "no", "unknown", "away", "none"]
    state: ClaimState
    claimed_at: datetime


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A mandate with everything that became of it."""

    mandate: Mandate
    events: list[MandateEvent]


class Enterprise(msgspec.Struct, frozen=True, kw_only=True):
    """An enterprise's account as its representatives see it."""

    account_id: str
    number: str
    legal_name: str
    opened_at: datetime
    closed_at: datetime | None
    mandates: list[Held]


# --- in --------------------------------------------------------------------------------------------------------------


class ClaimRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: Annotated[str, Meta(max_length=20, description="mã số doanh nghiệp, ten digits")]
    legal_name: Name


class ClaimVerdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reason` is the paper that was seen, or what was missing; the claimant reads it."""

    verdict: Literal["confirmed", "refused"]
    reason: Said


class DelegateRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who, what, and until when; without an end one year, as the Civil Code has it."""

    pin: Pin
    full_name: Name
    acts: Acts = BOTH
    procedures: Procedures | None = None
    from_on: date | None = None
    until_on: date | None = None


class NarrowRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is named becomes narrower; what is left out stays."""

    acts: Acts | msgspec.UnsetType = msgspec.UNSET
    procedures: Procedures | msgspec.UnsetType = msgspec.UNSET
    until_on: date | msgspec.UnsetType = msgspec.UNSET
    version: Annotated[int, Meta(ge=1, description="the mandate as one saw it")]


class WardRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pin: Pin


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an officer saw."""

    kind: PaperKind
    number: Name
    issued_on: date
    issued_by: Name


class GuardianshipRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A guardian recorded with the paper. Of an adult who lacks capacity (`adult`) a court has decided; a child's ends with childhood."""

    guardian_pin: Pin
    guardian_name: Name
    ward_pin: Pin
    ward_name: Name
    ward_date_of_birth: Annotated[str, Meta(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")]
    ward_sex: Sex
    adult: bool = False
    until_on: date | None = None
    paper: Paper


class EndRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An officer's word, with the paper it stands on."""

    ended_for: Literal["decision", "death"]
    reason: Said


class LockRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an operator locks or unlocks: a court's letter, a certificate that was withdrawn, a representative before the desk."""

    reason: Said
