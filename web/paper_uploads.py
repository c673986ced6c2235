"""A paper on its way from a page, over a bad line: tus 1.0 by the browser's own sign-in. Without script the page's form sends the file."""

from typing import Annotated, Any

from litestar import Response, head, patch, post
from litestar.params import Dependency

from dossiers.standing import Stand
from kit.actor import ANYONE
from kit.refusal import Refusal
from uploads import Keeper, http_tus
from web.at_desk import RECEPTION, AtDesk
from web.desk_counter import Counter
from web.filling import Filing
from web.signed_in import AT, AtBrowser

Here = Annotated[Filing, Dependency(skip_validation=True)]
"""Litestar holds a dataclass to its very class; a `Counter` is a `Filing`."""

_TOKEN = "X-Form-Token"  # noqa: S105 - a header's name


class SignedOut(Refusal):
    status = 401
    code = "signed-out"
    vi = "Bạn đã đăng xuất. Hãy mở lại trang này và đăng nhập."
    en = "You are signed out. Open this page again and sign in."


async def _filling(at: AtBrowser, stand: Stand) -> Filing:
    """The citizen's page, or the counter's."""
    if not at.request.url.path.startswith(Counter.base):
        return Filing(at, stand)
    officer = await at.officer()
    if officer is None or RECEPTION.answer(officer) != "yes":
        raise SignedOut
    return Counter(at, stand, AtDesk(at, stand), officer)


_PATHS = [f"{base}/{{dossier_id:str}}/uploads" for base in (Filing.base, Counter.base)]
_HERE: dict[str, Any] = {**AT, "here": _filling}


@post(
    _PATHS,
    who=ANYONE,
    include_in_schema=False,
    request_max_body_size=http_tus.BODY_BYTES,
    dependencies=_HERE,
)
async def create(
    here: Here,
    keeper: Keeper,
    dossier_id: str,
    tus_resumable: http_tus.Version = None,
    upload_length: http_tus.Length = None,
) -> Response[None]:
    """A place for one file; `Location` is where its pieces go."""
    with http_tus.speaking(tus_resumable):
        account_id = await _account(here, dossier_id)
        at = f"{here.base}/{dossier_id}/uploads"
        return await http_tus.begin(
            here.at.request, here.at.db, keeper, here.at.limits, account_id, at=at, length=upload_length, metadata=None
        )


@head(
    [f"{path}/{{upload_id:str}}" for path in _PATHS],
    who=ANYONE,
    include_in_schema=False,
    dependencies=_HERE,
)
async def look(
    here: Here, keeper: Keeper, dossier_id: str, upload_id: str, tus_resumable: http_tus.Version = None
) -> Response[None]:
    """How much of it is here."""
    with http_tus.speaking(tus_resumable):
        return await http_tus.stand(here.at.db, keeper, await _account(here, dossier_id), upload_id)


@patch(
    [f"{path}/{{upload_id:str}}" for path in _PATHS],
    who=ANYONE,
    include_in_schema=False,
    status_code=204,
    request_max_body_size=http_tus.BODY_BYTES,
    dependencies=_HERE,
)
async def send_on(
    here: Here,
    keeper: Keeper,
    dossier_id: str,
    upload_id: str,
    tus_resumable: http_tus.Version = None,
    upload_offset: http_tus.Offset = None,
) -> Response[None]:
    """The next piece."""
    with http_tus.speaking(tus_resumable):
        account_id = await _account(here, dossier_id)
        return await http_tus.append(here.at.request, here.at.db, keeper, account_id, upload_id, offset=upload_offset)


async def _account(here: Filing, dossier_id: str) -> str:
    """Whose paper it is. Refuses SignedOut, and StrangeForm for a call that no page of ours made."""
    filer = await here.filer(dossier_id)
    if filer is None:
        raise SignedOut
    here.refuse_strange(here.at.request.headers.get(_TOKEN, ""), dossier_id)
    return filer.account_id


route_handlers: list[Any] = [create, look, send_on]
