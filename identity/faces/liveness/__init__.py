"""Liveness: a challenge drawn by chance, the burst of frames that answers it, and whether a live person gave it.

    challenge = liveness.draw(session_id=…, device_thumbprint=…)
    await liveness.keep(valkey, challenge)                                  # and with the session, what was asked
    await liveness.take(valkey, challenge, session_id=…, device_thumbprint=…)    # first thing when the answer comes
    verdict = await pool.run(liveness.judge_burst, frames, challenge)
    owner = await pool.run(liveness.compare_owner, portrait, frames, challenge)

`judge_burst`, `compare_owner`, `compare_selfie`, `refuse_unfit` and `self_test` block for seconds and belong into an inference worker. Importing this loads no model.
"""

import logging
from functools import cache

from identity.faces.liveness.asking import brought_back, burst, carried, told
from identity.faces.liveness.challenge import LOOK_AHEAD, STEPS, Challenge, Step, draw, keep, take
from identity.faces.liveness.messages import (
    LEAST_FRAMES,
    MOST_FRAMES,
    Decision,
    Frame,
    LivenessStep,
    Owner,
    Ownership,
    Reason,
    Verdict,
)
from identity.faces.liveness.policy import default
from identity.faces.liveness.refusals import BadBurst, LivenessChallengeStale, LivenessUnfit
from identity.faces.messages import Description
from identity.faces.refusals import FaceModelsUnavailable

__all__ = [
    "LEAST_FRAMES",
    "LOOK_AHEAD",
    "MOST_FRAMES",
    "STEPS",
    "BadBurst",
    "Challenge",
    "Decision",
    "Frame",
    "LivenessChallengeStale",
    "LivenessStep",
    "LivenessUnfit",
    "Owner",
    "Ownership",
    "Reason",
    "Step",
    "Verdict",
    "brought_back",
    "burst",
    "carried",
    "compare_owner",
    "compare_selfie",
    "draw",
    "judge_burst",
    "keep",
    "measured",
    "refuse_unfit",
    "self_test",
    "take",
    "told",
    "warm",
]


def judge_burst(frames: list[Frame], challenge: Challenge) -> Verdict:
    """The verdict on what a phone recorded as its answer. `live` alone grants no level.

    Refuses BadBurst, and what `refuse_unfit` refuses: a process that may not judge judges nobody.

    That the challenge was open, and whose it was, is `take`'s to say, before.
    """
    from identity.faces.liveness.judging import judge
    from identity.faces.liveness.reading import read_burst

    refuse_unfit()
    return judge(read_burst(frames), challenge, default())


def compare_owner(portrait: bytes, frames: list[Frame], challenge: Challenge) -> Owner:
    """Whether a burst that `judge_burst` took shows the owner of this card portrait. Refuses NoFaceOnCard, CardFaceTooSmall."""
    from identity.faces.liveness.owning import compare

    return compare(portrait, frames, challenge)


def compare_selfie(selfie: Description, frames: list[Frame], challenge: Challenge) -> Owner:
    """Whether a burst that `judge_burst` took shows the person of this selfie, which may be one of its frames (`copy`)."""
    from identity.faces.liveness.owning import compare_described

    return compare_described(selfie, frames, challenge)


def measured() -> bool:
    """Whether the lines were found on people and attacks before real cameras; until then a verdict is a hint to a person."""
    return default().status == "measured"


def self_test() -> str | None:
    """Why this process must not judge liveness, in English for the log; None when known samples come out as they should."""
    from identity.faces.liveness.selftest import self_test as run

    return run()


def refuse_unfit() -> None:
    """Tests this process once, about 4 s unless `warm` did; then says the same at once. Refuses LivenessUnfit, FaceModelsUnavailable."""
    reason = _unfit()
    if reason is not None:
        raise LivenessUnfit(reason=reason)


@cache
def _unfit() -> str | None:
    try:
        return self_test()
    except FaceModelsUnavailable:
        # Not remembered: they may be there at the next try.
        raise
    except Exception as error:  # models raise whatever they stumble on: each means that nobody may be judged by them
        return f"the self-test ended with {type(error).__name__}"


def warm() -> None:
    """Tests this process. Unfit it only says so: the steps of liveness then answer 503 and the rest serves."""
    try:
        refuse_unfit()
    except (LivenessUnfit, FaceModelsUnavailable) as refusal:
        logging.getLogger(__name__).error("liveness cannot be judged", extra={"reason": refusal.fields["reason"]})
