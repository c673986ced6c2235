"""A form as a page shows it: each question with what is in its inputs, where that came from, and what is wrong with it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from dossiers.messages import Contested, FieldValue
from kit import places
from kit.refusal import Fault, Words
from procedures import Bundle, Procedure, forms, rules
from procedures.messages import Code, CodeList, Field
from web.form_reading import COUNTRIES, mark
from web.pages import Lang

# A list longer than this is typed into, with suggestions, and stands once on the page.
_MOST_OPTIONS = 20

_KEYBOARDS = {"pin": "numeric", "phone": "tel"}

Widget = Literal["text", "date", "time", "number", "select", "suggest", "yes_no", "agree", "address", "rows", "long"]


class Choice(msgspec.Struct, frozen=True):
    code: str
    name: str


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `name` is its input's; `label` is empty where the page names it; an address has several inputs below it, rows have each their own."""

    path: str
    name: str
    widget: Widget
    label: str
    hint: str | None = None
    partial: bool = False
    """A date of which the year alone may be known."""
    required: bool = False
    value: Any = None
    shown: str = ""
    mark: str | None = None
    codes: str | None = None
    choices: Sequence[Choice] = ()
    max_length: int = 200
    keyboard: str | None = None
    """What a phone's own keyboard is asked to be (`inputmode`)."""
    source: str | None = None
    locked: bool = False
    contested: Contested | None = None
    contesting: bool = False
    """A locked value that somebody is just saying is wrong."""
    faults: Sequence[Fault] = ()
    elsewhere: str | None = None
    note: str | None = None
    """What an officer says of this very answer."""
    rows: Sequence[Sequence["Input"]] = ()
    more: bool = False
    places: Sequence[Choice] = ()
    steers: bool = False
    """Other questions hang on this one."""


class Group(msgspec.Struct, frozen=True):
    """A section of the form."""

    name: str
    title: str
    inputs: Sequence[Input]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a form that a page needs."""

    groups: Sequence[Group]
    wrong: Sequence[tuple[str, str, Words]]
    """What to look at again, in the form's order: the field's path, where in the form it stands, what is wrong."""
    lists: Mapping[str, Sequence[Choice]]
    """The long lists that inputs suggest from, each once."""


class Shower:
    """One form in one language, with what is answered, what was typed and could not be kept, and what is wrong."""

    def __init__(
        self,
        item: Procedure | Bundle,
        answers: Mapping[str, FieldValue],
        *,
        today: date,
        branches: Collection[str],
        lang: Lang,
        sources: CodeList,
        countries: CodeList,
        faults: Sequence[Fault] = (),
        typed: Mapping[str, Any] | None = None,
        blank_row_of: str | None = None,
        contesting: str | None = None,
        ward: str | None = None,
        asked_by: Mapping[str, Any] | None = None,
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """`asked_by` are answers given with this page that decide, before they are kept, what else is asked. `ward` is the ward to file in, typed or by its code, where the page asks for it; an empty one is still to be chosen."""
        self.item, self.answers, self.today, self.branches, self.lang = item, answers, today, branches, lang
        self.sources, self.countries, self.faults = sources, countries, faults
        self.typed, self.blank_row_of, self.contesting = typed or {}, blank_row_of, contesting
        self.ward, self.asked_by, self.notes = ward, asked_by or {}, notes or {}
        self.lists: dict[str, list[Choice]] = {}

    def page(self) -> Page:
        values = self._values()
        asked = dict(forms.fields(self.item.form, values, today=self.today, branches=self.branches))
        steering = {ref for section in self.item.form.sections for f in section.fields for ref in _steered_by(f)}
        groups: list[Group] = []
        for section in self.item.form.sections:
            inputs = [
                self._question(f"{section.name}.{field.name}", field, values, steering)
                for field in section.fields
                if f"{section.name}.{field.name}" in asked
            ]
            if inputs:
                groups.append(Group(section.name, self._say(section.title), inputs))
        if self.ward is not None:
            groups.append(Group("where", "", [self._filing_ward(self.ward)]))
        wrong = [
            (question.path, group.title, fault.message)
            for group in groups
            for asked_for in group.inputs
            for question in (asked_for, *(inner for row in asked_for.rows for inner in row))
            for fault in question.faults
        ]
        return Page(groups=groups, wrong=wrong, lists=self.lists)

    def _filing_ward(self, ward: str) -> Input:
        self._suggest_wards()
        return Input(
            path="ward",
            name="ward",
            widget="suggest",
            label="",
            required=True,
            value=_ward_name(ward),
            codes="ward",
            faults=[f for f in self.faults if f.field == "ward"],
        )

    def _suggest_wards(self) -> None:
        self.lists["ward"] = [Choice(place.code, place.name) for place in places.wards()]

    def stated(self, fields: Sequence[Field], values: Mapping[str, Any]) -> list[Input]:
        """What an agency states of its paper, as the faults name it: `result.<field>`."""
        return [
            self._input(f"result.{f.name}", f"r.{f.name}", f, values.get(f.name), required=f.required) for f in fields
        ]

    def _say(self, words: Words) -> str:
        return words.vi if self.lang == "vi" else words.en

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for path, told in self.answers.items():
            rules.put(values, path, told.value)
        for path, value in self.asked_by.items():
            rules.put(values, path, value)
        return values

    def _question(self, path: str, field: Field, values: Mapping[str, Any], steering: Collection[str]) -> Input:
        told = self.answers.get(path)
        kept = told.value if told is not None else None
        value = self.typed.get(path, kept)
        required = forms.required(field, values, today=self.today, branches=self.branches)
        question = self._input(path, f"f.{path}", field, value, required=required, steers=path in steering)
        source = self.sources.get(told.source) if told is not None and told.source != "citizen" else None
        return msgspec.structs.replace(
            question,
            mark=mark(kept),
            source=self._name(source) if source is not None else None,
            locked=told.locked if told is not None else False,
            contested=told.contested if told is not None else None,
            contesting=path == self.contesting,
            note=self.notes.get(path),
            shown=self._printed(field, kept) if kept is not None else "",
            elsewhere=self._printed(field, kept) if self._changed_elsewhere(path) else None,
        )

    def _changed_elsewhere(self, path: str) -> bool:
        return any(fault.field == path and fault.code == "changed-elsewhere" for fault in self.faults)

    def _input(self, path: str, name: str, field: Field, value: Any, *, required: bool, steers: bool = False) -> Input:
        widget = _widget(field, self.item.form.lists)
        shown: Any = value
        choices: Sequence[Choice] = ()
        if widget == "select":
            choices = self._named(self.item.form.lists[field.codes or ""])
        elif widget == "suggest":
            self.lists[field.codes or ""] = self._named(self.item.form.lists[field.codes or ""])
            entry = self.item.form.lists[field.codes or ""].get(str(value)) if value is not None else None
            shown = self._name(entry) if entry is not None else value
        elif widget == "yes_no" or widget == "agree":
            shown = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else None
        address = value if widget == "address" and isinstance(value, Mapping) else {}
        if widget == "address":
            self._suggest_wards()
            self.lists[COUNTRIES] = self._named(self.countries)
            country = self.countries.get(str(address.get("country", "")))
            shown = {
                "printed": address.get("printed", ""),
                "ward": _ward_name(address.get("ward")),
                "detail": address.get("detail", ""),
                "country": self._name(country) if country is not None else address.get("country", ""),
                "abroad": country is not None and country.code != "VNM",
            }
        return Input(
            path=path,
            name=name,
            widget=widget,
            label=self._say(field.label),
            hint=self._say(field.hint) if field.hint is not None else None,
            partial=field.kind == "partial_date",
            required=required,
            value=shown,
            codes=field.codes,
            keyboard=_KEYBOARDS.get(field.kind),
            choices=choices,
            max_length=field.max_length,
            faults=[
                f for f in self.faults if f.field == path or (widget == "address" and f.field.startswith(f"{path}."))
            ],
            rows=self._rows(path, name, field, value) if widget == "rows" else (),
            more=widget == "rows" and (not isinstance(value, list) or len(value) < forms.most_rows(field)),
            places=_candidates(address),
            steers=steers,
        )

    def _rows(self, path: str, name: str, field: Field, value: Any) -> list[list[Input]]:
        rows = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
        if not rows or self.blank_row_of == path:
            rows.append({})
        return [
            [
                self._input(
                    f"{path}.{number}.{inner.name}",
                    f"{name}.{number}.{inner.name}",
                    inner,
                    row.get(inner.name),
                    required=self._asked_of(inner, row) and forms.required(inner, {"row": row}, today=self.today),
                )
                # A page without script cannot show a question of a row when the row is typed: it shows them all.
                for inner in field.fields
            ]
            for number, row in enumerate(rows)
        ]

    def _asked_of(self, inner: Field, row: Mapping[str, Any]) -> bool:
        return inner.shown_when is None or rules.holds(inner.shown_when, {"row": row}, today=self.today)

    def _named(self, codes: CodeList) -> list[Choice]:
        return [Choice(code.code, self._name(code)) for code in codes.codes]

    def _name(self, code: Code) -> str:
        return code.vi if self.lang == "vi" else code.en

    def _printed(self, field: Field, value: Any) -> str:
        """An answer as text, for people."""
        if field.kind == "code":
            entry = self.item.form.lists[field.codes or ""].get(str(value))
            return self._name(entry) if entry is not None else str(value)
        if field.kind == "address" and isinstance(value, Mapping):
            parts = (value.get("detail"), _ward_name(value.get("ward")), value.get("country"))
            return ", ".join(str(part) for part in parts if part) or str(value.get("printed", ""))
        if field.kind == "date" and (day := rules.as_date(value)) is not None:
            return f"{day:%d/%m/%Y}"
        if field.kind == "rows" and isinstance(value, list):
            inner = {one.name: one for one in field.fields}
            told = (
                ", ".join(self._printed(inner[key], part) for key, part in row.items() if key in inner)
                for row in value
                if isinstance(row, Mapping)
            )
            return "; ".join(told)
        if isinstance(value, bool):
            return {("vi", True): "Có", ("vi", False): "Không", ("en", True): "Yes"}.get((self.lang, value), "No")
        return str(value)


def _widget(field: Field, lists: Mapping[str, CodeList]) -> Widget:
    match field.kind:
        case "code":
            return "select" if len(lists[field.codes or ""].codes) <= _MOST_OPTIONS else "suggest"
        case "boolean":
            return "agree" if field.agree else "yes_no"
        case "integer":
            return "number"
        case "date" | "time" | "address" | "rows":
            return field.kind
        case _:
            return "long" if field.kind == "text" and field.max_length > 200 else "text"


def _steered_by(field: Field) -> list[str]:
    """The answers that decide whether a question is asked, or must be answered."""
    found: list[str] = []
    todo = [when for when in (field.shown_when, field.required_when) if when is not None]
    while todo:
        when = todo.pop()
        found += [when.field] if when.field is not None else []
        todo += [*when.every, *when.some, *([when.negated] if when.negated is not None else [])]
    return found


def _ward_name(code: Any) -> str:
    """As a page shows it: one of the city's by its name alone."""
    place = places.ward(str(code)) if code else None
    if place is None:
        return str(code or "")
    return place.name if place.province_code == places.CITY_PROVINCE_CODE else f"{place.name}, {place.province_name}"


def _candidates(address: Mapping[str, Any]) -> list[Choice]:
    """Today's wards that an address as printed may lie in, to choose from."""
    if address.get("ward") or not address.get("printed"):
        return []
    found = places.resolve(str(address["printed"])).new
    codes = dict.fromkeys(one.code.rpartition("/")[2] for one in found)
    return [Choice(code, _ward_name(code)) for code in codes if places.ward(code) is not None]
