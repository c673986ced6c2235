"""Who sits at this browser, for pages of our own; and the way through signing in, back to the page.

The browser's session is enough for a page of ours: no token is asked for, and the code that signing in ends in is left to lapse.
"""

import re
from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, Response, get

from identity import accounts
from identity.tokens import browser
from identity.tokens.rfc7515 import b64url
from kit import ids
from kit.actor import ANYONE, Actor
from kit.db import Database
from kit.keys import Keys
from kit.settings import Settings
from web.signing_in import HttpRequest, cookie_of, to

CLIENT = "citizen-web"
"""As which the city's own pages stand in the list of applications."""

_BACK = "/signed-in"
# Where a person may be led after signing in: pages of ours, and no other address.
_OURS = re.compile(r"/(?:dossiers|procedures)(?:/[0-9A-Za-z][0-9A-Za-z_.\-]{0,59}){0,3}")
_SCOPES = frozenset({"dossiers:read", "dossiers:write", "uploads:write"})


async def citizen(request: HttpRequest, settings: Settings, db: Database, keys: Keys) -> Actor | None:
    """The citizen who is signed in at this browser, as an app of theirs would act; None when there is none."""
    cookie = cookie_of(request, settings)
    if cookie is None:
        return None
    async with db.connect() as conn:
        session = await browser.session(conn, cookie)
        account = await accounts.account(conn, keys, session.account_id) if session is not None else None
    if session is None or account is None or account.kind != "person":
        return None
    return Actor(
        kind="citizen",
        account_id=account.id,
        scopes=_SCOPES,
        level=account.level,
        auth_at=session.auth_time,
        authenticator_id=session.authenticator_id,
    )


def sign_in_first(settings: Settings, path: str) -> Response[str]:
    """To signing in, and from there back to this page."""
    asked = {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"{settings.public_url}{_BACK}",
        "scope": "openid",
        "state": path,
        # The code is redeemed by nobody: what would open it is forgotten here.
        "code_challenge": b64url(ids.digest(ids.secret_token("pk"))),
        "code_challenge_method": "S256",
    }
    return to(f"/v1/oauth/authorize?{urlencode(asked)}")


@get(_BACK, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def came_back(request: HttpRequest) -> Response[str]:
    """From signing in: to the page it was for, and nowhere else."""
    page = request.query_params.get("state", "")
    return to(page if _OURS.fullmatch(page) else "/procedures")


route_handlers: list[Any] = [came_back]
