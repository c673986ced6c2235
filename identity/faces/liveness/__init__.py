"""Liveness: a challenge drawn by chance, the burst of frames that answers it, and whether a live person gave it.

    challenge = liveness.draw(session_id=…, device_thumbprint=…)
    await liveness.keep(valkey, challenge)                                  # and with the session, what was asked
    await liveness.take(valkey, challenge, session_id=…, device_thumbprint=…)    # first thing when the answer comes
    verdict = await pool.run(liveness.judge_burst, frames, challenge)

`judge_burst` and `self_test` block for seconds and belong into an inference worker. Importing this loads no model.
"""

from identity.faces.liveness.challenge import LOOK_AHEAD, STEPS, Challenge, Step, draw, keep, take
from identity.faces.liveness.messages import Decision, Frame, Reason, Verdict
from identity.faces.liveness.policy import default

__all__ = [
    "LOOK_AHEAD",
    "STEPS",
    "Challenge",
    "Decision",
    "Frame",
    "Reason",
    "Step",
    "Verdict",
    "draw",
    "judge_burst",
    "keep",
    "measured",
    "self_test",
    "take",
]


def judge_burst(frames: list[Frame], challenge: Challenge) -> Verdict:
    """The verdict on what a phone recorded as its answer. `live` alone grants no level. Refuses BadBurst, FaceModelsUnavailable.

    That the challenge was open, and whose it was, is `take`'s to say, before.
    """
    from identity.faces.liveness.judging import judge
    from identity.faces.liveness.reading import read_burst

    return judge(read_burst(frames), challenge, default())


def measured() -> bool:
    """Whether the lines were found on people and attacks before real cameras; until then a verdict is a hint to a person."""
    return default().status == "measured"


def self_test() -> str | None:
    """Why this process must not judge liveness, in English for the log; None when known samples come out as they should."""
    from identity.faces.liveness.selftest import self_test as run

    return run()
