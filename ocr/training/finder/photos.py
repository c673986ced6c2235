"""What the finder learns from: every family of scenes, grounds of chance, things that are no cards, and cards of no state.

A real card's print is none of our specimens'. So a third of the cards are of chance, too: a tint, a picture, lines of
print; what remains in common is a card's shape with something printed on it.
"""

from collections.abc import Iterator, Sequence
from typing import get_args

import cv2
import msgspec
import numpy as np
from PIL import Image

from ocr.documents.layout import ASPECT
from ocr.training import camera, scenes
from ocr.training.camera import Corners, Pixels
from ocr.training.finder.network import ANSWER_SIDE, SIDE
from ocr.training.people import fictional
from ocr.training.specimens import Kind, drawn_face, render, styles

_CARD_WIDTH = 480
_WIDTH_PX = 320


def specimens(first_seed: int, count: int) -> Iterator[Image.Image]:
    """Both sides of this many specimens, small."""
    kinds: tuple[Kind, ...] = get_args(Kind)
    for seed in range(first_seed, first_seed + count):
        kind = kinds[seed % len(kinds)]
        portrait = None if kind == "can_cuoc_2024_under_6" else drawn_face(seed)
        specimen = render(kind, fictional(seed, kind, portrait=portrait), style=styles.for_training(seed))
        for side in (specimen.front, specimen.back):
            yield side.resize((_CARD_WIDTH, round(_CARD_WIDTH / ASPECT)), Image.Resampling.LANCZOS)


def example(seed: int, cards: Sequence[Image.Image]) -> tuple[Pixels, Pixels]:
    """A photograph, uint8 (256, 256, 3) BGR with bars of grey where it is not square, and its answer, (2, 128, 128), 0 or 255."""
    dice = np.random.default_rng([seed, 77])
    pixels, places = _taken(seed, dice, cards)
    pixels, places = _cropped(pixels, places, dice)
    return squared(pixels[:, :, ::-1]), answer(places, pixels.shape[:2])


def _taken(seed: int, dice: np.random.Generator, cards: Sequence[Image.Image]) -> tuple[Pixels, list[Corners]]:
    scene = _scene(seed, dice)
    card = _of_chance(dice) if dice.random() < 0.33 else cards[int(dice.integers(len(cards)))]
    what = dice.random()
    if what < 0.09:
        blank = Image.new("RGBA", (160, 101), (0, 0, 0, 0))
        return camera.expose(blank, msgspec.structs.replace(scene, photocopy=0.0, screen_px=0))[0], []
    if what < 0.24:
        other = _of_chance(dice) if dice.random() < 0.33 else cards[int(dice.integers(len(cards)))]
        above = dice.random() < 0.6
        fill = dice.uniform(0.3, 0.56) if above else dice.uniform(0.6, 1.0)
        both = msgspec.structs.replace(scene, fill=fill, turn_degrees=dice.uniform(0, 12), offset=(0.0, 0.0))
        return camera.expose_both(card, other, both, arranged="above" if above else "beside")
    pixels, corners = camera.expose(card, scene)
    return pixels, [corners]


def _scene(seed: int, dice: np.random.Generator) -> camera.Scene:
    what = dice.random()
    if what < 0.5:
        scene = scenes.placed(seed, _WIDTH_PX)
    elif what < 0.75:
        scene = scenes.readable(seed, _WIDTH_PX)
    else:
        # Cards that run out of the frame are a fault only the finder can see.
        faults = [*scenes.FAULTS, "card-cut-off", "card-cut-off", "card-cut-off"]
        scene = scenes.faulty(faults[int(dice.integers(len(faults)))], seed, _WIDTH_PX)
    ground = dice.random()
    if ground < 0.3:
        scene = msgspec.structs.replace(scene, background="clutter")
    elif ground < 0.55:  # the grounds that most look like cards, or hide their edges
        scene = msgspec.structs.replace(scene, background="keyboard" if ground < 0.42 else "paper")
    # Small pictures have been averaged: their noise is less than a photograph's.
    return msgspec.structs.replace(scene, noise=scene.noise * dice.uniform(0.1, 0.6), blur_px=max(0.4, scene.blur_px))


def _cropped(pixels: Pixels, places: list[Corners], dice: np.random.Generator) -> tuple[Pixels, list[Corners]]:
    """Other proportions of frame, and cards out of the middle."""
    if dice.random() < 0.5:
        return pixels, places
    height, width = pixels.shape[:2]
    wide, high = (int(side * dice.uniform(0.7, 1.0)) for side in (width, height))
    left, top = int(dice.integers(width - wide + 1)), int(dice.integers(height - high + 1))
    return pixels[top : top + high, left : left + wide], [place - [left, top] for place in places]


def squared(pixels: Pixels) -> Pixels:
    """The longer side at 256, grey bars right or below, as `ocr.masking` feeds it."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    square = np.full((SIDE, SIDE, 3), 127, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return square


def answer(places: Sequence[Corners], shape: tuple[int, ...]) -> Pixels:
    """Filled quadrilaterals without their rims, and the rims."""
    scale = ANSWER_SIDE / max(shape[:2])
    told = np.zeros((2, ANSWER_SIDE, ANSWER_SIDE), np.uint8)
    for place in places:
        quad = np.rint(((place + 0.5) * scale - 0.5) * 16).astype(np.int32)
        whole = np.zeros((ANSWER_SIDE, ANSWER_SIDE), np.uint8)
        cv2.fillConvexPoly(whole, quad, (255,), cv2.LINE_AA, 4)
        rim = np.zeros_like(whole)
        cv2.polylines(rim, [quad], True, (255,), 2, cv2.LINE_AA, 4)
        told[0] = np.maximum(told[0], cv2.subtract(whole, rim))
        told[1] = np.maximum(told[1], rim)
    wide, high = round(shape[1] * scale), round(shape[0] * scale)
    told[:, high:], told[:, :, wide:] = 0, 0
    return told


def _of_chance(dice: np.random.Generator) -> Image.Image:
    """A card of no state: tints, a picture, bars of print, perhaps a code and a chip."""
    height = round(_CARD_WIDTH / ASPECT)
    one, other = dice.uniform(60, 255, (2, 3)) if dice.random() < 0.4 else dice.uniform(185, 255, (2, 3))
    mix = np.linspace(0, 1, _CARD_WIDTH, dtype=np.float32)[None, :, None] * np.ones((height, 1, 1), np.float32)
    face = np.ascontiguousarray((one + (other - one) * mix).astype(np.uint8))
    ink = dice.uniform(0, 90, 3) if float(face.mean()) > 110 else dice.uniform(190, 255, 3)
    if dice.random() < 0.75:
        x, y = int(dice.uniform(0.02, 0.72) * _CARD_WIDTH), int(dice.uniform(0.08, 0.4) * height)
        wide = int(dice.uniform(0.16, 0.28) * _CARD_WIDTH)
        head = cv2.resize(
            dice.integers(0, 256, (5, 4, 3), dtype=np.uint8), (wide, int(wide * 1.3)), interpolation=cv2.INTER_CUBIC
        )
        part = face[y : y + len(head), x : x + wide]
        part[:] = head[: len(part)]
    y = dice.uniform(0.05, 0.2) * height
    while y < 0.92 * height:
        x, thick = dice.uniform(0.03, 0.45) * _CARD_WIDTH, dice.uniform(0.014, 0.05) * height
        end = x + dice.uniform(0.15, 0.6) * _CARD_WIDTH
        while x < min(end, 0.96 * _CARD_WIDTH):
            long = dice.uniform(0.3, 3.0) * thick * 2
            cv2.rectangle(face, (int(x), int(y)), (int(x + long), int(y + thick)), ink.tolist(), -1)
            x += long + thick * 0.7
        y += thick * dice.uniform(1.6, 4.0)
    if dice.random() < 0.4:
        side = int(dice.uniform(0.14, 0.24) * _CARD_WIDTH)
        code = cv2.resize(
            dice.integers(0, 2, (25, 25), dtype=np.uint8) * 235, (side, side), interpolation=cv2.INTER_NEAREST
        )
        x, y0 = int(dice.integers(_CARD_WIDTH - side)), int(dice.integers(height - side))
        face[y0 : y0 + side, x : x + side] = code[:, :, None]
    mask = np.zeros((height, _CARD_WIDTH), np.uint8)
    corner = round(_CARD_WIDTH * 3.18 / 85.6)
    cv2.rectangle(mask, (corner, 0), (_CARD_WIDTH - corner - 1, height - 1), (255,), -1)
    cv2.rectangle(mask, (0, corner), (_CARD_WIDTH - 1, height - corner - 1), (255,), -1)
    for x in (corner, _CARD_WIDTH - corner - 1):
        for y1 in (corner, height - corner - 1):
            cv2.circle(mask, (x, y1), corner, (255,), -1, cv2.LINE_AA)
    return Image.fromarray(np.dstack([face, mask]))
