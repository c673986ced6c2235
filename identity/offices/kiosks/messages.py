"""Kiosks as they ask, and as operators see them."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

_LINE = "^[^\\x00-\\x1f\\x7f\\u202a-\\u202e\\u2066-\\u2069]*$"
_ID = "^[a-z0-9_]{1,60}$"


class KioskRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: Annotated[
        dict[str, Any], Meta(description="the public half, a JWK of P-256; the DPoP proof of this call is made with it")
    ]


class KioskReply(msgspec.Struct, frozen=True, kw_only=True):
    """`waiting`: show `code` until an operator has approved it. `approved`: sign in as `client_id` with the key (`private_key_jwt`)."""

    state: Literal["waiting", "approved"]
    code: str | None = None
    expires_in: int | None = None
    client_id: str | None = None


class Kiosk(msgspec.Struct, frozen=True, kw_only=True):
    """Name and office are there once it was approved."""

    id: str
    asked_at: datetime
    expires_at: datetime
    client_id: str | None
    name: str | None
    office_id: str | None
    approved_by: str | None
    approved_at: datetime | None
    removed_at: datetime | None


class ApprovalRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`code` as it stands on the machine's screen; `name` is what people are told on their phones beside the office's address."""

    code: Annotated[str, Meta(min_length=1, max_length=20)]
    office_id: Annotated[str, Meta(pattern=_ID)]
    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=_LINE)]
