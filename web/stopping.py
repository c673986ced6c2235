"""`/account/recovery`: whoever reads an old phone or mailbox stops a recovery by the code of its notice. No sign-in, and no JavaScript."""

from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body

from identity.accounts.recovery import service as recovering
from identity.accounts.recovery.http import ways
from identity.accounts.recovery.refusals import CancellationUnknown
from identity.accounts.recovery.service import Ways
from kit.actor import ANYONE
from kit.refusal import Refusal
from kit.settings import Settings
from web.pages import page
from web.signing_in import HttpRequest

_PAGE = "/account/recovery"


class Typed(msgspec.Struct):
    code: Annotated[str, msgspec.Meta(max_length=40)] = ""


@get(_PAGE, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML)
async def ask(request: HttpRequest, settings: Settings) -> Response[str]:
    return _shown(request, settings)


@post(
    _PAGE,
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=200,
    request_max_body_size=4_000,
    dependencies={"ways": ways},
)
async def stop(
    request: HttpRequest,
    settings: Settings,
    data: Annotated[Typed, Body(media_type=RequestEncodingType.URL_ENCODED)],
    ways: Ways,
    address: str,
) -> Response[str]:
    """Nothing changes then. The code is all it takes, so no token guards the form."""
    try:
        if not data.code.strip():
            raise CancellationUnknown
        await recovering.cancel(ways, data.code.strip(), address=address)
    except Refusal as refusal:
        return _shown(request, settings, refusal, typed=data.code)
    return _shown(request, settings, stopped=True)


def _shown(
    request: HttpRequest,
    settings: Settings,
    problem: Refusal | None = None,
    *,
    typed: str = "",
    stopped: bool = False,
) -> Response[str]:
    told = page(
        request,
        "recovery.html",
        sandbox=settings.sandbox,
        problem=problem and problem.message,
        typed=typed,
        stopped=stopped,
    )
    told.status_code = problem.status if problem else 200
    if problem is not None and problem.retry_after_seconds is not None:
        told.headers["Retry-After"] = str(problem.retry_after_seconds)
    return told


route_handlers: list[Any] = [ask, stop]
