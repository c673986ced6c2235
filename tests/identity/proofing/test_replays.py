"""Pictures that come again: in another session, as they were or nearly so."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from identity.proofing import policy
from kit import clock
from tests.identity.proofing.conftest import Applicant, comparison
from tests.identity.proofing.test_session import events

pytestmark = pytest.mark.anyio


def said(problem):
    """A refusal without the one thing that is of the request alone."""
    return {name: value for name, value in problem.items() if name != "instance"}


async def test_a_picture_another_session_showed_is_refused_and_tells_nothing(city, applicant, photos):
    """Equal or nearly so, and whatever the comparison came to; a new one is welcome, and no attempt is lost."""
    other = await Applicant(city).up_to("selfie")
    shown = comparison("no_match", b"stolen")
    photos.face = shown
    await other.selfie(b"stolen", expect=422, code="face-does-not-match")
    await applicant.up_to("selfie")
    for decision in ("match", "no_match"):
        photos.face = comparison(decision, b"stolen")
        problem = await applicant.selfie(b"stolen", expect=422, code="replayed-image")
        photos.face = comparison(decision, b"recompressed", picture=shown.selfies[0].picture ^ 0b1001)
        assert said(await applicant.selfie(b"recompressed", expect=422, code="replayed-image")) == said(problem)
    assert (await applicant.get(applicant.path()))["selfie_attempts_left"] == 5
    kind, evidence = (await events(city, applicant.id))[-1]
    assert (kind, evidence["code"]) == ("selfie-refused", "replayed-image")
    # In the session that showed it first it is still what it was there.
    await other.selfie(b"stolen", expect=422, code="replayed-image")
    photos.face = "match"
    await applicant.selfie()


async def test_a_picture_is_remembered_as_long_as_policy_says(city, applicant, photos):
    other = await Applicant(city).up_to("selfie")
    await other.selfie(b"of last month")
    days = timedelta(days=policy.current().replay.remembered_days)
    async with city.house.faces_db.begin() as conn:
        until = await conn.scalar(text("select max(expires_at) from face_pictures"))
        assert abs(until - clock.now() - days) < timedelta(minutes=5)
        await conn.execute(text("update face_pictures set expires_at = expires_at - :days"), {"days": days})
    await city.house.pictures.forget()
    await applicant.up_to("selfie")
    await applicant.selfie(b"of last month")
