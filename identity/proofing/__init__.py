"""Evidence in (card, selfie, contact, an officer's check), verified claims and a level out; the policy is data."""

from identity.proofing.policy import Level, Policy, card_expired, current
from identity.proofing.register import Answer, Confirmation, ask

__all__ = ["Answer", "Confirmation", "Level", "Policy", "ask", "card_expired", "current"]
