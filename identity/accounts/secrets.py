"""What accounts keep unreadable: keyed hashes to look things up by, sealed values to show them with."""

import hashlib
import hmac

from kit import crypto
from kit.keys import Keys
from notifications import Contact


def _lookup(key: bytes, purpose: bytes, value: str) -> bytes:
    # One stored key serves several purposes only through keys derived from it.
    return hmac.digest(hmac.digest(key, purpose, hashlib.sha256), value.encode(), hashlib.sha256)


def pin_digest(keys: Keys, pin: str) -> bytes:
    return _lookup(keys.key("pins"), b"account by pin", pin)


def contact_digest(keys: Keys, contact: Contact) -> bytes:
    return _lookup(keys.key("contacts"), b"account by contact", f"{contact.kind}:{contact.value}")


def code_digest(keys: Keys, sign_in_id: str, code: str) -> bytes:
    """Keyed: six digits under a plain hash are read back in a millisecond."""
    return _lookup(keys.key("contacts"), b"sign-in code", f"{sign_in_id}:{code}")


def lane_digest(keys: Keys, login_digest: bytes, lane: str) -> bytes:
    return _lookup(keys.key("contacts"), b"sign-in lane", f"{login_digest.hex()}:{lane}")


def seal_pin(keys: Keys, account_id: str, pin: str) -> bytes:
    return crypto.seal(keys.key("pins"), pin.encode(), f"accounts.pin:{account_id}".encode())


def unseal_pin(keys: Keys, account_id: str, sealed: bytes) -> str:
    return crypto.unseal(keys.key("pins"), sealed, f"accounts.pin:{account_id}".encode()).decode()


def seal_contact(keys: Keys, contact_id: str, contact: Contact) -> bytes:
    return crypto.seal(keys.key("contacts"), contact.value.encode(), f"contacts:{contact_id}".encode())


def unseal_contact(keys: Keys, contact_id: str, sealed: bytes) -> str:
    return crypto.unseal(keys.key("contacts"), sealed, f"contacts:{contact_id}".encode()).decode()


def seal_claim(keys: Keys, claim_id: str, value: bytes) -> bytes:
    return crypto.seal(keys.key("contacts"), value, f"account_claims:{claim_id}".encode())


def unseal_claim(keys: Keys, claim_id: str, sealed: bytes) -> bytes:
    return crypto.unseal(keys.key("contacts"), sealed, f"account_claims:{claim_id}".encode())
