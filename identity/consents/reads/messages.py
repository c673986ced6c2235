"""Reads as verbs state them, and as the person reads them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kit.refusal import Words

ReadKind = Literal[
    "branch",
    "queue",
    "paper",
    "counter",
    "result",
    "check",
    "alarm",
    "desk_recovery",
    "data_request",
    "client_application",
    "mandate",
    "mandate_desk",
    "face",
    "national_portal",
    "app",
    "user_info",
    "id_token",
    "introspection",
]


class OfDossier(msgspec.Struct, frozen=True):
    """The dossier something was read in; `account_id` is who filed it."""

    id: str
    account_id: str
    receipt_code: str | None


class Reader(msgspec.Struct, frozen=True):
    """Who read: an agency's office, a kiosk in one, an app, or a person acting under a mandate. Never the officer's own name."""

    kind: Literal["office", "kiosk", "app", "person"]
    id: str
    name: Words


class ReadItem(msgspec.Struct, frozen=True):
    name: str
    words: Words


class DataRead(msgspec.Struct, frozen=True, kw_only=True):
    """One read of one's data by somebody else."""

    id: str
    at: datetime
    by: Reader
    kind: ReadKind
    why: Words
    purpose: Annotated[
        Words | None, Meta(description="what the app had said it wants the data for, in its words of then")
    ]
    items: Annotated[list[ReadItem], Meta(description="what an app was told, as the consent page calls it")]
    dossier_id: str | None
    receipt_code: str | None


class DataReads(msgspec.Struct, frozen=True):
    """The newest first; `next` is the `before` of the page after."""

    reads: list[DataRead]
    next: str | None
