"""What may be asked of the city: procedures, linked groups, forms, deadlines, fees; knows no web and no database.

The law lies in `catalogue/*.toml`; `load()` reads it once and `Catalogue` answers.
"""

from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from kit import names, places
from procedures import bundles, calendar, fees, forms, loading, messages, refusals, rules, searching
from procedures.messages import Bundle, Channel, CodeList, Document, Item, LifeEvent, PersonClass, Procedure

__all__ = [
    "Bundle",
    "Catalogue",
    "CodeList",
    "Document",
    "LifeEvent",
    "Procedure",
    "bundles",
    "calendar",
    "fees",
    "forms",
    "load",
    "messages",
    "refusals",
    "rules",
]

BUILT_IN = Path(__file__).parent / "catalogue"


class Catalogue:
    """Every procedure, bundle, code list and rule, in all versions.

    A dossier asks with the day it was opened, and so keeps the version it was opened under.
    """

    def __init__(self, tables: loading.Tables) -> None:
        self.lifecycle = tables.lifecycle
        self.calendar = calendar.Calendar(tables.overrides)
        self.procedures = tables.procedures
        self.bundles = tables.bundles
        self.events = tables.events
        self._lists = tables.lists
        self._index = searching.Index((*tables.procedures, *tables.bundles), tables.events)
        self._items: dict[str, list[Procedure | Bundle]] = {}
        for item in (*tables.procedures, *tables.bundles):
            for name in {item.key, item.code}:
                self._items.setdefault(name, []).append(item)

    def find(self, code: str, on: date) -> Procedure | Bundle:
        """The procedure or bundle of this national code or key, as in force on a day."""
        versions = self._items.get(code)
        if versions is None:
            raise refusals.UnknownProcedure(procedure=code)
        for item in versions:
            if _in_force(item, on):
                return item
        raise refusals.NotInForce(procedure=code, on=on)

    def procedure(self, code: str, on: date) -> Procedure:
        """`find`, of single procedures only."""
        item = self.find(code, on)
        if not isinstance(item, Procedure):
            raise refusals.UnknownProcedure(procedure=code)
        return item

    def bundle(self, code: str, on: date) -> Bundle:
        """`find`, of bundles only."""
        item = self.find(code, on)
        if not isinstance(item, Bundle):
            raise refusals.UnknownProcedure(procedure=code)
        return item

    def versions(self, key: str) -> list[Procedure | Bundle]:
        """Every version of a thing, the oldest first."""
        return sorted((item for item in (*self.procedures, *self.bundles) if item.key == key), key=lambda i: i.since)

    def in_force(self, on: date) -> list[Procedure | Bundle]:
        """Everything that can be asked for on a day, bundles first, then by name."""
        items = [item for item in (*self.bundles, *self.procedures) if _in_force(item, on)]
        return sorted(items, key=lambda item: (isinstance(item, Procedure), names.fold(item.name.vi)))

    def search(self, words: str, on: date) -> list[Procedure | Bundle]:
        """What plain words speak of, best first; diacritics, small words and a letter wrong do not matter. Blank finds all."""
        return self._index.search(self.in_force(on), words)

    def event(self, key: str) -> LifeEvent:
        """A life event by its key."""
        for event in self.events:
            if event.key == key:
                return event
        raise refusals.UnknownLifeEvent(key=key)

    def of_event(self, event: LifeEvent, on: date) -> list[Procedure | Bundle]:
        """What a life event asks for, as in force on a day, in its order."""
        known = {item.key: item for item in self.in_force(on)}
        return [known[key] for key in event.procedures if key in known]

    def code_lists(self) -> list[CodeList]:
        """Every code list, by name; the communes are one."""
        return sorted((*self._lists.values(), _city_wards()), key=lambda found: found.name)

    def codes(self, list_name: str) -> CodeList:
        """A code list by name, such as `sex` or `ethnicity`; `wards` are the city's communes."""
        if list_name == "wards":
            return _city_wards()
        found = self._lists.get(list_name)
        if found is None:
            raise refusals.UnknownCodeList(name=list_name)
        return found

    def branch_procedures(
        self, item: Procedure | Bundle, on: date, chosen: Collection[str] | None = None
    ) -> dict[str, Procedure]:
        """Branch -> procedure, of the chosen branches; a single procedure is its own only branch, named by its key."""
        if isinstance(item, Procedure):
            return {item.key: item}
        return {name: self.procedure(item.branch(name).procedure, on) for name in bundles.choose(item, chosen)}

    def documents(self, item: Procedure | Bundle, on: date, chosen: Collection[str] | None = None) -> list[Document]:
        """Every paper that may be handed in, each kind once; none that only a procedure filed alone asks for."""
        procedures = self.branch_procedures(item, on, chosen)
        papers: dict[str, Document] = {}
        for procedure in procedures.values():
            for document in procedure.documents:
                if not _asked_alone(document, procedures):
                    papers.setdefault(document.kind, document)
        return list(papers.values())

    def fees_of(
        self,
        item: Procedure | Bundle,
        on: date,
        channel: Channel,
        person_classes: Collection[PersonClass] = (),
        *,
        values: Mapping[str, Any] | None = None,
        copies: int = 0,
        chosen: Collection[str] | None = None,
    ) -> dict[str, fees.Fee]:
        """The fee of each branch; copies are of the first branch's result."""
        found: dict[str, fees.Fee] = {}
        for name, procedure in self.branch_procedures(item, on, chosen).items():
            of_this = copies if not found else 0
            found[name] = fees.fee(procedure, on, channel, person_classes, values=values, copies=of_this)
        return found


def _asked_alone(document: Document, branches: Collection[str]) -> bool:
    """Whether a paper is asked for only where a branch is absent that is among these, so that it cannot be asked for here."""
    when = document.required_when
    return when is not None and when.negated is not None and when.negated.branch in branches


def _in_force(item: Item, on: date) -> bool:
    return item.since <= on and (item.until is None or on <= item.until)


@cache
def _city_wards() -> CodeList:
    return CodeList(
        name="wards",
        title=messages.Words(vi="Phường, xã, đặc khu của Thành phố Hồ Chí Minh", en="Communes of Hồ Chí Minh City"),
        codes=tuple(messages.Code(code=place.code, vi=place.name, en=place.name) for place in places.wards()),
        source="published",
        cites="PyPI vietnamadminunits",
    )


@cache
def load(root: Path | None = None, *also: Path) -> Catalogue:
    """The catalogue of a folder (ours by default) and of further ones laid out alike, which add but never replace."""
    return Catalogue(loading.read((root or BUILT_IN, *also)))
