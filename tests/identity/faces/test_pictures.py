"""Pictures seen before, on a real PostgreSQL: equal ones, copies, and what a thief of the table could make of it."""

import asyncio
import random
from datetime import timedelta

import pytest
from sqlalchemy import text

from identity.faces.pictures import COPY_BITS, Picture, Pictures, bands
from kit import clock
from kit.db import Database
from tests.identity.faces.test_store import KeysOf

pytestmark = pytest.mark.anyio

CHANCE = random.Random(5)


@pytest.fixture
def pictures(faces_db: Database) -> Pictures:
    return Pictures(faces_db, KeysOf(1))


def picture(of: int | None = None, *, flipped: int = 0, file: bytes | None = None) -> Picture:
    seen = CHANCE.getrandbits(64) if of is None else of
    for bit in CHANCE.sample(range(64), flipped):
        seen ^= 1 << bit
    return Picture("selfie", seen, file or CHANCE.randbytes(32))


async def use(pictures: Pictures, seen: Picture, session: str, number: str = "1", *, days: int = 30) -> str:
    until = clock.now() + timedelta(days=days)
    return await pictures.use(seen, session_id=session, number=number, until=until)


@pytest.mark.parametrize("flipped", range(COPY_BITS + 1))
async def test_a_copy_is_found_whatever_bits_differ(pictures: Pictures, flipped: int) -> None:
    first = picture()
    assert await use(pictures, first, "a") == "new"
    for _ in range(10):
        assert await use(pictures, picture(first.hash, flipped=flipped), "b") == "same_number"
    assert await use(pictures, picture(first.hash, flipped=flipped), "a") == "same_session"
    assert await use(pictures, picture(first.hash, flipped=flipped), "b", "2") == "other_number"


async def test_one_bit_more_is_another_picture_and_the_same_file_is_none(pictures: Pictures) -> None:
    first = picture()
    await use(pictures, first, "a")
    assert await use(pictures, picture(first.hash, flipped=COPY_BITS + 1), "b") == "new"
    assert first.sha256
    assert await use(pictures, picture(file=first.sha256), "c") == "same_number"


async def test_a_portrait_is_told_from_portraits_and_a_selfie_from_both(pictures: Pictures) -> None:
    card = Picture("portrait", CHANCE.getrandbits(64))
    assert await use(pictures, card, "a", "1") == "new"
    assert await use(pictures, card, "b", "1") == "same_number"
    assert await use(pictures, card, "c", "2") == "other_number"
    assert await use(pictures, picture(card.hash), "d", "2") == "other_number"
    selfie = picture()
    await use(pictures, selfie, "e")
    assert await use(pictures, Picture("portrait", selfie.hash), "f", "9") == "new"


async def test_of_many_at_once_one_is_new(pictures: Pictures) -> None:
    seen = picture()
    told = await asyncio.gather(*(use(pictures, picture(seen.hash, flipped=1), f"s{n}") for n in range(12)))
    assert sorted(told) == ["new", *["same_number"] * 11]


async def test_it_is_forgotten_in_time(pictures: Pictures, faces_db: Database) -> None:
    seen = picture()
    await use(pictures, seen, "a", days=30)
    with clock.shifted(timedelta(days=30, seconds=1)):
        assert await use(pictures, seen, "b", days=1) == "new"
        await pictures.forget()
    async with faces_db.connect() as conn:
        assert await conn.scalar(text("select count(*) from face_pictures")) == 1


async def test_the_table_says_neither_picture_nor_number_nor_session(pictures: Pictures, faces_db: Database) -> None:
    seen = picture()
    await use(pictures, seen, "prf_1", "079089000123")
    async with faces_db.connect() as conn:
        dump = "\n".join((await conn.scalars(text("select p::text from face_pictures p"))).all())
    assert seen.sha256
    for secret in (seen.sha256.hex(), seen.hash.to_bytes(8).hex(), "prf_1", "079089000123", str(seen.hash)):
        assert secret not in dump
    # Another deployment finds nothing by the same picture.
    assert await use(Pictures(faces_db, KeysOf(2)), seen, "b") == "new"


def test_bands_share_out_all_bits() -> None:
    assert sum(band.bit_count() for band in bands(2**64 - 1)) == 64
    assert [band.bit_count() for band in bands(1 << 17)].count(1) == 1
