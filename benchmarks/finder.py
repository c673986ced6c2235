"""The card in the photograph: corners found, by the network and straight lines together and by lines alone, and how fast.

Scenes of seeds no training saw: readable ones, and ones made to be hard (any ground, any tilt, cards out of the middle).
A card counts as found when each corner lies within 1.5 % of the card's width of where it is.
"""

import functools
import itertools
import time
from collections.abc import Callable, Iterator
from typing import get_args
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from reporting import Row, arguments, tell
from rich.progress import track

from kit.refusal import Refusal
from ocr import locating, masking
from ocr.training import camera, scenes
from ocr.training.people import HELD_OUT_FROM, fictional
from ocr.training.specimens import Kind, drawn_face, render, styles

KINDS: tuple[Kind, ...] = get_args(Kind)
NEAR = 0.015
FAMILIES: dict[str, Callable[[int], camera.Scene]] = {
    "readable": scenes.readable,
    "hard": functools.partial(scenes.placed, width_px=2_016),
}


def found(photo: NDArray[np.uint8], corners: NDArray[np.float32]) -> bool:
    """Whether the first card answered is this one, whichever of its corners is called the first."""
    try:
        flat = locating.flatten(photo, "front")[0]
    except Refusal:
        return False
    across = float(np.linalg.norm(corners[1] - corners[0]))
    off = min(float(np.abs(np.roll(flat.corners, k, axis=0) - corners).max()) for k in range(4))
    return off < NEAR * across


def photographs(family: str, count: int) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    given = 0
    for seed in itertools.count(HELD_OUT_FROM + 500_000):
        kind = KINDS[seed % len(KINDS)]
        portrait = None if kind == "can_cuoc_2024_under_6" else drawn_face(seed)
        specimen = render(kind, fictional(seed, kind, portrait=portrait), style=styles.held_out(seed))
        pixels, corners = camera.expose(specimen.front if seed % 2 else specimen.back, FAMILIES[family](seed))
        if np.linalg.norm(corners[1] - corners[0]) < 1.1 * locating.SMALLEST_CARD_PX:
            continue  # too small to be read, however well it is found
        yield np.ascontiguousarray(pixels[:, :, ::-1]), np.asarray(corners, np.float32)
        given += 1
        if given == count:
            return


def rows(family: str, count: int) -> Iterator[Row]:
    both = alone = 0
    took = took_alone = 0.0
    for photo, corners in track(photographs(family, count), description=family, total=count):
        began = time.process_time()
        both += found(photo, corners)
        took += time.process_time() - began
        with mock.patch.object(masking, "outlines", return_value=[]):
            began = time.process_time()
            alone += found(photo, corners)
            took_alone += time.process_time() - began
    yield Row(name=f"{family}: cards found", value=100 * both / count, unit="%")
    yield Row(name=f"{family}: cards found by straight lines alone", value=100 * alone / count, unit="%")
    yield Row(
        name=f"{family}: time a photo (floor: the lines alone)",
        value=1000 * took / count,
        unit="ms of one core",
        floor=1000 * took_alone / count,
        ratio=took / took_alone,
    )


def main() -> None:
    parser = arguments((__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, metavar="N", help="of each family; 200, 20 with --quick")
    options = parser.parse_args()
    count = options.photos or (20 if options.quick else 200)
    measured = [Row(name="photographs of each family", value=count, unit="photos")]
    for family in FAMILIES:
        measured += rows(family, count)
    tell("finder", measured, options.json)


if __name__ == "__main__":
    main()
