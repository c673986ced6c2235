"""The front door: versions, search, code lists, and data that is refused."""

import shutil
from datetime import date
from pathlib import Path

import pytest

import procedures
from procedures import BUILT_IN, Catalogue, cases
from procedures.loading import CatalogueFault, read
from procedures.refusals import NotInForce, UnknownCodeList, UnknownProcedure

TODAY = date(2026, 11, 6)
CATALOGUE = procedures.load()


def test_loaded_once() -> None:
    assert procedures.load() is procedures.load()


def test_the_group_changes_on_the_day_of_force() -> None:
    before = CATALOGUE.bundle("2.002621", date(2026, 8, 31))
    since = CATALOGUE.bundle("3.000722", date(2026, 9, 1))
    assert [b.name for b in before.branches] == ["birth", "residence", "insurance"]
    assert [b.name for b in since.branches] == ["birth", "residence", "insurance", "identity_card"]
    assert CATALOGUE.find("birth_group", date(2026, 8, 31)) is before
    assert CATALOGUE.find("birth_group", date(2026, 9, 1)) is since
    assert (before.version, since.version) == ("2024-07-01", "2026-09-01")


@pytest.mark.parametrize(("code", "on"), [("3.000722", date(2026, 8, 31)), ("2.002621", date(2026, 9, 1))])
def test_not_in_force(code: str, on: date) -> None:
    with pytest.raises(NotInForce) as refused:
        CATALOGUE.find(code, on)
    assert f"{on:%d/%m/%Y}" in refused.value.message.vi


def test_unknown() -> None:
    with pytest.raises(UnknownProcedure):
        CATALOGUE.find("9.999999", TODAY)
    with pytest.raises(UnknownProcedure):
        CATALOGUE.bundle("1.001193", TODAY)
    with pytest.raises(UnknownProcedure):
        CATALOGUE.procedure("3.000722", TODAY)
    with pytest.raises(UnknownCodeList):
        CATALOGUE.codes("shoe_sizes")


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("giay khai sinh", {"birth_registration", "birth_group"}),
        ("Giấy Khai Sinh", {"birth_registration", "birth_group"}),
        ("bao hiem cho be", {"child_health_insurance", "birth_group"}),
        ("can cuoc cho con", {"child_identity_card", "birth_group"}),
        ("nhap ho khau", {"permanent_residence"}),
        ("1.001193", {"birth_registration"}),
        ("birth certificate", {"birth_registration"}),
    ],
)
def test_search(words: str, keys: set[str]) -> None:
    found = CATALOGUE.search(words, TODAY)
    assert {item.key for item in found[: len(keys)]} == keys


def test_search_finds_nothing_for_nonsense_and_everything_for_nothing() -> None:
    assert CATALOGUE.search("xyzzy", TODAY) == []
    assert CATALOGUE.search("  ", TODAY) == CATALOGUE.in_force(TODAY)
    assert all(item.code != "2.002621" for item in CATALOGUE.search("khai sinh", TODAY))


def test_code_lists() -> None:
    assert len(CATALOGUE.codes("wards").codes) == 168
    saigon = CATALOGUE.codes("wards").get("26740")
    assert saigon is not None
    assert saigon.vi == "Phường Sài Gòn"
    ethnicity = CATALOGUE.codes("ethnicity").codes
    assert [entry.code for entry in ethnicity] == [f"{n:02d}" for n in range(1, 57)]
    assert len({entry.vi for entry in ethnicity}) == 56


def test_documents_and_fees_of_a_bundle() -> None:
    group = CATALOGUE.bundle("3.000722", TODAY)
    kinds = [document.kind for document in CATALOGUE.documents(group, TODAY, ("birth", "insurance"))]
    assert "birth_notification" in kinds
    assert "ct01" not in kinds
    fees = CATALOGUE.fees_of(group, TODAY, "online")
    assert {name: fee.amount_dong for name, fee in fees.items()} == dict.fromkeys(
        ("birth", "residence", "insurance", "identity_card"), 0
    )
    assert all(fee.reason.vi and fee.reason.en for fee in fees.values())


def test_no_national_code_is_invented() -> None:
    """Codes not found in a public source stay unknown: the procedure is known by our own key."""
    published = {
        "1.001193", "1.004222", "1.000894", "1.000656", "1.004873", "2.000635", "3.000722", "2.002621",
    }  # fmt: skip
    for item in (*CATALOGUE.procedures, *CATALOGUE.bundles):
        assert item.national_code is None or item.national_code in published
        assert item.national_code is not None or item.source == "assumption"


NEW = """
key = "library_card"
from = 2026-01-01
source = "assumption"
name = { vi = "Cấp thẻ thư viện", en = "Library card" }
summary = { vi = "Thẻ đọc sách.", en = "A card to read with." }
field = { vi = "Văn hóa", en = "Culture" }
agency_kind = "ubnd_xa"
officer_role = "reception"
form = ["requester", "reading"]

[deadline]
working_days = 1
source = "assumption"

[[fees]]
from = 2026-01-01
amount_dong = 0
reason = { vi = "Không thu phí.", en = "Free." }
source = "assumption"

[result]
kind = "library_card"
name = { vi = "Thẻ thư viện", en = "Library card" }
source = "assumption"

[[sections]]
name = "reading"
title = { vi = "Sở thích", en = "Taste" }
source = "assumption"

[[sections.fields]]
name = "language"
kind = "text"
label = { vi = "Ngôn ngữ", en = "Language" }
required = true

[[cases]]
kind = "deadline"
title = "Tomorrow"
received = "2026-11-04T10:00:00"
due = "2026-11-05T17:00"
"""


def test_a_procedure_added_from_a_folder_appears(tmp_path: Path) -> None:
    (tmp_path / "library_card.toml").write_text(NEW, "utf-8")
    catalogue = procedures.load(None, tmp_path)
    item = catalogue.procedure("library_card", TODAY)
    assert [found.key for found in catalogue.search("the thu vien", TODAY)] == ["library_card"]
    assert cases.run(catalogue, item, item.cases[0]) == []
    faults = procedures.forms.check(item.form, {"requester": {}}, today=TODAY)
    assert "reading.language" in {fault.field for fault in faults}
    with pytest.raises(UnknownProcedure):
        CATALOGUE.find("library_card", TODAY)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('key = "library_card"', 'key = "library_card"\nkey = "twice"', "overwrite"),
        ("working_days = 1", "working_days = 1\nworkingdays = 2", "unknown field `workingdays`"),
        ("working_days = 1", 'working_days = "one"', "Expected `int`"),
        ('agency_kind = "ubnd_xa"', 'agency_kind = "ubnd_huyen"', "Invalid enum value"),
        ('[deadline]\nworking_days = 1\nsource = "assumption"', "[deadline]\nworking_days = 1", "missing required field `source`"),
        ('form = ["requester", "reading"]', 'form = ["requester", "writing"]', "no form section 'writing'"),
        ('kind = "text"', 'kind = "code"', "`codes` belongs to kind `code`"),
        ('kind = "text"', 'kind = "code"\ncodes = "shoe_sizes"', "no code list 'shoe_sizes'"),
        ("required = true", 'required_when = { field = "reading.languages", given = true }', "which the form lacks"),
        ('source = "assumption"\nname =', 'source = "assumption"\nassumed = ["colour"]\nname =', "`assumed` names ['colour']"),
        (NEW[NEW.index("[[cases]]") :], "", "has no [[cases]]"),
        ("from = 2026-01-01\nsource", "from = 2026-01-01\nuntil = 2025-01-01\nsource", "ends before it begins"),
        ('key = "library_card"', 'key = "birth_registration"', "in force together"),
    ],
)  # fmt: skip
def test_bad_data_is_refused_by_file(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in NEW
    (tmp_path / "library_card.toml").write_text(NEW.replace(old, new, 1), "utf-8")
    with pytest.raises(CatalogueFault) as refused:
        read((BUILT_IN, tmp_path))
    assert said in str(refused.value)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(BUILT_IN, tmp_path / "catalogue"))


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("bundles/3.000722.toml", 'procedure = "permanent_residence"', 'procedure = "moon"', "unknown procedure moon"),
        ("bundles/3.000722.toml", 'needs = ["birth"]', 'needs = ["insurance"]', "must stand after those it needs"),
        ("bundles/2.002621.toml", "until = 2026-08-31", "until = 2026-09-01", "in force together"),
        ("lifecycle.toml", 'to = "withdrawn"', 'to = "gone"', "unknown states ['gone']"),
        ("lifecycle.toml", "national_status = 7", "national_status = 11", "unknown national status 11"),
        ("calendar.toml", "on = 2026-01-10", "on = 2026-01-02", "stands twice"),
    ],
)
def test_tables_that_contradict_each_other_are_refused(copy: Path, file: str, old: str, new: str, said: str) -> None:
    _edit(copy / file, old, new)
    with pytest.raises(CatalogueFault, match=said.replace("[", r"\[").replace("]", r"\]")):
        read((copy,))


def test_a_further_folder_may_not_replace_a_list(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    shutil.copy(BUILT_IN / "codes" / "sex.toml", tmp_path / "codes" / "sex.toml")
    with pytest.raises(CatalogueFault, match="another folder already holds"):
        read((BUILT_IN, tmp_path))


def test_a_dossier_keeps_its_version(copy: Path) -> None:
    """A fee that changes next year changes nothing for whoever opened a dossier before."""
    old = (copy / "child_identity_card.toml").read_text("utf-8")
    _edit(
        copy / "child_identity_card.toml",
        'from = 2024-07-01\nsource = "assumption"',
        'from = 2024-07-01\nuntil = 2027-02-28\nsource = "assumption"',
    )
    new = old.replace("from = 2024-07-01", "from = 2027-03-01").replace("amount_dong = 0", "amount_dong = 30000")
    (copy / "child_identity_card.2027-03-01.toml").write_text(new, "utf-8")
    catalogue = Catalogue(read((copy,)))
    opened, later = date(2027, 2, 28), date(2027, 3, 1)
    assert catalogue.procedure("child_identity_card", opened).version == "2024-07-01"
    assert catalogue.procedure("child_identity_card", later).version == "2027-03-01"
    assert procedures.fees.fee(catalogue.procedure("child_identity_card", later), later, "online").amount_dong == 30000
