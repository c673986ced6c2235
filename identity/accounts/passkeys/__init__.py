"""Passkeys (Web Authentication, level 3): registered by a signed-in person, good for signing in without a code."""

from identity.accounts.passkeys.ceremonies import RelyingParty

__all__ = ["RelyingParty"]
