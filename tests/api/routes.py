"""The routes of the app, and whom each lets in."""

import re
from typing import Any

from litestar.routes import HTTPRoute

from kit.actor import Who
from tests.people import CityPeople

Route = tuple[str, str]


def alternatives(who: Who) -> list[Who]:
    return [one for part in who.alternatives for one in alternatives(part)] if who.alternatives else [who]


def routes(city: CityPeople) -> dict[Route, Any]:
    return {
        (method, re.sub(r":\w+}", "}", route.path)): handler
        for route in city.app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods - {"OPTIONS", "HEAD"}
    }


def partners_may(handler: Any) -> bool:
    """A citizen's token held by an app that is not the city's; the scopes left out no such app is registered with."""
    every = alternatives(handler.opt["who"])
    return any("citizen" in one.kinds and not one.own and one.scope not in ("account",) for one in every)


def others_may(path: str, handler: Any) -> bool:
    """Anybody, an officer about somebody, a kiosk or an app for itself."""
    every = alternatives(handler.opt["who"])
    return any(
        one.anyone or one.kinds & {"client", "kiosk"} or ("officer" in one.kinds and not path.startswith("/v1/me"))
        for one in every
    )
