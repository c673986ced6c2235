"""A draft at a browser while it is filled in: the form, what of it is kept, its papers. The same for whoever holds the pen: the citizen at
home, or an officer at a counter."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.datastructures import UploadFile

import uploads
from dossiers import drafting, following
from dossiers.messages import AttachDocument, ChangeForm, ContestField, Dossier, Options
from dossiers.refusals import FormRefused, Stale
from dossiers.standing import Stand
from dossiers.whose import Filer
from identity.tokens import browser
from identity.tokens.refusals import StrangeForm
from kit import clock, places
from kit.refusal import Fault, Refusal, Words, fault
from procedures import Bundle, CodeList, Document, Procedure
from uploads import Keeper
from web import form_reading, pages
from web.form_showing import Shower
from web.pages import language
from web.sent import Sent, read
from web.signed_in import AtBrowser
from web.signing_in import cookie_of, to, trouble

FORM_BYTES = 300_000
PAPER_BYTES = 20 * 1024 * 1024 + 64 * 1024


@dataclass(frozen=True, slots=True)
class Filing:
    """What these pages stand on, and where they are."""

    at: AtBrowser
    stand: Stand

    base: ClassVar[str] = "/dossiers"
    form_page: ClassVar[str] = "dossier_form.html"
    papers_page: ClassVar[str] = "dossier_papers.html"

    async def filer(self, dossier_id: str) -> Filer | None:
        """In whose name this draft is filled in; None where nobody is signed in. The verbs look whose it is."""
        actor = await self.at.citizen()
        return None if actor is None else await following.filer(self.stand, actor, dossier_id)

    def page(self, template: str, dossier_id: str, *, problem: Refusal | None = None, **values: Any) -> Response[str]:
        """A page of this dossier, in the frame of who reads it; `problem` gives the status."""
        shown = pages.page(
            self.at.request,
            template,
            sandbox=self.at.settings.sandbox,
            layout="base.html",
            at=f"{self.base}/{dossier_id}",
            csrf=self.token(dossier_id),
            problem=problem and problem.message,
            **values,
        )
        shown.status_code = problem.status if problem is not None else 200
        return shown

    async def dossier(self, filer: Filer, dossier_id: str) -> Dossier:
        return await following.dossier(self.stand, filer.actor, dossier_id, behalf=filer.behalf)

    def trouble(self, refusal: Refusal) -> Response[str]:
        return trouble(self.at.request, self.at.settings, refusal)

    def address(self, dossier_id: str, step: str = "") -> str:
        return f"{self.base}/{dossier_id}{step}?lang={language(self.at.request)}"

    def token(self, handle: str) -> str:
        """What a page's form carries, for this browser and this dossier."""
        cookie = cookie_of(self.at.request, self.at.settings)
        assert cookie is not None
        return browser.form_token(cookie, handle)

    async def sent(self, handle: str) -> Sent:
        """Refuses StrangeForm for what no page of ours gave this browser."""
        sent = await read(self.at.request)
        self.refuse_strange(sent.one("csrf"), handle)
        return sent

    def refuse_strange(self, token: str, handle: str) -> None:
        """Refuses StrangeForm for what no page of ours gave this browser."""
        cookie = cookie_of(self.at.request, self.at.settings)
        if cookie is None or not browser.is_form_token(token, cookie, handle):
            raise StrangeForm

    def item(self, dossier: Dossier) -> Procedure | Bundle:
        """In the version the dossier was opened under."""
        return self.stand.catalogue.find(dossier.procedure.code, dossier.opened_at.astimezone(clock.CITY).date())

    def lists(self, item: Procedure | Bundle) -> dict[str, CodeList]:
        """What answers are read with."""
        return {**item.form.lists, form_reading.COUNTRIES: self.stand.catalogue.codes(form_reading.COUNTRIES)}

    def papers(self, dossier: Dossier) -> list[Document]:
        """Every paper that may be handed in."""
        item, chosen = self.item(dossier), dossier.options.branches
        opened_on = dossier.opened_at.astimezone(clock.CITY).date()
        return self.stand.catalogue.documents(item, opened_on, chosen if isinstance(item, Bundle) else None)

    def where(self, dossier: Dossier, path: str) -> Words | None:
        """The section of the form, or the paper, that a fault is of: several persons have a name and a residence."""
        start, _, rest = path.partition(".")
        if start == "documents":
            return next((paper.name for paper in self.papers(dossier) if paper.kind == rest), None)
        return next((section.title for section in self.item(dossier).form.sections if section.name == start), None)

    async def receive(self, keeper: Keeper, account_id: str, file: UploadFile) -> str:
        """A file of a form, kept; the upload's id."""
        await self.at.limits.hit("upload", account_id)
        kept = await uploads.receive(self.stand.db, keeper, account_id=account_id, data=await file.read())
        return kept.id


def options(item: Procedure | Bundle, sent: Sent) -> Options:
    """With the branches that were ticked, and those that are always there."""
    if not isinstance(item, Bundle):
        return Options()
    required = [branch.name for branch in item.branches if not branch.optional]
    return Options(branches=tuple(dict.fromkeys([*required, *sent.many("branch")])))


async def save(here: Filing, filer: Filer, dossier_id: str) -> Response[str]:
    """Keeps what can be kept, whatever the button: a wrong answer, or one given otherwise on another device, stands beside it again.

    Pressed by the page's own script while somebody types (`typed`), the answer is the form as it stands now, without its long lists.
    """
    try:
        sent = await here.sent(dossier_id)
        dossier = await here.dossier(filer, dossier_id)
        if dossier.status != "draft":
            return to(here.address(dossier_id))
        kept = await _keep(here, filer, dossier, sent)
        verb, _, path = sent.one("do").partition(":")
        if verb == "contest":
            kept = await _contest(here, filer, path, sent, kept)
        elif verb == "uncontest":
            kept.dossier = await drafting.uncontest(
                here.stand, filer.actor, dossier_id, path, behalf=filer.behalf, version=None
            )
    except Refusal as refusal:
        return here.trouble(refusal)
    if kept.faults or verb in ("add", "typed"):
        shown = form(
            here,
            kept.dossier,
            faults=kept.faults,
            typed=kept.typed,
            blank_row_of=path if verb == "add" else None,
            contesting=path if verb in ("contest", "wrong") else None,
            lists=verb != "typed",
        )
        shown.status_code = 422 if kept.faults else 200
        return shown
    if verb == "next":
        return to(here.address(dossier_id, "/papers"))
    then = f"&contest={quote(path)}" if verb == "wrong" else ""
    return to(here.address(dossier_id) + then + (f"#{quote(path)}" if path else ""))


async def hand_in(here: Filing, keeper: Keeper, filer: Filer, dossier_id: str, sent: Sent) -> None:
    """One file becomes one paper, or one is taken out again. Raises what the uploads and `drafting` refuse."""
    what, _, kind = sent.one("do").partition(":")
    if what == "detach":
        await drafting.detach_document(here.stand, filer.actor, dossier_id, kind, behalf=filer.behalf, version=None)
        return
    # Sent before by the page's own script, or with this form.
    upload_id, file = sent.one("upload"), sent.file("file")
    if not upload_id and file is not None:
        upload_id = await here.receive(keeper, filer.account_id, file)
    if upload_id:
        asked = AttachDocument(upload_id=upload_id[:60])
        await drafting.attach_document(
            here.stand, filer.actor, dossier_id, kind, asked, behalf=filer.behalf, version=None
        )


# --- what of a form is kept -------------------------------------------------------------------------------------------


class Kept(msgspec.Struct):
    """The draft after a form was sent, and what of it could not be kept: by path, with why."""

    dossier: Dossier
    typed: dict[str, Any]
    faults: list[Fault]


async def _keep(here: Filing, filer: Filer, dossier: Dossier, sent: Sent) -> Kept:
    """Everything of a form that can be stored is; the rest is told. Nothing that another device wrote is overwritten unseen."""
    item = here.item(dossier)
    fields = [(f"{s.name}.{field.name}", field) for s in item.form.sections for field in s.fields]
    changes = form_reading.changes(fields, _without_removed(sent), here.lists(item))
    kept, version = Kept(dossier, {}, []), sent.version or dossier.version
    ward = dossier.options.ward
    if typed := sent.one("ward").strip():
        ward = form_reading.ward_of(typed)
        if places.ward(ward) is None:
            kept.typed["ward"], ward = typed, dossier.options.ward
            kept.faults.append(
                fault("ward", "unknown-ward", "Không có phường, xã nào tên như vậy.", "No ward is called that.")
            )
    while changes or ward != dossier.options.ward:
        asked = ChangeForm(fields=changes, ward=ward if ward is not None else msgspec.UNSET)
        try:
            kept.dossier = await drafting.change_form(
                here.stand, filer.actor, dossier.id, asked, behalf=filer.behalf, version=version, merging=True
            )
            break
        except (FormRefused, Stale) as refusal:
            unkept = {path for path in changes if any(_is_of(wrong, path) for wrong in refusal.faults)}
            if not unkept:
                raise
            kept.faults += refusal.faults
            kept.typed |= {path: changes.pop(path) for path in unkept}
    if any(told.code == "changed-elsewhere" for told in kept.faults):
        kept.dossier = await here.dossier(filer, dossier.id)
    return kept


def _is_of(wrong: Fault, path: str) -> bool:
    return wrong.field == path or wrong.field.startswith(f"{path}.")


def _without_removed(sent: Sent) -> dict[str, str]:
    """The inputs without those of a row whose button to remove it was pressed."""
    verb, _, row = sent.one("do").partition(":")
    texts = sent.texts
    return {name: text for name, text in texts.items() if not (verb == "remove" and name.startswith(f"f.{row}."))}


async def _contest(here: Filing, filer: Filer, path: str, sent: Sent, kept: Kept) -> Kept:
    """Beside a locked value: why it is wrong, and what is right."""
    item = here.item(kept.dossier)
    field = next(f for s in item.form.sections for f in s.fields if f"{s.name}.{f.name}" == path)
    value = form_reading.answer(field, f"contest.{path}.value", sent.texts, here.lists(item))
    reason = sent.one(f"contest.{path}.reason").strip()
    if not reason:
        kept.faults.append(fault(path, "reason-missing", "Hãy ghi vì sao chưa đúng.", "Say why it is wrong."))
        return kept
    try:
        asked = ContestField(field=path, reason=reason[:1000], value=value)
        kept.dossier = await drafting.contest(
            here.stand, filer.actor, kept.dossier.id, asked, behalf=filer.behalf, version=None
        )
    except FormRefused as refusal:
        kept.faults += refusal.faults
    return kept


# --- pages ------------------------------------------------------------------------------------------------------------


def form(
    here: Filing,
    dossier: Dossier,
    *,
    faults: list[Fault],
    typed: Mapping[str, Any] | None = None,
    blank_row_of: str | None = None,
    contesting: str | None = None,
    lists: bool = True,
) -> Response[str]:
    """The form as it stands, with what was typed and could not be kept; without `lists` it suggests nothing."""
    catalogue = here.stand.catalogue
    typed = typed or {}
    asks_ward = "ward" in typed or dossier.options.ward is not None or any(f.field == "ward" for f in dossier.faults)
    shower = Shower(
        here.item(dossier),
        dossier.form,
        today=clock.today(),
        branches=dossier.options.branches or (),
        lang=language(here.at.request),
        sources=catalogue.codes("sources"),
        countries=catalogue.codes(form_reading.COUNTRIES),
        faults=faults,
        typed=typed,
        blank_row_of=blank_row_of,
        contesting=contesting,
        ward=typed.get("ward", dossier.options.ward or "") if asks_ward else None,
    )
    return here.page(
        here.form_page, dossier.id, dossier=dossier, form=shower.page(), missing=len(dossier.faults), lists=lists
    )


async def papers(
    here: Filing, filer: Filer, dossier_id: str, *, problem: Refusal | None = None, sent: Sent | None = None
) -> Response[str]:
    """The papers, what is still missing anywhere, and how it is sent in; `sent` is what a refused form of the page had typed in it."""
    try:
        dossier = await here.dossier(filer, dossier_id)
    except Refusal as refusal:
        return here.trouble(refusal)
    if dossier.status != "draft":
        return to(here.address(dossier_id))
    missing, takes = {told.field.removeprefix("documents.") for told in dossier.faults}, here.papers(dossier)
    given = {paper.kind: paper for paper in dossier.documents}
    return here.page(
        here.papers_page,
        dossier.id,
        dossier=dossier,
        asked=[paper for paper in takes if paper.kind in given or missing & {paper.kind, paper.group}],
        takes=takes,
        typed=sent or Sent([]),
        given=given,
        faults=[
            (told, here.where(dossier, told.field))
            for told in dossier.faults
            if not told.field.startswith("documents.")
        ],
        ready=not dossier.faults,
        problem=problem,
        key=uuid.uuid4().hex,
    )
