"""Lines cut from photographed specimens, for training: `python -m ocr.training.recogniser.cards --sides 2000 --out DIRECTORY`.

What `lines.py` imitates is here as the reader will meet it: cards in the training styles, the training's own people and
dice names, photographed well and badly, flattened a little askew, cut as loosely as a detector cuts.
"""

import argparse
import pickle
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

import cv2
import msgspec
import numpy as np

from ocr.documents.layout import ASPECT
from ocr.training import camera, scenes
from ocr.training.people import fictional
from ocr.training.recogniser.lines import HEIGHT_PX, Line, Pixels
from ocr.training.recogniser.texts import ALPHABET
from ocr.training.specimens import WIDTH, Kind, Printed, drawn_face, render, styles

_FLAT_WIDTH = 1_280
_FLAT_HEIGHT = round(_FLAT_WIDTH / ASPECT)
_KINDS: tuple[Kind, ...] = get_args(Kind)
# Within this share of the letters' height two pieces stand on one line, and a detector may take them for one.
_NEAR = 1.3


def lines_of(seed: int) -> Iterator[Line]:
    """Every line of one side of one card; seeds of training only."""
    dice = random.Random(seed)
    kind = dice.choice(_KINDS)
    face = None if kind == "can_cuoc_2024_under_6" else drawn_face(seed % 50)
    facts = fictional(seed, kind, portrait=face, spelling="dice" if dice.random() < 0.7 else "lists")
    specimen = render(kind, facts, style=styles.for_training(seed))
    side = dice.choice(("front", "back"))
    image, printed = getattr(specimen, side), getattr(specimen, f"{side}_print")
    pixels, (corners,) = _photographed(image, seed, dice)
    flat = _flattened(pixels, corners, dice)
    scale = _FLAT_WIDTH / WIDTH
    for piece in _pieces([one for one in printed if one.text]):
        if all(letter in ALPHABET for letter in piece.text):
            yield Line(_cut(flat, [v * scale for v in piece.box], dice), piece.text)


def _photographed(image: object, seed: int, dice: random.Random) -> tuple[Pixels, list[Pixels]]:
    if dice.random() < 0.15:  # a scan: the card itself
        rgb = np.asarray(image.convert("RGB"))  # type: ignore[attr-defined]
        height, width = rgb.shape[:2]
        return rgb, [np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)]
    scene = scenes.readable(seed)
    if dice.random() < 0.4:
        scene = msgspec.structs.replace(
            scene,
            tilt_degrees=dice.uniform(10, 27),
            shadow=dice.uniform(0.2, 0.5),
            blur_px=dice.uniform(0.6, 1.5),
            noise=dice.uniform(3, 9),
            jpeg_quality=dice.randint(50, 90),
        )
    pixels, corners = camera.expose(image, scene)  # type: ignore[arg-type]
    encoded = camera.encode(pixels, msgspec.structs.replace(scene, format="JPEG"))
    decoded = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(decoded[:, :, ::-1]), [corners]


def _flattened(pixels: Pixels, corners: Pixels, dice: random.Random) -> Pixels:
    """BGR, 1280 px wide, each corner off by a pixel or two, as the locator leaves it."""
    off = np.array([[dice.gauss(0, 1.5), dice.gauss(0, 1.5)] for _ in range(4)], np.float32)
    target = np.array([[0, 0], [_FLAT_WIDTH, 0], [_FLAT_WIDTH, _FLAT_HEIGHT], [0, _FLAT_HEIGHT]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32) + off, target)
    flat = cv2.warpPerspective(pixels, matrix, (_FLAT_WIDTH, _FLAT_HEIGHT), flags=cv2.INTER_LINEAR)
    return np.ascontiguousarray(flat[:, :, ::-1])


def _pieces(printed: Sequence[Printed]) -> Iterator[Printed]:
    """What stands side by side on one line is one piece, as a detector takes it."""
    left_over = sorted(printed, key=lambda one: one.box[0])
    while left_over:
        row = [left_over.pop(0)]
        for other in list(left_over):
            last = row[-1].box
            tall = max(last[3] - last[1], other.box[3] - other.box[1])
            level = abs((last[1] + last[3]) - (other.box[1] + other.box[3])) / 2 < 0.4 * tall
            if level and -0.3 * tall < other.box[0] - last[2] < _NEAR * tall:
                row.append(other)
                left_over.remove(other)
        boxes = [one.box for one in row]
        yield Printed(
            field=row[0].field,
            text=" ".join(" ".join(one.text for one in row).split()),
            box=(boxes[0][0], min(b[1] for b in boxes), boxes[-1][2], max(b[3] for b in boxes)),
        )


def _cut(flat: Pixels, box: Sequence[float], dice: random.Random) -> Pixels:
    left, top, right, bottom = box
    tall = bottom - top
    left -= tall * dice.triangular(-0.05, 0.6, 0.15)
    right += tall * dice.triangular(-0.05, 0.6, 0.15)
    top -= tall * dice.triangular(-0.05, 0.4, 0.12)
    bottom += tall * dice.triangular(-0.05, 0.4, 0.12)
    lean = dice.gauss(0, 0.015) * tall
    corners = np.array(
        [[left, top - lean], [right, top + lean], [right, bottom + lean], [left, bottom - lean]], np.float32
    )
    width = max(16, round((right - left) * HEIGHT_PX / (bottom - top)))
    target = np.array([[0, 0], [width, 0], [width, HEIGHT_PX], [0, HEIGHT_PX]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    return cv2.warpPerspective(
        flat, matrix, (width, HEIGHT_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sides", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from-seed", type=int, default=1_000)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    some: list[tuple[Pixels, str]] = []
    for seed in range(options.from_seed, options.from_seed + options.sides):
        some += [(line.image, line.text) for line in lines_of(seed) if line.image.shape[1] <= 1_040]
        if (seed + 1) % 100 == 0:
            (options.out / f"{seed + 1:06d}.pickle").write_bytes(pickle.dumps(some))
            some = []


if __name__ == "__main__":
    main()
