"""The callers of the story: a phone, an officer's desk, a kiosk; each call is one line and asserts its answer."""

import re
import time
from typing import Any

import httpx

from api.caller import Device, Pkce


class Unexpected(Exception):
    """The server answered something the story does not know."""


class Caller:
    """Somebody with a device key and, after signing in, a token."""

    def __init__(self, url: str, client_id: str | None = None) -> None:
        self.url, self.client_id = url, client_id
        self.device, self.pkce = Device(), Pkce()
        self.token: str | None = None
        self._used_codes: set[str] = set()
        self._http = httpx.Client(base_url=url, timeout=60)

    def call(self, method: str, path: str, expect: int | None = None, **rest: Any) -> Any:
        """The decoded JSON, or the bytes of a paper. Raises Unexpected unless the status is `expect` (none: any success)."""
        headers = self.headers(method, path) | rest.pop("headers", {})
        response = self._http.request(method, path, headers=headers, **rest)
        if not (response.is_success if expect is None else response.status_code == expect):
            wanted = expect or "a success"
            raise Unexpected(f"{method} {path}: {response.status_code} instead of {wanted}: {response.text[:600]}")
        return response.json() if "json" in response.headers.get("content-type", "") else response.content

    def get(self, path: str, expect: int | None = None, **rest: Any) -> Any:
        return self.call("GET", path, expect, **rest)

    def post(self, path: str, expect: int | None = None, **rest: Any) -> Any:
        return self.call("POST", path, expect, **rest)

    def again_after_restart(self) -> None:
        """A new connection; the old one died with the server."""
        self._http.close()
        self._http = httpx.Client(base_url=self.url, timeout=60)

    def sign_in(self, login: str) -> None:
        """First-party sign-in by a one-time code, which the open inbox of the sandbox shows."""
        # Somebody else may have signed in with this login: their codes still lie there.
        self._used_codes.update(self._codes(login))
        started = self.post(
            "/v1/sign-ins",
            json={
                "client_id": self.client_id,
                "login": login,
                "code_challenge": self.pkce.challenge,
                "code_challenge_method": "S256",
            },
        )
        done = self.post(f"/v1/sign-ins/{started['id']}/code", json={"code": self.code_sent_to(login)})
        self.redeem(done["authorization_code"])

    def redeem(self, code: str) -> dict[str, Any]:
        """The authorization code for the one token."""
        self.token = None
        answer = self.post(
            "/v1/oauth/token",
            data={
                "grant_type": "authorization_code",
                "client_id": self.client_id,
                "code": code,
                "code_verifier": self.pkce.verifier,
            },
        )
        self.token = answer["access_token"]
        return answer

    def as_client(self, secret: str) -> None:
        """A confidential client's own token (client credentials)."""
        assert self.client_id is not None
        answer = self.post("/v1/oauth/token", data={"grant_type": "client_credentials"}, auth=(self.client_id, secret))
        self.token = answer["access_token"]

    def code_sent_to(self, contact: str) -> str:
        """Reads the newest code as its owner would read the SMS."""
        for _ in range(100):
            new = [code for code in self._codes(contact) if code not in self._used_codes]
            if new:
                self._used_codes.add(new[0])
                return new[0]
            time.sleep(0.1)
        raise Unexpected(f"no one-time code reached {contact} within ten seconds")

    def _codes(self, contact: str) -> list[str]:
        """All that were sent there, the newest first."""
        letters = self._http.get("/sandbox/inbox.json").json()
        sent = [one["text"] for one in letters if one["to"] == contact and one["event"] == "one-time-code"]
        return [found[1] for text in sent if (found := re.search(r"(?<!\d)(\d{6})(?!\d)", text))]

    def headers(self, method: str, path: str) -> dict[str, str]:
        if self.client_id is None:
            return {}
        return self.device.headers(method, self.url + path, self.token)
