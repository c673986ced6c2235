"""The JSON Schema of every form, held by a foreign validator against our own check: they accept and refuse alike."""

import copy
from datetime import date, timedelta
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import procedures
from kit import places
from procedures import Bundle, Procedure, forms, rules
from procedures.messages import Field, Form

CATALOGUE = procedures.load()
ITEMS = [*CATALOGUE.procedures, *CATALOGUE.bundles]
TODAY = date(2026, 11, 27)


def _chosen(item: Procedure | Bundle) -> list[tuple[str, ...] | None]:
    """All branches, and the smallest choice."""
    if isinstance(item, Procedure):
        return [None]
    return [None, tuple(b.name for b in item.branches)[: item.minimum_branches]]


FORMS = [
    pytest.param(item, branches, id=f"{item.code} {item.version} {'part' if branches else 'whole'}")
    for item in ITEMS
    for branches in _chosen(item)
]

# Strings near what some field wants, at the edges of it.
EDGES = [
    "", " ", "0", "x", "01", "56", "57", "VNM", "XXX", "male", "Nam", "true", "1992", "1879", "1880", "11/1962", "13/1962", "00/1962",
    "29/02/2024", "29/02/2023", "31/04/2024", "01/01/1879", "2024-02-29", "2023-02-29", "1900-02-29", "2000-02-29", "2400-02-29",
    "2026-11-27", "2026-1-1", "07:30", "24:00", "23:59", "7:30", "0901234567", "+84901234567", "090123456", "079192001234",
    "003192001234", "100192001234", "000192001234", "07919200123", "07919200123x", "00123.GCS.79001.26", "123.GCS.79001.26",
    "Nguyễn Văn A", "H'Bư\u0306m Niê K-Đăm", "D\u2019Arc", "A-", "-A", "Tr4n", "An\u202e", "An\n", "  Nguye\u0302\u0303n   An ",
    "\u0301", "Ⅳ", "王", "a" * 100, "a" * 101, "a" * 200, "a" * 201, "\ud7ff", "🙂", "26740", "00000", "2674",
    "post", "online", "other", "facility", "elsewhere", "abandoned", "household", "account", "marriage", "form_1", "ct01",
]  # fmt: skip

scalars = st.one_of(
    st.sampled_from(EDGES),
    st.none(),
    st.booleans(),
    st.integers(-2, 60),
    st.sampled_from([1.0, 1.5, -0.0, 10.0, 1e300]),
    st.text(st.characters(max_codepoint=0x1EF9, exclude_categories=("Cs", "Cn")), max_size=6),
)
addresses = st.dictionaries(
    st.sampled_from(["ward", "detail", "printed", "country", "street"]),
    st.sampled_from([None, "", "26740", "00000", "x", "FRA", "VNM", "fra", 26740, "a" * 201, "An\u202e"]),
    max_size=4,
)
anything: st.SearchStrategy[Any] = st.recursive(
    scalars | addresses,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["full_name", "pin", "a"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def fitting(field: Field, form: Form) -> st.SearchStrategy[Any]:
    """Values that mostly fit the field, so that conditions on it come true."""
    if field.kind == "code":
        return st.sampled_from([code.code for code in form.lists[field.codes or ""].codes])
    if field.kind == "boolean":
        return st.booleans()
    if field.kind == "address":
        return addresses
    if field.kind == "rows":
        row = st.fixed_dictionaries({}, optional={one.name: fitting(one, form) | scalars for one in field.fields})
        return st.lists(row | scalars, max_size=6)
    return scalars


def changed(data: st.DataObject, form: Form, values: dict[str, Any]) -> dict[str, Any]:
    """An example with a few answers changed, dropped or put where nobody asks for one."""
    fields = {f"{section.name}.{field.name}": field for section in form.sections for field in section.fields}
    for _ in range(data.draw(st.integers(1, 4), label="changes")):
        match data.draw(st.sampled_from(["put", "put", "put", "drop", "drop section", "unknown"]), label="how"):
            case "put":
                path = data.draw(st.sampled_from(sorted(fields)), label="path")
                rules.put(values, path, data.draw(fitting(fields[path], form) | anything, label="value"))
            case "drop":
                path = data.draw(st.sampled_from(sorted(fields)), label="path")
                section, _, name = path.partition(".")
                if isinstance(values.get(section), dict):
                    values[section].pop(name, None)
            case "drop section":
                values.pop(data.draw(st.sampled_from(sorted({s.name for s in form.sections})), label="section"), None)
            case _:
                where = data.draw(st.sampled_from(["nonsense", *(f"{s.name}.nonsense" for s in form.sections)]))
                value = data.draw(anything, label="value")
                rules.put(values, where, value) if "." in where else values.update({where: value})
    return values


def agreement(form: Form, branches: tuple[str, ...] | None, validator: Any, values: dict[str, Any]) -> None:
    faults = forms.check(form, values, today=TODAY, branches=branches)
    ours = [fault for fault in faults if fault.code not in forms.NOT_IN_SCHEMA]
    stored = msgspec.json.decode(msgspec.json.encode(forms.composed(values)))
    theirs = [f"{error.instance_path}: {error.message[:200]}" for error in validator.iter_errors(stored)]
    assert bool(ours) == bool(theirs), (ours, theirs)


@pytest.mark.parametrize(("item", "branches"), FORMS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_schema_and_the_check_agree(
    item: Procedure | Bundle, branches: tuple[str, ...] | None, data: st.DataObject
) -> None:
    validator = _validator(item, branches)
    example = data.draw(st.sampled_from(sorted(item.form.examples)), label="example")
    values = copy.deepcopy(item.form.examples[example])
    for section in item.form.sections:
        if section.branch is not None and branches is not None and section.branch not in branches:
            values.pop(section.name, None)
    agreement(item.form, branches, validator, values)
    agreement(item.form, branches, validator, changed(data, item.form, values))


def _steering(field: Field) -> list[str]:
    """The answers that decide whether this one is asked for."""
    found: list[str] = []
    todo = [when for when in (field.shown_when, field.required_when) if when is not None]
    while todo:
        when = todo.pop()
        found += [when.field] if when.field is not None else []
        todo += [*when.every, *when.some, *([when.negated] if when.negated is not None else [])]
    return found


def _possible(field: Field, form: Form) -> list[Any]:
    """Every value of a steering answer that a condition can tell apart, and none."""
    codes = [code.code for code in form.lists[field.codes].codes] if field.codes else []
    return [None, True, False, "x", "2026-11-20", *codes]


@pytest.mark.parametrize(("item", "branches"), FORMS)
def test_every_condition_and_every_row_is_told_alike(
    item: Procedure | Bundle, branches: tuple[str, ...] | None
) -> None:
    """Walked, not drawn: each conditional question given and not, under each value of what it hangs on; rows too few and too many."""
    form, validator = item.form, _validator(item, branches)
    chosen = {
        section.name
        for section in form.sections
        if section.branch is None or branches is None or section.branch in branches
    }
    fields = {f"{s.name}.{field.name}": field for s in form.sections if s.name in chosen for field in s.fields}
    for example in form.examples.values():
        whole = {name: part for name, part in copy.deepcopy(example).items() if name in chosen}
        for path, field in fields.items():
            for values in _without(whole, path):
                agreement(form, branches, validator, values)
                for steer in _steering(field):
                    for value in _possible(fields[steer], form):
                        changed_one = copy.deepcopy(values)
                        rules.put(changed_one, steer, value)
                        agreement(form, branches, validator, changed_one)
            if field.kind == "rows":
                for rows in _lists_of_rows(field, form, rules.at(whole, path)):
                    values = copy.deepcopy(whole)
                    rules.put(values, path, rows)
                    agreement(form, branches, validator, values)


def _without(whole: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """The example as it is, without this answer, and with one of its section's parts gone altogether."""
    section, _, name = path.partition(".")
    less = copy.deepcopy(whole)
    less.get(section, {}).pop(name, None)
    gone = {key: part for key, part in copy.deepcopy(whole).items() if key != section}
    return [copy.deepcopy(whole), less, gone]


def _lists_of_rows(field: Field, form: Form, rows: list[dict[str, Any]] | None) -> list[list[Any]]:
    row = (rows or [{}])[0]
    most = 20 if field.maximum is None else field.maximum
    found: list[list[Any]] = [[row] * count for count in range(most + 2)]
    inner = {f"row.{one.name}": one for one in field.fields}
    enough = max(field.minimum or 0, 1)
    for one in field.fields:
        less = {name: value for name, value in row.items() if name != one.name}
        for base in (row, less):
            found.append([base] * enough)
            for steer in _steering(one):
                name = steer.removeprefix("row.")
                found += [[{**base, name: value}] * enough for value in _possible(inner[steer], form)]
    return found


_validators: dict[tuple[str, str, tuple[str, ...] | None], Any] = {}


def _validator(item: Procedure | Bundle, branches: tuple[str, ...] | None) -> Any:
    key = (item.code, item.version, branches)
    if key not in _validators:
        schema = forms.json_schema(item.form, branches=branches)
        jsonschema_rs.meta.validate(schema)
        _validators[key] = jsonschema_rs.validator_for(schema)
    return _validators[key]


@pytest.mark.parametrize(("item", "branches"), FORMS)
def test_examples_are_accepted_and_the_schema_is_one(
    item: Procedure | Bundle, branches: tuple[str, ...] | None
) -> None:
    validator = _validator(item, branches)
    for example in item.form.examples.values():
        asked = forms.tidy(item.form, example, today=TODAY, branches=branches)
        validator.validate(asked)


def test_real_days_alone_are_days_in_the_schema() -> None:
    """Every day from 1879 to 2105 and the days beside the ends of months, in each way of writing it."""
    definitions = forms.json_schema(ITEMS[0].form)["$defs"]
    iso = jsonschema_rs.validator_for(definitions["date"])
    partial = jsonschema_rs.validator_for(definitions["partial_date"])
    day = date(1879, 12, 1)
    while day < date(2105, 1, 1):
        real = day.year >= 1880
        assert iso.is_valid(day.isoformat()) == real, day
        assert partial.is_valid(f"{day:%d/%m/%Y}") == real, day
        day += timedelta(days=1)
    for year in (*range(1880, 2105), 2200, 2400, 9996, 9999):
        for month in range(1, 13):
            for number in (28, 29, 30, 31, 32):
                text = f"{year}-{month:02d}-{number:02d}"
                assert iso.is_valid(text) == (forms.earliest(text) is not None), text


def test_a_ward_is_one_of_the_whole_countrys() -> None:
    wards = forms.json_schema(ITEMS[0].form)["$defs"]["ward"]["enum"]
    assert len(wards) == 3321
    assert {place.code for place in places.wards()} <= set(wards)
    assert len(places.wards()) == 168


def test_a_condition_that_came_true_is_told_by_the_schema() -> None:
    form = CATALOGUE.procedure("civil_status_extract", TODAY).form
    validator = jsonschema_rs.validator_for(forms.json_schema(form))
    values = copy.deepcopy(form.examples["own_birth"])
    del values["copies"]["post_address"]
    assert not validator.is_valid(values)
    values["copies"]["delivery"] = "online"
    assert validator.is_valid(values)
