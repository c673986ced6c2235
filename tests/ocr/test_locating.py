"""Cards that run out of the photograph, by the outline alone."""

import numpy as np
import pytest

from ocr import locating, masking
from ocr.corners import Outline

WIDE, HIGH = 2_016, 1_512
WHOLE = ((400, 300), (1_500, 320), (1_490, 1_010), (410, 990))


def found(corners: tuple[tuple[int, int], ...], monkeypatch: pytest.MonkeyPatch) -> locating.Flat:
    """The first card of a photo in which the network sees just this outline, all of it along plain edges."""
    seen = Outline(np.array(corners, np.float32), 1.0)
    monkeypatch.setattr(masking, "outlines", lambda _: [seen])
    monkeypatch.setattr(locating, "drawn_closer", lambda _, corners: (corners, 1.0))
    return locating.flatten(np.full((HIGH, WIDE, 3), 128, np.uint8), "front")[0]


def test_a_card_within_the_frame_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not found(WHOLE, monkeypatch).cut_off


@pytest.mark.parametrize(
    "corners",
    [
        ((984, 261), (2_010, 335), (2_003, 1_194), (906, 1_116)),  # right
        ((8, 300), (1_300, 320), (1_290, 1_110), (12, 1_090)),  # left
        ((400, 7), (1_600, 12), (1_590, 760), (410, 750)),  # above
    ],
)
def test_a_side_along_the_frames_edge_is_no_side_of_the_card(
    corners: tuple[tuple[int, int], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine tenths of a card were once read as a whole one, names and addresses cut short."""
    assert found(corners, monkeypatch).cut_off


def test_one_corner_near_the_edge_is_no_side(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not found(((900, 330), (2_005, 280), (1_960, 990), (890, 1_010)), monkeypatch).cut_off
