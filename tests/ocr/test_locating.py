"""Cards that run out of the photograph, by the outline alone."""

import cv2
import numpy as np
import pytest

from ocr import locating, masking
from ocr.corners import Outline

WIDE, HIGH = 2_016, 1_512
WHOLE = ((400, 300), (1_500, 320), (1_490, 1_010), (410, 990))


def found(corners: tuple[tuple[int, int], ...], monkeypatch: pytest.MonkeyPatch) -> locating.Flat:
    """The first card of a photo in which the network sees just this outline, all of it along plain edges."""
    seen = Outline(np.array(corners, np.float32), 1.0)

    def outlines(_: object) -> list[Outline]:
        return [seen]

    def drawn_closer(_: object, corners: np.ndarray) -> tuple[np.ndarray, float]:
        return corners, 1.0

    monkeypatch.setattr(masking, "outlines", outlines)
    monkeypatch.setattr(locating, "drawn_closer", drawn_closer)
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


def seen_by_network(corners: tuple[tuple[int, int], ...], monkeypatch: pytest.MonkeyPatch) -> Outline:
    """The outline of a card that the network's answer, 128 x 96, shows within these corners."""
    answer = np.zeros((2, 128, 128), np.float32)

    def told(_: object) -> np.ndarray:
        return answer

    cv2.fillConvexPoly(answer[0], np.array(corners, np.int32), (1.0,))
    answer[0, 96:] = 0.0
    monkeypatch.setattr(masking, "_told", told)
    (outline,) = masking.outlines(np.full((HIGH, WIDE, 3), 128, np.uint8))
    return outline


def test_a_card_that_the_network_sees_up_to_the_frame_runs_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its fourth side seemed to lie three pixels inside, askew, as where print ends."""
    slanting = ((20, 1), (105, 3), (103, 60), (22, 56))
    assert seen_by_network(slanting, monkeypatch).open_side
    below = tuple((x, 95 - y) for x, y in slanting)
    assert seen_by_network(below, monkeypatch).open_side


@pytest.mark.parametrize("top", [3, 8])
def test_a_card_with_ground_all_around_does_not(top: int, monkeypatch: pytest.MonkeyPatch) -> None:
    corners = ((20, top), (105, top + 2), (103, top + 57), (22, top + 53))
    assert not seen_by_network(corners, monkeypatch).open_side


def test_nor_does_one_that_only_its_corner_brings_to_the_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not seen_by_network(((30, 1), (105, 22), (92, 75), (16, 54)), monkeypatch).open_side
