"""`/desk/counter`: an officer at any centre fills in a citizen's dossier beside them: which procedure, for whom, the form and the papers of the
citizens' own pages; the citizen confirms on their phone or by a signature. Without JavaScript."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from litestar import MediaType, Response, get, post

from dossiers import assisting
from dossiers.http_desk import pdf
from dossiers.messages_desk import Assist, SeenCard
from dossiers.refusals import (
    AlreadySubmitted,
    CardExpired,
    CardMisread,
    CitizenUnknown,
    LevelTooLow,
    MandateMissing,
    RegisterContradicts,
)
from dossiers.whose import Filer
from identity import accounts, offices
from kit import clock, names
from kit.actor import ANYONE, Actor
from kit.refusal import Refusal
from procedures import Bundle, rules
from uploads import Keeper
from web import filling, form_reading
from web.at_desk import HERE, QUEUE, RECEPTION, SMALL, AtDesk
from web.filling import Filing
from web.form_showing import Shower
from web.pages import language
from web.sent import Sent
from web.signing_in import to

COUNTER = f"{QUEUE}/counter"
_PROCEDURE = f"{COUNTER}/procedures/{{code:str}}"
_DRAFT = f"{COUNTER}/{{dossier_id:str}}"

_PAGE: dict[str, Any] = {
    "who": ANYONE,
    "include_in_schema": False,
    "media_type": MediaType.HTML,
    "dependencies": HERE,
}
_NUMBER = re.compile("[0-9]{10}|[0-9]{12}")
_BUTTON: dict[str, Any] = {**_PAGE, "status_code": 303}


@dataclass(frozen=True, slots=True)
class AtCounter(Filing):
    """A citizens' page in the frame of the desk; `subject` is what the page is about there: what its address and its token name."""

    desk: AtDesk
    officer: Actor

    def subject(self, dossier_id: str) -> str:
        return dossier_id

    def page(self, template: str, dossier_id: str, *, problem: Refusal | None = None, **values: Any) -> Response[str]:
        subject = self.subject(dossier_id)
        return self.desk.page(
            template,
            self.officer,
            problem=problem,
            layout="desk_base.html",
            at=f"{self.base}/{subject}",
            asked_to_confirm="asked" in self.at.request.query_params,
            **{"csrf": self.token(subject), **values},
        )

    def trouble(self, refusal: Refusal) -> Response[str]:
        return self.desk.trouble(refusal, self.officer)


@dataclass(frozen=True, slots=True)
class Counter(AtCounter):
    """The citizens' pages of a draft; the verbs look whether this office helps with it."""

    base: ClassVar[str] = COUNTER
    form_page: ClassVar[str] = "desk_counter_form.html"
    papers_page: ClassVar[str] = "desk_counter_papers.html"

    async def filer(self, dossier_id: str) -> Filer:
        """The citizen, whose list of reads tells of it. Raises DossierUnknown, AlreadySubmitted, and what an ended mandate does."""
        return await assisting.acting_for(self.stand, self.officer, dossier_id)


# --- which procedure, and for whom ------------------------------------------------------------------------------------


@get(COUNTER, **_PAGE)
async def show(here: AtDesk) -> Response[str]:
    """What this office is helping with, and what may be asked for, by plain words."""
    officer = await here.let_in(who=RECEPTION)
    if isinstance(officer, Response):
        return officer
    asked = names.nfc(here.at.request.query_params.get("q", ""))[:200]
    found = here.stand.catalogue.search(asked, clock.today()) if asked else []
    drafts = (await assisting.drafts(here.stand, officer)).drafts
    return here.page("desk_counter.html", officer, q=asked, found=found, drafts=drafts)


@get(_PROCEDURE, **_PAGE)
async def choose(here: AtDesk, code: str) -> Response[str]:
    """For whom, by what their card shows."""
    officer = await here.let_in(who=RECEPTION)
    return officer if isinstance(officer, Response) else _choosing(here, officer, code)


@post(_PROCEDURE, request_max_body_size=SMALL, **_BUTTON)
async def begin(here: AtDesk, code: str) -> Response[str]:
    """A draft of the citizen's, filled with what is known."""

    async def verb(actor: Actor, sent: Sent) -> str:
        item = here.stand.catalogue.find(code, clock.today())
        pin, born = "".join(sent.one("pin").split()), rules.as_date(sent.one("born"))
        name, sex = names.nfc(sent.one("full_name")), sent.one("sex")
        try:
            card = _card(sent, name, sex) if name or sex else None
            said = {"pin": pin, "date_of_birth": born, "procedure": code}
            principal = "".join(sent.one("acting_for").split())
            if principal and not _NUMBER.fullmatch(principal):
                raise MandateMissing
            asked = msgspec.structs.replace(
                msgspec.convert(said, Assist),
                options=filling.options(item, sent),
                card=card,
                acting_for=principal or None,
            )
        except msgspec.ValidationError as wrong:
            raise CardMisread from wrong
        draft = await assisting.open_draft(here.stand, actor, asked)
        return here.address(f"{COUNTER}/{draft.id}")

    async def refused(actor: Actor, sent: Sent, refusal: Refusal) -> Response[str]:
        return _choosing(here, actor, code, problem=refusal, sent=sent)

    return await here.pressed(f"{COUNTER}/procedures/{code}", verb, refused, who=RECEPTION)


def _card(sent: Sent, name: str, sex: str) -> SeenCard:
    """Raises msgspec.ValidationError where a last day is neither given nor said to be none."""
    expires = None if sent.one("no_term") else rules.as_date(sent.one("expires"))
    if expires is None and not sent.one("no_term"):
        raise msgspec.ValidationError
    shown = {"full_name": name, "sex": sex, "expires_on": expires, "looked_again": bool(sent.one("looked_again"))}
    return msgspec.convert(shown, SeenCard)


def _choosing(
    here: AtDesk, officer: Actor, code: str, *, problem: Refusal | None = None, sent: Sent | None = None
) -> Response[str]:
    catalogue, today, typed = here.stand.catalogue, clock.today(), sent or Sent([])
    try:
        item = catalogue.find(code, today)
    except Refusal as refusal:
        return here.trouble(refusal, officer)
    parts = catalogue.branch_procedures(item, today)
    return here.page(
        "desk_counter_person.html",
        officer,
        problem=problem,
        item=item,
        parts=[(branch, parts[branch.name].name) for branch in item.branches] if isinstance(item, Bundle) else [],
        left_out=set(parts) - set(typed.many("branch")) if sent is not None else set(),
        papers=catalogue.documents(item, today),
        typed=typed,
        card=bool(typed.one("full_name") or typed.one("sex"))
        or isinstance(problem, CitizenUnknown | LevelTooLow | CardExpired | CardMisread),
        contradicted=isinstance(problem, RegisterContradicts),
    )


# --- the draft --------------------------------------------------------------------------------------------------------


@get(_DRAFT, **_PAGE)
async def show_draft(here: AtDesk, dossier_id: str) -> Response[str]:
    """The form; once it is in, the receipt to print."""

    async def then(counter: Counter, citizen: Filer) -> Response[str]:
        dossier, asked = await counter.dossier(citizen, dossier_id), here.at.request.query_params
        faults = dossier.faults if "check" in asked else []
        return filling.form(counter, dossier, faults=faults, contesting=asked.get("contest"))

    officer = await here.let_in(who=RECEPTION)
    if isinstance(officer, Response):
        return officer
    try:
        return await _with(here, officer, dossier_id, then)
    except AlreadySubmitted:
        dossier = await assisting.taken_in(here.stand, officer, dossier_id)
        return here.page("desk_counter_receipt.html", officer, dossier=dossier, at=f"{COUNTER}/{dossier_id}")


@post(f"{_DRAFT}/form", request_max_body_size=filling.FORM_BYTES, **_BUTTON)
async def save(here: AtDesk, dossier_id: str) -> Response[str]:
    async def then(counter: Counter, citizen: Filer) -> Response[str]:
        return await filling.save(counter, citizen, dossier_id)

    return await _drafted(here, dossier_id, then)


@get(f"{_DRAFT}/papers", **_PAGE)
async def papers(here: AtDesk, dossier_id: str) -> Response[str]:
    """The papers, and how the citizen confirms."""

    async def then(counter: Counter, citizen: Filer) -> Response[str]:
        return await filling.papers(counter, citizen, dossier_id)

    return await _drafted(here, dossier_id, then)


@post(f"{_DRAFT}/papers", request_max_body_size=filling.PAPER_BYTES, **_BUTTON)
async def scan(here: AtDesk, keeper: Keeper, dossier_id: str) -> Response[str]:
    """One scanned file becomes one paper, or one is taken out again."""

    async def verb(counter: Counter, citizen: Filer, sent: Sent) -> str:
        await filling.hand_in(counter, keeper, citizen, dossier_id, sent)
        return counter.address(dossier_id, "/papers")

    return await _pressed(here, dossier_id, verb)


@post(f"{_DRAFT}/scans", request_max_body_size=filling.PAPER_BYTES, **_BUTTON)
async def sort_scan(here: AtDesk, keeper: Keeper, dossier_id: str) -> Response[str]:
    """One file of several papers, by the pages that were said of each."""

    async def verb(counter: Counter, citizen: Filer, sent: Sent) -> str:
        file = sent.file("file")
        data = b"" if file is None else await file.read()
        pages = {name.removeprefix("pages."): said for name, said in sent.texts.items() if name.startswith("pages.")}
        said = {kind[:60]: text for kind, text in pages.items() if text.strip()}
        await assisting.sort_scan(
            here.stand, keeper, counter.officer, dossier_id, data, said, leave_out=bool(sent.one("leave_out"))
        )
        return counter.address(dossier_id, "/papers")

    return await _pressed(here, dossier_id, verb)


@get(f"{_DRAFT}/declaration", **_PAGE)
async def declaration(here: AtDesk, dossier_id: str) -> Response[str]:
    """All that was filled in, to print and to sign."""

    async def then(counter: Counter, citizen: Filer) -> Response[str]:
        dossier, catalogue = await counter.dossier(citizen, dossier_id), here.stand.catalogue
        shower = Shower(
            counter.item(dossier),
            dossier.form,
            today=clock.today(),
            branches=dossier.options.branches or (),
            lang=language(here.at.request),
            sources=catalogue.codes("sources"),
            countries=catalogue.codes(form_reading.COUNTRIES),
        )
        assert counter.officer.account_id is not None
        assert counter.officer.office_id is not None
        async with here.stand.db.connect() as conn:
            office = await offices.office(conn, counter.officer.office_id)
            who = await accounts.names_of(conn, [citizen.account_id, counter.officer.account_id])
        return counter.page(
            "desk_counter_declaration.html",
            dossier_id,
            dossier=dossier,
            form=shower.page(),
            office=office,
            citizen=who[citizen.account_id],
            helper=who[counter.officer.account_id],
            today=clock.today(),
        )

    return await _drafted(here, dossier_id, then)


@post(f"{_DRAFT}/confirmation-request", request_max_body_size=SMALL, **_BUTTON)
async def ask_to_confirm(here: AtDesk, dossier_id: str) -> Response[str]:
    """On their own phone; the page then waits for them."""

    async def verb(counter: Counter, citizen: Filer, sent: Sent) -> str:
        await assisting.ask_to_confirm(here.stand, counter.officer, dossier_id)
        return counter.address(dossier_id, "/papers") + "&asked=1"

    return await _pressed(here, dossier_id, verb)


@post(f"{_DRAFT}/submission", request_max_body_size=filling.PAPER_BYTES, **_BUTTON)
async def submit_signed(here: AtDesk, keeper: Keeper, dossier_id: str) -> Response[str]:
    """In, once, on the scan of what they signed; for the version that the page showed."""

    async def verb(counter: Counter, citizen: Filer, sent: Sent) -> str:
        file = sent.file("file")
        signed = b"" if file is None else await file.read()
        await assisting.submit_signed(
            here.stand, keeper, counter.officer, dossier_id, signed, key=sent.one("key"), version=sent.version
        )
        return counter.address(dossier_id)

    return await _pressed(here, dossier_id, verb)


@get(f"{_DRAFT}/receipt", who=ANYONE, include_in_schema=False, dependencies=HERE)
async def receipt(here: AtDesk, dossier_id: str) -> Response[Any]:
    """As PDF, with its QR."""
    officer = await here.let_in(f"{COUNTER}/{dossier_id}", who=RECEPTION)
    if isinstance(officer, Response):
        return officer
    try:
        return pdf(await assisting.receipt(here.stand, officer, dossier_id), "giay-hen")
    except Refusal as refusal:
        return here.trouble(refusal, officer)


async def _with(
    here: AtDesk, officer: Actor, dossier_id: str, then: Callable[[Counter, Filer], Awaitable[Response[str]]]
) -> Response[str]:
    """Raises AlreadySubmitted; any other refusal is a page."""
    counter = Counter(here.at, here.stand, here, officer)
    try:
        return await then(counter, await counter.filer(dossier_id))
    except AlreadySubmitted:
        raise
    except Refusal as refusal:
        return counter.trouble(refusal)


async def _drafted(
    here: AtDesk, dossier_id: str, then: Callable[[Counter, Filer], Awaitable[Response[str]]]
) -> Response[str]:
    """A page of a draft; of what is in already, the receipt."""
    officer = await here.let_in(f"{COUNTER}/{dossier_id}", who=RECEPTION)
    if isinstance(officer, Response):
        return officer
    try:
        return await _with(here, officer, dossier_id, then)
    except AlreadySubmitted:
        return to(here.address(f"{COUNTER}/{dossier_id}"))


async def _pressed(
    here: AtDesk, dossier_id: str, verb: Callable[[Counter, Filer, Sent], Awaitable[str]]
) -> Response[str]:
    """What a button of the papers' page does, and on to the address it names; or that page with what stands against it."""

    async def then(counter: Counter, citizen: Filer) -> Response[str]:
        sent = await counter.sent(dossier_id)
        try:
            return to(await verb(counter, citizen, sent))
        except AlreadySubmitted:
            raise
        except Refusal as refusal:
            return await filling.papers(counter, citizen, dossier_id, problem=refusal, sent=sent)

    return await _drafted(here, dossier_id, then)


route_handlers: list[Any] = [
    show, choose, begin, show_draft, save, papers, scan, sort_scan, declaration, ask_to_confirm, submit_signed, receipt,
]  # fmt: skip
