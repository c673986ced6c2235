"""Evidence in (card, selfie, contact, an officer's check), verified claims and a level out; the policy is data."""

from identity.proofing.policy import Level, Policy, current

__all__ = ["Level", "Policy", "current"]
