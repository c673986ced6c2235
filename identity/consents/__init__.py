"""What a person allowed an app, what for, and until when."""

from identity.consents.messages import Consent
from identity.consents.service import LASTS, give, readers, standing

__all__ = ["LASTS", "Consent", "give", "readers", "standing"]
