"""Several frames of one selfie, sent as parts of one name."""

import pytest

from identity import faces
from identity.faces.refusals import SelfiesOfSeveral
from tests.identity.proofing.test_session import events

pytestmark = pytest.mark.anyio


async def test_a_burst_of_one_to_five_frames_is_one_attempt(city, applicant, photos):
    await applicant.up_to("selfie")
    photos.face = "unsure"
    await applicant.burst(b"one", b"two", b"three", expect=422, code="face-unsure")
    # The last, for an officer's eyes, is the first of the frames.
    (function, args), (shown, _) = photos.seen[-2:]
    assert (function, shown, args[1:]) == (faces.compare, faces.shown, (b"one", b"two", b"three"))
    # Each of its frames was compared, and none is a new look at the person.
    for again in ((b"one",), (b"two",), (b"new", b"three")):
        await applicant.burst(*again, expect=422, code="replayed-image")
    assert (await applicant.get(applicant.path()))["selfie_attempts_left"] == 4
    compared = len(photos.seen)
    problem = await applicant.burst(*(b"%d" % n for n in range(6)), expect=422, code="too-many-selfies")
    assert "1 to 5" in problem["message"]["en"]
    await applicant.burst(b"good", b"", expect=422, code="photo-missing")
    assert len(photos.seen) == compared
    photos.face = "match"
    await applicant.burst(*(b"%d" % n for n in range(5)))
    kind, evidence = (await events(city, applicant.id))[-1]
    assert (kind, len(evidence["more_sha256"])) == ("selfie-matched", 4)


async def test_two_faces_for_one_cost_an_attempt(applicant, photos):
    await applicant.up_to("selfie")
    photos.face = SelfiesOfSeveral()
    await applicant.burst(b"one", b"another", expect=422, code="selfies-of-several")
    assert (await applicant.get(applicant.path()))["selfie_attempts_left"] == 4
