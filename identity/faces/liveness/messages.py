"""Frames in, what they show, and the verdict. Only the verdict is for clients; the figures stay in this room."""

from typing import Final, Literal

import msgspec

from identity.faces.liveness.challenge import Step
from identity.faces.liveness.policy import Code
from kit.refusal import Words

Rgb = tuple[float, float, float]
Decision = Literal["live", "not_live", "unsure"]
Ownership = Literal["match", "no_match", "unsure", "no_face", "copy"]
"""Of a burst and a card: as `faces.Decision`; or nobody looked ahead, or the frame was the portrait itself."""

LEAST_FRAMES: Final = 8
MOST_FRAMES: Final = 40


class Frame(msgspec.Struct, frozen=True):
    """One JPEG as the camera took it, not mirrored, and when, by the phone's clock, in ms since the challenge began to run."""

    jpeg: bytes
    at_ms: int


class LivenessStep(msgspec.Struct, frozen=True):
    """One thing to do, and the words to show meanwhile."""

    name: Step
    words: Words


class Pose(msgspec.Struct, frozen=True):
    """Degrees: `yaw` positive when the person turns to their own left, `pitch` positive downwards, `roll` clockwise in the picture.

    `residual` is how far the rigid landmarks lie from the model, root mean square, in eye distances.
    """

    yaw: float
    pitch: float
    roll: float
    residual: float


class FaceReading(msgspec.Struct, frozen=True, kw_only=True):
    """The one face of a frame."""

    pose: Pose
    eyes: float
    """How far the eyes are open: height over width, mean of both."""
    mouth: float
    """Gap between the lips, in eye distances."""
    smile: float
    """Width of the mouth in widths between the outer corners of the eyes, so that turning the head does not change it much."""
    parallax: tuple[float, float]
    """`solid.nose_parallax` against the first face of the burst."""
    skin: Rgb
    beside: Rgb
    """Mean colour of both cheeks and of what is left and right of the head, 0 to 255."""
    eye_distance_px: float


class FrameReading(msgspec.Struct, frozen=True, kw_only=True):
    at_ms: int
    faces: int
    face: FaceReading | None
    """None unless there is exactly one face."""
    shift_px: float
    """How far the picture around the face moved since the frame before; 0 in the first."""
    display: float
    """`grid.display_grid` of the face."""


class BurstReading(msgspec.Struct, frozen=True, kw_only=True):
    frames: tuple[FrameReading, ...]
    repeated: int
    """Frames that are a frame seen before in the burst, byte for byte."""
    least_likeness: float
    """Least SFace cosine of a face of the burst with its first; 1 when there were not two."""
    sha256: tuple[bytes, ...]
    """Of each frame, for whoever keeps what was seen before."""


class Reason(msgspec.Struct, frozen=True):
    """One cue that spoke against it; `step` when it is about one. `tip` is for the person, `code` for machines."""

    code: Code
    tip: Words
    step: Step | None = None


class Verdict(msgspec.Struct, frozen=True):
    decision: Decision
    reasons: tuple[Reason, ...]
    policy: str
    """Id of the policy it was judged by."""


class Owner(msgspec.Struct, frozen=True):
    """Whether a burst shows the card's owner; `score` and what it was told by, when there was a face to compare."""

    decision: Ownership
    score: float | None = None
    model: str | None = None
    calibration: str | None = None
