"""What is asked of the door at which submissions come in: those that come while others are taken in go in together (`submitting.take_in`)."""

import msgspec

from dossiers.messages import Submitted
from kit.actor import Actor
from kit.idempotency import Call
from kit.together import Together


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A submission that is asked for. `version` is the draft's that the caller saw, if it matters to them."""

    actor: Actor
    dossier_id: str
    behalf: str | None
    version: int | None
    call: Call


Intake = Together[Wish, Submitted | Exception]
"""One per process; an answer that is an exception is that one caller's."""
