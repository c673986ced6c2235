"""What proves a person: two agreeing sources, a card in force, nothing disputed."""

import itertools
from datetime import date

import pytest

from identity.proofing import current
from identity.proofing.policy import claims, not_comparable, shortfalls
from tests.identity.proofing.cards import MISSING, NUMBER, field, reading

TODAY = date(2026, 11, 22)
RULE = current().card


def short(said, *, today=TODAY, has_portrait=True):
    return [(one.field, one.code) for one in shortfalls(RULE, said, has_portrait=has_portrait, today=today)]


def test_a_good_card_passes():
    assert short(reading()) == []


def test_a_card_that_only_asks_for_a_second_look_passes_and_one_for_another_photo_does_not():
    assert short(reading("review")) == []
    assert ("card", "card-retake") in short(reading("retake"))


@pytest.mark.parametrize("name", RULE.no_conflict)
def test_witnesses_against_each_other_do_not_pass(name):
    assert (name, "sources-disagree") in short(reading("review", **{name: field(name, status="conflict")}))


def test_a_dispute_about_the_residence_does_not_stop_the_card_but_is_not_taken_over():
    disputed = reading("review", place_of_residence=field("place_of_residence", status="conflict"))
    assert short(disputed) == []
    assert "residence" not in {claim for claim, _, _ in claims(disputed)}


@pytest.mark.parametrize("name", ["number", "full_name", "date_of_birth"])
@pytest.mark.parametrize("witness", ["print", "qr", "mrz"])
def test_one_source_alone_is_not_enough(name, witness):
    assert short(reading(**{name: field(name, status="read", witnesses=(witness,))})) == [(name, "one-source-only")]


@pytest.mark.parametrize("pair", list(itertools.combinations(("print", "qr", "mrz"), 2)))
def test_any_two_sources_that_agree_are_enough(pair):
    assert short(reading(number=field("number", witnesses=pair))) == []


def test_the_structure_of_the_number_is_no_second_source():
    said = reading(date_of_birth=field("date_of_birth", status="confirmed", witnesses=("qr", "number")))
    assert short(said) == [("date_of_birth", "one-source-only")]


@pytest.mark.parametrize("name", ["number", "full_name", "date_of_birth"])
def test_a_missing_field_is_not_proven(name):
    assert (name, "one-source-only") in short(reading(**{name: MISSING}))


@pytest.mark.parametrize("name", ["sex", "date_of_expiry"])
def test_sex_and_expiry_must_be_readable(name):
    assert short(reading(**{name: MISSING})) == [(name, "unreadable")]
    without = reading()
    del without.fields[name]
    assert short(without) == [(name, "unreadable")]


def test_the_day_it_expires_a_card_no_longer_passes_and_the_day_before_it_does():
    assert short(reading(), today=date(2029, 1, 14)) == []
    assert short(reading(), today=date(2029, 1, 15)) == [("date_of_expiry", "card-expired")]


def test_a_card_without_end_passes():
    forever = field("date_of_expiry", value="Không thời hạn", normal="none")
    assert short(reading(date_of_expiry=forever), today=date(2099, 1, 1)) == []


def test_a_card_issued_tomorrow_does_not_pass():
    tomorrow = field("date_of_issue", normal="2026-11-23")
    assert short(reading(date_of_issue=tomorrow)) == [("date_of_issue", "sources-disagree")]


def test_at_fourteen_one_acts_for_oneself():
    at = field("date_of_birth", normal="2012-11-22")
    assert short(reading(date_of_birth=at)) == []
    assert short(reading(date_of_birth=at), today=date(2026, 11, 21)) == [("date_of_birth", "too-young")]


def test_born_on_the_29th_of_february_one_is_fourteen_on_the_first_of_march():
    leap = field("date_of_birth", normal="2012-02-29")
    assert ("date_of_birth", "too-young") in short(reading(date_of_birth=leap), today=date(2026, 2, 28))
    assert short(reading(date_of_birth=leap), today=date(2026, 3, 1)) == []


def test_a_number_that_cannot_be_does_not_pass_even_when_confirmed():
    assert ("number", "sources-disagree") in short(reading(number=field("number", value="003089000123")))


def test_without_a_portrait_there_is_nothing_to_compare_with():
    assert short(reading(), has_portrait=False) == [("portrait", "card-without-portrait")]


def test_every_shortfall_speaks_both_languages():
    worst = reading("retake", number=MISSING, sex=MISSING, full_name=field("full_name", status="conflict"))
    told = shortfalls(RULE, worst, has_portrait=False, today=date(2030, 1, 1))
    assert len({one.code for one in told}) >= 6
    for one in told:
        assert one.message.vi.endswith(".")
        assert one.message.en.endswith(".")
        assert one.message.vi != one.message.en


def test_what_is_believed_names_its_sources():
    told = {claim: (value, sources) for claim, value, sources in claims(reading())}
    assert told["pin"] == (NUMBER, ("card:qr", "card:mrz", "card:print"))
    assert told["date_of_birth"][0] == "1989-01-15"
    assert told["sex"][0] == "male"
    assert told["residence"] == ("Số 1 đường Hư Cấu", ("card:qr",))


def test_print_alone_is_never_believed():
    assert "place_of_origin" not in {claim for claim, _, _ in claims(reading())}


def test_levels_build_on_each_other():
    policy = current()
    assert policy.level(()) == 0
    assert policy.level(("card", "face")) == 0
    assert policy.level(("card", "face", "contact")) == 1
    assert policy.level(("card", "contact", "officer")) == 0
    assert (
        policy.level(("officer",)) == policy.level(("register",)) == policy.level(("card", "contact", "register")) == 0
    )
    assert policy.level(("officer", "register")) == 1
    assert policy.level(("card", "face", "contact", "officer")) == 2
    assert policy.level(("card", "face", "contact", "liveness")) == 1
    assert policy.level(("card", "face", "contact", "liveness", "chip")) == 2


def test_the_mapping_to_the_decree_is_marked_an_assumption():
    for level in current().levels:
        assert level.uri == f"urn:motcua:loa:{level.level}"
        assert "NĐ 69/2024" in level.corresponds_to
        assert level.source == "assumption"


@pytest.mark.parametrize(
    ("born", "issued", "reason"),
    [
        ("1989-01-15", "2024-07-01", None),
        ("1989-01-15", None, None),
        ("1989-01-15", "2011-11-23", None),
        ("1989-01-15", "2011-11-22", "old-portrait"),
        ("2020-11-23", None, "child"),
        ("2020-11-22", None, None),
        ("2010-07-02", "2016-07-01", "child"),
        ("2010-07-01", "2016-07-01", None),
    ],
)
def test_small_children_and_old_portraits_are_for_a_person_to_compare(born, issued, reason):
    said = reading(
        date_of_birth=field("date_of_birth", normal=born),
        date_of_issue=field("date_of_issue", normal=issued) if issued else MISSING,
    )
    assert not_comparable(current().face, said, today=TODAY) == reason
