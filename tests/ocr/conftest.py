"""Specimens everyone in this folder reads."""

import datetime
import functools

import msgspec

from ocr.documents import Side
from ocr.training import camera
from ocr.training.specimens import CardFacts, Kind, Specimen, drawn_face, render

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


@functools.cache
def card(kind: Kind) -> Specimen:
    """Both sides of a kind, rendered once."""
    return render(kind, facts(kind))


@functools.cache
def shot(kind: Kind, side: Side, taken: camera.Scene) -> bytes:
    """One photograph, taken once."""
    return camera.photograph(getattr(card(kind), side), taken)


def scene(**changes: object) -> camera.Scene:
    """A good photograph with something changed."""
    return msgspec.structs.replace(camera.GOOD, **changes)
