"""Measures what the recogniser's confidence is worth: `python -m ocr.training.calibrate --cards 300 --out ocr/models/calibration.toml`.

Cards in the training styles and people, photographed well and badly; each printed value is right or not. The share that is
right falls with the recogniser's doubt: fitted by pooling adjacent violators (isotonic regression), kept as a few knots.
The doubt below which a value is sure leaves at most one wrong value in two thousand (texts), and none, at a fiftieth of the
doubt of the first wrong one (figures).
"""

import argparse
import io
import itertools
import multiprocessing
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
from PIL import Image

import ocr
from kit.refusal import Refusal
from ocr import engine, printed, transcribing
from ocr.training import camera, scenes
from ocr.training.people import fictional
from ocr.training.specimens import Kind, drawn_face, render, styles
from ocr.training.truth import NUMBERS_AND_DATES, expected, same

_KINDS: tuple[Kind, ...] = get_args(Kind)
_WRONG_TEXTS = 0.0005
_LEAST_RIGHT = 0.001

Judged = tuple[str, float, bool]
"""Digits or text, doubt in nats, right."""


def judged(seed: int) -> list[Judged]:
    """Every printed value of one card, in one of three ways of taking it."""
    kind = _KINDS[seed % len(_KINDS)]
    facts = fictional(seed, kind, portrait=None if kind == "can_cuoc_2024_under_6" else drawn_face(seed))
    specimen = render(kind, facts, style=styles.for_training(seed))
    found: list[Judged] = []
    truth = expected(kind, facts)
    for i, side in enumerate(("front", "back")):
        image = getattr(specimen, side)
        scene = (None, scenes.readable(2 * seed + i), camera.HARD)[seed // len(_KINDS) % 3]
        photo = (
            _scan(image)
            if scene is None
            else camera.photograph(image, msgspec.structs.replace(scene, seed=2 * seed + i))
        )
        try:
            transcripts = transcribing.transcribe(photo, side, engine.reader())  # type: ignore[arg-type]
        except Refusal:
            continue
        for transcript in transcripts:
            for name, said in transcript.printed.items():
                if name in truth and printed.is_made_out(name, said.text):
                    form = "digits" if name in NUMBERS_AND_DATES else "text"
                    doubt = -float(np.log(max(said.confidence, 1e-12)))
                    found.append((form, doubt, same(name, _as_printed(name, said.text), truth[name])))
    return found


def _as_printed(name: str, text: str) -> str:
    """A date in words as the date it names."""
    day = printed.day(text) if name.startswith("date_") else None
    return f"{day:%d/%m/%Y}" if day else text


def _scan(side: Image.Image) -> bytes:
    page = Image.new("RGB", side.size, "white")
    page.paste(side, mask=side.getchannel("A"))
    out = io.BytesIO()
    page.save(out, "JPEG", quality=92)
    return out.getvalue()


def curve(some: Sequence[Judged], *, wrong_allowed: float) -> tuple[list[float], list[float], float]:
    """Knots of doubt, shares right, and the doubt below which values are sure."""
    ordered = sorted(some, key=lambda one: one[1])
    blocks: list[list[float]] = []  # doubts' sum, right, count
    for _, doubt, right in ordered:
        blocks.append([doubt, float(right), 1.0])
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] <= blocks[-1][1] * blocks[-2][2]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    # One more right and one more wrong in each block: a block of a few values knows less than it seems to.
    knots = [(total / n, (right + 0.5) / (n + 1)) for total, right, n in blocks]
    # Most doubts are thousandths of a nat: knots are as far apart as their size asks for.
    kept = [knots[0], *(b for a, b in itertools.pairwise(knots) if b[0] > 1.2 * a[0] and b[1] < a[1])]
    wrong, sure_from = 0, 0.0
    for i, (_, doubt, right) in enumerate(ordered, 1):
        wrong += not right
        if wrong <= wrong_allowed * i:
            sure_from = doubt
    if wrong_allowed == 0:
        # Near the first wrong value there are too few right ones to speak for those that follow: typefaces never seen
        # had wrong figures at half of its doubt, and one in three thousand cards below a tenth.
        sure_from /= 50
    doubts, shares = [float(f"{d:.4g}") for d, _ in kept], [round(max(_LEAST_RIGHT, s), 5) for _, s in kept]
    return doubts, shares, float(f"{sure_from:.4g}")


def written(some: Sequence[Judged], cards: int) -> str:
    lines = [
        "# Written by `python -m ocr.training.calibrate`; doubt is minus the logarithm of the recogniser's confidence.",
        f'measured_on = "{cards} cards in training styles, {len(some)} values, {datetime.now(UTC):%Y-%m-%d}"',
    ]
    for form, allowed in (("digits", 0.0), ("text", _WRONG_TEXTS)):
        doubts, shares, sure = curve([one for one in some if one[0] == form], wrong_allowed=allowed)
        lines += ["", f"[{form}]", f"doubt = {doubts}", f"right = {shares}", f"sure_below = {sure}"]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cards", type=int, default=300)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(options.workers, initializer=ocr.warm) as workers:
        found = [one for some in workers.imap(judged, range(20_000, 20_000 + options.cards)) for one in some]
    options.out.write_text(written(found, options.cards), encoding="utf-8")


if __name__ == "__main__":
    main()
