"""What goes between phone or kiosk and this room: what is asked, told in words, and the burst that answers it."""

import base64
import re
from typing import Final

import msgspec

from identity.faces.liveness.challenge import STEPS, Challenge
from identity.faces.liveness.messages import LEAST_FRAMES, MOST_FRAMES, Frame, LivenessStep
from identity.faces.liveness.refusals import BadBurst, LivenessChallengeStale

_TIMES: Final = re.compile(r"[0-9]{1,6}(,[0-9]{1,6})*")


def told(challenge: Challenge) -> list[LivenessStep]:
    """The steps with their words, in order."""
    return [LivenessStep(step, STEPS[step]) for step in challenge.steps]


def burst(jpegs: list[bytes], times: str) -> list[Frame]:
    """Frames with their moments, ms separated by commas. Refuses BadBurst unless each frame has its time."""
    at_ms = [int(one) for one in times.split(",")] if _TIMES.fullmatch(times) else []
    if len(at_ms) != len(jpegs) or not LEAST_FRAMES <= len(jpegs) <= MOST_FRAMES:
        raise BadBurst(least=LEAST_FRAMES, most=MOST_FRAMES)
    return [Frame(jpeg, at) for jpeg, at in zip(jpegs, at_ms, strict=True)]


def carried(challenge: Challenge) -> str:
    """All of it as text, where no session could keep what was asked: whoever is asked brings it back.

    Nothing in it is secret to them, and `take` believes none of it unless it is, to the last letter, what `keep` kept.
    """
    return base64.urlsafe_b64encode(msgspec.json.encode(challenge)).decode()


def brought_back(text: str) -> Challenge:
    """What `carried` made; whether it was ever drawn only `take` can say. Refuses LivenessChallengeStale."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Challenge)
    # Letters that are no base64, JSON that is none or none of a challenge are ValueErrors; one nested without end is not.
    except (ValueError, RecursionError) as error:
        raise LivenessChallengeStale from error
