"""What was asked for: dossiers, their branches, papers handed in, consents, results, and a history that is only ever appended.

`migrations/versions/0006_dossiers.py` also gives the history a trigger that refuses UPDATE and DELETE.
"""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from kit.db import Id, Instant, Json, metadata

dossiers = Table(
    "dossiers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, nullable=False, index=True),
    # Whom it was filed for (an enterprise's account, a ward) where that is another, and under which mandate by whom.
    Column("principal_id", Id),
    Column("behalf", Json),
    # Filled in at a counter by an officer: {"office_id", "officer_id", "at"}, and {"signature"} once the citizen has signed on paper.
    Column("assisted", Json),
    # None while it is a draft: a code is given with the promise, never before.
    Column("receipt_code", Text, unique=True),
    Column("procedure", Text, nullable=False),
    # The version of the law in force when it was opened; it is kept to the end.
    Column("procedure_version", Text, nullable=False),
    Column("options", Json, nullable=False),
    Column("status", Text, nullable=False),
    # path -> {"value", "source", "locked"}; only answered fields stand here.
    Column("form", Json, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("ward_code", Text),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("submitted_at", Instant),
    Column("promised_at", Instant),
    Column("promise", Json),
    # Digests of what a person must know besides the receipt code; see `finding.second_fact`.
    Column("second_facts", ARRAY(LargeBinary), nullable=False, server_default="{}"),
    # Head of the history's chain: a cut tail shows as well as a changed row.
    Column("event_count", Integer, nullable=False, server_default="0"),
    Column("event_hash", LargeBinary, nullable=False, server_default=text("'\\x'::bytea")),
    # What a service centre has in hand: a search by face at its kiosks reads no more than this index.
    Index("ix_dossiers_in_hand", "ward_code", "status", "changed_at", "account_id"),
    Index(
        "ix_dossiers_assisted",
        text("(assisted ->> 'office_id')"),
        "id",
        postgresql_where=text("assisted is not null and status = 'draft'"),
    ),
    Index("ix_dossiers_principal_id", "principal_id", postgresql_where=text("principal_id is not null")),
    CheckConstraint("(principal_id is null) = (behalf is null)", name="behalf"),
    CheckConstraint("status in ('draft', 'open', 'closed')", name="status"),
    CheckConstraint("(status = 'draft') = (receipt_code is null)", name="code_with_submission"),
)

dossier_parties = Table(
    "dossier_parties",
    metadata,
    Column("dossier_id", Id, ForeignKey("dossiers.id", ondelete="CASCADE"), primary_key=True),
    Column("pin", Text, primary_key=True, index=True),
    Column("role", Text, nullable=False),
)
"""Persons whom an authority's data (never typing) names in the dossier: they may follow it with their own token."""

branches = Table(
    "branches",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossiers.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("procedure", Text, nullable=False),
    Column("office_id", Id, nullable=False),
    Column("officer_role", Text, nullable=False),
    Column("needs", ARRAY(Text), nullable=False),
    Column("state", Text, nullable=False),
    Column("started_at", Instant),
    Column("due_at", Instant),
    Column("claimed_by", Id),
    Column("claimed_at", Instant),
    Column("decided_by", Id),
    Column("decided_at", Instant),
    # Why it ended as it did, for the citizen: {"vi", "en"}.
    Column("reason", Json),
    Column("result", Json),
    # What the officer asks the citizen for: {"reason", "fields", "documents"}; empty again once it was given.
    Column("asked", Json),
    # A refusal that waits for its second person: {"by", "reason", "at"}; empty again once that has spoken.
    Column("proposal", Json),
    # Since when it is in its state; null where it still is in the one it began with.
    Column("state_since", Instant),
    # Since when it waits for the head of the office.
    Column("escalated_at", Instant),
    # A new date with an apology: {"reason", "was_due_at", "due_at", "at", "by", "office_id", "title"}.
    Column("apology", Json),
    # Longer, for facts must be verified: {"reason", "was_due_at", "due_at", "steps", "at", "by"}; `steps` as a promise's.
    Column("extension", Json),
    # Whether its office was warned of `due_at`: 1 before it, 2 once it had passed.
    Column("warned", SmallInteger, nullable=False, server_default="0"),
    # What whoever filed it says of the service, once: {"score", "comment", "step", "named", "late", "at"}.
    Column("rating", Json),
    # When a branch that waits for somebody closes by itself.
    Column("lapses_at", Instant),
    # [from, to] of every time the clock stood still; the last `to` is null while it does.
    Column("pauses", Json, nullable=False, server_default="[]"),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("dossier_id", "name"),
    Index("ix_branches_lapses_at", "lapses_at", postgresql_where=text("lapses_at is not null")),
    # An office's queue, oldest promise first: all that is open; what nobody has taken; what one officer has.
    Index(
        "ix_branches_queue",
        "office_id",
        "officer_role",
        "due_at",
        "id",
        postgresql_where=text("decided_at is null and started_at is not null"),
    ),
    Index(
        "ix_branches_free",
        "office_id",
        "officer_role",
        "due_at",
        "id",
        postgresql_where=text("decided_at is null and started_at is not null and claimed_by is null"),
    ),
    Index(
        "ix_branches_claimed_by",
        "claimed_by",
        "due_at",
        "id",
        postgresql_where=text("decided_at is null and started_at is not null and claimed_by is not null"),
    ),
    # Of what an office was not warned yet.
    Index(
        "ix_branches_unwarned",
        "due_at",
        postgresql_where=text("decided_at is null and started_at is not null and warned < 2"),
    ),
    # What ended, for an office's figures.
    Index("ix_branches_decided_at", "office_id", "decided_at", postgresql_where=text("decided_at is not null")),
)

branch_steps = Table(
    "branch_steps",
    metadata,
    Column("branch_id", Id, ForeignKey("branches.id", ondelete="CASCADE"), primary_key=True),
    # The branch's version when it left.
    Column("seq", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("procedure", Text, nullable=False),
    Column("office_id", Id, nullable=False),
    # Who had it then.
    Column("officer_id", Id),
    Column("entered_at", Instant, nullable=False),
    Column("left_at", Instant, nullable=False),
    # By the office's own process, and never later than the promise; null where the time was another's.
    Column("due_at", Instant),
    # What the citizen was asked for, of a wait for them.
    Column("asked", Json),
    Index("ix_branch_steps_office_id", "office_id", "left_at"),
)
"""How long a branch was in a state, written when it leaves: what figures and ratings are told from."""

desk_acts = Table(
    "desk_acts",
    metadata,
    Column("branch_id", Id, ForeignKey("branches.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    # Null where a clock did it.
    Column("actor_id", Id),
    Column("office_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("said", Text, nullable=False),
    # Whom it went to.
    Column("to_id", Id),
)
"""What happens inside an office and is no matter of the citizen's: appended, never edited (a trigger holds it)."""

supplement_drafts = Table(
    "supplement_drafts",
    metadata,
    Column("branch_id", Id, ForeignKey("branches.id", ondelete="CASCADE"), primary_key=True),
    # Since when the branch waits for what this answers: a later request has none yet.
    Column("asked_at", Instant, nullable=False),
    Column("office_id", Id, nullable=False),
    Column("officer_id", Id, nullable=False),
    Column("changed_at", Instant, nullable=False),
    # Answers by path; papers by kind: {"upload_id", "sha256"}.
    Column("fields", Json, nullable=False),
    Column("documents", Json, nullable=False),
    # The paper the citizen signed: {"upload_id", "sha256", "version"}.
    Column("signature", Json),
    Column("version", Integer, nullable=False),
    # Once it was given as it stands here.
    Column("given_at", Instant),
    Index("ix_supplement_drafts_office_id", "office_id", "branch_id"),
)
"""An answer to a request for a supplement while a counter fills it in; it is nothing until the citizen confirms it."""

documents = Table(
    "documents",
    metadata,
    Column("dossier_id", Id, ForeignKey("dossiers.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("upload_id", Id, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("attached_at", Instant, nullable=False),
)

results = Table(
    "results",
    metadata,
    Column("branch_id", Id, ForeignKey("branches.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    # What its paper is rendered from, as it stood when the branch was approved.
    Column("data", Json, nullable=False),
    Column("made_at", Instant, nullable=False),
)

replaced_results = Table(
    "replaced_results",
    metadata,
    Column("branch_id", Id, ForeignKey("branches.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("data", Json, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("replaced_at", Instant, nullable=False),
)
"""Results as they were before each correction: a paper given out once can still be told from a forged one."""

signed_results = Table(
    "signed_results",
    metadata,
    Column("branch_id", Id, ForeignKey("branches.id", ondelete="CASCADE"), primary_key=True),
    # `result`, or which letter (`issuing.letters`).
    Column("paper", Text, primary_key=True),
    # Which of them: a corrected result is signed anew, and the one before is kept.
    Column("made_at", Instant, primary_key=True),
    Column("pdf", LargeBinary, nullable=False),
    Column("signer", Text, nullable=False),
    Column("signed_at", Instant, nullable=False),
)
"""Papers as they were signed and are served; a trigger refuses UPDATE."""
payments = Table(
    "payments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossiers.id"), nullable=False),
    Column("branch", Text, nullable=False),
    Column("amount_dong", Integer, nullable=False),
    # The row of the fee table it comes from, as told: {"vi", "en"}.
    Column("reason", Json, nullable=False),
    Column("asked_by", Id, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("paid_at", Instant),
    # The provider's own number of the payment: told again, it is the same money.
    Column("reference", Text, unique=True),
    Column("receipt", Text, unique=True),
    # Cash: the officer who took it, and the office whose counter it was.
    Column("taken_by", Id),
    Column("taken_at_office", Id),
    Index("ix_payments_dossier_id", "dossier_id", "branch"),
    # What a counter took on a day.
    Index("ix_payments_cash", "taken_at_office", "paid_at", postgresql_where=text("taken_by is not null")),
    CheckConstraint("amount_dong > 0", name="amount"),
    CheckConstraint("(paid_at is null) = (reference is null) and (paid_at is null) = (receipt is null)", name="paid"),
    CheckConstraint("taken_by is null or paid_at is not null", name="taken"),
    CheckConstraint("(taken_by is null) = (taken_at_office is null)", name="taken_where"),
)
"""Fees asked for and paid. Money that came is a row whatever became of the branch meanwhile."""

invitations = Table(
    "invitations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("dossier_id", Id, ForeignKey("dossiers.id", ondelete="CASCADE"), nullable=False),
    Column("branch", Text, nullable=False),
    Column("pin", Text, nullable=False, index=True),
    Column("asked_at", Instant, nullable=False),
    Column("answer", Text),
    Column("answered_at", Instant),
    UniqueConstraint("dossier_id", "branch"),
    CheckConstraint("answer in ('agreed', 'declined', 'on_paper', 'ended')", name="answer"),
    CheckConstraint("(answer is null) = (answered_at is null)", name="answered"),
)
"""Whose consent a branch needs. Who is invited sees the question, never the dossier: a typed number lets nobody in."""

dossier_events = Table(
    "dossier_events",
    metadata,
    Column("dossier_id", Id, ForeignKey("dossiers.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor_kind", Text, nullable=False),
    Column("actor_id", Text),
    Column("kind", Text, nullable=False),
    Column("branch", Text),
    Column("before", Text),
    Column("after", Text),
    Column("vi", Text, nullable=False),
    Column("en", Text, nullable=False),
    # Digests of what was exchanged then: form, papers, result. None where words are all there is.
    Column("facts", Json),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    CheckConstraint("actor_kind in ('citizen', 'officer', 'system')", name="actor_kind"),
)

dossier_feed = Table(
    "dossier_feed",
    metadata,
    # No foreign key: the row of the history is written by the same statement, and never goes.
    Column("dossier_id", Id, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant, nullable=False, index=True),
)
"""What happened and has not been told to the wires and to partners yet: a row from the line of the history until then."""
