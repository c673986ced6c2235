"""Messages to people: rows of the transaction that causes them, carried out in batches."""

from notifications.apns import ApnsChannel
from notifications.channels import Channel, TryLater, Undeliverable
from notifications.choosing import Quiet
from notifications.email import SmtpChannel
from notifications.fcm import FcmChannel, ServiceAccount
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
from notifications.service import PostOffice, Sending
from notifications.sms import EsmsChannel
from notifications.wallet import DatabaseWallet
from notifications.wording import templates
from notifications.zalo import ZaloChannel

__all__ = [
    "ApnsChannel",
    "Channel",
    "Contact",
    "ContactKind",
    "DatabaseWallet",
    "EsmsChannel",
    "FcmChannel",
    "Inbox",
    "InboxMessage",
    "Letter",
    "Locale",
    "NoWayToReach",
    "PostOffice",
    "Quiet",
    "Recipient",
    "SandboxChannel",
    "SandboxMessage",
    "Sending",
    "ServiceAccount",
    "SmtpChannel",
    "TryLater",
    "Undeliverable",
    "ZaloChannel",
    "inbox_of",
    "sandbox_messages",
    "templates",
]
