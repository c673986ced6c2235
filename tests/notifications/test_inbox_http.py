"""GET /v1/me/messages: one's own, with a token that may read them."""

import pytest

from kit.refusal import Words
from notifications import Recipient

pytestmark = pytest.mark.anyio


async def test_everyone_sees_their_own_messages_and_nobody_else_s(city):
    parent, stranger = await city.signed_in("parent"), await city.signed_in("stranger")
    await city.nobody.get("/v1/me/messages", expect=401)
    me = await parent.get("/v1/me", expect=200)
    async with city.house.db.begin() as conn:
        await city.house.post_office.send(
            conn,
            event="dossier-received",
            to=Recipient(me["account_id"]),
            fields={
                "receipt_code": "R-1",
                "status": Words("Đã tiếp nhận", "Received"),
                "link": "https://x.example/R-1",
            },
            once_key="inbox-test",
        )
    found = await parent.get("/v1/me/messages", expect=200)
    assert [(one["event"], one["subject"]["vi"]) for one in found["messages"][:1]] == [
        ("dossier-received", "Đã nhận hồ sơ R-1")
    ]
    assert (await stranger.get("/v1/me/messages", expect=200))["messages"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "limit=x", "before=%00", "before=' or 1=1--"])
async def test_a_page_is_fifty_at_most(city, query):
    parent = await city.signed_in("parent")
    await parent.get(f"/v1/me/messages?{query}", expect=400)


async def test_the_sign_in_code_is_not_in_the_inbox(city):
    parent = await city.signed_in("parent")
    found = await parent.get("/v1/me/messages", expect=200)
    assert "one-time-code" not in {one["event"] for one in found["messages"]}
