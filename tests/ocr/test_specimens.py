"""Specimens and their holders: all six kinds, in every look, hold together; what tests see, training does not."""

import datetime
import itertools
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pytest
import zxingcpp
from PIL import Image

from kit import fonts, names, pin
from ocr import mrz, qr
from ocr.documents import DOCUMENTS, Side, without_portrait
from ocr.finding import find
from ocr.training import people, syllables
from ocr.training.people import HELD_OUT_FROM, fictional
from ocr.training.recogniser import texts
from ocr.training.specimens import (
    HEIGHT,
    WIDTH,
    CardFacts,
    Kind,
    Printed,
    Specimen,
    Style,
    drawn_face,
    grounds,
    render,
    styles,
    typefaces,
)
from ocr.training.specimens.facts import payload, zone

from .conftest import card, facts

KINDS: tuple[Kind, ...] = get_args(Kind)
SIDES: tuple[Side, Side] = ("front", "back")
FACE = drawn_face(4)


def held_out(seed: int) -> Style:
    try:
        return styles.held_out(seed)
    except typefaces.FontNotInstalled as error:
        pytest.skip(str(error))


def default(seed: int) -> Style:
    return msgspec.structs.replace(Style.default(), seed=seed)


def drawn(kind: Kind, look: Callable[[int], Style], seed: int) -> Specimen:
    """A person of the set that the look belongs to, on a card in that look."""
    style = look(seed)
    person = seed + (HELD_OUT_FROM if look is held_out else 0)
    spelling: people.Spelling = "dice" if seed % 5 == 0 else "lists"
    return render(kind, fictional(person, kind, portrait=FACE, spelling=spelling), style=style)


def prints(specimen: Specimen, side: Side) -> tuple[Printed, ...]:
    return specimen.front_print if side == "front" else specimen.back_print


def overlaps(printed: tuple[Printed, ...]) -> list[tuple[str, str]]:
    """Pairs whose boxes share more than the two pixels that antialiasing and side bearings may."""
    found: list[tuple[str, str]] = []
    for one, two in itertools.combinations(printed, 2):
        width = min(one.box[2], two.box[2]) - max(one.box[0], two.box[0])
        height = min(one.box[3], two.box[3]) - max(one.box[1], two.box[1])
        if min(width, height) > 2:
            found.append((one.text or one.field, two.text or two.field))
    return found


def assert_drawn_well(specimen: Specimen) -> None:
    for side in SIDES:
        assert getattr(specimen, side).size == (WIDTH, HEIGHT)
        printed = prints(specimen, side)
        assert overlaps(printed) == []
        beyond = [p for p in printed if p.box[0] < 0 or p.box[1] < 0 or p.box[2] > WIDTH or p.box[3] > HEIGHT]
        assert beyond == []


LOOKS = [(default, 7), (styles.for_training, 1), (styles.for_training, 2), (held_out, 1)]
MORE_LOOKS = [(look, seed) for look in (styles.for_training, held_out) for seed in range(10, 24)]


@pytest.mark.parametrize(("look", "seed"), LOOKS, ids=["default", "training-1", "training-2", "held-out-1"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_in_every_look_overlaps_nothing(kind: Kind, look: Callable[[int], Style], seed: int) -> None:
    assert_drawn_well(drawn(kind, look, seed))


@pytest.mark.slow
@pytest.mark.parametrize(("look", "seed"), MORE_LOOKS)
@pytest.mark.parametrize("kind", KINDS)
def test_many_looks_overlap_nothing(kind: Kind, look: Callable[[int], Style], seed: int) -> None:
    assert_drawn_well(drawn(kind, look, seed))


@pytest.mark.slow
@pytest.mark.parametrize("family", [family.name for family in typefaces.families()])
def test_every_typeface_of_the_table_prints_a_card(family: str) -> None:
    known = typefaces.family(family)
    if not known.is_installed:
        pytest.skip(f"{family} is not installed: {known.package}")
    regular, bold = str(known.file("regular")), str(known.file("bold"))
    look = Style(
        value_face=regular,
        value_bold_face=bold,
        typed_face=regular,
        label_face=regular,
        english_face=str(known.file("italic")),
        heading_face=bold,
        size=1.08,
    )
    for kind in ("cmnd_9", "cccd_chip_2021"):
        assert_drawn_well(render(kind, facts(kind), style=look))


@pytest.mark.parametrize("kind", KINDS)
def test_the_print_is_what_the_document_describes(kind: Kind) -> None:
    """Every field of a layout stands on its side, behind one of its labels; marks are there, what rules the kind out is not."""
    for side in SIDES:
        layout = getattr(DOCUMENTS[kind], side)
        printed = prints(card(kind), side)
        lines = [p.text for p in printed if p.text]
        wanted = {label.field for label in layout.labels} - {""}
        assert wanted <= {p.field for p in printed}
        together = " ".join(lines)
        for field in wanted:
            spoken = [label.vi for label in layout.labels if label.field == field and label.value == "after"]
            assert not spoken or any(find(words, together) for words in spoken), field
        for mark in layout.marks:
            assert any(find(mark, line, wrong_share=0.0) for line in lines) or find(mark, together), mark
        assert [n for n in layout.never if any(find(n, line, wrong_share=0.2) for line in lines)] == []
        pictures = {p.field: p.box for p in printed if not p.text}
        for name in ("portrait", "barcode"):
            place = getattr(layout, name)
            if place is not None:
                left, top = round(place.x * WIDTH), round(place.y * HEIGHT)
                assert pictures[name][:2] == (left, top)
        assert ("qr" in pictures) == (layout.qr is not None)


def test_no_phrase_that_rules_a_kind_out_is_near_a_place_name() -> None:
    """Cần Đước in Long An was once one letter from CĂN CƯỚC, and ruled out every older card of that district."""
    phrases = {phrase for document in DOCUMENTS.values() for layout in document.layouts for phrase in layout.never}
    phrases |= {"CĂN CƯỚC CÔNG DÂN", "CHỨNG MINH NHÂN DÂN"}
    places = {f"{unit.ward}, {unit.district}" for unit in every_unit("training") | every_unit("held_out")}
    places |= {"Thị trấn Cần Đước, Huyện Cần Đước", "Xã Gio Linh, Huyện Gio Linh"}
    assert [(p, place) for p in phrases for place in places if find(p, place, wrong_share=0.2)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_portrait_is_where_the_layout_says_and_children_under_six_have_none(kind: Kind) -> None:
    place = DOCUMENTS[kind].front.portrait
    assert (place is None) == (kind == "can_cuoc_2024_under_6")
    box = place or DOCUMENTS["can_cuoc_2024"].front.portrait
    assert box is not None
    grey = np.asarray(card(kind).front.convert("L"))
    part = grey[
        round(box.y * HEIGHT) : round((box.y + box.height) * HEIGHT),
        round(box.x * WIDTH) : round((box.x + box.width) * WIDTH),
    ]
    assert (part.std() / part.mean() > 0.12) == (place is not None)


def codes(side: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(np.asarray(side.convert("L")))]


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_on_the_card_says_the_facts(kind: Kind) -> None:
    """QR of the newer kinds, PDF417 of the two before; the nine digits have none."""
    true, specimen = facts(kind), card(kind)
    texts = codes(specimen.front) + codes(specimen.back)
    if kind == "cmnd_9":
        assert texts == []
        return
    assert texts == [payload(true)]
    said = qr.parse(texts[0])
    assert said is not None
    assert (said.number, said.old_number, said.full_name, said.date_of_birth, said.sex, said.address, said.issued) == (
        true.number,
        true.old_number,
        true.full_name,
        true.date_of_birth,
        true.sex,
        true.residence,
        true.issued,
    )
    assert said.extra == (("Nguyễn Hữu Mẫu", "Nguyễn Trần Phương Thảo") if kind == "can_cuoc_2024_under_6" else ())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if DOCUMENTS[kind].back.has_mrz])
def test_the_zone_says_the_facts(kind: Kind) -> None:
    for seed in range(20):
        true = fictional(seed, kind)
        said = mrz.parse(zone(true))
        assert isinstance(said, mrz.Mrz), said
        assert (said.number, said.date_of_birth, said.sex, said.date_of_expiry) == (
            true.number,
            true.date_of_birth,
            true.sex,
            true.expires,
        )
        words = names.mrz_form(true.full_name).replace("<", " ")
        assert words.startswith(said.name)
    lines = tuple(p.text for p in card(kind).back_print if p.field == "mrz")
    assert lines == zone(facts(kind))


@pytest.mark.parametrize("where", ["print_facts", "qr_facts", "mrz_facts"])
def test_each_source_can_be_told_facts_of_its_own(where: str) -> None:
    true = facts("can_cuoc_2024")
    other = msgspec.structs.replace(true, full_name="Trần Thị Khác")
    specimen = render("can_cuoc_2024", true, **{where: other})
    by_print = next(p.text for p in specimen.front_print if p.field == "full_name")
    code = qr.parse(codes(specimen.back)[0])
    by_zone = [p.text for p in specimen.back_print if p.field == "mrz"][2]
    assert code is not None
    told = (by_print == "TRẦN THỊ KHÁC", code.full_name == "Trần Thị Khác", by_zone.startswith("TRAN<<THI<KHAC<"))
    assert told == (where == "print_facts", where == "qr_facts", where == "mrz_facts")


def test_a_long_name_is_set_smaller_and_an_endless_one_is_refused() -> None:
    true = facts("cccd_chip_2021")
    long = msgspec.structs.replace(true, full_name="Công Tằng Tôn Nữ Nguyễn Phương Khuynh Thùy")
    specimen = render("cccd_chip_2021", long)
    assert_drawn_well(specimen)
    assert [p.text for p in specimen.front_print if p.field == "full_name"] == [long.full_name.upper()]
    with pytest.raises(ValueError, match="does not fit"):
        render("cccd_chip_2021", msgspec.structs.replace(true, full_name="Nguyễn " * 40))


def test_a_long_address_keeps_its_words_in_order_over_its_lines() -> None:
    home = "Số 1234/56/78C Đường Hải Thượng Lãn Ông, Phường Nguyễn An Ninh, Thành phố Vũng Tàu, Tỉnh Bà Rịa - Vũng Tàu"
    for kind in KINDS:
        specimen = render(kind, msgspec.structs.replace(facts(kind), residence=home))
        assert_drawn_well(specimen)
        printed = specimen.front_print + specimen.back_print
        rows = [p.text for p in printed if p.field == "place_of_residence"]
        assert len(rows) > 1
        assert " ".join(rows) == home


def test_wear_takes_ink_from_the_values_and_leaves_the_labels() -> None:
    true = facts("can_cuoc_2024")
    plain, worn = (render("can_cuoc_2024", true, style=Style(fade=share, broken=share)) for share in (0.0, 0.6))
    dark = [np.asarray(specimen.front.convert("L"), dtype=np.int32) for specimen in (plain, worn)]

    def lost(field: str, text: str) -> float:
        left, top, right, bottom = next(
            p.box for p in plain.front_print if (p.field == field) and p.text.startswith(text)
        )
        change = dark[1][top:bottom, left:right] - dark[0][top:bottom, left:right]
        return float(change.mean())

    assert lost("full_name", "NGUYỄN") > 5
    assert lost("", "Họ, chữ đệm") == 0


def test_the_default_look_needs_no_font_but_the_products_own() -> None:
    assert all(fonts.path(face).is_file() for face in Style.default().faces)


# People


def age_on(day: datetime.date, born: datetime.date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", [0, HELD_OUT_FROM])
def test_fifty_people_hold_together(kind: Kind, first: int) -> None:
    document = DOCUMENTS[kind]
    for seed in range(first, first + 50):
        one = fictional(seed, kind, portrait=FACE)
        assert len(one.number) == document.number_digits
        if document.number_digits == 12:
            assert pin.faults(one.number, sex=one.sex, birth_year=one.date_of_birth.year) == []
        assert document.may_be_issued(one.issued)
        assert document.may_be_held(one.date_of_birth, one.issued)
        assert one.issued <= datetime.date(2026, 2, 20)
        if document.years_valid:
            assert one.expires is not None
            assert 14 <= age_on(one.expires, one.issued) <= 15
        elif one.expires is None:
            assert age_on(one.issued, one.date_of_birth) >= 57
        else:
            assert age_on(one.expires, one.date_of_birth) in people.CHANGE_AT
            assert (one.expires - one.issued).days > 2 * 365
        assert 1 <= len(one.full_name.split()) <= 6
        assert names.nfc(one.full_name) == one.full_name
        child = kind == "can_cuoc_2024_under_6"
        assert (one.father is not None, one.mother is not None, one.portrait is None) == (child, child, child)
        if one.old_number:
            assert re.fullmatch("[0-9]{9}", one.old_number)
            assert one.date_of_birth.year <= 2005
        towns = one.residence.count(",")
        assert towns >= (2 if one.issued < people.NEW_MAP_FROM else 1)


def test_the_number_begins_with_the_province_where_the_birth_was_registered() -> None:
    for seed in range(100):
        one = fictional(seed, "cccd_chip_2021")
        province = pin.PROVINCES[one.number[:3]].removeprefix("Thành phố ")
        assert one.place_of_birth.endswith(province), one


def test_a_holder_is_in_force_on_a_day_when_asked_for() -> None:
    day = datetime.date(2027, 1, 1)
    ends = [fictional(seed, "cccd_chip_2021").expires for seed in range(60)]
    later = [fictional(seed, "cccd_chip_2021", in_force_on=day).expires for seed in range(60)]
    assert any(end is not None and end <= day for end in ends)
    assert all(end is None or end > day for end in later)


def test_the_same_seed_is_the_same_person() -> None:
    assert fictional(3, "cmnd_12") == fictional(3, "cmnd_12")
    assert fictional(3, "cmnd_12") != fictional(4, "cmnd_12")


def test_names_have_one_to_six_words_and_some_are_of_the_smaller_peoples() -> None:
    found = [fictional(seed, "cmnd_9") for seed in range(900)]
    assert {len(one.full_name.split()) for one in found} == {1, 2, 3, 4, 5, 6}
    assert any("H'" in one.full_name or "K'" in one.full_name for one in found)
    assert {"Kinh", "Khmer", "Ê-đê"} <= {one.ethnicity for one in found}


def test_names_by_dice_are_spelt_like_vietnamese_and_stand_in_no_list() -> None:
    import random

    dice = random.Random(8)
    drawn_syllables = {syllables.syllable(dice) for _ in range(3_000)}
    assert len(drawn_syllables) > 1_500
    for one in drawn_syllables:
        assert unicodedata.is_normalized("NFC", one)
        bare = names.bare(one)
        assert re.fullmatch(r"[a-z]{1,7}", bare), one
        assert not re.match(r"(c|g|ng)[eiy]|(k|gh|ngh)[aou]", bare.replace("gi", "gh")), one
    by_dice = {fictional(seed, "cmnd_9", spelling="dice").full_name for seed in range(200)}
    by_list = {fictional(seed, "cmnd_9").full_name for seed in range(200)}
    assert not by_dice & by_list


# What training may see


HELD_OUT = (
    "Liberation Sans", "Liberation Serif", "Liberation Mono", "Arimo", "Tinos", "Cousine", "Open Sans", "TeX Gyre Heros",
    "TeX Gyre Termes", "Gentium Plus", "Vollkorn", "Manrope", "Clear Sans", "Rasa", "Yrsa", "Linux Libertine", "Linux Biolinum", "LM Sans",
)  # fmt: skip


def test_no_typeface_is_in_both_sets() -> None:
    """Arimo, Tinos and Cousine are the Liberation faces under other names: held out with them."""
    held = typefaces.families("held_out")
    assert {family.name for family in held} == set(HELD_OUT)
    files = [
        {file for family in typefaces.families(use) for file in (family.regular, family.bold, family.italic) if file}
        for use in ("training", "held_out")
    ]
    assert not files[0] & files[1]
    assert len(files[0]) > 100


@pytest.mark.parametrize("use", ["training", "held_out"])
def test_no_typeface_draws_two_letters_with_marks_alike(use: typefaces.Use) -> None:
    """Carlito did: its Ệ has no circumflex, so nobody could have read it right."""
    known = [family for family in typefaces.families(use) if family.is_installed]
    files = {family.file(cut) for family in known for cut in ("regular", "bold", "italic")}
    assert {file.name: alike for file in files if (alike := typefaces.drawn_alike(file, texts.ACCENTED))} == {}


def test_no_look_for_training_shares_a_face_a_ground_or_a_tint_with_one_held_out() -> None:
    training = [styles.for_training(seed) for seed in range(200)]
    held = [held_out(seed) for seed in range(200)]
    assert not set().union(*(look.faces for look in training)) & set().union(*(look.faces for look in held))
    assert not {look.ground for look in training} & {look.ground for look in held}
    assert not {look.tint for look in training} & {look.tint for look in held}
    assert set(grounds.TRAINING) | set(grounds.HELD_OUT) == set(get_args(grounds.Ground))


def test_looks_held_out_are_mostly_set_in_arials_kin() -> None:
    likely = ("LiberationSans", "texgyreheros", "ClearSans", "OpenSans")
    looks = [held_out(seed) for seed in range(200)]
    values = [look.value_face.rsplit("/", 1)[-1] for look in looks]
    assert sum(value.startswith(likely) for value in values) > 120
    assert len(set(values)) > 8


def test_a_face_held_out_that_is_missing_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typefaces, "_installed", dict)
    with pytest.raises(typefaces.FontNotInstalled, match=r"the typeface .+ is not installed: apt-get install fonts-"):
        styles.held_out(1)
    assert styles.for_training(1).faces == Style.default().faces


def every_unit(use: str) -> set[people.Unit]:
    table = people._units()  # pyright: ignore[reportPrivateUsage]
    return {unit for (of, _), codes in table.items() if of == use for units in codes.values() for unit in units}


def test_no_name_street_or_ward_is_in_both_sets() -> None:
    pools = people._names()  # pyright: ignore[reportPrivateUsage]
    for part in people.Pool.__struct_fields__:
        one, two = getattr(pools.training, part), getattr(pools.held_out, part)
        if part == "peoples":
            for way, other in zip(one, two, strict=True):
                assert not set(way.given_female + way.given_male) & set(other.given_female + other.given_male)
                assert not set(way.clans) & set(other.clans)
        else:
            assert not set(one) & set(two), part
    assert len(pools.training.streets) + len(pools.held_out.streets) >= 150
    assert not {unit.ward for unit in every_unit("training")} & {unit.ward for unit in every_unit("held_out")}
    people_drawn = [
        {fictional(s + first, "cccd_chip_2021").full_name for s in range(300)} for first in (0, HELD_OUT_FROM)
    ]
    assert not people_drawn[0] & people_drawn[1]


def test_every_people_and_province_can_be_drawn() -> None:
    assert len(people._names().ethnicities) == 54  # pyright: ignore[reportPrivateUsage]
    for use in ("training", "held_out"):
        assert {unit.code for unit in every_unit(use) if unit.district} == set(pin.PROVINCES)


# Documents


def test_a_card_without_a_portrait_is_a_variant_told_by_nothing_else() -> None:
    variant = without_portrait("can_cuoc_2024")
    assert variant is DOCUMENTS["can_cuoc_2024_under_6"]
    assert variant.back == DOCUMENTS["can_cuoc_2024"].back
    assert variant.front.labels == DOCUMENTS["can_cuoc_2024"].front.labels
    assert without_portrait("cccd_chip_2021") is None


@pytest.mark.parametrize(
    ("kind", "born", "issued", "may"),
    [
        ("can_cuoc_2024", (2019, 3, 10), (2025, 3, 9), False),
        ("can_cuoc_2024", (2019, 3, 10), (2025, 3, 10), True),
        ("can_cuoc_2024_under_6", (2019, 3, 10), (2025, 3, 9), True),
        ("can_cuoc_2024_under_6", (2019, 3, 10), (2025, 3, 10), False),
        ("can_cuoc_2024_under_6", (2025, 3, 10), (2025, 3, 9), False),
        ("cccd_chip_2021", (2008, 5, 2), (2022, 5, 1), False),
        ("cccd_chip_2021", (2008, 5, 2), (2022, 5, 2), True),
    ],
)
def test_a_holders_age_is_counted_to_the_day(
    kind: Kind, born: tuple[int, int, int], issued: tuple[int, int, int], may: bool
) -> None:
    assert DOCUMENTS[kind].may_be_held(datetime.date(*born), datetime.date(*issued)) is may


@pytest.mark.parametrize(
    ("kind", "day", "may"),
    [
        ("can_cuoc_2024", (2024, 6, 30), False),
        ("can_cuoc_2024", (2024, 7, 1), True),
        ("cccd_chip_2021", (2024, 6, 30), True),
        ("cccd_chip_2021", (2024, 7, 1), False),
        ("cccd_barcode_2016", (2015, 12, 31), False),
        ("cmnd_12", (2012, 7, 1), True),
    ],
)
def test_a_kind_is_issued_from_its_first_day_to_its_last(kind: Kind, day: tuple[int, int, int], may: bool) -> None:
    assert DOCUMENTS[kind].may_be_issued(datetime.date(*day)) is may


def test_facts_given_without_the_newer_fields_are_still_a_card() -> None:
    """Rooms that draw a card for a demonstration name only what a căn cước prints."""
    plain = CardFacts(
        number="079090000001",
        full_name="Nguyễn Hữu Thành Đạt",
        date_of_birth=datetime.date(1990, 8, 4),
        sex="male",
        place_of_origin="Phường Sài Gòn, Thành phố Hồ Chí Minh",
        residence="Phường Sài Gòn, Thành phố Hồ Chí Minh",
        place_of_birth="Phường Sài Gòn, Thành phố Hồ Chí Minh",
        issued=datetime.date(2024, 9, 10),
        expires=None,
    )
    for kind in KINDS:
        assert_drawn_well(render(kind, plain))


def test_of_two_fonts_by_one_name_the_larger_is_drawn_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Debian's `fonts-liberation` has no letter for ế, `fonts-liberation2` has, and both call it LiberationSans-Regular.ttf."""
    for package, size in (("liberation", 10), ("liberation2", 30), ("other", 20)):
        (tmp_path / package).mkdir()
        (tmp_path / package / "Same.ttf").write_bytes(bytes(size))
    monkeypatch.setenv(typefaces.DIRECTORIES_VARIABLE, str(tmp_path))
    assert typefaces._installed.__wrapped__()["Same.ttf"] == tmp_path / "liberation2" / "Same.ttf"
