"""Who lives in the sandbox: data, strictly read; every one of them is fictional."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

import register
from identity import offices
from kit.refusal import Words

_DATA = Path(__file__).with_name("sandbox.toml")


class Officer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    full_name: str
    email: str
    office: str
    roles: list[str]


class Citizen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    level: int
    phone: str
    pin: str
    full_name: str
    date_of_birth: str
    sex: str
    nationality: str
    ethnicity: str
    residence: str


class OfficeData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    agency: offices.Agency
    name_vi: str
    name_en: str
    address: str


class Marriage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: int
    page: int
    registered_on: date
    office: str
    signer: str
    clerk: str
    husband: register.Spouse
    wife: register.Spouse


class Birth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of the digitised books. The parent `acts_for` names by key acts for the child."""

    number: int
    page: int
    registered_on: date
    office: str
    signer: str
    clerk: str
    pin: str
    facts: register.BirthFacts
    acts_for: str


class Delegate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str
    acts: tuple[Literal["file", "follow"], ...]


class Enterprise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the business register holds; `representatives` and delegates by key."""

    number: str
    legal_name: str
    representatives: list[str]
    delegates: list[Delegate]


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    kind: Literal["public", "confidential"]
    grants: list[str]
    scopes: list[str]
    first_party: bool = False
    redirect_uris: list[str] = []
    purpose: Words | None = None
    office: str | None = None
    dpop: bool = True


class Ward(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name: str


class City(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everybody in the sandbox."""

    ward: Ward
    offices: list[OfficeData]
    officers: list[Officer]
    citizens: list[Citizen]
    marriages: list[Marriage]
    births: list[Birth]
    enterprises: list[Enterprise]
    clients: list[Client]


@cache
def people() -> City:
    """The sandbox's data, strictly read."""
    return msgspec.convert(tomllib.loads(_DATA.read_text(encoding="utf-8")), City)
