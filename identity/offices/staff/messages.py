"""Officers, changes of appointments and leaves as operators enter and see them."""

from datetime import date, datetime, time
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from identity.offices.messages import Role

_LINE = "^[^\\x00-\\x1f\\x7f\\u202a-\\u202e\\u2066-\\u2069]*$"
_ID = "^[a-z0-9_]{1,60}$"

Verdict = Literal["approved", "refused"]


class Appointment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Roles in one office, from one day until another; `shift_*` are the city's hours, outside which nobody is signed in."""

    office_id: Annotated[str, Meta(pattern=_ID)]
    roles: Annotated[list[Role], Meta(min_length=1, max_length=10)]
    from_on: date
    until_on: date | None = None
    shift_from: time | None = None
    shift_until: time | None = None


class OfficerRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    full_name: Annotated[str, Meta(min_length=1, max_length=120, pattern=_LINE)]
    email: Annotated[str, Meta(max_length=254)]
    appointment: Appointment


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What was proposed, and what a second person said to it."""

    id: str
    account_id: str
    full_name: str
    appointment: Appointment
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    verdict: Verdict | None
    reason: str | None


class VerdictRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    verdict: Verdict
    reason: Annotated[str, Meta(min_length=1, max_length=500, pattern=_LINE)]


class LeaveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both days included. The substitute, an officer of the same office, holds the roles meanwhile; never an operator's."""

    from_on: date
    until_on: date
    substitute_id: Annotated[str, Meta(pattern=_ID)] | None = None


class Leave(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    account_id: str
    from_on: date
    until_on: date
    substitute_id: str | None
    entered_by: str
    ended_at: datetime | None


class PersonRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The personal number on the officer's own card."""

    pin: Annotated[str, Meta(pattern="^[0-9]{12}$")]
