"""The front door: versions, search, code lists, and data that is refused."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

import procedures
from identity import offices
from procedures import BUILT_IN, Catalogue, cases
from procedures.loading import CatalogueFault, read
from procedures.refusals import NotInForce, UnknownCodeList, UnknownLifeEvent, UnknownProcedure
from procedures.validating import days_of

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
        ("giay khai snih", {"birth_registration", "birth_group"}),
        ("ket hoon", {"marriage_registration"}),
        ("lylich tuphap", {"criminal_record_certificate"}),
        ("tien mai tang", {"funeral_support"}),
        ("mo quan ca phe", {"business_household_registration"}),
        ("xoa ho khau nguoi mat", {"residence_removal", "death_group"}),
        ("doc than", {"marital_status_certificate"}),
        ("sua ten trong giay khai sinh", {"civil_status_correction"}),
        ("du hoc", {"criminal_record_certificate", "civil_status_extract", "marital_status_certificate"}),
    ],
)
def test_search(words: str, keys: set[str]) -> None:
    found = CATALOGUE.search(words, TODAY)
    assert {item.key for item in found[: len(keys)]} == keys


BIRTH, DEATH = ("birth_registration", "birth_group"), ("death_registration", "death_group")


@pytest.mark.parametrize(
    ("said", "first"),
    [
        # as people say it
        ("khai sinh", BIRTH),
        ("lam khai sinh cho con", BIRTH),
        ("tôi muốn làm giấy khai sinh cho con tôi", BIRTH),
        ("GIAY KHAI SINH!!", BIRTH),
        ("em be moi sinh", BIRTH),
        ("chua co giay khai sinh", BIRTH),
        ("con toi moi sinh can lam gi", BIRTH),
        ("dang ky ket hon", ("marriage_registration",)),
        ("lam giay ket hon", ("marriage_registration",)),
        ("lay chong", ("marriage_registration",)),
        ("bao tu", DEATH),
        ("khai tu", DEATH),
        ("giay chung tu", DEATH),
        ("ba mat", DEATH),
        ("ông nội mất", DEATH),
        ("mai tang", ("funeral_support", "death_group")),
        ("tro cap mai tang", ("funeral_support",)),
        ("dam ma", ("funeral_support",)),
        ("tu tuat", ("survivor_benefit", "death_group")),
        ("ly lich tu phap", ("criminal_record_certificate",)),
        ("phieu lltp so 2", ("criminal_record_certificate",)),
        ("án tích", ("criminal_record_certificate",)),
        ("di nuoc ngoai", ("criminal_record_certificate",)),
        ("ho kinh doanh", ("business_household_registration",)),
        ("mo shop", ("business_household_registration",)),
        ("dang ky kinh doanh", ("business_household_registration",)),
        ("nhap ho khau", ("permanent_residence",)),
        ("nhap khau cho con", ("permanent_residence",)),
        ("thuong tru", ("permanent_residence",)),
        ("cat khau", ("residence_removal",)),
        ("xoa thuong tru", ("residence_removal", "death_group")),
        ("can cuoc cho tre em", ("child_identity_card",)),
        ("cccd cho be", ("child_identity_card",)),
        ("cmnd", ("child_identity_card",)),
        ("bao hiem cho be", ("child_health_insurance", "birth_group")),
        ("the bhyt cho be", ("child_health_insurance",)),
        ("xac nhan doc than", ("marital_status_certificate",)),
        ("tinh trang hon nhan", ("marital_status_certificate",)),
        ("xn tthn", ("marital_status_certificate",)),
        ("trich luc", ("civil_status_extract",)),
        ("trich luc khai sinh", ("civil_status_extract",)),
        ("sao y khai sinh", ("civil_status_extract",)),
        ("ban sao giay ket hon", ("civil_status_extract",)),
        ("mat giay khai sinh", ("civil_status_extract",)),
        ("dang ky lai khai sinh", ("birth_reregistration",)),
        ("lam lai giay khai sinh", ("birth_reregistration",)),
        ("sai ten khai sinh", ("civil_status_correction",)),
        ("doi ten cho con", ("civil_status_correction",)),
        ("nhan cha cho con", ("recognition",)),
        ("con ngoai gia thu", ("recognition",)),
        # with a letter wrong, missing or exchanged, not ended, or run together
        ("khai sih", BIRTH),
        ("giay khai snih", BIRTH),
        ("khai s", BIRTH),
        ("khaisinh", BIRTH),
        ("ket hn", ("marriage_registration",)),
        ("ket ho", ("marriage_registration",)),
        ("doc thn", ("marital_status_certificate",)),
        ("ly lich tu ph", ("criminal_record_certificate",)),
        ("trich lu", ("civil_status_extract",)),
        ("can cu", ("child_identity_card",)),
        ("mai ta", ("funeral_support", "death_group")),
        ("hokinhdoanh", ("business_household_registration",)),
        ("bao hiem y te tre em duoi 6 tuoi", ("child_health_insurance",)),
        # in English
        ("birth", BIRTH),
        ("how do I register my baby", BIRTH),
        ("birth certificate", BIRTH),
        ("copy of birth certificate", ("civil_status_extract",)),
        ("lost birth certificate", ("civil_status_extract",)),
        ("get married", ("marriage_registration",)),
        ("death", DEATH),
        ("funeral", ("funeral_support",)),
        ("single", ("marital_status_certificate",)),
        ("police certificate", ("criminal_record_certificate",)),
        ("open a shop", ("business_household_registration",)),
        ("child insurance", ("child_health_insurance",)),
        ("id card", ("child_identity_card",)),
        ("change my name", ("civil_status_correction",)),
        ("paternity", ("recognition",)),
        # by its code
        ("3.000722", ("birth_group",)),
        ("2.002913", ("death_group",)),
    ],
)
def test_what_is_meant_stands_first(said: str, first: tuple[str, ...]) -> None:
    """ "khai sinh" led to registering a lost birth again, "an tich" to extracts, and "cmnd" or "ban sao" of a paper nowhere."""
    found = [item.key for item in CATALOGUE.search(said, TODAY)[: len(first)]]
    assert found[0] in first
    assert set(found) == set(first)


def test_what_only_shares_a_word_stands_not_there() -> None:
    assert "marriage_registration" not in {item.key for item in CATALOGUE.search("dam ma", TODAY)}
    assert "birth_group" not in {item.key for item in CATALOGUE.search("dang ky ket hon", TODAY)}
    assert {item.key for item in CATALOGUE.search("giay bao tu", TODAY)} == set(DEATH)


def test_a_word_somebody_uses_is_never_taken_for_a_typing_error() -> None:
    """ "con" (child) is a letter from "cong" (public): a guess would find the whole police."""
    assert CATALOGUE.search("con", TODAY) == CATALOGUE.search("cho con", TODAY)
    assert [item.key for item in CATALOGUE.search("xac nhan doc than", TODAY)] == ["marital_status_certificate"]


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
        "1.001193", "1.004222", "1.000894", "1.000656", "1.004873", "2.000635", "3.000722", "2.002621", "2.002913", "2.002622",
        "1.004859", "1.004884", "1.004746", "1.005461",
    }  # fmt: skip
    for item in (*CATALOGUE.procedures, *CATALOGUE.bundles):
        assert item.national_code is None or item.national_code in published
        assert item.national_code is not None or item.source == "assumption"


def test_everything_the_city_must_offer_is_there() -> None:
    """The list of the procedures' issue, each as in force today."""
    asked = {
        "birth_registration", "marriage_registration", "death_registration", "recognition", "marital_status_certificate",
        "civil_status_extract", "permanent_residence", "residence_removal", "child_health_insurance", "child_identity_card",
        "funeral_support", "criminal_record_certificate", "business_household_registration", "civil_status_correction",
        "birth_reregistration", "marriage_reregistration", "death_reregistration", "birth_group", "death_group",
    }  # fmt: skip
    assert asked <= {item.key for item in CATALOGUE.in_force(TODAY)}
    kinds = {code.code for code in CATALOGUE.codes("extract_kind").codes}
    assert kinds == {"birth", "marriage", "death", "recognition"}


def test_the_death_group_and_its_branches() -> None:
    before, since = CATALOGUE.bundle("2.002622", date(2026, 8, 31)), CATALOGUE.bundle("2.002913", date(2026, 9, 1))
    assert before.key == since.key == "death_group"
    assert [(b.name, b.optional) for b in since.branches] == [
        ("death", False), ("residence_removal", True), ("funeral", True), ("survivors", True),
    ]  # fmt: skip
    with pytest.raises(NotInForce):
        CATALOGUE.find("2.002622", date(2026, 9, 1))


@pytest.mark.parametrize(
    ("key", "before", "since"),
    [
        ("death_registration", "Trích lục khai tử", "Giấy chứng tử"),
        ("birth_registration", "Giấy khai sinh", "Giấy khai sinh"),
        ("death_reregistration", "Trích lục khai tử (đăng ký lại)", "Giấy chứng tử (đăng ký lại)"),
    ],
)
def test_the_law_of_the_first_of_march_2027(key: str, before: str, since: str) -> None:
    old, new = CATALOGUE.procedure(key, date(2027, 2, 28)), CATALOGUE.procedure(key, date(2027, 3, 1))
    assert (old.result.name.vi, new.result.name.vi) == (before, since)
    assert any("60/2014" in law for law in old.legal_basis)
    assert "Luật Hộ tịch 03/2026/QH16" in new.legal_basis
    assert not any("60/2014" in law for law in new.legal_basis)


def test_nothing_in_force_stands_on_a_law_that_is_not() -> None:
    for item in CATALOGUE.in_force(date(2027, 3, 1)):
        assert not any("60/2014" in law for law in item.legal_basis), item.key


@pytest.mark.parametrize(
    "item", [*CATALOGUE.procedures, *CATALOGUE.bundles], ids=lambda item: f"{item.code} {item.version}"
)
def test_every_item_says_what_a_citizen_asks(item: procedures.Procedure | procedures.Bundle) -> None:
    assert len(item.guide) >= 2
    assert item.keywords
    assert item.about
    assert item.legal_basis
    assert item.steps
    assert days_of(item.steps) <= (item.deadline.extended_working_days or item.deadline.working_days)
    if isinstance(item, procedures.Procedure):
        assert item.agency_kind in offices.AGENCIES
        assert item.officer_role in offices.ROLES
        assert all(paper.source == "assumption" or paper.cites for paper in item.documents)
        assert all(fee.source == "assumption" or fee.cites for fee in item.fees)


def test_life_events_lead_somewhere_on_every_day() -> None:
    for event in CATALOGUE.events:
        assert len(event.guide) >= 2
        for day in (date(2026, 8, 31), date(2026, 11, 6), date(2027, 3, 1)):
            assert [item.key for item in CATALOGUE.of_event(event, day)] == list(event.procedures)
    assert CATALOGUE.event("birth").procedures[0] == "birth_group"
    with pytest.raises(UnknownLifeEvent):
        CATALOGUE.event("moon")


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
    ("old", "new", "said", "do"),
    [
        ('key = "library_card"', 'key = "library_card"\nkey = "twice"', "overwrite", "a key stands once"),
        ("working_days = 1", "working_days = 1\nworkingdays = 2", "deadline: Object contains unknown field `workingdays`", "Correct the spelling"),
        ("working_days = 1", 'working_days = "one"', "deadline.working_days: Expected `int`", "Write a value of that kind"),
        ('agency_kind = "ubnd_xa"', 'agency_kind = "ubnd_huyen"', "agency_kind: Invalid enum value", "Use one of the values"),
        ('[deadline]\nworking_days = 1\nsource = "assumption"', "[deadline]\nworking_days = 1", "deadline: Object missing required field `source`", "Add it"),
        ('form = ["requester", "reading"]', 'form = ["requester", "writing"]', "form: there is no form section 'writing'", "Write [[sections]]"),
        ('kind = "text"', 'kind = "code"', "reading.language: `codes` belongs to kind `code`", "Name a list"),
        ('kind = "text"', 'kind = "rows"', "reading.language: `fields` belong to kind `rows`", "Write what a row asks"),
        ('kind = "text"', 'kind = "code"\ncodes = "shoe_sizes"', "reading.language.codes: there is no code list 'shoe_sizes'", "Write codes/shoe_sizes.toml"),
        ("required = true", 'required_when = { field = "reading.languages", given = true }', "which the form lacks", "Name section.field"),
        ("required = true", 'required_when = { field = "reading.language", same_as = "requester.phone" }', "no client can tell", "Ask by `is`"),
        ('officer_role = "reception"', 'officer_role = "reception"\nplace = ["home.residence"]', "place: home.residence is no field", "Name an address"),
        ('officer_role = "reception"', 'officer_role = "reception"\nabout = ["child.full_name"]', "about: child.full_name is no field", "Name a field"),
        ('source = "assumption"\nname =', 'source = "assumption"\nassumed = ["colour"]\nname =', "assumed: `assumed` names ['colour']", "Name keys of the same table"),
        ("[[fees]]", '[[deadline.instead]]\nwhen = { field = "reading.languages", is = "vi" }\nworking_days = 0\nsource = "assumption"\n[[fees]]', "deadline.instead[0]: the condition speaks of reading.languages, which the form lacks", "Name section.field"),
        ("[[fees]]", '[[steps]]\nname = { vi = "Đọc", en = "Read" }\nworking_days = 2\nsource = "assumption"\n[[fees]]', "steps: the steps take 2 working days, the promise is 1", "Shorten a step"),
        (NEW[NEW.index("[[cases]]") :], "", "cases: has no [[cases]]", "Write one"),
        ("from = 2026-01-01\nsource", "from = 2026-01-01\nuntil = 2025-01-01\nsource", "until: version 2026-01-01 of library_card ends before it begins", "Correct"),
        ('key = "library_card"', 'key = "birth_registration"', "in force together", "end on the day before"),
        ('key = "library_card"', 'key = "library_card"\nbased_on = "reading_card"', "based_on: there is no file reading_card.toml", "Name the file"),
    ],
)  # fmt: skip
def test_bad_data_is_refused_by_file_and_key_with_what_to_do(
    tmp_path: Path, old: str, new: str, said: str, do: str
) -> None:
    assert old in NEW
    (tmp_path / "library_card.toml").write_text(NEW.replace(old, new, 1), "utf-8")
    with pytest.raises(CatalogueFault) as refused:
        read((BUILT_IN, tmp_path))
    told = str(refused.value)
    assert said in told
    assert do in told
    assert "library_card.toml" in told or "birth_registration" in told


def test_a_life_event_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    text = (BUILT_IN / "events" / "marriage.toml").read_text("utf-8").replace('"marriage_registration"', '"moon"')
    (tmp_path / "events" / "moon.toml").write_text(text, "utf-8")
    with pytest.raises(CatalogueFault, match=r"unknown procedures \['moon'\]"):
        read((BUILT_IN, tmp_path))


def test_a_version_says_only_what_it_changes(tmp_path: Path) -> None:
    (tmp_path / "library_card.toml").write_text(
        NEW.replace("from = 2026-01-01\nsource", "from = 2026-01-01\nuntil = 2026-06-30\nsource", 1), "utf-8"
    )
    case = NEW[NEW.index("[[cases]]") :]
    later = 'based_on = "library_card"\nfrom = 2026-07-01\n[deadline]\nworking_days = 1\nsource = "published"\n' + case
    (tmp_path / "library_card.2026-07-01.toml").write_text(later, "utf-8")
    catalogue = Catalogue(read((BUILT_IN, tmp_path)))
    old, new = catalogue.procedure("library_card", date(2026, 6, 30)), catalogue.procedure("library_card", TODAY)
    assert (old.version, new.version) == ("2026-01-01", "2026-07-01")
    assert (old.deadline.source, new.deadline.source) == ("assumption", "published")
    assert new.until is None
    assert old.form == new.form


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
        (
            "lifecycle.toml",
            "clock_stopped = true",
            "clock_stopped = false",
            "the clock of unconfirmed does not stand still",
        ),
        (
            "lifecycle.toml",
            "clock_stops_in = [5, 6, 8]",
            "clock_stops_in = [6, 8]",
            "the clock of unconfirmed does not stand still",
        ),
        ("calendar.toml", "on = 2026-01-10", "on = 2026-01-02", "stands twice"),
    ],
)
def test_tables_that_contradict_each_other_are_refused(copy: Path, file: str, old: str, new: str, said: str) -> None:
    _edit(copy / file, old, new)
    with pytest.raises(CatalogueFault, match=re.escape(said)):
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
