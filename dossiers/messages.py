"""What callers send and get. Values of a form are addressed by path, such as `child.full_name`."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from identity.faces.liveness import LivenessStep
from kit.refusal import Fault, Words

Path = Annotated[str, Meta(max_length=120)]
Scalar = str | int | float | bool | None
Part = Scalar | dict[Path, Scalar]
Given = Scalar | dict[Path, Scalar] | Annotated[list[dict[Path, Part]], Meta(max_length=100)]
"""What a person answers one question with: a plain value, an address as an object, rows as a list of objects, or null to clear the
answer."""


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a caller sends; a name nobody knows is refused, so that a typing error is never silently dropped."""


class Answer(Struct, frozen=True, kw_only=True):
    """What we answer."""


# --- in --------------------------------------------------------------------------------------------------------------


class Options(Request, frozen=True, kw_only=True):
    """What is chosen when a draft is opened. `branches` None means all of the group; `ward` is the filing ward.

    `of_marriage` false says that the child's other parent is not the requester's spouse: nothing then comes from the marriage entry.
    """

    branches: tuple[Annotated[str, Meta(max_length=60)], ...] | None = None
    ward: Annotated[str, Meta(pattern=r"^\d{5}$")] | None = None
    relation: Annotated[str, Meta(max_length=60)] | None = None
    of_marriage: bool = True


class OpenDraft(Request, frozen=True, kw_only=True):
    procedure: Annotated[str, Meta(min_length=1, max_length=60)]
    options: Options = Options()


class ChangeForm(Request, frozen=True, kw_only=True):
    """Only what is named changes. `null` clears an answer; a field left out stays as it is."""

    fields: Annotated[dict[Path, Given], Meta(max_length=200)] | UnsetType = UNSET
    ward: Annotated[str, Meta(pattern=r"^\d{5}$")] | UnsetType | None = UNSET


class ContestField(Request, frozen=True, kw_only=True):
    """A value that an authority vouches for is wrong: why, and what is right, if it is known. The record itself is not changed by it."""

    field: Path
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]
    value: Given = None


class AttachDocument(Request, frozen=True, kw_only=True):
    upload_id: Annotated[str, Meta(min_length=1, max_length=60)]


class AskPayment(Request, frozen=True):
    """The fee that the table names for this filing; the amount is never stated by hand."""

    channel: Literal["online", "counter"] = "online"
    person_classes: Annotated[
        tuple[Literal["merit", "poor", "disabled"], ...], Meta(max_length=3, description="as the officer saw on paper")
    ] = ()


class TakeCash(Request, frozen=True):
    """The money that the citizen laid on the counter: what was asked for, to the đồng."""

    amount_dong: Annotated[int, Meta(ge=1, le=2_000_000_000)]


class Deliver(Request, frozen=True):
    """How a result came into the citizen's hands."""

    by: Literal["counter", "post", "online"]
    to: (
        Annotated[str, Meta(min_length=1, max_length=100, description="who took it, where not the requester")] | None
    ) = None


class Decide(Request, frozen=True, kw_only=True):
    """`reason` is required to refuse, which by this is only proposed: a second officer confirms it. `result` holds what the agency
    states of its paper: see `result_fields` of the branch."""

    outcome: Literal["approved", "refused"]
    reason: Annotated[str, Meta(max_length=2000)] = ""
    result: dict[Path, Given] = {}


Kind = Annotated[str, Meta(max_length=60)]
UploadId = Annotated[str, Meta(min_length=1, max_length=60)]
Written = Annotated[str, Meta(max_length=2000)]
Note = Annotated[str, Meta(max_length=300)]


class WaiveFee(Request, frozen=True, kw_only=True):
    """Lets off the fee that the table names for this way of filing, with a reason that the citizen reads."""

    reason: Written
    channel: Literal["online", "counter"] = "online"


class AskSupplement(Request, frozen=True, kw_only=True):
    """What is missing, and why. `notes` say of a field asked for, or of a paper (`documents.<kind>`), what is wrong with this very one.
    `working_days` null is what the law grants by default."""

    reason: Written
    fields: Annotated[tuple[Path, ...], Meta(max_length=50)] = ()
    documents: Annotated[tuple[Kind, ...], Meta(max_length=20)] = ()
    notes: Annotated[dict[Path, Note], Meta(max_length=70)] = {}
    working_days: Annotated[int, Meta(ge=1, le=30)] | None = None


class Supplement(Request, frozen=True, kw_only=True):
    """Answers by path, and for each kind of paper a finished upload."""

    fields: Annotated[dict[Path, Given], Meta(max_length=200)] = {}
    documents: Annotated[dict[Kind, UploadId], Meta(max_length=20)] = {}


class Withdraw(Request, frozen=True, kw_only=True):
    """Which procedures, all that have not ended when none is named; and why, if one likes to say."""

    branches: Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=20)] | None = None
    reason: Written = ""


class Rate(Request, frozen=True, kw_only=True):
    """One to five; `step` names what it was about, as the office's steps are called by their state (`in_review`, …)."""

    score: Annotated[int, Meta(ge=1, le=5)]
    comment: Written = ""
    step: Kind | None = None


class Reason(Request, frozen=True, kw_only=True):
    """Written for the other side to read: why, or what is wrong."""

    reason: Written


class CorrectResult(Request, frozen=True, kw_only=True):
    """What the agency states of its paper now; only what changes need be named."""

    reason: Written
    result: dict[Path, Given]


class AnswerInvitation(Request, frozen=True, kw_only=True):
    answer: Literal["agree", "decline"]


class ConsentOnPaper(Request, frozen=True, kw_only=True):
    """The finished upload of the paper with the other person's signature."""

    upload_id: UploadId


class LookUp(Request, frozen=True, kw_only=True):
    """A receipt code and the second fact: the requester's date of birth."""

    receipt_code: Annotated[str, Meta(min_length=1, max_length=60)]
    date_of_birth: date


# --- out -------------------------------------------------------------------------------------------------------------


class ProcedureRef(Answer, frozen=True, kw_only=True):
    code: str
    version: str
    name: Words


class Contested(Answer, frozen=True, kw_only=True):
    """What the requester says of a value that an authority vouches for; the officer sees it beside that value."""

    reason: str
    value: Any
    at: datetime


class FieldValue(Answer, frozen=True, kw_only=True):
    """An answer, where it came from (`citizen`, `card`, `account`, `register`, `default`, …), and whether an authority vouches for it."""

    value: Any
    source: str
    locked: bool
    origin: str | None = None
    contested: Contested | None = None


class DocumentView(Answer, frozen=True, kw_only=True):
    kind: str
    name: Words
    sha256: str
    media_type: str
    size_bytes: int
    attached_at: datetime


class OfficeView(Answer, frozen=True, kw_only=True):
    id: str
    name: Words
    address: str


class ResultView(Answer, frozen=True, kw_only=True):
    """A paper that can be downloaded at `href`."""

    kind: str
    name: Words
    number: str
    made_at: datetime
    href: str


class AskedOf(Answer, frozen=True, kw_only=True):
    """What a branch waits for from whoever filed it, and until when. Of a consent that is missing only the day is told.

    An agency may ask in words alone, with no field and no paper named: whatever the branch takes may then be given. `notes` are what the
    officer wrote to single fields, and to papers under `documents.<kind>`.
    """

    reason: Words | None
    fields: list[str]
    documents: list[str]
    notes: dict[str, str] = {}
    amount_dong: int | None
    due_at: datetime


class Prepared(Answer, frozen=True, kw_only=True):
    """What a counter filled in of a supplement: looked at, it can be given as it is, or otherwise."""

    fields: dict[str, Any]
    documents: Annotated[dict[str, str], Meta(description="by kind of paper the upload")]
    office: Words


class ApologyView(Answer, frozen=True, kw_only=True):
    """The office did not keep `was_due_at`: why, and the new date."""

    reason: Words
    was_due_at: datetime
    due_at: datetime
    at: datetime


class ExtensionView(Answer, frozen=True, kw_only=True):
    """Facts must be verified, so that it takes longer than `was_due_at`: why, until when, and how that was computed, line by line."""

    reason: Words
    was_due_at: datetime
    due_at: datetime
    steps: list[Words]
    at: datetime


class RatingView(Answer, frozen=True, kw_only=True):
    """What whoever filed it said of the service."""

    score: int
    comment: str
    at: datetime


class PaymentView(Answer, frozen=True, kw_only=True):
    """A fee asked for. `pay_at` is where it is paid; once it is, `receipt` is the number of the receipt, and `cash` says that it was paid
    over a counter."""

    order_id: str
    amount_dong: int
    reason: Words
    asked_at: datetime
    pay_at: str | None
    paid_at: datetime | None
    receipt: str | None
    cash: bool = False


class FeeView(Answer, frozen=True, kw_only=True):
    """What a branch costs by the table of fees, for whoever is exempt from nothing. A branch that costs nothing has none."""

    branch: str
    amount_dong: int
    reason: Words
    state: Literal["due", "paid", "waived"]


class BranchView(Answer, frozen=True, kw_only=True):
    """One procedure of the dossier. `national_status` is one of the ten; `overdue` is computed, never stored.

    `asked` is what it waits for; `actions` are what the caller's side may do now, as the lifecycle names it.
    """

    id: str
    name: str
    title: Words
    procedure: str
    office: OfficeView
    state: str
    label: Words
    national_status: int | None
    needs: list[str]
    version: int
    started_at: datetime | None
    due_at: datetime | None
    overdue: bool
    decided_at: datetime | None
    reason: Words | None
    asked: AskedOf | None
    apology: ApologyView | None
    extension: ExtensionView | None
    rating: RatingView | None
    actions: list[str]
    result: ResultView | None


class PromiseView(Answer, frozen=True, kw_only=True):
    """When all is promised, and how that was computed, line by line."""

    due_at: datetime
    due_on: date
    steps: list[Words]


class Line(Answer, frozen=True, kw_only=True):
    """One line of the timeline."""

    seq: int
    at: datetime
    kind: str
    branch: str | None
    before: str | None
    after: str | None
    message: Words


class Behalf(Answer, frozen=True, kw_only=True):
    """Whom a dossier was filed for, by whom, under which mandate; names as they stood then."""

    kind: Literal["enterprise", "ward"]
    name: str
    number: Annotated[str, Meta(description="the enterprise's; a ward's personal number is masked")]
    filed_by: str
    mandate_id: str


RegisterAnswer = Literal["yes", "no", "unknown", "away", "none"]
"""`away`: it did not answer; `none`: none is connected."""


class CounterView(Answer, frozen=True, kw_only=True):
    """Filled in at a counter. With `card_seen` an officer vouched for person and card; `register` is then what the population register said of
    number, name and birth date, null where it was not asked."""

    card_seen: bool
    register: RegisterAnswer | None


class Dossier(Answer, frozen=True, kw_only=True):
    """The whole of it. A draft's `faults` are what a submission would be refused for today; `about` is whom or what it is about."""

    id: str
    status: Literal["draft", "open", "closed"]
    version: int
    procedure: ProcedureRef
    about: str | None
    behalf: Behalf | None
    counter: CounterView | None
    options: Options
    receipt_code: str | None
    opened_at: datetime
    submitted_at: datetime | None
    promised: PromiseView | None
    form: dict[str, FieldValue]
    documents: list[DocumentView]
    branches: list[BranchView]
    fees: list[FeeView]
    timeline: list[Line]
    faults: list[Fault]


class DossierSummary(Answer, frozen=True, kw_only=True):
    """One row of a list. `about` is whom or what it is about, as its form names them; None until that is answered."""

    id: str
    status: Literal["draft", "open", "closed"]
    receipt_code: str | None
    procedure: ProcedureRef
    about: str | None
    behalf: Behalf | None
    opened_at: datetime
    submitted_at: datetime | None
    promised_at: datetime | None
    branches: list["BranchStatus"]


class BranchStatus(Answer, frozen=True, kw_only=True):
    """As little of a branch as tells how it stands."""

    name: str
    title: Words
    state: str
    label: Words
    national_status: int | None
    due_at: datetime | None
    overdue: bool
    result: bool
    promised_anew: Annotated[bool, Meta(description="`due_at` is a new date, given with an apology")]
    extended: Annotated[
        bool, Meta(description="it takes longer than was promised at first, for facts must be verified")
    ]


class DossierList(Answer, frozen=True, kw_only=True):
    dossiers: list[DossierSummary]


class Submitted(Answer, frozen=True, kw_only=True):
    """The dossier is durably in; keep the receipt code."""

    id: str
    receipt_code: str
    submitted_at: datetime
    promised: PromiseView
    branches: list[BranchStatus]


class HistoryLine(Line, frozen=True, kw_only=True):
    """With who did it (officers by office, never by name) and the chain's hashes (hexadecimal)."""

    actor: Literal["citizen", "officer", "system"]
    prev_hash: str
    hash: str


class History(Answer, frozen=True, kw_only=True):
    """`intact` says that the chain was recomputed just now and fits."""

    lines: list[HistoryLine]
    intact: bool


class Status(Answer, frozen=True, kw_only=True):
    """What whoever holds the receipt code and the second fact sees: no form, no papers."""

    receipt_code: str
    procedure: ProcedureRef
    status: Literal["draft", "open", "closed"]
    submitted_at: datetime | None
    promised_at: datetime | None
    branches: list[BranchStatus]
    timeline: list[Line]


class LookupChallenge(Answer, frozen=True, kw_only=True):
    """Show `look_ahead` for `lead_ms`, then each step for `step_ms`; meanwhile fill the screen with one colour after the
    other for `colour_ms` each, and record about four frames a second, not mirrored. Send `challenge` back as it is; good once."""

    challenge: str
    look_ahead: Words
    steps: list[LivenessStep]
    colours: Annotated[list[tuple[int, int, int]], Meta(description="red, green and blue, 0 to 255")]
    lead_ms: int
    step_ms: int
    colour_ms: int
    least_frames: int
    most_frames: int
    expires_at: datetime


class StatusOfFound(Answer, frozen=True, kw_only=True):
    """What a kiosk's screen shows of one dossier: the code is masked."""

    receipt_code: str
    procedure: ProcedureRef
    submitted_at: datetime | None
    promised_at: datetime | None
    branches: list[BranchStatus]


class FoundByFace(Answer, frozen=True, kw_only=True):
    dossiers: list[StatusOfFound]


class Proof(Answer, frozen=True, kw_only=True):
    """What proved a value, such as `card:qr`, and when."""

    by: list[str]
    at: datetime


class PaperTaken(Answer, frozen=True, kw_only=True):
    """A kind of paper that the procedure takes."""

    kind: str
    name: Words


class Around(Answer, frozen=True, kw_only=True):
    """What stands around a branch. `counted` says how its day came about; the last pause may not have ended; `proofs` go by path;
    `payments` are every fee asked for, the oldest first; `cashiers` name by order who took one in cash."""

    opened_on: date
    branches: list[str]
    submitted_at: datetime
    counted: list[Words]
    pauses: list[tuple[datetime, datetime | None]]
    holder: str | None
    proofs: dict[str, Proof]
    papers: list[PaperTaken]
    payments: list[PaymentView]
    cashiers: dict[str, str]


class AboutLine(Answer, frozen=True, kw_only=True):
    """One question of the form and its answer, as people read it."""

    label: Words
    value: Words


class InvitationView(Answer, frozen=True, kw_only=True):
    """Whether the reader consents to what `requester` asks for; `about` is what of the form concerns them, and no more."""

    id: str
    procedure: Words
    requester: str
    about: list[AboutLine]
    asked_at: datetime


class InvitationList(Answer, frozen=True, kw_only=True):
    invitations: list[InvitationView]


class Answered(Answer, frozen=True, kw_only=True):
    """The answer is kept."""

    answer: Literal["agreed", "declined"]


def as_json(value: Answer) -> Any:
    """Plain JSON values of an answer, as kept under an Idempotency-Key."""
    return msgspec.to_builtins(value)
