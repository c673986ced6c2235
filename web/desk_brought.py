"""`/desk/counter/supplements`: a citizen brings to any counter what an officer asked for; found by their card, filled in on their behalf,
confirmed on their phone or by a signature. Without JavaScript."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import msgspec
from litestar import MediaType, Response, get, post

from dossiers import bringing
from dossiers.messages import FieldValue
from dossiers.messages_desk import AskedLines, Bring, Bringer, Brought, ChangeBrought
from dossiers.refusals import BringerUnknown
from dossiers.whose import Filer
from identity import accounts, offices
from identity.tokens.refusals import StrangeForm
from kit import clock
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from procedures import rules
from uploads import Keeper
from web import later
from web.at_desk import HERE, RECEPTION, SMALL, AtDesk
from web.desk_counter import COUNTER, AtCounter
from web.filling import PAPER_BYTES
from web.later import Asked, Given
from web.sent import Sent, read
from web.signing_in import to

SUPPLEMENTS: Final = f"{COUNTER}/supplements"
_BROUGHT: Final = f"{SUPPLEMENTS}/{{branch_id:str}}"
_BODY_BYTES: Final = 5 * PAPER_BYTES

_PAGE: dict[str, Any] = {
    "who": ANYONE,
    "include_in_schema": False,
    "media_type": MediaType.HTML,
    "dependencies": HERE,
}


@dataclass(frozen=True, slots=True)
class AtBrought(AtCounter):
    """The citizens' page of a supplement; the verbs look whether this office fills it in."""

    branch_id: str

    base: ClassVar[str] = SUPPLEMENTS

    def subject(self, dossier_id: str) -> str:
        return self.branch_id


# --- whose, and which -------------------------------------------------------------------------------------------------


@get(SUPPLEMENTS, **_PAGE)
async def show(here: AtDesk) -> Response[str]:
    """By what their card shows; and what this office fills in already."""
    officer = await here.let_in(who=RECEPTION)
    return officer if isinstance(officer, Response) else await _finding(here, officer, Sent([]))


@post(SUPPLEMENTS, request_max_body_size=SMALL, **_PAGE, status_code=200)
async def find(here: AtDesk) -> Response[str]:
    """What this person is asked for; by a button of one, on to fill it in."""
    officer = await here.let_in(SUPPLEMENTS, who=RECEPTION)
    if isinstance(officer, Response):
        return officer
    sent = await read(here.at.request)
    try:
        here.at.refuse_strange(sent.one("csrf"))
        said = {"pin": "".join(sent.one("pin").split()), "date_of_birth": rules.as_date(sent.one("born"))}
        try:
            bringer = msgspec.convert(said, Bringer)
            verb, _, branch_id = sent.one("do").partition(":")
            if verb == "begin":
                brought = await bringing.begin(
                    here.stand, officer, msgspec.convert(said | {"branch_id": branch_id}, Bring)
                )
                return to(here.address(f"{SUPPLEMENTS}/{brought.branch_id}"))
        except msgspec.ValidationError as wrong:
            raise BringerUnknown from wrong
        return await _finding(here, officer, sent, found=await bringing.waiting(here.stand, officer, bringer))
    except StrangeForm as refusal:
        return here.trouble(refusal, officer)
    except Refusal as refusal:
        return await _finding(here, officer, sent, problem=refusal)


async def _finding(
    here: AtDesk, officer: Actor, sent: Sent, *, found: AskedLines | None = None, problem: Refusal | None = None
) -> Response[str]:
    listed = await bringing.listed(here.stand, officer)
    return here.page("desk_brought.html", officer, problem=problem, typed=sent, found=found, listed=listed.supplements)


# --- one of them ------------------------------------------------------------------------------------------------------

_Then = Callable[[AtBrought, Filer, Brought, Asked], Awaitable[Response[str]]]


@get(_BROUGHT, **_PAGE)
async def show_one(here: AtDesk, branch_id: str) -> Response[str]:
    """All that was asked for and what there is of it; once it is given, that."""

    async def then(at: AtBrought, citizen: Filer, brought: Brought, asked: Asked) -> Response[str]:
        return _filling(at, brought, asked)

    return await _with(here, branch_id, then)


@post(_BROUGHT, request_max_body_size=_BODY_BYTES, status_code=303, **_PAGE)
async def save(here: AtDesk, keeper: Keeper, branch_id: str) -> Response[str]:
    """What was typed and scanned, kept; what cannot be is told, and stands there still."""

    async def then(at: AtBrought, citizen: Filer, brought: Brought, asked: Asked) -> Response[str]:
        sent = await at.sent(branch_id)
        given = later.given_by(at, asked, sent)
        wanted = asked.fields if asked.whole else {**brought.fields, **given.fields}
        try:
            for paper in asked.papers:
                if (file := sent.file(f"file.{paper.kind}")) is not None and file.filename:
                    await at.at.limits.hit("upload", citizen.account_id)
                    data = await file.read()
                    brought = await bringing.scan(here.stand, keeper, at.officer, branch_id, paper.kind, data)
            changes = ChangeBrought(fields={path: given.fields.get(path) for path in wanted})
            await bringing.change(here.stand, at.officer, branch_id, changes)
        except Refusal as refusal:
            return _filling(at, brought, asked, typed=given.fields, problem=refusal)
        return to(at.address(branch_id))

    return await _with(here, branch_id, then)


@get(f"{_BROUGHT}/declaration", **_PAGE)
async def declaration(here: AtDesk, branch_id: str) -> Response[str]:
    """What will be given, to print and to sign."""

    async def then(at: AtBrought, citizen: Filer, brought: Brought, asked: Asked) -> Response[str]:
        assert at.officer.account_id is not None
        assert at.officer.office_id is not None
        async with here.stand.db.connect() as conn:
            office = await offices.office(conn, at.officer.office_id)
            who = await accounts.names_of(conn, [citizen.account_id, at.officer.account_id])
        values = later.questions(at, _as_answered(asked, brought), Given(), problem=None)
        return at.page(
            "desk_brought_declaration.html",
            branch_id,
            **values,
            brought=brought,
            office=office,
            citizen=who[citizen.account_id],
            helper=who[at.officer.account_id],
            today=clock.today(),
        )

    return await _with(here, branch_id, then)


@post(f"{_BROUGHT}/confirmation-request", request_max_body_size=SMALL, status_code=303, **_PAGE)
async def ask_to_confirm(here: AtDesk, branch_id: str) -> Response[str]:
    """On their own phone; the page then waits for them."""

    async def verb(at: AtBrought, sent: Sent) -> str:
        await bringing.ask_to_confirm(here.stand, at.officer, branch_id)
        return at.address(branch_id) + "&asked=1"

    return await _pressed(here, branch_id, verb)


@post(f"{_BROUGHT}/submission", request_max_body_size=PAPER_BYTES, status_code=303, **_PAGE)
async def give_signed(here: AtDesk, keeper: Keeper, branch_id: str) -> Response[str]:
    """Given, once, on the scan of what they signed; for the version that the page showed."""

    async def verb(at: AtBrought, sent: Sent) -> str:
        file = sent.file("file")
        signed = b"" if file is None else await file.read()
        await bringing.give_signed(
            here.stand, keeper, at.officer, branch_id, signed, key=sent.one("key"), version=sent.version
        )
        return at.address(branch_id)

    return await _pressed(here, branch_id, verb)


def _as_answered(asked: Asked, brought: Brought) -> Asked:
    """With the dossier as it will say once this is given."""
    answers = {path: FieldValue(value=value, source="citizen", locked=False) for path, value in brought.fields.items()}
    dossier = msgspec.structs.replace(asked.dossier, form=asked.dossier.form | answers)
    return msgspec.structs.replace(asked, dossier=dossier)


def _filling(
    at: AtBrought,
    brought: Brought,
    asked: Asked,
    *,
    typed: dict[str, Any] | None = None,
    problem: Refusal | None = None,
) -> Response[str]:
    papers = {paper.kind: paper.sha256 for paper in brought.documents}
    given = Given(brought.fields | (typed or {}), papers)
    values = later.questions(at, asked, given, problem=problem)
    return at.page(
        "desk_brought_form.html",
        asked.dossier.id,
        problem=problem,
        **values,
        brought=brought,
        replaces=True,
        ready=not brought.faults,
        missing=[(told, at.where(asked.dossier, told.field)) for told in brought.faults],
        key=uuid.uuid4().hex,
    )


async def _with(here: AtDesk, branch_id: str, then: _Then) -> Response[str]:
    """A page of one; of what is given already, that it is."""
    officer = await here.let_in(f"{SUPPLEMENTS}/{branch_id}", who=RECEPTION)
    if isinstance(officer, Response):
        return officer
    at = AtBrought(here.at, here.stand, here, officer, branch_id)
    try:
        brought = await bringing.show(here.stand, officer, branch_id)
        if brought.given_at is not None:
            return at.page("desk_brought_given.html", brought.dossier_id, brought=brought)
        citizen = await bringing.filer(here.stand, officer, branch_id)
        dossier = await at.dossier(citizen, brought.dossier_id)
        name = next(one.name for one in dossier.branches if one.id == branch_id)
        asked = await later.asked_of(at, citizen, dossier.id, name, "supplement")
        if asked is None:
            return to(at.address(branch_id))
        return await then(at, citizen, brought, asked)
    except Refusal as refusal:
        return at.trouble(refusal)


async def _pressed(here: AtDesk, branch_id: str, verb: Callable[[AtBrought, Sent], Awaitable[str]]) -> Response[str]:
    """What a button does, and on to the address it names; or the page with what stands against it."""

    async def then(at: AtBrought, citizen: Filer, brought: Brought, asked: Asked) -> Response[str]:
        sent = await at.sent(branch_id)
        try:
            return to(await verb(at, sent))
        except Refusal as refusal:
            return _filling(at, brought, asked, problem=refusal)

    return await _with(here, branch_id, then)


route_handlers: list[Any] = [show, find, show_one, save, declaration, ask_to_confirm, give_signed]
