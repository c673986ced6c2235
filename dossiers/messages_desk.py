"""What officers send and get beyond a decision: queues, a second person's word, notes of an office."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from dossiers.messages import (
    AskedOf,
    Behalf,
    BranchStatus,
    BranchView,
    CounterView,
    DocumentView,
    FieldValue,
    Given,
    Line,
    Options,
    Path,
    ProcedureRef,
)
from kit.refusal import Fault, Words
from procedures.messages import Field

Written = Annotated[str, Meta(max_length=2000)]
OfficerId = Annotated[str, Meta(pattern="^[a-z0-9_]{1,60}$")]


class Judge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second officer's word on a proposed refusal; to send it back needs a reason. Who proposed it may take it back so."""

    verdict: Literal["confirm", "send_back"]
    reason: Written = ""


class Proposal(Struct, frozen=True, kw_only=True):
    """A refusal that waits for a second officer; nobody outside the office sees it."""

    reason: str
    by: str
    by_me: bool
    at: datetime


class DeskAct(Struct, frozen=True, kw_only=True):
    """A line of what the office did within itself. `by` and `to` are officers' names; `by` is null where a clock did it."""

    at: datetime
    kind: str
    by: str | None
    to: str | None
    said: str


class Because(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, for colleagues to read."""

    reason: Written = ""


class Assign(Because, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom in the same office."""

    officer_id: OfficerId


class Forward(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To which office of the same agency, and why, for the citizen to read."""

    office_id: OfficerId
    reason: Written


class Apologise(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the promise is not kept, and the new day, for the citizen to read."""

    reason: Written
    due_on: date


class SeenCard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What else the card says that the citizen shows to the officer: for who has no account, or one that proves too little."""

    full_name: Annotated[str, Meta(min_length=1, max_length=100)]
    sex: Literal["male", "female"]
    expires_on: Annotated[
        date | None, Meta(description="as it stands on the card; null where the card says that it has no term")
    ]
    looked_again: Annotated[
        bool,
        Meta(
            description="the register said otherwise (`register-contradicts`), and the card was held against what was typed once more"
        ),
    ] = False


class Assist(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The citizen at the counter, by the two things their card shows, and what they ask for. With `card` the officer vouches that they have
    the person and their card before them: then nobody needs an account, or its level, to be helped. `acting_for` is whom the citizen files for
    under a mandate that is recorded: an enterprise's number (ten digits), or the personal number of a child or ward."""

    pin: Annotated[str, Meta(pattern="^[0-9]{12}$")]
    date_of_birth: date
    procedure: Annotated[str, Meta(min_length=1, max_length=60)]
    options: Options = Options()
    card: SeenCard | None = None
    acting_for: Annotated[str, Meta(pattern="^([0-9]{10}|[0-9]{12})$")] | None = None


class AssistedDraft(Struct, frozen=True, kw_only=True):
    """One line of a counter's list."""

    id: str
    procedure: ProcedureRef
    requester: str | None
    version: int
    changed_at: datetime


class AssistedDrafts(Struct, frozen=True, kw_only=True):
    """The newest first."""

    drafts: list[AssistedDraft]


class Bringer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who comes to a counter with what an officer asked for, by the two things their card shows."""

    pin: Annotated[str, Meta(pattern="^[0-9]{12}$")]
    date_of_birth: date


class Bring(Bringer, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """And which of the requests that wait for them they answer."""

    branch_id: OfficerId


class AskedLine(Struct, frozen=True, kw_only=True):
    """A branch that waits for what its officer asked for."""

    branch_id: str
    receipt_code: str
    title: Words
    asked: AskedOf


class AskedLines(Struct, frozen=True, kw_only=True):
    """The first last day first."""

    requests: list[AskedLine]


class BroughtPaper(Struct, frozen=True, kw_only=True):
    kind: str
    name: Words
    sha256: str


class BroughtLine(Struct, frozen=True, kw_only=True):
    """One line of a counter's list."""

    branch_id: str
    receipt_code: str
    title: Words
    requester: str | None
    changed_at: datetime


class BroughtList(Struct, frozen=True, kw_only=True):
    """The first last day first."""

    supplements: list[BroughtLine]


class Brought(BroughtLine, frozen=True, kw_only=True):
    """An answer while a counter fills it in. `faults` are what stands against giving it as it is; `given_at` tells that it was."""

    dossier_id: str
    behalf: Behalf | None
    asked: AskedOf | None
    fields: dict[str, Any]
    documents: list[BroughtPaper]
    faults: list[Fault]
    given_at: datetime | None
    version: int


class ChangeBrought(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Answers by path; null takes one out again."""

    fields: Annotated[dict[Path, Given], Meta(max_length=200)]


class Skills(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of their roles' work an officer does: procedures by code or key, fields by their Vietnamese name; null is all of it."""

    skills: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=120)], ...], Meta(max_length=100)] | None


class Colleague(Struct, frozen=True, kw_only=True):
    """An officer of the office; `claimed` is how many open branches they have."""

    id: str
    full_name: str
    roles: list[str]
    skills: list[str] | None
    away: bool
    substitute_id: str | None
    claimed: int


class Colleagues(Struct, frozen=True, kw_only=True):
    """By name."""

    officers: list[Colleague]


class QueueFilter(Struct, frozen=True, kw_only=True):
    """What a queue is narrowed to; `everybodys` widens it to what colleagues have and do. `due` speaks of what is
    being worked on: past its promise, or about to be."""

    role: str | None = None
    state: str | None = None
    procedure: str | None = None
    due: Literal["overdue", "soon"] | None = None
    due_before: datetime | None = None
    escalated: bool | None = None
    everybodys: bool = False


class QueueItem(Struct, frozen=True, kw_only=True):
    """One line of a queue."""

    id: str
    name: str
    title: Words
    state: str
    label: Words
    receipt_code: str
    procedure: ProcedureRef
    requester: str | None
    subject: str | None
    submitted_at: datetime
    due_at: datetime
    due_soon: bool
    overdue: bool
    claimed: bool
    claimed_by_me: bool
    escalated: bool
    version: int


class Queue(Struct, frozen=True, kw_only=True):
    """Oldest promise first; `next` is what to send as `after` for the rest, null at the end."""

    items: list[QueueItem]
    next: str | None


class DeskBranch(Struct, frozen=True, kw_only=True):
    """Everything an officer needs to decide one branch. `result_fields` are what an approval must state."""

    branch: BranchView
    receipt_code: str
    procedure: ProcedureRef
    behalf: Behalf | None
    counter: CounterView | None
    dossier_version: int
    claimed_by_me: bool
    claimed: bool
    escalated_at: Annotated[datetime | None, Meta(description="since when it waits for the head of the office")]
    may_decide: bool
    may_judge: Annotated[bool, Meta(description="confirm the refusal a colleague proposed, or send it back")]
    proposal: Proposal | None
    acts: list[DeskAct]
    form: dict[str, FieldValue]
    documents: list[DocumentView]
    result_fields: list[Field]
    known_result: dict[str, Any]
    siblings: list[BranchStatus]
    timeline: list[Line]
