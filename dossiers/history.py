"""What happened to a dossier: rows that are only appended, each holding the hash of the one before."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from kit.refusal import Words

ActorKind = Literal["citizen", "officer", "system"]


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history, before it has its place in the chain. `words` are for the citizen."""

    kind: str
    words: Words
    branch: str | None = None
    before: str | None = None
    after: str | None = None
    actor_kind: ActorKind = "system"
    actor_id: str | None = None
    facts: dict[str, Any] | None = None


class Head(msgspec.Struct, frozen=True):
    """Where a chain ends: how many lines, and the last one's hash (empty before the first)."""

    count: int
    hash: bytes


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A line in its place."""

    dossier_id: str
    seq: int
    at: datetime
    actor_kind: str
    actor_id: str | None
    kind: str
    branch: str | None
    before: str | None
    after: str | None
    vi: str
    en: str
    facts: dict[str, Any] | None
    prev_hash: bytes
    hash: bytes = b""


START = Head(0, b"")


def chain(dossier_id: str, head: Head, at: datetime, happenings: Sequence[Happening]) -> tuple[list[Event], Head]:
    """The lines that follow `head`, and the new head."""
    found: list[Event] = []
    for happening in happenings:
        event = Event(
            dossier_id=dossier_id,
            seq=head.count + 1,
            at=at,
            actor_kind=happening.actor_kind,
            actor_id=happening.actor_id,
            kind=happening.kind,
            branch=happening.branch,
            before=happening.before,
            after=happening.after,
            vi=happening.words.vi,
            en=happening.words.en,
            facts=happening.facts,
            prev_hash=head.hash,
        )
        event = msgspec.structs.replace(event, hash=fingerprint(event))
        found.append(event)
        head = Head(event.seq, event.hash)
    return found, head


def fingerprint(event: Event) -> bytes:
    """SHA-256 over every column but the hash itself, as sorted JSON; instants in UTC to the microsecond."""
    said = msgspec.structs.asdict(event)
    del said["hash"]
    if event.facts is None:
        # As lines were written before there were facts.
        del said["facts"]
    said["at"] = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    said["prev_hash"] = event.prev_hash.hex()
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).digest()


def seal(value: Any) -> str:
    """SHA-256 of a JSON value, hexadecimal: how a line vouches for what stands elsewhere and must not change."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def intact(events: Sequence[Event], head: Head) -> bool:
    """Whether these are all the lines, in order, as they were written; a changed, missing or added one shows."""
    before = START
    for event in events:
        if event.seq != before.count + 1 or event.prev_hash != before.hash or event.hash != fingerprint(event):
            return False
        before = Head(event.seq, event.hash)
    return before == head
