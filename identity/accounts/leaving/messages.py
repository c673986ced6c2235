"""Requests about one's data as people and operators see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from identity.accounts.authenticators.messages import WRITTEN, Authenticator, Session
from identity.accounts.messages import ProvedClaim
from identity.accounts.recovery.messages import Recovery
from identity.consents.messages import MyConsent
from identity.consents.reads.messages import DataRead
from identity.faces import FaceKept
from identity.mandates import MyMandates
from kit.refusal import Words

RequestKind = Literal["export", "correct", "object", "restrict", "delete", "close"]
AskedKind = Literal["correct", "object", "restrict", "delete"]
RequestVerdict = Literal["done", "refused"]

Said = Annotated[str, Meta(min_length=1, max_length=4000, pattern=WRITTEN)]


class Step(msgspec.Struct, frozen=True):
    """One thing done about it, by the person themselves or an officer."""

    at: datetime
    what: str
    said: str
    officer_id: str | None = None
    office_id: str | None = None


class DataRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`acknowledge_by` and `due_at` are the law's clocks; `overdue` when one has passed without an answer."""

    id: str
    account_id: str
    kind: RequestKind
    said: str
    received_at: datetime
    acknowledge_by: datetime
    due_at: datetime
    acknowledged_at: datetime | None
    extended_at: datetime | None
    decided_at: datetime | None
    verdict: RequestVerdict | None
    overdue: bool
    steps: list[Step]


class NewRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`said` is what is wrong and what is right, which processing is objected to or to be restricted, or what is to be deleted."""

    kind: AskedKind
    said: Said


class StepRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    said: Said


class DecisionRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    verdict: RequestVerdict
    said: Said


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of a person here. `face` tells what is kept of it, never the features themselves, which serve
    nobody elsewhere. Dossiers and messages are read at their own addresses."""

    account_id: str
    full_name: str
    date_of_birth: str | None
    sex: str | None
    pin: str | None
    level: int
    opened_at: datetime
    contacts: list[str]
    claims: list[ProvedClaim]
    authenticators: list[Authenticator]
    sessions: list[Session]
    sign_ins: list[dict[str, Any]]
    consents: list[MyConsent]
    reads: Annotated[list[DataRead], Meta(description="who read one's data and why, the newest first")]
    mandates: MyMandates
    face: FaceKept
    recoveries: list[Recovery]
    requests: list[DataRequest]


class ClosureReply(msgspec.Struct, frozen=True):
    """The account is closed. `stays` says what is not deleted with it, and why."""

    request: DataRequest
    stays: Words
