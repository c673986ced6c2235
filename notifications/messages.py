"""What callers hand in, what channels get, what a person reads and chooses."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from kit.refusal import Words

ContactKind = Literal["phone", "email"]
Platform = Literal["fcm", "apns"]
ChannelKind = Literal["sms", "email", "zalo", "fcm", "apns"]
Way = Literal["push", "zalo", "sms", "email"]
Locale = Literal["vi", "en"]
Hour = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]

CARRIES: dict[ContactKind, tuple[ChannelKind, ...]] = {"phone": ("zalo", "sms"), "email": ("email",)}
WAYS: tuple[Way, ...] = ("push", "zalo", "sms", "email")
"""Every way out of the house, in the order they are tried unless a person says otherwise: what costs nothing and is read soonest first."""

WAY_OF: dict[ChannelKind, Way] = {"sms": "sms", "email": "email", "zalo": "zalo", "fcm": "push", "apns": "push"}


class Contact(msgspec.Struct, frozen=True):
    """Where a person is reached: a phone number as +84… or an e-mail address."""

    kind: ContactKind
    value: str


class Recipient(msgspec.Struct, frozen=True):
    """Whom a message is for; without an account only the contacts hear of it."""

    account_id: str | None
    contacts: tuple[Contact, ...] = ()
    locale: Locale = "vi"


class Letter(msgspec.Struct, frozen=True):
    """One message as one channel gets it; `id` is the same at every attempt, so that a receiver can drop a twin.

    `message_id` is the same on every channel and device; `fields` are the words filled in, for a channel that keeps the text itself.
    """

    id: str
    event: str
    channel: ChannelKind
    to: str
    locale: Locale
    subject: str
    text: str
    message_id: str = ""
    urgent: bool = False
    fields: dict[str, str] = {}


class InboxMessage(msgspec.Struct, frozen=True):
    """One message in a person's own inbox, in both languages."""

    id: str
    event: str
    at: datetime
    subject: Words
    text: Words
    link: str | None


class Inbox(msgspec.Struct, frozen=True):
    """The newest first; `next` is what to send as `before` for the older ones, None at the end."""

    messages: list[InboxMessage]
    next: str | None


class Preferences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which ways to try in which order; a way that is not named is not used, but for warnings about the account itself.

    Between the quiet hours (the city's time) nothing rings; both empty means: the city's own. The inbox always has everything.
    """

    order: tuple[Way, ...] = WAYS
    quiet_from: Hour | None = None
    quiet_until: Hour | None = None


class DeviceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token that Google (FCM) or Apple (APNs) gave to the app on this device."""

    platform: Platform
    token: Annotated[str, Meta(min_length=8, max_length=4096, pattern=r"^[A-Za-z0-9:_.-]+$")]


class PushDevice(msgspec.Struct, frozen=True):
    """A device that is told by push; its token is never shown again."""

    id: str
    platform: Platform
    added_at: datetime


class DeadLetter(msgspec.Struct, frozen=True):
    """A letter that did not leave for all its attempts; no address and no text is shown."""

    id: str
    message_id: str
    event: str
    channel: ChannelKind
    attempts: int
    error: str | None
    written_at: datetime


class SandboxMessage(msgspec.Struct, frozen=True):
    """What would have left as an SMS or e-mail, shown to whoever tries the sandbox."""

    id: str
    at: datetime
    event: str
    channel: ChannelKind
    to: str
    subject: str
    text: str
