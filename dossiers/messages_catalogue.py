"""What the catalogue answers: procedures, life events, code lists, what an address may mean."""

from typing import Literal

from dossiers.messages import Answer
from kit.places import Map, Match, Via
from kit.refusal import Words
from procedures.messages import Source


class ProcedureSummary(Answer, frozen=True, kw_only=True):
    """One line of the catalogue. `source` tells what was read in a public source from what is our assumption."""

    code: str
    key: str
    kind: Literal["procedure", "bundle"]
    version: str
    name: Words
    summary: Words
    online: Literal["full", "part"]
    level_to_file: int
    source: Source


class ProcedureList(Answer, frozen=True, kw_only=True):
    procedures: list[ProcedureSummary]


class LifeEventSummary(Answer, frozen=True, kw_only=True):
    key: str
    name: Words
    summary: Words


class LifeEventList(Answer, frozen=True, kw_only=True):
    events: list[LifeEventSummary]


class LifeEventView(LifeEventSummary, frozen=True, kw_only=True):
    """What happens in a life, what to do about it in order, and what it asks for today."""

    guide: list[Words]
    procedures: list[ProcedureSummary]


class CodeListNames(Answer, frozen=True, kw_only=True):
    lists: list[str]


class PlaceCandidate(Answer, frozen=True, kw_only=True):
    """A ward that an address may name: `code` is `79/760/26740` on the map until 30/06/2025, `79/26740` on today's."""

    map: Map
    code: str
    name: str
    match: Match
    via: Via


class ResolvedAddress(Answer, frozen=True, kw_only=True):
    """`ward` is today's ward when it can be only one; otherwise one of `today` is to be chosen. Best candidates first."""

    detail: str
    ward: str | None
    until_2025: list[PlaceCandidate]
    today: list[PlaceCandidate]
