"""Specimens everyone in this folder reads."""

import datetime
from collections.abc import Callable

import msgspec
import pytest
from PIL import Image

from ocr.training import camera
from ocr.training.specimens import CardFacts, Kind, drawn_face, render

FACTS = CardFacts(
    number="079190012345",
    old_number="024680135",
    full_name="Nguyễn Trần Phương Thảo",
    date_of_birth=datetime.date(1990, 5, 17),
    sex="female",
    place_of_origin="Xã Tân Thạnh Đông, Huyện Củ Chi, Thành phố Hồ Chí Minh",
    residence="45/12 Đường Lê Thánh Tôn, Phường Sài Gòn, Thành phố Hồ Chí Minh",
    place_of_birth="Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh",
    issued=datetime.date(2024, 8, 12),
    expires=datetime.date(2030, 5, 17),
    portrait=drawn_face(1),
)


def facts(kind: Kind) -> CardFacts:
    """The 2021 card was issued while such cards were."""
    return FACTS if kind == "can_cuoc_2024" else msgspec.structs.replace(FACTS, issued=datetime.date(2022, 8, 12))


@pytest.fixture(scope="session")
def cards() -> Callable[[Kind], tuple[Image.Image, Image.Image]]:
    """Both sides of a kind, rendered once."""
    made: dict[str, tuple[Image.Image, Image.Image]] = {}

    def of(kind: Kind) -> tuple[Image.Image, Image.Image]:
        if kind not in made:
            specimen = render(kind, facts(kind))
            made[kind] = (specimen.front, specimen.back)
        return made[kind]

    return of


def scene(**changes: object) -> camera.Scene:
    """A good photograph with something changed."""
    return msgspec.structs.replace(camera.GOOD, **changes)
