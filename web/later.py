"""What a citizen does at a browser after the submission: give a supplement, file again, withdraw, report a mistake, hand in a signed paper."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from litestar import MediaType, Response, get, post

from dossiers import bringing, confirming, correcting, following, refiling, supplementing
from dossiers.messages import BranchView, ConsentOnPaper, Dossier, Reason, Supplement, Withdraw
from dossiers.refusals import DossierUnknown, NothingPrepared, NotInDossier
from dossiers.whose import Filer
from identity.tokens.refusals import StrangeForm
from kit import clock
from kit.actor import ANYONE
from kit.refusal import Fault, Refusal, Words
from procedures import Document, Procedure
from procedures.messages import Field
from uploads import Keeper
from web import form_reading
from web.filing import HERE
from web.filling import Filing
from web.form_showing import Group, Shower
from web.pages import language
from web.sent import Sent
from web.signing_in import to

_PATH: Final = "/dossiers/{dossier_id:str}/branches/{branch:str}/{action:str}"
_BODY_BYTES: Final = 5 * 20 * 1024 * 1024
"""Five papers at once, where there is no script to send each by itself."""


class Asked(msgspec.Struct, frozen=True):
    """What a page asks for, all of it of one branch."""

    dossier: Dossier
    branch: BranchView
    action: str
    procedure: Procedure
    fields: Mapping[str, Field]
    papers: Sequence[Document]
    whole: bool
    """Everything that is asked must be given; otherwise only what changes is."""


class Given(msgspec.Struct):
    """What was sent, kept over a refusal: answers by path, and uploads by the kind of paper."""

    fields: dict[str, Any] = {}
    papers: dict[str, str] = {}
    reason: str = ""


@get(_PATH, who=ANYONE, include_in_schema=False, media_type=MediaType.HTML, dependencies=HERE)
async def show(here: Filing, dossier_id: str, branch: str, action: str) -> Response[str]:
    """The page of one verb, where it may be done now; otherwise how the dossier stands."""
    filer = await here.filer(dossier_id)
    if filer is None:
        return await here.at.sign_in_first()
    try:
        asked = await asked_of(here, filer, dossier_id, branch, action)
        if asked is None:
            return to(here.address(dossier_id))
        given, counter = await _prepared(here, filer, asked)
    except Refusal as refusal:
        return here.trouble(refusal)
    return _page(here, asked, given, prepared_by=counter)


@post(
    _PATH,
    who=ANYONE,
    include_in_schema=False,
    media_type=MediaType.HTML,
    status_code=303,
    request_max_body_size=_BODY_BYTES,
    dependencies=HERE,
)
async def do(here: Filing, keeper: Keeper, dossier_id: str, branch: str, action: str) -> Response[str]:
    """Done, and back to the dossier; or the page again with every fault, nothing typed or sent being lost."""
    filer = await here.filer(dossier_id)
    if filer is None:
        return await here.at.sign_in_first(f"/dossiers/{dossier_id}")
    given = Given()
    try:
        sent = await here.sent(dossier_id)
        asked = await asked_of(here, filer, dossier_id, branch, action)
        if asked is None:
            return to(here.address(dossier_id))
        given = given_by(here, asked, sent)
    except Refusal as refusal:
        return here.trouble(refusal)
    try:
        for paper in asked.papers:
            if (
                paper.kind not in given.papers
                and (file := sent.file(f"file.{paper.kind}")) is not None
                and file.filename
            ):
                given.papers[paper.kind] = await here.receive(keeper, filer.account_id, file)
        await _do(here, filer, asked, given, key=sent.one("key"))
    except StrangeForm as refusal:
        return here.trouble(refusal)
    except Refusal as refusal:
        return _page(here, asked, given, problem=refusal)
    return to(here.address(dossier_id))


async def _prepared(here: Filing, filer: Filer, asked: Asked) -> tuple[Given, Words | None]:
    """What a counter filled in for this person to look at, and which; nothing where they would rather begin `anew`."""
    if asked.action == "supplement" and "anew" not in here.at.request.query_params:
        try:
            ready = await bringing.prepared(
                here.stand, filer.actor, asked.dossier.id, asked.branch.name, behalf=filer.behalf
            )
        except (NothingPrepared, DossierUnknown):
            return Given(), None
        return Given(ready.fields, ready.documents), ready.office
    return Given(), None


async def asked_of(here: Filing, filer: Filer, dossier_id: str, branch: str, action: str) -> Asked | None:
    """None where that may not be done, or not by this person. Refuses what following a dossier does, NotInDossier."""
    dossier = await here.dossier(filer, dossier_id)
    view = next((one for one in dossier.branches if one.name == branch), None)
    if view is None:
        raise NotInDossier(branch=branch)
    if action not in view.actions or not await following.may_change(here.stand, filer, dossier_id):
        return None
    procedure = _procedures(here, dossier)[branch]
    fields, papers, whole = _questions(here, dossier, view, procedure, action)
    return Asked(dossier, view, action, procedure, fields, papers, whole)


def _questions(
    here: Filing, dossier: Dossier, view: BranchView, procedure: Procedure, action: str
) -> tuple[dict[str, Field], list[Document], bool]:
    """The fields and papers of one page, and whether all of them are wanted."""
    papers = {paper.kind: paper for paper in here.papers(dossier)}
    every = {f"{s.name}.{f.name}": f for s in here.item(dossier).form.sections for f in s.fields}
    if action == "confirm_on_paper":
        assert procedure.confirmation is not None, "only such a branch is ever held"
        return {}, [papers[procedure.confirmation.paper]], True
    if action == "supplement" and view.asked is not None and (view.asked.fields or view.asked.documents):
        return {path: every[path] for path in view.asked.fields}, [papers[kind] for kind in view.asked.documents], True
    if action not in ("supplement", "refile"):
        return {}, [], True
    settled, kinds = _settled(_procedures(here, dossier), dossier)
    own = {f"{s.name}.{f.name}" for s in procedure.form.sections if s.name not in settled for f in s.fields}
    fields = {
        path: field
        for path, field in every.items()
        if path in own and not (path in dossier.form and dossier.form[path].locked)
    }
    wanted = {document.kind for document in procedure.documents} - kinds
    return fields, [paper for kind, paper in papers.items() if kind in wanted], False


def _settled(procedures: Mapping[str, Procedure], dossier: Dossier) -> tuple[set[str], set[str]]:
    """Sections and kinds of papers that an approved branch was decided by."""
    decided = [procedures[branch.name] for branch in dossier.branches if branch.result is not None]
    return (
        {section.name for procedure in decided for section in procedure.form.sections},
        {document.kind for procedure in decided for document in procedure.documents},
    )


def _procedures(here: Filing, dossier: Dossier) -> dict[str, Procedure]:
    return here.stand.catalogue.branch_procedures(here.item(dossier), _opened_on(dossier), dossier.options.branches)


def _opened_on(dossier: Dossier) -> date:
    return dossier.opened_at.astimezone(clock.CITY).date()


def given_by(here: Filing, asked: Asked, sent: Sent) -> Given:
    lists = here.lists(here.item(asked.dossier))
    if asked.whole:
        answers = {p: form_reading.answer(field, f"f.{p}", sent.texts, lists) for p, field in asked.fields.items()}
        fields = {path: value for path, value in answers.items() if value is not None}
    else:
        fields = form_reading.changes(asked.fields.items(), sent.texts, lists)
    papers = {paper.kind: sent.one(f"upload.{paper.kind}")[:60] for paper in asked.papers}
    return Given(fields, {kind: upload for kind, upload in papers.items() if upload}, sent.one("reason").strip()[:2000])


async def _do(here: Filing, filer: Filer, asked: Asked, given: Given, *, key: str) -> None:
    stand, dossier_id, branch = here.stand, asked.dossier.id, asked.branch.name
    supplement = Supplement(fields=given.fields, documents=given.papers)
    match asked.action:
        case "supplement":
            await supplementing.supplement(
                stand, filer.actor, dossier_id, branch, supplement, behalf=filer.behalf, key=key, version=None
            )
        case "refile":
            await refiling.refile(
                stand, filer.actor, dossier_id, branch, supplement, behalf=filer.behalf, key=key, version=None
            )
        case "withdraw":
            withdrawn = Withdraw(branches=(branch,), reason=given.reason)
            await refiling.withdraw(
                stand, filer.actor, dossier_id, withdrawn, behalf=filer.behalf, key=key, version=None
            )
        case "ask_correction":
            mistake = Reason(reason=given.reason)
            await correcting.report(
                stand, filer.actor, dossier_id, branch, mistake, behalf=filer.behalf, key=key, version=None
            )
        case _:
            paper = ConsentOnPaper(upload_id=given.papers.get(asked.papers[0].kind, ""))
            await confirming.on_paper(
                stand, filer.actor, dossier_id, branch, paper, behalf=filer.behalf, key=key, version=None
            )


def _notes(asked: Asked) -> Mapping[str, str]:
    """What the officer wrote to single fields and papers."""
    return asked.branch.asked.notes if asked.branch.asked is not None else {}


def _page(
    here: Filing, asked: Asked, given: Given, *, problem: Refusal | None = None, prepared_by: Words | None = None
) -> Response[str]:
    return here.page(
        "later.html",
        asked.dossier.id,
        problem=problem,
        key=uuid.uuid4().hex,
        prepared_by=prepared_by,
        replaces=False,
        **questions(here, asked, given, problem=problem),
    )


def questions(here: Filing, asked: Asked, given: Given, *, problem: Refusal | None) -> dict[str, Any]:
    """What a page shows of all that is asked for, with what was given and what stands against it."""
    faults: Sequence[Fault] = problem.faults if problem is not None else ()
    dossier, catalogue = asked.dossier, here.stand.catalogue
    shower = Shower(
        here.item(dossier),
        dossier.form,
        today=clock.today(),
        branches=dossier.options.branches or (),
        lang=language(here.at.request),
        sources=catalogue.codes("sources"),
        countries=catalogue.codes(form_reading.COUNTRIES),
        faults=faults,
        typed=given.fields,
        asked_by=given.fields,
        notes=_notes(asked),
    )
    form = shower.page()
    groups = [
        Group(group.name, group.title, shown)
        for group in form.groups
        if (shown := [question for question in group.inputs if question.path in asked.fields])
    ]
    on_page = {question.path for group in groups for question in group.inputs}
    return {
        "dossier": dossier,
        "branch": asked.branch,
        "action": asked.action,
        "groups": groups,
        "lists": form.lists if groups else {},
        "papers": asked.papers,
        "notes": _notes(asked),
        "given": given,
        # What stands beside no question of this page is told above them.
        "faults": [(told, here.where(dossier, told.field)) for told in faults if told.field not in on_page],
        "wrong": [one for one in form.wrong if one[0] in on_page],
    }


route_handlers: list[Any] = [show, do]
