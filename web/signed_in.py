"""Who sits at this browser, for the city's own pages; and the way through signing in, back to the page.

The browser's session is enough for a page of ours: no token is asked for, and the code that signing in ends in is left to lapse.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from litestar import MediaType, Response, get

from identity.accounts.refusals import SignInTooOld
from identity.tokens import Issuer, browser, own_pages
from kit.actor import ANYONE, Actor
from kit.db import Database
from kit.limits import Limits
from kit.refusal import Refusal
from kit.settings import Settings
from web.signing_in import HttpRequest, cookie_of, to, to_page, trouble, with_cookie

# Where a person may be led after signing in: pages of ours, and no other address.
_OURS = re.compile(
    r"(?:/(?:account|developers)(?:/[a-z-]+)*|/(?:desk|dossiers|procedures)(?:/[0-9A-Za-z][0-9A-Za-z_.\-]{0,59}){0,4})"
    r"(?:\?lang=(?:vi|en))?"
)
_OTHERWISE = "/account"

Verb = Callable[[Actor], Awaitable[str | None]]
"""What a button does; what to say in the address of the page after it, if anything."""

Refused = Callable[[Actor, Refusal], Awaitable[Response[str]]]


@dataclass(frozen=True, slots=True)
class AtBrowser:
    """Whoever asks for a page of ours."""

    request: HttpRequest
    settings: Settings
    db: Database
    issuer: Issuer
    limits: Limits
    address: str

    async def citizen(self) -> Actor | None:
        """The citizen who is signed in here, as an app of theirs would act; None when there is none."""
        async with self.db.connect() as conn:
            return await own_pages.person(conn, self.issuer, cookie_of(self.request, self.settings))

    async def officer(self) -> Actor | None:
        """The officer who is signed in here in their shift; None when there is none."""
        async with self.db.connect() as conn:
            return await own_pages.officer(conn, self.issuer, cookie_of(self.request, self.settings))

    async def sign_in_first(
        self, page: str | None = None, *, door: own_pages.Door = own_pages.CITIZENS, again: bool = False
    ) -> Response[str]:
        """To signing in, and from there back to this page or the one that is named; `again` also for who is signed in."""
        try:
            # Each writes a row, as an app's request does.
            await self.limits.hit("authorize", self.address)
        except Refusal as refusal:
            return trouble(self.request, self.settings, refusal)
        cookie = cookie_of(self.request, self.settings)
        shown = cookie or browser.new_cookie()
        back = in_language(self.request, _ours(page or self.request.url.path))
        handle = await own_pages.begin(self.db, self.issuer, cookie=shown, page=back, door=door, again=again)
        told = to_page(self.request, handle)
        return told if cookie is not None else with_cookie(told, self.settings, shown)

    def refuse_strange(self, token: str) -> None:
        """Refuses StrangeForm for a form no page of ours gave this browser."""
        own_pages.refuse_strange(cookie_of(self.request, self.settings), token)

    async def pressed(self, token: str, page: str, verb: Verb, refused: Refused) -> Response[str]:
        """What a button of `page` does, and back there; or what `refused` shows of a refusal. A sign-in that is too old for the act
        is shown once more, and the person comes back to press again."""
        try:
            self.refuse_strange(token)
        except Refusal as refusal:
            return trouble(self.request, self.settings, refusal)
        actor = await self.citizen()
        if actor is None:
            return to(in_language(self.request, page))
        try:
            after = await verb(actor)
        except SignInTooOld:
            return await self.sign_in_first(page, again=True)
        except Refusal as refusal:
            return await refused(actor, refusal)
        return to(in_language(self.request, page, after))

    def form_token(self) -> str:
        """What the forms of these pages carry; for who is signed in."""
        cookie = cookie_of(self.request, self.settings)
        assert cookie is not None
        return browser.form_token(cookie, own_pages.FORM)


async def at_browser(
    request: HttpRequest, settings: Settings, db: Database, issuer: Issuer, limits: Limits, address: str
) -> AtBrowser:
    """For `dependencies` of a route, under the name `at`."""
    return AtBrowser(request, settings, db, issuer, limits, address)


AT = {"at": at_browser}


@get(own_pages.BACK, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def came_back(request: HttpRequest) -> Response[str]:
    """From signing in: to the page it was for, and nowhere else."""
    return to(_ours(request.query_params.get("state", "")))


def in_language(request: HttpRequest, page: str, query: str | None = None) -> str:
    """The page's address, in the language that was asked for."""
    asked = request.query_params.get("lang")
    lang = f"lang={asked}" if asked in ("vi", "en") and "?" not in page else None
    said = [one for one in (query, lang) if one]
    return f"{page}?{'&'.join(said)}" if said else page


def _ours(page: str) -> str:
    return page if _OURS.fullmatch(page) else _OTHERWISE


route_handlers: list[Any] = [came_back]
