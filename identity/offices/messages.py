"""Agencies, their offices, and the roles held there."""

from typing import Literal, get_args

import msgspec

from kit.refusal import Words

Agency = Literal["ubnd_xa", "cong_an_xa", "bhxh"]
"""Ward people's committee (civil status), ward police (residence, identity card), social insurance."""

Role = Literal[
    "civil_status",
    "residence",
    "insurance",
    "identity_card",
    "social_affairs",
    "business",
    "criminal_record",
    "identity_checker",
    "reception",
    "head",
    "operator",
]

AGENCIES: tuple[Agency, ...] = get_args(Agency)
ROLES: tuple[Role, ...] = get_args(Role)


class Office(msgspec.Struct, frozen=True):
    """One agency in one ward (administrative map of 01/07/2025)."""

    id: str
    agency: Agency
    ward_code: str
    name: Words
    address: str


class Colleague(msgspec.Struct, frozen=True):
    """An officer in office today. `skills` null is all of the roles' work; `substitute_id` holds the roles while they are away."""

    account_id: str
    full_name: str
    roles: list[str]
    skills: list[str] | None
    away: bool
    substitute_id: str | None


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """An officer at an office's desk today."""

    office: Office
    account_id: str
    full_name: str
    """Both empty for who acts without an account."""
    pin: str | None
    """Of the person behind the working account: its own, or the one an operator entered."""
    stands_in_for: frozenset[str]
    """The accounts of those away whom they stand in for."""
    holds_mandates: bool
    """Whether the working account itself speaks for anybody, or may one day."""
