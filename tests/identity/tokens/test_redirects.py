"""Where an answer may go: rows RED of the checklist, and PKC at the authorization endpoint."""

from collections.abc import AsyncIterator

import httpx
import pytest

from identity import tokens
from identity.tokens import rfc8252
from identity.tokens.refusals import BadClient
from kit.db import raw
from kit.refusal import Words
from tests.identity.tokens.browsing import CALLBACK, Browser
from tests.people import CityPeople

WHY = Words(vi="Để thử.", en="To try.")
GOOD = "https://good.test/cb"


@pytest.fixture(scope="module", autouse=True)
async def _clients(city: CityPeople) -> AsyncIterator[None]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    async with city.house.db.begin() as conn:
        for client_id, uris in (("good", [GOOD]), ("good-too", [GOOD, "https://good.test/other?x=1"])):
            await tokens.register_client(
                conn, client_id=client_id, name=client_id, kind="public", grants=["authorization_code"],
                scopes=["openid", "profile"], redirect_uris=uris, purpose=WHY, dpop_required=False,
            )  # fmt: skip
    yield
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


def stays(response: httpx.Response) -> bool:
    """A page, and nothing a browser would follow."""
    return (
        response.status_code == 400
        and "location" not in response.headers
        and response.headers["content-type"].startswith("text/html")
        and "evil" not in response.text
        and "attacker" not in response.text
    )


async def test_RED_1_an_address_nobody_registered(city: CityPeople) -> None:
    assert stays(await Browser(city, "good", GOOD).go(redirect_uri="https://evil.test/cb"))
    assert stays(await Browser(city, "good-too", GOOD).go(redirect_uri=None))
    only_one = await Browser(city, "good", GOOD).go(redirect_uri=None)
    assert only_one.status_code == 303, "where there is one, it is that one"


@pytest.mark.parametrize(
    "uri",
    [
        GOOD + "/", "https://good.test/CB", "https://GOOD.test/cb", "https://good.test/cb/../x", "https://good.test/%2e%2e/cb",
        "https://good.test/c%62", GOOD + "?x=1", GOOD + "#x", GOOD + "#", "https://good.test/other?x=2", "http://good.test/cb",
        "https://good.test:443/cb", " " + GOOD, GOOD + " ", "//good.test/cb", "/cb", "https:good.test/cb",
    ],
)  # fmt: skip
async def test_RED_2_almost_the_address(city: CityPeople, uri: str) -> None:
    assert stays(await Browser(city, "good", GOOD).go(redirect_uri=uri))
    assert stays(await Browser(city, "good-too", GOOD).go(redirect_uri=uri))


@pytest.mark.parametrize(
    "uri",
    [
        "https://good.test@evil.test/cb", "http://localhost:80@attacker.test/cb", "http://127.0.0.1:80@attacker.test/callback",
        "https://good.test.evil.test/cb", "\\\\evil.test", "https://good.test\\@evil.test/cb", "https://göod.test/cb",
        "https://good․test/cb", "https://xn--god-0na.test/cb", "javascript:alert(1)", "data:text/html,evil",
    ],
)  # fmt: skip
@pytest.mark.parametrize("client_id", ["good", "partner-app"])
async def test_RED_3_addresses_that_look_like_it(city: CityPeople, client_id: str, uri: str) -> None:
    assert stays(await Browser(city, client_id).go(redirect_uri=uri))


@pytest.mark.parametrize("uri", ["http://127.0.0.1:51004/callback", "http://[::1]:51004/callback", CALLBACK])
async def test_RED_4_any_port_of_this_machine(city: CityPeople, uri: str) -> None:
    browser = Browser(city, callback=uri)
    answer = await browser.through()
    assert (await browser.redeem(answer["code"])).status_code == 200
    elsewhere = await browser.redeem((await browser.through())["code"], redirect_uri="http://127.0.0.1:1/callback")
    assert elsewhere.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:51004/other", "http://127.0.0.1:0/callback", "http://127.0.0.1:65536/callback",
        "http://127.0.0.2:51004/callback", "http://localhost:51004/callback", "https://127.0.0.1:51004/callback",
        "http://127.0.0.1:51004/callback?x=1", "http://127.0.0.1:51004/callback#x", "http://127.0.0.1:5x/callback",
        "http://127.0.0.1:/callback", "http://127.0.0.1:80:80/callback", "http://u@127.0.0.1:80/callback",
    ],
)  # fmt: skip
def test_RED_4_nothing_but_the_port(uri: str) -> None:
    assert not rfc8252.registered(uri, [CALLBACK, "http://[::1]/callback"])


def test_RED_4_elsewhere_the_port_belongs_to_the_address() -> None:
    assert not rfc8252.registered("https://good.test:8443/cb", [GOOD])
    assert not rfc8252.registered("http://good.test:8080/cb", ["http://good.test/cb"])


@pytest.mark.parametrize(
    "uri",
    [
        "http://good.test/cb", "http://localhost/cb", "javascript:alert(1)", "data:text/html,x",
        "https://good.test/cb#x", "https://u:p@good.test/cb", "https:///cb", "cb", "https://good.test\\evil/cb",
    ],
)  # fmt: skip
async def test_RED_5_addresses_that_are_not_registered(city: CityPeople, uri: str) -> None:
    async with city.house.db.begin() as conn:
        with pytest.raises(BadClient):
            await tokens.register_client(
                conn, client_id="bad", name="bad", kind="public", grants=["authorization_code"], scopes=["openid"],
                redirect_uris=[uri], purpose=WHY,
            )  # fmt: skip


async def test_RED_5_a_partner_says_what_for_and_where_to(city: CityPeople) -> None:
    for missing in ({"redirect_uris": [GOOD]}, {"purpose": WHY}, {"redirect_uris": [GOOD], "purpose": Words("", "x")}):
        async with city.house.db.begin() as conn:
            with pytest.raises(BadClient):
                await tokens.register_client(
                    conn, client_id="bad", name="bad", kind="public", grants=["authorization_code"], scopes=[],
                    **missing,  # type: ignore[arg-type]
                )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"scope": "desk"}, {"response_type": "token"}, {"response_type": None}, {"code_challenge": None},
        {"code_challenge_method": "plain"}, {"prompt": "none"}, {"request": "x"}, {"request_uri": "https://evil.test/r"},
        {"response_mode": "form_post"}, {"claims": "{"}, {"id_token_hint": "x"}, {"state": "s" * 3000}, {"max_age": "x"},
    ],
)  # fmt: skip
async def test_RED_6_no_error_travels_to_a_foreign_address(city: CityPeople, change: dict[str, str | None]) -> None:
    assert stays(await Browser(city, "good", GOOD).go(redirect_uri="https://evil.test/cb", **change))


@pytest.mark.parametrize(
    ("challenge", "method"),
    [
        (None, None), (None, "S256"), ("good", "plain"), ("good", None), ("good", "s256"), ("A" * 42, "S256"), ("A" * 129, "S256"),
        ("A" * 42 + "+", "S256"), ("A" * 42 + "B", "S256"),
    ],
)  # fmt: skip
async def test_PKC_1_challenges_that_are_none(city: CityPeople, challenge: str | None, method: str | None) -> None:
    browser = Browser(city, "good", GOOD)
    sent = browser.pkce.challenge if challenge == "good" else challenge
    answer = browser.answer(await browser.go(code_challenge=sent, code_challenge_method=method))
    assert answer is not None
    assert answer["error"] == "invalid_request"


async def test_PKC_3_no_code_is_without_a_challenge(city: CityPeople) -> None:
    # RFC 9700 §4.8.2: a request stripped of its challenge ends before a code exists, so no verifier can ride on one.
    browser = Browser(city, "good", GOOD)
    told = browser.answer(await browser.go(code_challenge=None, code_challenge_method=None))
    assert told is not None
    assert "code" not in told
    async with city.house.db.connect() as conn:
        rows = await (await raw(conn)).execute(
            "select is_nullable from information_schema.columns"
            " where table_name = 'authorization_codes' and column_name = 'code_challenge'"
        )
        assert await rows.fetchone() == ("NO",)
