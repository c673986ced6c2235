"""The catalogue's shapes. Every table that states law carries its `source`; unknown keys are refused on reading."""

from collections.abc import Collection
from datetime import date, time
from functools import cached_property
from typing import Any, Literal

import msgspec

from kit.refusal import Words

Source = Literal["published", "assumption"]
Channel = Literal["online", "counter"]
PersonClass = Literal["merit", "poor", "disabled"]
AgencyKind = Literal["ubnd_xa", "cong_an_xa", "bhxh"]
FieldKind = Literal[
    "text",
    "name",
    "pin",
    "date",
    "partial_date",
    "time",
    "code",
    "integer",
    "boolean",
    "phone",
    "address",
    "gcs_number",
    "rows",
]


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Data read from the catalogue: a misspelt key is an error, never a silent default."""


class Sourced(Strict, frozen=True, kw_only=True):
    """A statement of law, read in a public source or assumed; `assumed` names the exceptions in a published table."""

    source: Source
    cites: str | None = None
    assumed: tuple[str, ...] = ()


class When(Strict, frozen=True, kw_only=True):
    """A condition on the values of a form; every part that is named must hold."""

    field: str | None = None
    equals: str | int | bool | None = msgspec.field(name="is", default=None)
    one_of: tuple[str, ...] | None = msgspec.field(name="in", default=None)
    given: bool | None = None
    same_as: str | None = None
    older_than_days: int | None = None
    branch: str | None = None
    every: tuple["When", ...] = msgspec.field(name="all", default=())
    some: tuple["When", ...] = msgspec.field(name="any", default=())
    negated: "When | None" = msgspec.field(name="not", default=None)


class PrefillFrom(Strict, frozen=True, kw_only=True):
    """Where a value may be taken from: a path into the sources, or a constant, under a condition on the sources."""

    path: str | None = msgspec.field(name="from", default=None)
    value: str | int | bool | None = None
    when: When | None = None


class Field(Strict, frozen=True, kw_only=True):
    """One question of a form. `portal` holds the national portal's control names for it, where they are published.

    A question of kind `rows` is asked several times over: `fields` are what each row asks, and their conditions speak of the
    row itself as `row`. `minimum` and `maximum` are then numbers of rows.
    """

    name: str
    kind: FieldKind
    label: Words
    hint: Words | None = None
    required: bool = False
    required_when: When | None = None
    shown_when: When | None = None
    codes: str | None = None
    default: str | int | bool | None = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int = 200
    not_in_future: bool = False
    not_before: str | None = None
    before: str | None = None
    pin_sex: Literal["male", "female"] | None = None
    pin_sex_field: str | None = None
    pin_birth_field: str | None = None
    portal: tuple[str, ...] = ()
    prefill: tuple[PrefillFrom, ...] = ()
    locked_from: tuple[str, ...] = ()
    agree: bool = False
    """Of a boolean: a statement, to which only yes is an answer."""
    fields: tuple["Field", ...] = ()
    source: Source | None = None


class Section(Sourced, frozen=True, kw_only=True):
    """Questions that belong together; a section of one branch is asked only when that branch is chosen."""

    name: str
    title: Words
    branch: str | None = None
    fields: tuple[Field, ...]


class Form(Strict, frozen=True, kw_only=True, dict=True):
    """The questions of a procedure, in order, with the code lists they use; a field's path is `section.field`."""

    sections: tuple[Section, ...]
    lists: dict[str, "CodeList"] = {}
    examples: dict[str, dict[str, Any]] = {}

    @cached_property
    def usual(self) -> "tuple[Question, ...]":
        """The questions with an answer that holds where none is given."""
        return tuple(one for one in self.chosen(None).questions if one.field.default is not None)

    def chosen(self, branches: Collection[str] | None) -> "Chosen":
        """The form as the chosen branches have it; None means all."""
        wanted = self._branches if branches is None else self._branches.intersection(branches)
        found = self._chosen.get(wanted)
        if found is None:
            sections = tuple(one for one in self.sections if one.branch is None or one.branch in wanted)
            found = self._chosen[wanted] = Chosen(
                sections=sections,
                questions=tuple(
                    Question(path=f"{section.name}.{field.name}", section=section.name, field=field)
                    for section in sections
                    for field in section.fields
                ),
                names={section.name: frozenset(field.name for field in section.fields) for section in sections},
            )
        return found

    @cached_property
    def _branches(self) -> frozenset[str]:
        """Those that sections are asked for."""
        return frozenset(section.branch for section in self.sections if section.branch is not None)

    @cached_property
    def _chosen(self) -> "dict[frozenset[str], Chosen]":
        """By as much of a choice as matters here: asked again and again, and of few kinds."""
        return {}


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A field in its place: `path` is `section.name`."""

    path: str
    section: str
    field: Field


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What of a form some branches ask; `names` are the fields' by section."""

    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    names: dict[str, frozenset[str]]


class Instead(Sourced, frozen=True, kw_only=True):
    """Other days, where a condition on the answers holds."""

    when: When
    working_days: int


class Deadline(Sourced, frozen=True, kw_only=True):
    """Working days promised, counted after the day of receipt; 0 is the same working day. Local times of the city.

    Received at or after `cut_off`, or on a day off, counts as received on the next working day.
    `extended_working_days` holds when facts must be verified. `instead`, of a procedure filed alone: the first that holds of its answers.
    """

    working_days: int
    extended_working_days: int | None = None
    cut_off: time = time(15, 0)
    closes: time = time(17, 0)
    instead: tuple[Instead, ...] = ()


class Step(Sourced, frozen=True, kw_only=True):
    """One step inside the agencies, in order, and the working days it may take; 0 is within the same working day.

    `beside` says that it runs at the same time as the step before, so that its days are not added.
    """

    name: Words
    agency_kind: AgencyKind | None = None
    working_days: int
    beside: bool = False


class FeeRule(Sourced, frozen=True, kw_only=True):
    """One row of a fee table; the first row that holds is the fee. `per_copy_dong` is asked for each copy."""

    since: date = msgspec.field(name="from")
    until: date | None = None
    channels: tuple[Channel, ...] | None = None
    person_classes: tuple[PersonClass, ...] | None = None
    when: When | None = None
    amount_dong: int
    per_copy_dong: int = 0
    reason: Words


class Document(Sourced, frozen=True, kw_only=True):
    """A paper to hand in. Of documents with the same `group` one is enough.

    `held_by` says who has it already; it is not asked for when `held_when` holds of what we know beforehand (the register's
    entries, results of earlier dossiers), for a paper is asked for once.
    """

    kind: str
    name: Words
    required: bool = False
    required_when: When | None = None
    group: str | None = None
    held_by: str | None = None
    held_when: When | None = None
    number_field: str | None = None
    media_types: tuple[str, ...] = ("application/pdf", "image/jpeg", "image/png")
    max_pages: int | None = None


class Validity(Sourced, frozen=True, kw_only=True):
    """How long a child's paper holds: months of age, but at least to this day (MM-DD) of the year it ends in."""

    months_of_age: int
    not_before: str | None = None


class Result(Sourced, frozen=True, kw_only=True):
    """The paper that comes out, and what the officer states when approving."""

    kind: str
    name: Words
    code: str | None = None
    fields: tuple[Field, ...] = ()
    validity: Validity | None = None


class CaseBase(Strict, tag_field="kind", frozen=True, kw_only=True):
    """A worked case: the tests run it, and a jurist can read it."""

    title: str


class PrefillCase(CaseBase, tag="prefill", frozen=True, kw_only=True):
    """From these sources these values: `locked` are vouched for by an authority, `open` are not, `empty` unknown."""

    sources: dict[str, Any]
    expect: dict[str, Any] = {}
    origins: dict[str, str] = {}
    locked: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


class FaultsCase(CaseBase, tag="faults", frozen=True, kw_only=True):
    """The example with these changes shows exactly these faults, each `field code`."""

    example: str
    today: date
    branches: tuple[str, ...] | None = None
    put: dict[str, Any] = {}
    drop: tuple[str, ...] = ()
    expect: tuple[str, ...]


class DocumentsCase(CaseBase, tag="documents", frozen=True, kw_only=True):
    """With this example, these papers given and this known beforehand, these kinds (a group by its name) are still missing."""

    example: str
    today: date
    branches: tuple[str, ...] | None = None
    put: dict[str, Any] = {}
    drop: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    known: dict[str, Any] = {}
    missing: tuple[str, ...]


class DeadlineCase(CaseBase, tag="deadline", frozen=True, kw_only=True):
    """Received then, due then, with these answers; local times of the city."""

    received: str
    put: dict[str, Any] = {}
    due: str
    extended: bool = False
    paused: tuple[tuple[str, str], ...] = ()


class FeeCase(CaseBase, tag="fee", frozen=True, kw_only=True):
    """What one pays; without an amount, no row speaks of the case and the fee is refused as not known."""

    on: date
    channel: Channel
    person_classes: tuple[PersonClass, ...] = ()
    copies: int = 0
    put: dict[str, Any] = {}
    amount_dong: int | None = None


class BranchesCase(CaseBase, tag="branches", frozen=True, kw_only=True):
    """These branches chosen, these `branch action` events in turn: the states afterwards."""

    chosen: tuple[str, ...]
    events: tuple[str, ...] = ()
    states: dict[str, str]


class ValidityCase(CaseBase, tag="validity", frozen=True, kw_only=True):
    """A child born then holds the paper until then."""

    born: date
    until: date


class ResultCase(CaseBase, tag="result", frozen=True, kw_only=True):
    """An agency states this of its paper; the faults, `result.<field> <code>` in the fields' order."""

    today: date
    stated: dict[str, Any]
    expect: tuple[str, ...]


Case = PrefillCase | FaultsCase | DocumentsCase | DeadlineCase | FeeCase | BranchesCase | ValidityCase | ResultCase


class Item(Sourced, frozen=True, kw_only=True):
    """What a person can ask for, in one version: from its day of force until the day before the next."""

    key: str
    national_code: str | None = None
    since: date = msgspec.field(name="from")
    until: date | None = None
    name: Words
    summary: Words
    guide: tuple[Words, ...] = ()
    keywords: tuple[str, ...] = ()
    online: Literal["full", "part"] = "full"
    level_to_file: int = 2
    filed_for: tuple[Literal["oneself", "ward", "enterprise"], ...] = ("oneself",)
    """Whom a dossier may be filed for: oneself; a child or ward, an enterprise under a mandate."""
    legal_basis: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    """The answers that say whom a dossier is about, so that two of one kind are told apart."""
    form: Form
    deadline: Deadline
    steps: tuple[Step, ...] = ()
    cases: tuple[Case, ...]

    @property
    def code(self) -> str:
        """The national code, or our own key where none is known."""
        return self.national_code or self.key

    @property
    def version(self) -> str:
        """The version's name is its first day, such as `2026-09-01`."""
        return self.since.isoformat()


class PaperAnswer(Strict, frozen=True, kw_only=True):
    """The answer that says a paper was handed in."""

    field: str
    value: str = msgspec.field(name="is")


class Confirmation(Sourced, frozen=True, kw_only=True):
    """Somebody else's consent, without which a branch does not begin: the person whose number stands in `person` is invited.

    Not answered by the deadline, the branch closes with notice; at any time before, `paper` with their signature does as well.
    """

    person: str
    asked_when: When
    paper: str
    paper_answer: PaperAnswer
    deadline: Deadline


class Procedure(Item, tag="procedure", tag_field="kind", frozen=True, kw_only=True):
    """One administrative procedure (thủ tục hành chính) at one kind of agency.

    `place` names the addresses of the form, in order, whose ward decides which office it is; else it is the filing ward.
    """

    field: Words
    agency_kind: AgencyKind
    officer_role: str
    place: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    fees: tuple[FeeRule, ...]
    paid_before_result: bool = False
    """No approval while a fee that the table names is neither paid nor waived."""
    result: Result
    confirmation: Confirmation | None = None


class Branch(Sourced, frozen=True, kw_only=True):
    """One procedure of a bundle: it waits until every branch in `needs` that was chosen is approved.

    `on_refused`: `stops_group` ends every branch still waiting for it as not started; `ends_alone` touches no other.
    """

    name: str
    procedure: str
    needs: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    optional: bool = False
    on_refused: Literal["stops_group", "ends_alone"]
    refusal_reason: Words | None = None


class Bundle(Item, tag="bundle", tag_field="kind", frozen=True, kw_only=True):
    """A linked group (nhóm thủ tục liên thông): one submission, several procedures, a result of each."""

    branches: tuple[Branch, ...]
    minimum_branches: int

    def branch(self, name: str) -> Branch:
        """The branch of this name; KeyError when there is none."""
        for branch in self.branches:
            if branch.name == name:
                return branch
        raise KeyError(name)


class LifeEvent(Strict, frozen=True, kw_only=True):
    """What happens in a life, in plain words, and what it asks for: procedures and groups by key, in the order one does them."""

    key: str
    name: Words
    summary: Words
    guide: tuple[Words, ...]
    procedures: tuple[str, ...]
    keywords: tuple[str, ...] = ()


class Code(Strict, frozen=True, kw_only=True):
    """One entry of a code list; `portal` is the national portal's own code for it."""

    code: str
    vi: str
    en: str
    portal: str | None = None
    source: Source | None = None


class CodeList(Sourced, frozen=True, kw_only=True, dict=True):
    """A closed list of values."""

    name: str
    title: Words
    codes: tuple[Code, ...]

    def get(self, code: str) -> Code | None:
        """The entry with this code."""
        return self._by_code.get(code)

    @cached_property
    def _by_code(self) -> dict[str, Code]:
        return {entry.code: entry for entry in self.codes}


class DeskStep(Sourced, frozen=True, kw_only=True):
    """What an office does while a branch is in a state, and the working days its own process gives it; none, and it is another's time."""

    name: Words
    working_days: int | None = None


class State(Sourced, frozen=True, kw_only=True):
    """A branch's state and how the nation's ten dossier statuses, and the linked software's trangThai, name it.

    `shown_as` is the state everybody outside the office is told instead.
    """

    name: str
    label: Words
    national_status: int | None = None
    linked_status: int | None = None
    closed: bool = False
    clock_stopped: bool = False
    shown_as: str | None = None
    step: DeskStep | None = None


ActorKind = Literal["citizen", "officer", "agency", "invited", "system"]


class Action(Strict, frozen=True, kw_only=True):
    """What may be done to a branch, by whom, from which states, and where it leads."""

    name: str
    label: Words
    by: tuple["ActorKind", ...]
    since: tuple[str, ...] = msgspec.field(name="from")
    to: str


class Lateness(Sourced, frozen=True, kw_only=True):
    """Of promises that are not kept: how long before them an office is warned, and how far off the new date of an apology may be."""

    warned_working_days: int
    longest_working_days: int


class Lifecycle(Strict, frozen=True, kw_only=True):
    """The table of states and actions; the clock of a promise stands still in the national statuses `clock_stops_in`."""

    clock_stops_in: tuple[int, ...]
    supplement: Deadline
    lateness: Lateness
    states: tuple[State, ...]
    actions: tuple[Action, ...]
    national_statuses: dict[str, Words]

    def state(self, name: str) -> State:
        """The state of this name; KeyError when there is none."""
        for state in self.states:
            if state.name == name:
                return state
        raise KeyError(name)

    def told(self, name: str) -> State:
        """The state of this name as it is told outside the office."""
        state = self.state(name)
        return state if state.shown_as is None else self.state(state.shown_as)

    def action(self, name: str) -> Action:
        """The action of this name; KeyError when there is none."""
        for action in self.actions:
            if action.name == name:
                return action
        raise KeyError(name)


class DayOverride(Sourced, frozen=True, kw_only=True):
    """A day the State declared to be worked or off, against what `holidays` computes."""

    on: date
    working: bool
    reason: Words
