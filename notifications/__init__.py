"""Messages to people: rows of the transaction that causes them, carried out in batches."""

from notifications.channels import Channel, Undeliverable
from notifications.email import SmtpChannel
from notifications.inbox import inbox_of
from notifications.messages import (
    Contact,
    ContactKind,
    Inbox,
    InboxMessage,
    Letter,
    Locale,
    Recipient,
    SandboxMessage,
)
from notifications.refusals import NoWayToReach
from notifications.sandbox import SandboxChannel, sandbox_messages
from notifications.service import PostOffice

__all__ = [
    "Channel",
    "Contact",
    "ContactKind",
    "Inbox",
    "InboxMessage",
    "Letter",
    "Locale",
    "NoWayToReach",
    "PostOffice",
    "Recipient",
    "SandboxChannel",
    "SandboxMessage",
    "SmtpChannel",
    "Undeliverable",
    "inbox_of",
    "sandbox_messages",
]
