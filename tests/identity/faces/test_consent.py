"""Allowing and withdrawing to be found by face, as an app does it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from identity import faces
from tests.people import CityPeople

pytestmark = pytest.mark.anyio

PATH = "/v1/me/face-lookup"


def form(photo: bytes, consent: str = faces.FIND_MY_DOSSIER) -> dict[str, Any]:
    return {"files": {"selfie": ("selfie.jpg", photo, "image/jpeg")}, "data": {"consent": consent}}


async def gallery(city: CityPeople) -> int:
    async with city.house.faces_db.connect() as conn:
        return (await conn.execute(text("select count(*) from face_gallery"))).scalar_one()


async def test_who_may(city: CityPeople, photo: Callable[[str], bytes]) -> None:
    await city.nobody.put(PATH, expect=401, **form(photo("obama")))
    await city.nobody.delete(PATH, expect=401)
    await (await city.signed_in("kiosk")).put(PATH, expect=404, **form(photo("obama")))


async def test_only_for_the_purpose_agreed_to(city: CityPeople, photo: Callable[[str], bytes]) -> None:
    parent = await city.signed_in("parent")
    await parent.put(PATH, expect=422, code="face-consent-missing", **form(photo("obama"), consent=""))
    await parent.put(PATH, expect=422, code="face-consent-missing", **form(photo("obama"), consent="advertising"))
    assert await gallery(city) == 0


async def test_a_face_is_kept_found_and_erased(city: CityPeople, photo: Callable[[str], bytes]) -> None:
    parent = await city.signed_in("parent")
    kept = await parent.put(PATH, expect=200, **form(photo("obama")))
    assert (kept["purpose"], kept["wording"]) == (faces.FIND_MY_DOSSIER, faces.FACE_LOOKUP.name)
    again = await city.house.pool.run(faces.describe, photo("obama2"))
    somebody = await city.house.pool.run(faces.describe, photo("biden"))
    assert await city.house.faces.find(again) is not None
    assert await city.house.faces.find(somebody) is None

    await parent.delete(PATH, expect=204)
    assert await gallery(city) == 0
    assert await city.house.faces.find(again) is None
    await parent.delete(PATH, expect=204)


async def test_a_useless_photo_is_refused_with_its_reason(city: CityPeople) -> None:
    parent = await city.signed_in("parent")
    await parent.put(PATH, expect=415, code="unsupported-image-type", **form(b"GIF89a"))
    await parent.put(PATH, expect=422, code="bad-image", **form(b"\xff\xd8\xff\xe0 torn"))
