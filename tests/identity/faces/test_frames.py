"""Several frames of one selfie: the useless and the equal do not count, the rest must be one person and are scored together."""

import io
from collections.abc import Callable

import msgspec
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from identity import faces
from identity.faces import matching
from identity.faces.calibration import default
from identity.faces.refusals import FaceBlurred, NoFace, SameImageAsCard, SelfiesOfSeveral
from kit import images
from kit.images import BadImage
from tests.identity.faces.conftest import jpeg

Photo = Callable[[str], bytes]
OnCard = Callable[..., bytes]


@pytest.fixture(scope="session")
def burst(photo: Photo) -> list[bytes]:
    """Three frames of one person, as a hand that moves and a lamp that flickers make them."""
    still = images.decode(photo("obama2"))
    tilted = still.rotate(7, Image.Resampling.BILINEAR, fillcolor="grey")
    darker = ImageEnhance.Brightness(still.rotate(-6, Image.Resampling.BILINEAR)).enhance(0.6)
    return [photo("obama2"), jpeg(tilted), jpeg(darker)]


def test_one_frame_is_compared_as_ever(photo: Photo, on_card: OnCard) -> None:
    matcher = matching.at_hand()
    alone = faces.compare(on_card("obama"), photo("obama2"))
    selfie = matcher.describe_selfie(photo("obama2"))
    portrait = matcher.describe_portrait(on_card("obama"))
    assert alone.score == default().score(portrait.template, selfie.template)
    assert (alone.decision, alone.tips, len(alone.selfies)) == ("match", selfie.tips, 1)


def test_several_are_scored_by_their_mean(on_card: OnCard, burst: list[bytes]) -> None:
    card = on_card("obama")
    each = [faces.compare(card, one).score for one in burst]
    fused = faces.compare(card, *burst)
    assert fused.score == pytest.approx(sum(each) / 3)
    assert fused.decision == "match"
    assert len({one.sha256 for one in fused.selfies}) == 3
    assert faces.compare(on_card("biden"), *burst).decision == "no_match"


def test_equal_frames_are_no_new_evidence(on_card: OnCard, burst: list[bytes]) -> None:
    """Whoever sends the luckiest frame five times must not have it counted five times."""
    card = on_card("obama")
    twice = faces.compare(card, burst[0], burst[1])
    written_anew = with_comment(burst[1])
    again = faces.compare(card, burst[0], burst[1], burst[1], written_anew)
    assert again.score == twice.score
    assert again.selfies == twice.selfies
    assert len(faces.compare(card, *[burst[0]] * 5).selfies) == 1


def with_comment(photo: bytes) -> bytes:
    """The same pixels in another file."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(photo)) as image:
        image.save(out, "PNG")
    assert out.getvalue() != photo
    return out.getvalue()


def test_a_useless_frame_is_left_out_with_its_tip(photo: Photo, on_card: OnCard, burst: list[bytes]) -> None:
    card = on_card("obama")
    blurred = jpeg(images.decode(photo("obama")).filter(ImageFilter.GaussianBlur(8)))
    empty, broken = jpeg(Image.new("RGB", (800, 800), "grey")), photo("obama2")[:-4000]
    good = faces.compare(card, burst[0], burst[1])
    found = faces.compare(card, blurred, empty, burst[0], broken, burst[1])
    assert msgspec.structs.replace(found, tips=()) == msgspec.structs.replace(good, tips=())
    assert [tip.code for tip in found.tips] == [FaceBlurred.code, NoFace.code, BadImage.code]
    # Nothing left: what the first was refused with.
    with pytest.raises(FaceBlurred):
        faces.compare(card, blurred, empty)
    with pytest.raises(NoFace):
        faces.compare(card, empty, blurred)


def test_two_people_are_no_burst_of_one(photo: Photo, on_card: OnCard, burst: list[bytes]) -> None:
    """A stranger's frame among four of the owner would have been averaged away."""
    with pytest.raises(SelfiesOfSeveral):
        faces.compare(on_card("obama"), *burst, photo("biden"))


def test_the_card_s_own_picture_spoils_the_burst(photo: Photo, on_card: OnCard, burst: list[bytes]) -> None:
    with pytest.raises(SameImageAsCard):
        faces.compare(on_card("obama"), *burst, photo("obama"))
