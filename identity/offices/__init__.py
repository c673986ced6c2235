"""Agencies' offices, and which officer holds which roles there."""

from identity.offices.messages import AGENCIES, ROLES, Agency, Colleague, Office, Role, Seat
from identity.offices.refusals import AlreadyAppointed, NoSuchOffice, NotAnOfficer, OfficeExists, UnknownRole
from identity.offices.service import (
    all_offices,
    appoint,
    at_work,
    colleagues,
    create_office,
    end_appointment,
    office,
    office_for,
    offices_by_id,
    offices_for,
    seat,
    set_skills,
)
from identity.offices.staff.service import approve_at_the_machine, first_operator

__all__ = [
    "AGENCIES",
    "ROLES",
    "Agency",
    "AlreadyAppointed",
    "Colleague",
    "NoSuchOffice",
    "NotAnOfficer",
    "Office",
    "OfficeExists",
    "Role",
    "Seat",
    "UnknownRole",
    "all_offices",
    "appoint",
    "approve_at_the_machine",
    "at_work",
    "colleagues",
    "create_office",
    "end_appointment",
    "first_operator",
    "office",
    "office_for",
    "offices_by_id",
    "offices_for",
    "seat",
    "set_skills",
]
