"""Which photographs are refused, for which reason; and what must not be taken for a bad photograph."""

import functools
from typing import Any

import msgspec
import numpy as np
import pytest

from kit.refusal import Refusal
from ocr import judging, refusals
from ocr.documents.layout import Place, Side
from ocr.locating import Flat
from ocr.training import camera, scenes
from ocr.training.specimens import Kind, Style, render

from .conftest import card, facts, scene


def taken(change: camera.Scene, kind: Kind = "can_cuoc_2024", side: Side = "front", style: Style | None = None) -> Flat:
    """The card cut out by its true corners: finding it is not what is tested here."""
    picture = getattr(card(kind) if style is None else styled(kind, style), side)
    pixels, corners = camera.expose(picture, change)
    return Flat(np.ascontiguousarray(pixels[:, :, ::-1]), corners)


@functools.cache
def styled(kind: Kind, style: Style) -> Any:
    return render(kind, facts(kind), style=style)


def code(flat: Flat, side: Side = "front") -> str:
    with pytest.raises(refusals.CardRefusal) as caught:
        judging.judge(flat, side)
    return caught.value.code


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (camera.BLURRED, "card-blurred"),
        (camera.SHAKEN, "card-blurred"),
        (camera.DARK, "card-too-dark"),
        (camera.GLARING, "card-glare"),
        (camera.FAR, "card-too-small"),
        (camera.ON_SCREEN, "card-on-screen"),
    ],
)
@pytest.mark.parametrize("side", ["front", "back"])
def test_each_fault_is_refused_by_its_own_code(change: camera.Scene, why: str, side: Side) -> None:
    assert code(taken(change, side=side), side) == why


@pytest.mark.parametrize(
    "refusal",
    [
        refusals.CardNotFound,
        refusals.CardTooSmall,
        refusals.CardCutOff,
        refusals.CardBlurred,
        refusals.CardTooDark,
        refusals.CardGlare,
        refusals.CardOnScreen,
        refusals.CardPhotocopied,
    ],
)
def test_every_tip_names_the_side_in_both_languages(refusal: type[refusals.CardRefusal]) -> None:
    told = refusal(side="back").message
    assert "mặt sau" in told.vi
    assert "the back" in told.en
    assert refusal.status == 422


def test_a_cut_off_card_is_refused_before_anything_is_measured() -> None:
    flat = taken(camera.GOOD)
    assert code(Flat(flat.photo, flat.corners, cut_off=True)) == "card-cut-off"


@pytest.mark.parametrize(
    "change",
    [
        camera.GOOD,
        msgspec.structs.replace(camera.HARD, glare=None),
        scene(noise=9.0),
        scene(halo=1.0),
        scene(exposure=0.35),
    ],
)
@pytest.mark.parametrize("side", ["front", "back"])
def test_a_fair_photograph_is_accepted(change: camera.Scene, side: Side) -> None:
    verdict = judging.judge(taken(change, "cccd_chip_2021", side), side)
    assert (verdict.decision, verdict.codes, verdict.burnt, verdict.colourless) == ("accept", (), (), False)


@pytest.mark.parametrize("degrees", [0, 30, 45, 90, 135])
def test_movement_in_any_direction_is_blur(degrees: float) -> None:
    assert code(taken(scene(motion_px=22.0, motion_degrees=degrees))) == "card-blurred"


def test_noise_does_not_pass_for_sharpness() -> None:
    assert code(taken(msgspec.structs.replace(camera.BLURRED, noise=14.0))) == "card-blurred"


def test_worn_print_is_not_blur() -> None:
    worn = Style(seed=3, fade=0.55, broken=0.3, spread_px=-0.6, scratches=14)
    verdict = judging.judge(taken(scene(seed=2), style=worn), "front")
    assert verdict.decision == "accept"
    assert verdict.quality.sharpness > 1.2 * judging.BLURRED_BELOW


@pytest.mark.parametrize("ground", ["waves", "rays", "net", "ripples", "rosettes", "weave", "scales"])
def test_fine_print_is_no_display(ground: Any) -> None:
    """Nets of lines once passed for a grid of pixels."""
    style = Style(ground=ground, ground_pitch=1.6, ground_strength=1.4)
    flat = taken(scene(seed=4, fill=0.6, tilt_degrees=2), style=style)
    assert judging.judge(flat, "front").decision == "accept"


@pytest.mark.parametrize("cast", [(1.0, 1.0, 1.0), (1.12, 1.0, 0.86)])
def test_a_copy_is_colourless_whatever_the_lamp(cast: tuple[float, float, float]) -> None:
    assert judging.judge(taken(msgspec.structs.replace(camera.PHOTOCOPIED, cast=cast)), "front").colourless


def test_a_picture_without_any_colour_goes_to_a_person() -> None:
    """A camera set to black and white is no photocopier: nobody can tell, so nobody is refused."""
    flat = taken(camera.GOOD)
    grey = np.repeat(flat.photo.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    verdict = judging.judge(Flat(grey, flat.corners), "front")
    assert (verdict.decision, verdict.codes, verdict.colourless) == ("review", ("card-photocopied",), False)


@pytest.mark.parametrize(
    ("pattern", "doubted"),
    [((1.43, 0.97), ()), ((1.9, 0.86), ()), ((1.6, 0.95), ("card-on-screen",)), ((1.76, 1.12), ("card-on-screen",))],
)
def test_a_pattern_that_may_be_print_or_a_display_goes_to_a_person(
    pattern: tuple[float, float], doubted: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "display_grid", lambda _: pattern)
    verdict = judging.judge(taken(camera.GOOD), "front")
    assert (verdict.codes, verdict.decision) == (doubted, "review" if doubted else "accept")


def test_a_small_reflection_is_noted_where_it_is() -> None:
    verdict = judging.judge(taken(scene(glare=(0.52, 0.20, 0.06), tilt_degrees=0)), "front")
    assert verdict.decision == "accept"
    assert verdict.quality.glare_share > judging.GLARE_NOTED_ABOVE
    assert covered(verdict.burnt, 0.52, 0.20)
    assert not covered(verdict.burnt, 0.52, 0.60)
    assert covered(verdict.turned().burnt, 0.48, 0.80)
    assert sum(place.width * place.height for place in verdict.burnt) < 0.04


def covered(places: tuple[Place, ...], x: float, y: float) -> bool:
    return any(p.x <= x <= p.x + p.width and p.y <= y <= p.y + p.height for p in places)


@pytest.mark.slow
@pytest.mark.parametrize("why", ["card-blurred", "card-too-dark", "card-glare", "card-on-screen"])
def test_faults_are_refused_by_their_own_code(why: str) -> None:
    kinds: tuple[Kind, ...] = ("can_cuoc_2024", "cccd_chip_2021", "cmnd_12")
    told: list[str] = []
    for seed in range(25):
        try:
            judging.judge(taken(scenes.faulty(why, seed), kinds[seed % 3]), "front")
        except Refusal as refusal:
            told.append(refusal.code)
    assert told.count(why) >= 24


@pytest.mark.slow
def test_readable_photographs_are_not_refused() -> None:
    kinds: tuple[Kind, ...] = ("can_cuoc_2024", "cccd_chip_2021", "cmnd_12")
    for seed in range(40):
        side: Side = "back" if seed % 2 else "front"
        judging.judge(taken(scenes.readable(seed), kinds[seed % 3], side), side)
