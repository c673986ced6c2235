"""Liveness on simulated bursts: APCER of each attack species, BPCER, and the time a frame takes.

    uv run python benchmarks/liveness.py [--quick] [--json OUT] [--rounds N]

Everything is simulated from two still portraits: the figures show that the cues do what they are meant to do, and are
no error rate of anything in life. What each can and cannot mean stands in docs/liveness.md.
"""

import multiprocessing
import random
import statistics
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from math import comb
from pathlib import Path
from typing import get_args

import msgspec
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


class Round(msgspec.Struct):
    """One portrait's bursts: for each kind the decision and the cues, and what a frame of the honest one took, in ms."""

    verdicts: dict[str, tuple[str, set[str]]]
    took_ms: float
    floor_ms: float


def one_round(name: str, seed: int) -> Round:
    dlib_eye.warm()
    sface_eye.session()
    person, asked, other = sitter(name, seed), challenge(seed), challenge(seed + 5000)
    honest = simulated.bona_fide(person, asked, seed)
    floor = floor_ms(honest)
    began = time.process_time()
    verdicts = {"bona_fide": judged(honest, asked)}
    took = 1000 * (time.process_time() - began) / len(honest)
    for kind in SPECIES:
        verdicts[kind] = judged(simulated.attack(kind, person, asked, other, seed), asked)
    return Round(verdicts, took, floor)


def judged(frames: list[liveness.Frame], asked: liveness.Challenge) -> tuple[str, set[str]]:
    verdict = judge(read_burst(frames), asked, default())
    return verdict.decision, {reason.code for reason in verdict.reasons}


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
    work = [(name, seed) for seed in range(rounds) for name in SITTERS[: 1 if options.quick else None]]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        done = list(track(pool.map(one_round, *zip(*work, strict=True)), "simulated bursts", total=len(work)))
    decisions: dict[str, Counter[str]] = {kind: Counter() for kind in ("bona_fide", *SPECIES)}
    reasons: dict[str, Counter[str]] = {kind: Counter() for kind in decisions}
    for one in done:
        for kind, (decision, codes) in one.verdicts.items():
            decisions[kind][decision] += 1
            reasons[kind].update(codes)
    took_ms, least_ms = (
        statistics.median(of) for of in zip(*((one.took_ms, one.floor_ms) for one in done), strict=True)
    )
    report(decisions, reasons, took_ms, least_ms, options.json)


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
