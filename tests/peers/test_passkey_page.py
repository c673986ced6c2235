"""A passkey on the sign-in page, in a real browser with an authenticator of its own (CDP, domain WebAuthn)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.demo.people import Caller
from api.demo.server import Server
from tests.identity.tokens.browsing import PARENT
from tests.peers.chromium import Tab, running

pytestmark = pytest.mark.slow

ASKED = (
    "client_id=partner-app&response_type=code&redirect_uri=http://127.0.0.1/callback&scope=openid+profile"
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&ui_locales=vi"
)
NAME = "Nguyễn Thị Hồng Thắm"


@pytest.fixture(scope="module")
def home() -> Iterator[Server]:
    """At `localhost`: browsers bind no passkey to an address."""
    started = Server(Path(".motcua/peers-localhost"), "localhost")
    started.wipe()
    started.start()
    yield started
    started.stop()


@pytest.fixture
def tab(home: Server, tmp_path: Path) -> Iterator[Tab]:
    with running(tmp_path / "profile") as browser:
        yield browser.tab(360, 740)


def authenticator(tab: Tab, *, simulates: bool = True) -> str:
    """A phone's own, whose holder touches it and is recognised."""
    tab.call("WebAuthn.enable", enableUI=False)
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": simulates,
    }  # fmt: skip
    return tab.call("WebAuthn.addVirtualAuthenticator", options=options)["authenticatorId"]


def register(home: Server, tab: Tab) -> None:
    """By the citizen's app, in this browser."""
    app = Caller(home.url, "citizen-app")
    app.sign_in(PARENT)
    begun = app.post("/v1/me/passkey-registrations")
    tab.go(f"{home.url}/device")
    made = tab.js(
        f"navigator.credentials.create({{publicKey: PublicKeyCredential.parseCreationOptionsFromJSON({json.dumps(begun['options'])})}})"
        ".then((made) => JSON.stringify(made.toJSON()))"
    )
    app.post(
        f"/v1/me/passkey-registrations/{begun['id']}/credential",
        json={"credential": json.loads(made), "name": "Máy này"},
    )


def test_by_the_button(home: Server, tab: Tab) -> None:
    authenticator(tab)
    register(home, tab)
    tab.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source="PublicKeyCredential.isConditionalMediationAvailable = async () => false",
    )
    tab.call("Page.navigate", url=f"{home.url}/v1/oauth/authorize?{ASKED}")
    tab.wait("document.querySelector('[data-passkey]')?.checkVisibility()")
    assert tab.js("document.querySelector('#login').checkVisibility()"), "the code's way is beside it"
    tab.click("[data-passkey] button")
    tab.wait("document.querySelector('form[action*=\"/consent?\"]')")
    assert NAME in tab.text()


def test_where_the_login_is_typed(home: Server, tab: Tab) -> None:
    """Conditional UI: the page asks by itself, and whoever picks the passkey is in."""
    authenticator(tab)
    register(home, tab)
    tab.call("Page.navigate", url=f"{home.url}/v1/oauth/authorize?{ASKED}")
    tab.wait("document.querySelector('form[action*=\"/consent?\"]')")
    assert NAME in tab.text()


def test_who_has_none_is_told_and_has_the_code(home: Server, tab: Tab) -> None:
    tab.call("Page.navigate", url=f"{home.url}/v1/oauth/authorize?{ASKED}")
    tab.wait("document.querySelector('#login')")
    tab.type("#login", PARENT)
    tab.click("form[action*='/login?'] button")
    tab.wait("document.querySelector('#code')")


def test_without_script_the_code_is_all_there_is(home: Server, tab: Tab) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.call("Page.navigate", url=f"{home.url}/v1/oauth/authorize?{ASKED}")
    tab.wait("document.querySelector('#login')?.checkVisibility()")
    assert not tab.js("document.querySelector('[data-passkey]').checkVisibility()")
    tab.type("#login", PARENT)
    tab.click("form[action*='/login?'] button")
    tab.wait("document.querySelector('#code')")
