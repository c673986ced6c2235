"""What the officers' pages stand on: who sits there, what their buttons do, and the page that says why not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from litestar import Response

from dossiers.standing import Stand
from identity.tokens import own_pages
from identity.tokens.refusals import StrangeForm
from kit.actor import Actor, Who, either, officer
from kit.refusal import Refusal
from web.pages import language, page
from web.sent import Sent, read
from web.signed_in import AT, AtBrowser
from web.signing_in import to

QUEUE, FIRST_DAY = "/desk", "/desk/passkey"
SMALL = 60_000

OPERATOR, HEAD, RECEPTION = officer("operator"), officer("head"), officer("reception")
CASHIERS = either(HEAD, RECEPTION)
_ANY = officer()


class NotYourRole(Refusal):
    status = 403
    code = "page-of-another-role"
    vi = "Trang này dành cho vai trò khác. Vai trò do người vận hành phân công."
    en = "This page is for another role. Operators say who holds which."


@dataclass(frozen=True, slots=True)
class AtDesk:
    """An officer's browser."""

    at: AtBrowser
    stand: Stand

    async def let_in(self, back: str | None = None, *, who: Who = _ANY) -> Actor | Response[str]:
        """The officer, or the page to answer with instead: signing in, the first day's passkey, or why they may not."""
        actor = await self.at.officer()
        if actor is None:
            return await self.at.sign_in_first(back, door=own_pages.DESK, again=True)
        match who.answer(actor):
            case "yes":
                return actor
            case "scope":
                return to(self.address(FIRST_DAY))
            case _:
                return self.trouble(NotYourRole(), actor)

    def address(self, path: str, **more: str) -> str:
        """A page of ours in the reader's language; `more` are plain words."""
        return "&".join([f"{path}?lang={language(self.at.request)}", *(f"{name}={more[name]}" for name in more)])

    def page(
        self, template: str, actor: Actor | None, *, problem: Refusal | None = None, **values: Any
    ) -> Response[str]:
        """With what every page of the desk shows; `problem` gives the status."""
        usual: dict[str, Any] = {"csrf": self.at.form_token(), "faults": problem.faults if problem else []}
        shown = page(
            self.at.request,
            template,
            sandbox=self.at.settings.sandbox,
            problem=problem and problem.message,
            receives=actor is not None and RECEPTION.answer(actor) == "yes",
            heads=actor is not None and HEAD.answer(actor) == "yes",
            operates=actor is not None and OPERATOR.answer(actor) == "yes",
            **usual | values,
        )
        shown.status_code = problem.status if problem else 200
        if problem is not None and problem.retry_after_seconds is not None:
            shown.headers["Retry-After"] = str(problem.retry_after_seconds)
        return shown

    def trouble(self, refusal: Refusal, actor: Actor | None = None) -> Response[str]:
        """A page that says what is wrong, with the way back to the queue."""
        return self.page("desk_trouble.html", actor, problem=refusal)

    async def pressed(
        self,
        back: str,
        verb: Callable[[Actor, Sent], Awaitable[str]],
        refused: Callable[[Actor, Sent, Refusal], Awaitable[Response[str]]],
        *,
        who: Who = _ANY,
    ) -> Response[str]:
        """What every button does: what it says, and on to the address it names; or a page with what stands against it. Whoever has to
        sign in first comes back to `back`."""
        actor = await self.let_in(back, who=who)
        if isinstance(actor, Response):
            return actor
        sent = await read(self.at.request)
        try:
            self.at.refuse_strange(sent.one("csrf"))
            return to(await verb(actor, sent))
        except StrangeForm as refusal:
            return self.trouble(refusal, actor)
        except Refusal as refusal:
            return await refused(actor, sent, refusal)


async def at_desk(at: AtBrowser, stand: Stand) -> AtDesk:
    """For `dependencies` of a route, under the name `here`."""
    return AtDesk(at, stand)


HERE: dict[str, Any] = {**AT, "here": at_desk}
