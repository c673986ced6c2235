"""What leaves for and comes from other systems; one file per system, a seam and its adapters."""

from wires.messages import Attached, Intake, Portal, StatusReport, Wire
from wires.refusals import MessageMalformed, WireExists
from wires.service import WireOffice
from wires.signing import Signer
from wires.webhooks import Webhooks

__all__ = [
    "Attached",
    "Intake",
    "MessageMalformed",
    "Portal",
    "Signer",
    "StatusReport",
    "Webhooks",
    "Wire",
    "WireExists",
    "WireOffice",
]
