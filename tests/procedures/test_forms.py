"""Forms beyond the cases in the catalogue: storing, locking, prefilling from plain values, JSON Schema."""

import copy
from datetime import date, datetime
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import procedures
from procedures import forms, rules

TODAY = date(2026, 11, 6)
CATALOGUE = procedures.load()
GROUP = CATALOGUE.bundle("3.000722", TODAY)


def married() -> dict[str, Any]:
    return copy.deepcopy(GROUP.form.examples["married"])


def test_values_are_stored_composed_without_blanks_with_defaults() -> None:
    values = married()
    values["child"]["full_name"] = "  Nguye\u0302\u0303n   An "
    values["child"]["time_of_birth"] = "  "
    values["child"].pop("circumstance")
    values["copies"] = {}
    stored = forms.tidy(GROUP.form, values, today=TODAY)
    assert stored["child"]["full_name"] == "Nguyễn An"
    assert "time_of_birth" not in stored["child"]
    assert stored["child"]["circumstance"] == "facility"
    assert stored["copies"] == {"count": 0, "delivery": "online"}
    assert forms.tidy(GROUP.form, stored, today=TODAY) == stored


def test_answers_nobody_asked_for_are_not_stored() -> None:
    values = married() | {"nonsense": {"a": 1}}
    values["child"]["nickname"] = "Tí"
    values["child"]["circumstance"] = "abandoned"
    stored = forms.tidy(GROUP.form, values, today=TODAY, branches=("birth", "insurance"))
    assert "nonsense" not in stored
    assert "nickname" not in stored["child"]
    assert "residence" not in stored
    assert "birth_notification" not in stored


def test_a_locked_value_may_not_be_changed_but_may_be_repeated() -> None:
    filled = forms.prefill(GROUP.form, {"card": {"full_name": "Trần Thị Mai", "pin": "079192001234"}}, today=TODAY)
    assert filled["requester.full_name"].locked
    assert forms.changed_locked(filled, {"requester": {"full_name": "Tra\u0302\u0300n Thi\u0323 Mai"}}) == []
    assert forms.changed_locked(filled, {"child": {"full_name": "An"}}) == []
    faults = forms.changed_locked(filled, {"requester": {"full_name": "Trần Thị Mơ"}})
    assert [(fault.field, fault.code) for fault in faults] == [("requester.full_name", "locked")]


def test_prefill_reads_structs_and_dates_too() -> None:
    class Card(msgspec.Struct):
        full_name: str
        pin: str
        date_of_birth: date
        residence: dict[str, str]

    card = Card("Trần Thị Mai", "079192001234", date(1992, 5, 12), {"ward": "26740", "detail": "12 Lê Lợi"})
    filled = forms.prefill(GROUP.form, {"card": card, "request": {"relation": "mother"}}, today=TODAY)
    assert filled["mother.date_of_birth"].value == "12/05/1992"
    assert filled["mother.residence"].value == {"ward": "26740", "detail": "12 Lê Lợi"}
    assert not filled["mother.residence"].locked, "people move before their cards do"
    assert filled["residence.address"].locked is False
    assert forms.values_of(filled)["mother"]["pin"] == "079192001234"


def test_a_source_that_does_not_fit_is_passed_over() -> None:
    sources = {"card": {"pin": "12"}, "account": {"pin": "079192001234", "phone": "not a phone"}}
    filled = forms.prefill(GROUP.form, sources, today=TODAY)
    assert filled["requester.pin"].path == "account.pin"
    assert "requester.phone" not in filled


def test_sections_of_branches_not_chosen_are_not_prefilled() -> None:
    filled = forms.prefill(GROUP.form, {"card": {"residence": "x"}}, today=TODAY, branches=("birth", "insurance"))
    assert not [path for path in filled if path.startswith("residence.")]


def test_what_an_officer_states_of_a_result_is_checked() -> None:
    card = CATALOGUE.procedure("child_health_insurance", TODAY)
    faults = forms.check_fields(card.result.fields, {"card_number": "TE1790000000001"}, lists={}, today=TODAY)
    assert {fault.field for fault in faults} == {"result.facility", "result.valid_from", "result.valid_until"}


@pytest.mark.parametrize(
    ("address", "faults"),
    [
        ({"ward": "26740"}, []),
        ({"country": "FRA", "detail": "Lyon"}, []),
        ({"country": "FRA"}, [".detail not-address-abroad"]),
        ({"printed": "P. Bến Nghé, Q.1"}, [".ward required"]),
        ({"ward": "1"}, [".ward not-ward"]),
        ({"ward": 26740}, [".ward not-printable"]),
        ({"ward": "26740", "street": "Lê Lợi"}, [".street unknown-field"]),
        ("12 Lê Lợi", [" not-address"]),
    ],
)
def test_addresses(address: Any, faults: list[str]) -> None:
    values = married()
    values["child"]["birth_place"] = address
    found = [f"{fault.field} {fault.code}" for fault in forms.check(GROUP.form, values, today=TODAY)]
    assert found == [f"child.birth_place{fault}" for fault in faults]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("29/02/2024", date(2024, 2, 29), date(2024, 2, 29)),
        ("02/2024", date(2024, 2, 1), date(2024, 2, 29)),
        ("12/2025", date(2025, 12, 1), date(2025, 12, 31)),
        ("1950", date(1950, 1, 1), date(1950, 12, 31)),
        ("29/02/2023", None, None),
        ("13/2024", None, None),
        ("1/1/1990", None, None),
        ("01/1/1990", None, None),
        ("01/01/1700", None, None),
        ("90", None, None),
        (1990, None, None),
    ],
)
def test_partial_dates(text: Any, first: date | None, last: date | None) -> None:
    assert (forms.earliest(text), forms.latest(text)) == (first, last)
    values = married()
    values["father"]["date_of_birth"] = text
    values["father"].pop("pin")
    faults = [f for f in forms.check(GROUP.form, values, today=TODAY) if f.field == "father.date_of_birth"]
    assert bool(faults) == (first is None)


def test_the_schema_is_a_schema_and_agrees_with_the_example() -> None:
    schema = forms.json_schema(GROUP.form)
    jsonschema_rs.meta.validate(schema)
    validator = jsonschema_rs.validator_for(schema)
    validator.validate(married())
    wrong = married()
    wrong["child"]["sex"] = "x"
    assert not validator.is_valid(wrong)
    assert schema["properties"]["mother"]["properties"]["pin"]["x-portal"] == ["MeSoGiayTo"]
    assert "residence" not in forms.json_schema(GROUP.form, branches=("birth", "insurance"))["properties"]


@pytest.mark.parametrize("item", [*CATALOGUE.procedures, *CATALOGUE.bundles], ids=lambda item: item.code)
def test_every_form_has_a_valid_schema(item: Any) -> None:
    schema = forms.json_schema(item.form)
    jsonschema_rs.meta.validate(schema)
    for example in item.form.examples.values():
        jsonschema_rs.validator_for(schema).validate(example)
    msgspec.json.encode(item)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
PATHS = [path for path, _ in forms.fields(GROUP.form, married(), today=TODAY)]


@settings(deadline=None)
@given(st.sampled_from(PATHS), json_values)
def test_nothing_a_client_sends_breaks_the_check(path: str, value: Any) -> None:
    """Whatever stands in a field: faults, never an exception; and what has no fault can be stored."""
    values = married()
    rules.put(values, path, value)
    faults = forms.check(GROUP.form, values, today=TODAY)
    assert all(fault.message.vi and fault.message.en for fault in faults)
    stored = forms.tidy(GROUP.form, values, today=TODAY)
    msgspec.json.encode(stored)


@settings(deadline=None)
@given(json_values)
def test_nothing_in_place_of_the_values_breaks_the_check(value: Any) -> None:
    forms.check(GROUP.form, {"child": value, "mother": value, "copies": value}, today=TODAY)


def test_conditions() -> None:
    def holds(values: dict[str, Any], **when: Any) -> bool:
        return rules.holds(msgspec.convert(when, procedures.messages.When), values, today=TODAY)

    assert holds({"a": "x"}, field="a", **{"is": "x"})
    assert holds({"a": "x"}, field="a", **{"in": ["x", "y"]})
    assert not holds({}, field="a", **{"in": ["x", "y"]})
    assert holds({"a": {"b": " "}}, field="a.b", given=False)
    assert not holds({"a": None, "b": None}, field="a", same_as="b")
    assert holds({"a": "2026-09-06"}, field="a", older_than_days=60)
    assert not holds({"a": "2026-09-07"}, field="a", older_than_days=60)
    assert holds({}, **{"not": {"field": "a", "given": True}})
    assert holds({"a": "1"}, any=[{"field": "a", "given": True}, {"field": "b", "given": True}])
    assert not holds({"a": "1"}, all=[{"field": "a", "given": True}, {"field": "b", "given": True}])
    assert rules.as_date(datetime(2026, 1, 2, 3, 4)) == date(2026, 1, 2)  # noqa: DTZ001 - a plain day
