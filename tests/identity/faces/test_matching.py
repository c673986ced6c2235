"""Two eyes on real portraits: `obama*` is one person, `biden` another."""

import math
from collections.abc import Callable

import pytest
from PIL import Image, ImageFile, ImageFilter

from identity import faces
from identity.faces.calibration import default, vector
from identity.faces.refusals import (
    CardFaceTooSmall,
    FaceBlurred,
    FaceCutOff,
    FaceTooDark,
    FaceTooSmall,
    MultipleFaces,
    NoFace,
    NoFaceOnCard,
    SameImageAsCard,
)
from kit import images
from kit.refusal import Refusal
from tests.identity.faces.conftest import jpeg

Photo = Callable[[str], bytes]
OnCard = Callable[..., bytes]


@pytest.mark.parametrize(("card", "selfie"), [("obama", "obama2"), ("obama2", "obama3"), ("obama3", "obama")])
def test_the_owner_of_the_card_matches(photo: Photo, on_card: OnCard, card: str, selfie: str) -> None:
    assert faces.compare(on_card(card), photo(selfie)).decision == "match"


@pytest.mark.parametrize(("card", "selfie"), [("obama", "biden"), ("biden", "obama2")])
def test_somebody_else_does_not(photo: Photo, on_card: OnCard, card: str, selfie: str) -> None:
    assert faces.compare(on_card(card), photo(selfie)).decision == "no_match"


def test_a_smaller_portrait_still_tells_them_apart(photo: Photo, on_card: OnCard) -> None:
    card = on_card("obama2", 80)
    assert faces.compare(card, photo("obama")).decision == "match"
    assert faces.compare(card, photo("biden")).decision == "no_match"


def test_two_photos_of_one_person_score_far_above_two_people(photo: Photo) -> None:
    owner, again, other = (faces.describe(photo(name)) for name in ("obama", "obama2", "biden"))
    score = default().score
    assert score(owner.template, again.template) > 5
    assert abs(score(owner.template, other.template)) < 2


def test_the_picture_on_the_card_is_no_selfie(photo: Photo, on_card: OnCard) -> None:
    with pytest.raises(SameImageAsCard):
        faces.compare(photo("obama"), photo("obama"))
    # Reprinted, shrunk and compressed it is still the same picture, whichever way round.
    with pytest.raises(SameImageAsCard):
        faces.compare(on_card("obama"), photo("obama"))
    with pytest.raises(SameImageAsCard):
        faces.compare(on_card("obama3", 80), jpeg(images.decode(photo("obama3")), quality=70))


def refused(photo: bytes) -> type[Refusal]:
    with pytest.raises(Refusal) as told:
        faces.describe(photo)
    return told.type


def test_what_no_selfie_is(photo: Photo) -> None:
    portrait = images.decode(photo("obama"))
    assert refused(jpeg(Image.new("RGB", (800, 800), "grey"))) is NoFace
    assert refused(jpeg(portrait.resize((455, 568)))) is FaceTooSmall
    assert refused(jpeg(portrait.point(lambda value: value * 0.15))) is FaceTooDark
    assert refused(jpeg(portrait.filter(ImageFilter.GaussianBlur(8)))) is FaceBlurred
    assert refused(photo("obama_partial_face")) is FaceCutOff


def test_two_people_are_one_too_many_but_a_passer_by_is_not(photo: Photo) -> None:
    owner, other = images.decode(photo("obama")), images.decode(photo("biden"))
    together = Image.new("RGB", (1820, 1137), "white")
    together.paste(owner, (0, 0))
    together.paste(other.resize((500, 1137)), (1000, 0))
    assert refused(jpeg(together)) is MultipleFaces

    passing = Image.new("RGB", (1300, 1137), "white")
    passing.paste(owner, (0, 0))
    passing.paste(other.resize((240, 546)), (950, 300))
    assert faces.describe(jpeg(passing)).template.model == default().model


def test_poor_but_good_enough_comes_with_advice(photo: Photo) -> None:
    dusk = images.decode(photo("obama")).point(lambda value: value * 0.3)
    assert [tip.code for tip in faces.describe(jpeg(dusk)).tips] == ["face-too-dark"]


def test_a_card_without_a_usable_portrait(photo: Photo, on_card: OnCard) -> None:
    with pytest.raises(NoFaceOnCard):
        faces.compare(jpeg(Image.new("RGB", (300, 400), "beige")), photo("obama"))
    with pytest.raises(CardFaceTooSmall):
        faces.compare(on_card("obama2", 55), photo("obama"))


def test_a_photo_lying_on_its_side_is_the_same_face(photo: Photo) -> None:
    upright = images.decode(photo("obama"))
    exif = Image.Exif()
    exif[0x0112] = 8
    lying = jpeg(upright.transpose(Image.Transpose.ROTATE_270), exif=exif)
    one, two = faces.describe(photo("obama")), faces.describe(lying)
    assert math.dist(vector(one.template.vectors["dlib"]), vector(two.template.vectors["dlib"])) < 0.1


def test_the_models_leave_truncated_photos_refused(photo: Photo) -> None:
    """Importing face_recognition made Pillow read half photos in the whole process."""
    faces.warm()
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    assert refused(photo("obama")[:-4000]) is images.BadImage


def test_what_is_printed_of_a_face_holds_no_numbers(photo: Photo) -> None:
    assert repr(faces.describe(photo("biden")).template) == f"Template(model={default().model!r})"
