"""A burst against the card, with real portraits: the owner, somebody else, the card's own picture, nobody."""

import io
from collections.abc import Callable

import pytest
from PIL import Image

from identity import faces
from identity.faces import liveness
from identity.faces.liveness import Challenge, Frame

LATER = 100


def challenge() -> Challenge:
    return liveness.draw(session_id="prf_1", device_thumbprint="d")


def burst(asked: Challenge, *ahead: bytes, after: bytes = b"not looked at") -> list[Frame]:
    """These while looking ahead, then another."""
    return [Frame(jpeg, 10 * at) for at, jpeg in enumerate(ahead)] + [Frame(after, asked.lead_ms + LATER)]


def nobody() -> bytes:
    grey = io.BytesIO()
    Image.new("RGB", (480, 640), "grey").save(grey, "JPEG")
    return grey.getvalue()


@pytest.mark.parametrize(
    ("who", "decision"), [("obama2", "match"), ("obama3", "match"), ("biden", "no_match"), ("obama", "copy")]
)
def test_the_owner_is_told_from_somebody_else(photo: Callable[[str], bytes], who: str, decision: str) -> None:
    asked = challenge()
    # Who comes after the lead is not who looked ahead.
    found = liveness.compare_owner(photo("obama"), burst(asked, photo(who), after=photo("obama3")), asked)
    assert found.decision == decision
    assert (found.score is None) == (decision == "copy")


def test_the_first_face_is_looked_at_and_no_face_is_nobody(photo: Callable[[str], bytes]) -> None:
    asked = challenge()
    assert liveness.compare_owner(photo("obama"), burst(asked, nobody(), photo("biden")), asked).decision == "no_match"
    assert liveness.compare_owner(photo("obama"), burst(asked, nobody()), asked).decision == "no_face"


@pytest.mark.parametrize(("who", "decision"), [("obama2", "match"), ("biden", "no_match"), ("obama", "copy")])
def test_a_selfie_is_held_against_whoever_looked_ahead(photo: Callable[[str], bytes], who: str, decision: str) -> None:
    asked, selfie = challenge(), faces.describe(photo("obama"))
    assert liveness.compare_selfie(selfie, burst(asked, photo(who), after=photo("obama")), asked).decision == decision
