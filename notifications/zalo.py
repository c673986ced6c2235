"""Zalo ZNS (`POST /message/template`): templates that Zalo approved beforehand, filled with our parameters.

Published: header `access_token`, the body's names, the error table, refresh tokens good for one use. Assumed: that Zalo drops no twin by
`tracking_id`, and that an error missing from the table means "try later".
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec

from kit.calling import Caller
from notifications.channels import TryLater, Undeliverable
from notifications.messages import ChannelKind, Letter, Locale

URL = "https://business.openapi.zalo.me/message/template"
TOKEN_URL = "https://oauth.zaloapp.com/v4/oa/access_token"  # noqa: S105

_TOKEN_INVALID = -124
_NEVER = {
    -108: "Zalo calls the number malformed",
    -109: "Zalo knows no such template",
    -110: "the person's Zalo is too old",
    -111: "Zalo found the template's parameters empty",
    -112: "Zalo refused the template's parameters",
    -114: "the person does not take such messages on Zalo",
    -117: "this account may not use the template",
    -118: "the number has no Zalo account",
    -119: "the account cannot receive messages",
}


class Tokens(msgspec.Struct, frozen=True):
    """A pair as Zalo hands it out: the access token lives about a day, the refresh token is good once."""

    access: str
    refresh: str


class Wallet(Protocol):
    """Where the pair is kept: one pair for every process, for a refresh token used twice is worth nothing."""

    async def access(self) -> str | None:
        """The access token in use; None when there never was one."""
        ...

    async def renew(self, used: str | None, exchange: Callable[[str], Awaitable[Tokens]]) -> str:
        """One process exchanges the refresh token, the others wait and take what it brought. `used` is the access token that failed."""
        ...


class ZaloChannel:
    """`templates` names for each event and language the id Zalo gave; an event without one does not go this way."""

    name = "zalo-zns"
    kind: ChannelKind = "zalo"
    development_only = False
    at_once = 50
    receipts = True

    def __init__(
        self,
        caller: Caller,
        wallet: Wallet,
        *,
        app_id: str,
        app_secret: str,
        templates: Mapping[str, Mapping[Locale, str]],
        url: str = URL,
        token_url: str = TOKEN_URL,
    ) -> None:
        self._caller, self._wallet, self._templates = caller, wallet, templates
        self._app_id, self._app_secret, self._url, self._token_url = app_id, app_secret, url, token_url

    async def send(self, letter: Letter) -> str | None:
        template = self._templates.get(letter.event, {}).get(letter.locale)
        if template is None:
            raise Undeliverable("no Zalo template for this event")
        token = await self._wallet.access() or await self._wallet.renew(None, self._exchange)
        error, told = await self._offer(letter, template, token)
        if error == _TOKEN_INVALID:
            token = await self._wallet.renew(token, self._exchange)
            error, told = await self._offer(letter, template, token)
        if error == 0:
            data = told.get("data")
            return str(data.get("msg_id") or "") or None if isinstance(data, dict) else None
        if error in _NEVER:
            raise Undeliverable(_NEVER[error])
        # -100 unknown, -115 no quota left, -133 not at night, and what is an operator's to mend.
        raise TryLater(f"Zalo {error}")

    async def _offer(self, letter: Letter, template: str, token: str) -> tuple[int | None, dict[str, object]]:
        reply = await self._caller.post_json(
            self._url,
            {
                "phone": letter.to.removeprefix("+"),
                "template_id": template,
                "template_data": letter.fields,
                "tracking_id": letter.id,
            },
            {"access_token": token},
        )
        told = reply.json()
        if not isinstance(told, dict):
            return None, {}
        error = told.get("error")
        return error if isinstance(error, int) else None, told

    async def _exchange(self, refresh: str) -> Tokens:
        from urllib.parse import urlencode

        body = urlencode({"refresh_token": refresh, "app_id": self._app_id, "grant_type": "refresh_token"})
        reply = await self._caller.post(
            self._token_url,
            content=body.encode(),
            headers={"content-type": "application/x-www-form-urlencoded", "secret_key": self._app_secret},
        )
        told = reply.json()
        access, fresh = (
            (told.get("access_token"), told.get("refresh_token")) if isinstance(told, dict) else (None, None)
        )
        if not isinstance(access, str) or not isinstance(fresh, str):
            raise TryLater("Zalo gave no new access token")
        return Tokens(access=access, refresh=fresh)
