"""Zalo ZNS: the documented request, its error table, and refresh tokens that are good once."""

import asyncio

import msgspec
import pytest

from kit import crypto
from kit.calling import Caller
from notifications import DatabaseWallet, Letter, TryLater, Undeliverable, ZaloChannel
from notifications.zalo import Tokens
from tests.notifications.providers import Zalo

pytestmark = pytest.mark.anyio

LETTER = Letter(
    id="dlv_01",
    event="dossier-received",
    channel="zalo",
    to="+84900000099",
    locale="vi",
    subject="",
    text="",
    fields={"receipt_code": "26740-2026-7KQ4M9XW", "status": "Đã tiếp nhận", "link": "https://x.example"},
)


class Purse:
    """One process's own pair."""

    def __init__(self, access="access-1", refresh="refresh-1"):
        self.held = Tokens(access, refresh)

    async def access(self):
        return self.held.access

    async def renew(self, used, exchange):
        self.held = await exchange(self.held.refresh)
        return self.held.access


@pytest.fixture
def zalo(provider):
    return provider(Zalo())


def channel(zalo, wallet=None, templates=None):
    return ZaloChannel(
        Caller(timeout_seconds=2), wallet or Purse(), app_id="app-1", app_secret="app-secret",
        templates=templates or {"dossier-received": {"vi": "101", "en": "102"}},
        url=f"{zalo.url}/message/template", token_url=f"{zalo.url}/v4/oa/access_token",
    )  # fmt: skip


async def test_a_template_is_filled_as_the_documents_say(zalo):
    assert await channel(zalo).send(LETTER) == "msg-1"
    assert zalo.asked == [
        {"phone": "84900000099", "template_id": "101", "template_data": LETTER.fields, "tracking_id": "dlv_01"}
    ]


async def test_the_other_language_has_a_template_of_its_own(zalo):
    await channel(zalo).send(msgspec.structs.replace(LETTER, locale="en"))
    assert zalo.asked[0]["template_id"] == "102"


async def test_an_event_without_an_approved_template_goes_another_way(zalo):
    with pytest.raises(Undeliverable):
        await channel(zalo, templates={"appointment": {"vi": "1"}}).send(LETTER)
    assert zalo.asked == []


@pytest.mark.parametrize("error", [-108, -109, -110, -111, -112, -114, -117, -118, -119])
async def test_what_will_never_arrive_is_given_up(zalo, error):
    zalo.answers.append({"error": error, "message": "84900000099"})
    with pytest.raises(Undeliverable) as told:
        await channel(zalo).send(LETTER)
    assert "84900000099" not in str(told.value)


@pytest.mark.parametrize("error", [-100, -115, -133, -9999, "x", None])
async def test_everything_else_is_tried_again(zalo, error):
    zalo.answers.append({"error": error})
    with pytest.raises(TryLater):
        await channel(zalo).send(LETTER)


async def test_a_stale_access_token_is_renewed_once_and_the_message_leaves(zalo):
    purse = Purse(access="stale")
    await channel(zalo, purse).send(LETTER)
    assert (zalo.exchanges, purse.held) == (1, Tokens("access-2", "refresh-2"))
    assert len(zalo.asked) == 1


async def test_of_many_processes_one_uses_the_refresh_token_up(zalo, db):
    """A refresh token is good once: two processes that both renewed would leave the city without Zalo."""
    key = crypto.new_key()
    many = [channel(zalo, DatabaseWallet(db, key, "zalo-many", "refresh-1")) for _ in range(6)]
    letters = [msgspec.structs.replace(LETTER, id=f"dlv_{number}") for number in range(6)]
    await asyncio.gather(*(one.send(letter) for one, letter in zip(many, letters, strict=True)))
    assert zalo.exchanges == 1
    assert len(zalo.asked) == 6


async def test_the_newest_pair_is_kept_sealed_and_used_after_a_restart(zalo, db):
    key = crypto.new_key()
    await channel(zalo, DatabaseWallet(db, key, "zalo-kept", "refresh-1")).send(LETTER)
    zalo.access = "changed"
    await channel(zalo, DatabaseWallet(db, key, "zalo-kept", "refresh-1")).send(LETTER)
    assert zalo.exchanges == 2
    async with db.connect() as conn:
        kept = await conn.exec_driver_sql("select sealed from provider_tokens where name = 'zalo-kept'")
        assert b"access" not in bytes(kept.scalar_one())


async def test_without_any_refresh_token_the_letter_waits(zalo, db):
    with pytest.raises(TryLater):
        await channel(zalo, DatabaseWallet(db, crypto.new_key(), "zalo-none", None)).send(LETTER)
