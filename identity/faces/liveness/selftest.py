"""Before anybody is judged: a drawn head that does as asked must be live, the same on a screen must not."""

import random
from datetime import timedelta
from typing import Final

from identity.faces import dlib_eye
from identity.faces.liveness import simulated
from identity.faces.liveness.challenge import COLOURS, Challenge
from identity.faces.liveness.drawing import drawn_face
from identity.faces.liveness.judging import judge
from identity.faces.liveness.policy import default
from identity.faces.liveness.reading import read_burst
from kit import clock

_SEED: Final = 7


def self_test() -> str | None:
    """Why liveness must not be asked of this process, in English for the log; None when it may. About 4 s of one core.

    The screen shows somebody who does exactly what is asked: only the passive cues tell it from the live sample.
    Refuses FaceModelsUnavailable when there are no models to test.
    """
    picture = drawn_face()
    found = dlib_eye.find_landmarks(picture, detection_side_px=320)
    if len(found) != 1:
        return f"{len(found)} faces were found where one is drawn"
    sitter = simulated.Sitter(picture, found[0], random.Random(_SEED))  # noqa: S311 (a simulation)
    challenge = _short()
    live = judge(read_burst(simulated.bona_fide(sitter, challenge, _SEED)), challenge, default())
    if live.decision != "live":
        return f"the live sample is {live.decision}: {', '.join(reason.code for reason in live.reasons)}"
    frames = simulated.attack("screen", sitter, challenge, challenge, _SEED)
    spoof = judge(read_burst(frames), challenge, default())
    if spoof.decision != "not_live":
        return f"the spoof sample is {spoof.decision}"
    return None


def _short() -> Challenge:
    """Two steps in under five seconds; drawn by nobody, kept nowhere, good for nothing else."""
    return Challenge(
        id="self-test",
        session_id="self-test",
        device_thumbprint="self-test",
        steps=("turn_left", "open_mouth"),
        colours=(COLOURS[3], COLOURS[0], COLOURS[4], COLOURS[1], COLOURS[5], COLOURS[2]),
        expires_at=clock.now() + timedelta(seconds=10),
        lead_ms=900,
        step_ms=1800,
        colour_ms=750,
    )
