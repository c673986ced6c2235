"""Recoveries as their people and officers see them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from identity.accounts.authenticators.messages import WRITTEN, AuthenticatorKind

RecoveryWay = Literal["second_factor", "in_person"]
RecoveryReason = Literal["lost_phone", "new_number", "recycled_number", "lost_passkey", "lost_mailbox"]
RecoveryState = Literal["waiting", "cancelled", "completed", "void"]


class Recovery(msgspec.Struct, frozen=True, kw_only=True):
    """One recovery. Until `ready_at` every old channel can cancel it. `void`: its time came, and it could not be done any more."""

    id: str
    way: RecoveryWay
    reason: RecoveryReason
    state: RecoveryState
    begun_at: datetime
    ready_at: datetime
    level_after: Annotated[int, Meta(description="the account's level is at most this when it is done")]


class RecoveryRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By somebody signed in by a way that is not lost. Add the new phone first, if there is one."""

    reason: RecoveryReason
    lost: Annotated[list[str], Meta(min_length=1, max_length=25, description="ids of the ways in that go")]


class DeskRecoveryRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By an officer who has the person and their card at the desk; a code goes to `contact`."""

    pin: Annotated[str, Meta(pattern="^[0-9]{12}$")]
    contact: Annotated[str, Meta(max_length=254, description="phone number or e-mail address held by the person now")]
    reason: RecoveryReason
    lost: Annotated[
        list[AuthenticatorKind], Meta(max_length=3, description="kinds of ways in that the person has no more")
    ]
    shown: Annotated[str, Meta(min_length=1, max_length=500, pattern=WRITTEN, description="what the person showed")]


class DeskRecoveryReply(msgspec.Struct, frozen=True):
    """A code was sent to the contact; the person reads it to the officer."""

    id: str
    expires_in: int


class CancellationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[
        str, Meta(max_length=20, pattern="^[ -~]*$", description="from the notice: any case, breaks or none")
    ]
