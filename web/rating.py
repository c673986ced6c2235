"""`/dossiers/{id}/rating/{branch}`: whoever filed it says how it went, once. Without JavaScript."""

import uuid
from typing import Any

from litestar import MediaType, Response, get, post

from dossiers import rating
from dossiers.messages import Rate
from dossiers.refusals import NothingToRate, NotInDossier
from dossiers.whose import Filer
from kit.actor import ANYONE
from kit.refusal import Refusal
from web.filing import HERE
from web.filling import Filing
from web.pages import page
from web.sent import Sent
from web.signing_in import to

_RATING = "/dossiers/{dossier_id:str}/rating/{branch:str}"
_MOST_COMMENT = 2000


@get(_RATING, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: Filing, dossier_id: str, branch: str) -> Response[str]:
    filer = await here.filer(dossier_id)
    return await here.at.sign_in_first() if filer is None else await _page(here, filer, dossier_id, branch)


@post(
    _RATING,
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=20_000,
    dependencies=HERE,
)
async def rate(here: Filing, dossier_id: str, branch: str) -> Response[str]:
    """The page's own key makes a second press the same answer."""
    path = f"/dossiers/{dossier_id}/rating/{branch}"
    filer = await here.filer(dossier_id)
    if filer is None:
        return await here.at.sign_in_first(path)
    try:
        sent = await here.sent(dossier_id)
    except Refusal as refusal:
        return here.trouble(refusal)
    score = sent.one("score")
    if score not in ("1", "2", "3", "4", "5"):
        return await _page(here, filer, dossier_id, branch, sent=sent, problem=NoScore())
    comment = sent.one("comment").replace("\r\n", "\n")[:_MOST_COMMENT]
    asked = Rate(score=int(score), comment=comment)
    try:
        await rating.rate(
            here.stand, filer.actor, dossier_id, branch, asked, behalf=filer.behalf, key=sent.one("key") or None
        )
    except Refusal as refusal:
        return await _page(here, filer, dossier_id, branch, sent=sent, problem=refusal)
    return to(here.address(dossier_id, f"/rating/{branch}"))


class NoScore(Refusal):
    status = 422
    code = "no-score"
    vi = "Hãy chọn một mức từ 1 đến 5."
    en = "Choose one of 1 to 5."


async def _page(
    here: Filing, filer: Filer, dossier_id: str, name: str, *, problem: Refusal | None = None, sent: Sent | None = None
) -> Response[str]:
    try:
        dossier = await here.dossier(filer, dossier_id)
        branch = next((one for one in dossier.branches if one.name == name), None)
        if branch is None:
            raise NotInDossier(branch=name)
        if branch.decided_at is None:
            raise NothingToRate
    except Refusal as refusal:
        return here.trouble(refusal)
    shown = page(
        here.at.request,
        "rating.html",
        sandbox=here.at.settings.sandbox,
        dossier=dossier,
        branch=branch,
        csrf=here.token(dossier_id),
        key=uuid.uuid4().hex,
        problem=problem and problem.message,
        typed=sent.one("comment") if sent is not None else "",
        typed_score=sent.one("score") if sent is not None else "",
    )
    shown.status_code = problem.status if problem else 200
    return shown


route_handlers: list[Any] = [show, rate]
