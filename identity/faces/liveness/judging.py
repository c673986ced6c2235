"""From what a burst shows to a verdict: rules over time, all pure. The lines stand in `policy.toml`.

A verdict of `live` says that no cue spoke against it, nothing more; alone it grants no level.
"""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import mean, median
from typing import Final

import msgspec

from identity.faces.liveness.challenge import STEPS, Challenge, Step
from identity.faces.liveness.messages import BurstReading, Decision, FaceReading, FrameReading, Reason, Rgb, Verdict
from identity.faces.liveness.policy import Code, Policy
from identity.faces.liveness.wording import TIPS
from kit.refusal import Words

Found = tuple[Code, Step | None]


class Seen(msgspec.Struct, frozen=True):
    """A proper face and when, as changes against the frames in which the person looks ahead."""

    at_ms: int
    face: FaceReading
    yaw: float
    pitch: float
    eyes: float
    smile: float
    mouth: float


class Light(msgspec.Struct, frozen=True):
    """`correlation` of the skin's colour with the colour shown; `beside`: the surroundings' answer in shares of the skin's."""

    correlation: float
    beside: float


def judge(burst: BurstReading, challenge: Challenge, policy: Policy) -> Verdict:
    """What the burst is, as an answer to this challenge."""
    seen = ahead_and_after(burst, challenge, policy)
    found: list[Found] = list(_frames(burst, challenge, policy))
    if seen:
        found += _steps(seen, challenge, policy)
        if _flat(seen, policy):
            found.append(("moves-flat", None))
    else:
        found.append(("not-ahead", None))
    found += _light(burst, challenge, policy)
    answers = {policy.answers[code] for code, _ in found}
    decision: Decision = "not_live" if "not_live" in answers else "unsure" if answers else "live"
    return Verdict(decision, tuple(_reason(code, step) for code, step in found), policy.id)


def _reason(code: Code, step: Step | None) -> Reason:
    tip = TIPS[code]
    if step is not None:
        tip = Words(vi=tip.vi.format(step_vi=STEPS[step].vi), en=tip.en.format(step_en=STEPS[step].en))
    return Reason(code, tip, step)


def _proper(frame: FrameReading, policy: Policy) -> FaceReading | None:
    face = frame.face
    return face if face is not None and face.pose.residual <= policy.frames.most_residual else None


def _frames(burst: BurstReading, challenge: Challenge, policy: Policy) -> Iterator[Found]:
    """Whether it is one whole recording of one face."""
    frames, lines = burst.frames, policy.frames
    times = [0, *(frame.at_ms for frame in frames), challenge.length_ms]
    if frames[-1].at_ms > challenge.length_ms + lines.most_gap_ms or any(
        late - early > lines.most_gap_ms for early, late in pairwise(times)
    ):
        yield "frames-missing", None
    if mean(_proper(frame, policy) is None for frame in frames) > lines.most_unclear_share:
        yield "face-unclear", None
    if mean(frame.faces > 1 for frame in frames) > lines.most_crowded_share:
        yield "several-faces", None
    if burst.least_likeness < policy.same.least_likeness:
        yield "another-person", None
    if burst.repeated:
        yield "frames-repeated", None
    if mean(frame.shift_px < policy.still.least_shift_px for frame in frames[1:]) > policy.still.most_share:
        yield "frames-still", None
    if median(frame.display for frame in frames) > policy.display.most_grid:
        yield "screen-grid", None


def ahead_and_after(burst: BurstReading, challenge: Challenge, policy: Policy) -> list[Seen]:
    """Every proper face against how the person looked ahead at the start; nothing when that was not seen."""
    proper = [(frame.at_ms, face) for frame in burst.frames if (face := _proper(frame, policy)) is not None]
    ahead = [face for at, face in proper if at < challenge.lead_ms]
    if len(ahead) < policy.frames.least_ahead:
        return []

    def usual(of: Callable[[FaceReading], float]) -> float:
        return median(of(face) for face in ahead)

    yaw, pitch = usual(lambda face: face.pose.yaw), usual(lambda face: face.pose.pitch)
    eyes, smile, mouth = usual(lambda f: f.eyes), usual(lambda f: f.smile), usual(lambda f: f.mouth)
    return [
        Seen(
            at_ms=at,
            face=face,
            yaw=face.pose.yaw - yaw,
            pitch=face.pose.pitch - pitch,
            eyes=face.eyes / max(eyes, 1e-6),
            smile=face.smile / max(smile, 1e-6),
            mouth=face.mouth - mouth,
        )
        for at, face in proper
    ]


def far(step: Step, seen: Seen, policy: Policy) -> float:
    """How far a step is done in one frame, 1 being enough."""
    lines = policy.steps
    match step:
        case "turn_left":
            return seen.yaw / lines.turn_degrees
        case "turn_right":
            return -seen.yaw / lines.turn_degrees
        case "nod_down":
            return seen.pitch / lines.nod_degrees
        case "nod_up":
            return -seen.pitch / lines.nod_degrees
        case "blink":
            return (1 - seen.eyes) / (1 - lines.blink_share)
        case "smile":
            return (seen.smile - 1) / (lines.smile_share - 1)
        case "open_mouth":
            return seen.mouth / lines.mouth_gap


# Read well enough to be held against somebody when nobody asked for it; a nod also narrows the eyes and widens the mouth.
_PLAIN: Final[tuple[Step, ...]] = ("turn_left", "turn_right", "open_mouth")


def _steps(seen: list[Seen], challenge: Challenge, policy: Policy) -> Iterator[Found]:
    """Each in its own time: so their order is the one that was asked for."""
    lines = policy.steps
    unasked = False
    for number, step in enumerate(challenge.steps):
        start = challenge.lead_ms + number * challenge.step_ms
        end = start + challenge.step_ms
        within = [one for one in seen if start <= one.at_ms < end + lines.late_ms]
        if sum(far(step, one, policy) >= 1 for one in within) < lines.least_frames:
            yield "step-missed", step
        # The step before may still be coming to its end.
        own = [one for one in within if start + lines.late_ms <= one.at_ms < end]
        unasked |= any(
            sum(far(other, one, policy) >= lines.unasked_times for one in own) >= lines.least_frames
            for other in _PLAIN
            if other != step
        )
    if unasked:
        yield "step-unasked", None


def parallax(seen: list[Seen]) -> float | None:
    """Nose parallax per sine of how the head turned, over the whole burst, in eye distances; None when it hardly turned."""
    turns = [(math.sin(math.radians(one.yaw)), math.sin(math.radians(one.pitch)), one.face.parallax) for one in seen]
    size = sum(yaw**2 + pitch**2 for yaw, pitch, _ in turns)
    if size < 0.02:
        return None
    return sum(yaw * x + pitch * y for yaw, pitch, (x, y) in turns) / size


def _flat(seen: list[Seen], policy: Policy) -> bool:
    moved = parallax(seen)
    return moved is not None and moved < policy.solid.least_parallax


def _light(burst: BurstReading, challenge: Challenge, policy: Policy) -> Iterator[Found]:
    light = answer_to_light(burst, challenge, policy)
    if light is None or light.correlation < policy.light.least_correlation:
        yield "light-unanswered", None
    elif light.beside > policy.light.most_beside:
        yield "light-flat", None


def answer_to_light(burst: BurstReading, challenge: Challenge, policy: Policy) -> Light | None:
    """How skin and surroundings follow the colours from one to the next; None when fewer than three changes can be seen.

    Changes, not colours: a camera that slowly corrects its white leaves them alone.
    """
    shown: list[tuple[float, float]] = []
    skin: list[tuple[float, float]] = []
    beside: list[tuple[float, float]] = []
    for number, colour in enumerate(challenge.colours):
        faces = [
            face
            for frame in burst.frames
            if challenge.colour_at(frame.at_ms) == number and (face := _proper(frame, policy)) is not None
        ]
        if faces:
            red, green, blue = (part / 255 for part in colour)
            shown.append((red - green, blue - green))
            skin.append(_hue([face.skin for face in faces]))
            beside.append(_hue([face.beside for face in faces]))
    if len(shown) < 4:
        return None
    asked, answered, around = _changes(shown), _changes(skin), _changes(beside)
    together = _dot(asked, answered)
    size = math.sqrt(_dot(asked, asked) * _dot(answered, answered))
    correlation = together / size if size else 0.0
    return Light(correlation, _dot(asked, around) / together if together > 0 else 0.0)


def _hue(colours: list[Rgb]) -> tuple[float, float]:
    """Red and blue over green, in natural logarithms, median of the frames: however bright it is, the same."""
    logs = [tuple(math.log(max(part, 1.0)) for part in colour) for colour in colours]
    return median(red - green for red, green, _ in logs), median(blue - green for _, green, blue in logs)


def _changes(hues: list[tuple[float, float]]) -> list[float]:
    return [late[part] - early[part] for early, late in pairwise(hues) for part in (0, 1)]


def _dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))
