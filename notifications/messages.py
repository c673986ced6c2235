"""What callers hand in, what channels get, what a person reads."""

from datetime import datetime
from typing import Literal

import msgspec

from kit.refusal import Words

ContactKind = Literal["phone", "email"]
ChannelKind = Literal["sms", "email"]
Locale = Literal["vi", "en"]

CARRIES: dict[ContactKind, ChannelKind] = {"phone": "sms", "email": "email"}


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
    """One message as one channel gets it; `id` is the same at every attempt, so that a receiver can drop a twin."""

    id: str
    event: str
    channel: ChannelKind
    to: str
    locale: Locale
    subject: str
    text: str


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


class SandboxMessage(msgspec.Struct, frozen=True):
    """What would have left as an SMS or e-mail, shown to whoever tries the sandbox."""

    id: str
    at: datetime
    event: str
    channel: ChannelKind
    to: str
    subject: str
    text: str
