"""Every worked case at the foot of every catalogue file."""

import pytest

import procedures
from procedures import cases
from procedures.messages import Bundle, Case, Procedure

CATALOGUE = procedures.load()
ITEMS = (*CATALOGUE.procedures, *CATALOGUE.bundles)


@pytest.mark.parametrize(
    ("item", "case"),
    [pytest.param(item, case, id=f"{item.code}: {case.title}") for item in ITEMS for case in item.cases],
)
def test_case(item: Procedure | Bundle, case: Case) -> None:
    assert cases.run(CATALOGUE, item, case) == []


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: f"{item.code} {item.version}")
def test_every_item_shows_an_example_that_can_be_filed(item: Procedure | Bundle) -> None:
    assert item.form.examples
    told = {type(case).__name__ for case in item.cases}
    assert {"FaultsCase", "DeadlineCase", "FeeCase"} <= told


def test_a_wrong_case_is_found_wrong() -> None:
    """A runner that agrees with everything would make every file green."""
    birth = next(item for item in CATALOGUE.procedures if item.key == "birth_registration")
    from msgspec.structs import replace

    lies = {
        "FaultsCase": {"expect": ("child.full_name required", "made.up required")},
        "DocumentsCase": {"missing": ("nothing",)},
        "DeadlineCase": {"due": "2000-01-01T17:00"},
        "FeeCase": {"amount_dong": 1},
    }
    for case in birth.cases:
        assert cases.run(CATALOGUE, birth, replace(case, **lies[type(case).__name__])) != []
