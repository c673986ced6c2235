"""Liveness on simulated bursts: APCER of each attack species, BPCER, and the time a frame takes.

    uv run python benchmarks/liveness.py [--quick] [--json OUT] [--rounds N]

Everything is simulated from two still portraits: the figures show that the cues do what they are meant to do, and are
no error rate of anything in life. What each can and cannot mean stands in docs/liveness.md.
"""

import random
import statistics
import time
from collections import Counter
from math import comb
from pathlib import Path
from typing import get_args

import numpy as np
from rich.progress import track

from benchmarks.reporting import Row, arguments, tell
from identity.faces import dlib_eye, liveness, portraits, sface_eye
from identity.faces.liveness import simulated
from identity.faces.liveness.judging import judge
from identity.faces.liveness.policy import default
from identity.faces.liveness.reading import read_burst
from kit import images

SITTERS = ("obama", "biden")
SPECIES = get_args(simulated.Species)


def sitter(name: str, seed: int) -> simulated.Sitter:
    """The portrait over a head whose depths are its own in every round."""
    directory = portraits.default_directory()
    picture = np.asarray(images.decode((directory / f"{name}.jpg").read_bytes(), longest_side_px=1200))
    (marks, *_) = dlib_eye.find_landmarks(picture, detection_side_px=640)
    return simulated.Sitter(picture, marks, random.Random(seed))


def challenge(seed: int) -> liveness.Challenge:
    return liveness.draw(session_id="benchmark", device_thumbprint="benchmark", chance=random.Random(seed))


def floor_ms(frames: list[liveness.Frame]) -> float:
    """What cannot be left out: decoding, finding and landmarks, a frame."""
    began = time.process_time()
    for frame in frames:
        dlib_eye.find_landmarks(np.asarray(images.decode(frame.jpeg)), detection_side_px=320)
    return 1000 * (time.process_time() - began) / len(frames)


def upper_bound(wrong: int, count: int) -> float:
    """One-sided 95 % Clopper-Pearson bound in percent, by bisection of the binomial tail."""
    low, high = wrong / count, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        tail = sum(comb(count, k) * middle**k * (1 - middle) ** (count - k) for k in range(wrong + 1))
        low, high = (middle, high) if tail > 0.05 else (low, middle)
    return 100 * high


def main() -> None:
    parser = arguments((__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--rounds",
        type=int,
        metavar="N",
        help="of each species and each portrait; 10, or 1 of one portrait with --quick",
    )
    options = parser.parse_args()
    rounds = options.rounds or (1 if options.quick else 10)
    portraits.fetch(portraits.default_directory())
    dlib_eye.warm()
    sface_eye.session()
    decisions: dict[str, Counter[str]] = {kind: Counter() for kind in ("bona_fide", *SPECIES)}
    reasons: dict[str, Counter[str]] = {kind: Counter() for kind in decisions}
    took: list[float] = []
    floors: list[float] = []
    for name, seed in track(
        [(name, seed) for seed in range(rounds) for name in SITTERS[: 1 if options.quick else None]], "simulated bursts"
    ):
        person, asked, other = sitter(name, seed), challenge(seed), challenge(seed + 5000)
        for kind in decisions:
            if kind == "bona_fide":
                frames = simulated.bona_fide(person, asked, seed)
                floors.append(floor_ms(frames))
            else:
                frames = simulated.attack(kind, person, asked, other, seed)
            began = time.process_time()
            verdict = judge(read_burst(frames), asked, default())
            if kind == "bona_fide":
                took.append(1000 * (time.process_time() - began) / len(frames))
            decisions[kind][verdict.decision] += 1
            reasons[kind].update({reason.code for reason in verdict.reasons})
    report(decisions, reasons, statistics.median(took), statistics.median(floors), options.json)


def report(
    decisions: dict[str, Counter[str]],
    reasons: dict[str, Counter[str]],
    took_ms: float,
    floor: float,
    out: Path | None,
) -> None:
    """The cues of each kind go to the screen, the rates into the table."""
    count = decisions["bona_fide"].total()
    rows = [Row(name="simulated: bursts of each kind", value=count, unit="bursts")]
    for kind in SPECIES:
        taken, doubted = decisions[kind]["live"], decisions[kind]["unsure"]
        said = f"{taken} of {count} live, {doubted} unsure; 95 % bound {upper_bound(taken, count):.0f} %"
        rows.append(Row(name=f"simulated: APCER {kind} ({said})", value=100 * taken / count, unit="%"))
        print(f"{kind}: {dict(decisions[kind])}; cues {dict(reasons[kind].most_common())}")
    lost, doubted = decisions["bona_fide"]["not_live"], decisions["bona_fide"]["unsure"]
    print(f"bona_fide: {dict(decisions['bona_fide'])}; cues {dict(reasons['bona_fide'].most_common())}")
    rows.append(
        Row(
            name=f"simulated: BPCER ({lost} of {count} not live, {doubted} unsure)",
            value=100 * lost / count,
            unit="%",
        )
    )
    rows.append(
        Row(
            name="reading and judging, a frame (floor: decoding and landmarks)",
            value=took_ms,
            unit="ms of one core",
            floor=floor,
            ratio=took_ms / floor,
        )
    )
    tell("liveness, simulated", rows, out)


if __name__ == "__main__":
    main()
