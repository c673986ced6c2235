"""One account per person: opened by proof, found by personal number or contact, signed in by one-time code."""

from identity.accounts import codes, contact, secrets
from identity.accounts.freshness import is_stale, refuse_stale
from identity.accounts.history import record as record_sign_in
from identity.accounts.messages import Account, AccountKind, HeldContact, Known, ProvedClaim
from identity.accounts.refusals import AccountHasOtherContact, BadClaims, BadName, ContactInUse, IdentityConflict
from identity.accounts.service import (
    account,
    account_kind,
    accounts_by_id,
    by_login,
    by_pin,
    current_level,
    evidence,
    names_of,
    namesakes,
    open_officer,
    open_or_find,
    open_or_find_shown,
    prefill,
    raise_level,
)

__all__ = [
    "Account",
    "AccountHasOtherContact",
    "AccountKind",
    "BadClaims",
    "BadName",
    "ContactInUse",
    "HeldContact",
    "IdentityConflict",
    "Known",
    "ProvedClaim",
    "account",
    "account_kind",
    "accounts_by_id",
    "by_login",
    "by_pin",
    "codes",
    "contact",
    "current_level",
    "evidence",
    "is_stale",
    "names_of",
    "namesakes",
    "open_officer",
    "open_or_find",
    "open_or_find_shown",
    "prefill",
    "raise_level",
    "record_sign_in",
    "refuse_stale",
    "secrets",
]
