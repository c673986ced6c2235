"""While the weights of one eye are not there: the other compares, and a person decides where it alone must not."""

import secrets

import msgspec
import pytest

from identity import faces
from identity.faces.models import DLIB_ALONE
from tests.identity.proofing.conftest import comparison

pytestmark = pytest.mark.anyio


async def test_a_match_by_one_eye_is_a_person_s_where_faces_are_watched_for(city, applicant, photos, monkeypatch):
    """By one eye nobody is looked for: an account must not be opened past an alarm that could not ring."""
    await applicant.up_to("selfie")

    async def somebody():
        return ["acc_watched"]

    photos.face = lambda: one_eyed("match")
    with monkeypatch.context() as patch:
        patch.setattr(city.house.faces, "guarded", somebody)
        await applicant.selfie(expect=422, code="face-unsure")
    with monkeypatch.context() as patch:
        # Measured lines of two eyes say nothing of one.
        patch.setattr(faces, "measured", lambda: True)
        patch.setattr(city.house, "settings", msgspec.structs.replace(city.house.settings, environment="production"))
        await applicant.selfie(expect=422, code="face-unsure")
    await applicant.selfie()
    assert faces.describe not in [function for function, _ in photos.seen]


async def one_eyed(decision):
    """New photos each time, by the first eye alone."""
    return msgspec.structs.replace(comparison(decision, secrets.token_bytes(8)), model=DLIB_ALONE.id)
