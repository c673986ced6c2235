"""Real models on photographs of specimens: both kinds, every way up, tampered, and photos that must be refused."""

import io
import subprocess
import sys

import msgspec
import pytest
from PIL import Image, ImageDraw, ImageFont

import ocr
from kit import fonts
from kit.refusal import Refusal
from ocr import locating, refusals
from ocr.training import camera
from ocr.training.people import fictional
from ocr.training.specimens import CardFacts, Kind, Specimen, drawn_face, render
from ocr.training.truth import same

from .conftest import card, facts, scene, shot

KINDS: tuple[Kind, Kind] = ("can_cuoc_2024", "cccd_chip_2021")


def photos(kind: Kind, **changes: object) -> tuple[bytes, bytes]:
    return shot(kind, "front", scene(seed=1, **changes)), shot(kind, "back", scene(seed=2, **changes))


def photos_of(specimen: Specimen, seed: int = 1) -> tuple[bytes, bytes]:
    return camera.photograph(specimen.front, scene(seed=seed)), camera.photograph(specimen.back, scene(seed=seed + 1))


def refused(front: bytes, back: bytes | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ocr.read_card(front, back)
    return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_a_phone_photo_of_each_kind_is_read_and_confirmed(kind: Kind) -> None:
    read = ocr.read_card_with_portrait(*photos(kind))
    reading, true = read.reading, facts(kind)
    assert (reading.document.kind, reading.document.sides) == (kind, ("front", "back"))
    assert reading.decision == "accept", reading.issues
    confirmed = {name: reading.confirmed(name) for name in ("number", "full_name", "date_of_birth", "sex")}
    assert confirmed == {
        "number": true.number,
        "full_name": true.full_name,
        "date_of_birth": "17/05/1990",
        "sex": "Nữ",
    }
    assert reading.confirmed("place_of_residence") == true.residence
    assert reading.day("date_of_issue") == true.issued
    assert reading.day("date_of_expiry") == true.expires
    assert reading.fields["old_number"].value == true.old_number
    place = reading.fields["place_of_birth" if kind == "can_cuoc_2024" else "place_of_origin"]
    assert (place.status, place.value) == (
        "read",
        true.place_of_birth if kind == "can_cuoc_2024" else true.place_of_origin,
    )
    assert reading.fields["issuer"].status == "read"
    assert set(read.flat) == {"front", "back"}
    boxes = [s.box for s in reading.fields["number"].sources if s.box and s.source == "print"]
    assert boxes[0].side == "front"
    assert 0.25 < boxes[0].x < 0.5
    assert read.portrait is not None
    with Image.open(io.BytesIO(read.portrait)) as portrait:
        assert portrait.format == "JPEG"
        assert portrait.width > 300


@pytest.mark.parametrize(
    ("kind", "turns"),
    [("cccd_chip_2021", 2), ("can_cuoc_2024", 1), pytest.param("can_cuoc_2024", 3, marks=pytest.mark.slow)],
)
def test_any_way_up_and_in_either_order(kind: Kind, turns: int) -> None:
    front, back = photos(kind, quarter_turns=turns)
    reading = ocr.read_card(back, front)
    assert reading.document.sides == ("back", "front")
    assert reading.decision == "accept", reading.issues


def test_a_hard_photo_is_read() -> None:
    hard = msgspec.structs.replace(camera.HARD, seed=5, glare=None)
    reading = ocr.read_card(shot("cccd_chip_2021", "front", hard), shot("cccd_chip_2021", "back", hard))
    assert reading.decision == "accept", reading.issues


def test_a_dim_photo_is_read_and_keeps_its_portrait() -> None:
    """A dim portrait once passed for none, and the card for one of a child under six."""
    reading = ocr.read_card(shot("can_cuoc_2024", "front", scene(exposure=0.33)), photos("can_cuoc_2024")[1])
    assert reading.decision == "accept", reading.issues


def test_a_scan_cut_to_the_edge_is_read() -> None:
    def scan(side: Image.Image) -> bytes:
        page = Image.new("RGB", side.size, "white")
        page.paste(side, mask=side.getchannel("A"))
        out = io.BytesIO()
        page.save(out, "PNG")
        return out.getvalue()

    specimen = card("can_cuoc_2024")
    assert ocr.read_card(scan(specimen.front), scan(specimen.back)).decision == "accept"


def tampered(kind: Kind, **changes: object) -> ocr.CardReading:
    true = facts(kind)
    specimen = render(kind, true, qr_facts=msgspec.structs.replace(true, **changes))
    return ocr.read_card(*photos_of(specimen))


def test_a_qr_with_another_name_is_a_conflict() -> None:
    reading = tampered("cccd_chip_2021", full_name="Nguyễn Trần Phương Thanh")
    assert reading.fields["full_name"].status == "conflict"
    assert reading.decision == "review"
    assert ("sources-disagree", "full_name") in {(issue.code, issue.field) for issue in reading.issues}


def test_a_qr_with_another_number_is_a_conflict() -> None:
    reading = tampered("can_cuoc_2024", number="079190012346")
    assert reading.fields["number"].status == "conflict"
    assert {source.source: source.value for source in reading.fields["number"].sources} == {
        "qr": "079190012346",
        "mrz": "079190012345",
        "print": "079190012345",
    }
    assert reading.decision == "review"


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (camera.BLURRED, refusals.CardBlurred),
        (camera.DARK, refusals.CardTooDark),
        (camera.GLARING, refusals.CardGlare),
        (camera.FAR, refusals.CardTooSmall),
    ],
)
def test_photos_that_cannot_be_read_are_refused_with_their_code(change: camera.Scene, refusal: type[Refusal]) -> None:
    told = refused(shot("can_cuoc_2024", "front", change))
    assert type(told) is refusal
    assert told.status == 422


def test_a_refusal_names_the_photo_it_is_about() -> None:
    told = refused(photos("can_cuoc_2024")[0], shot("can_cuoc_2024", "back", camera.DARK))
    assert told.code == "card-too-dark"
    assert "mặt sau" in told.message.vi
    assert "the back" in told.message.en


def test_an_empty_desk_is_no_card() -> None:
    assert refused(camera.empty_desk()).code == "card-not-found"


def test_another_piece_of_card_is_no_card() -> None:
    """A loyalty card: right shape, wrong words."""
    other = Image.new("RGBA", (1600, 1009), (205, 150, 90, 255))
    ImageDraw.Draw(other).ellipse((1100, 300, 1500, 700), fill=(60, 120, 90, 255))
    pen = ImageDraw.Draw(other)
    font = ImageFont.truetype(str(fonts.path("NotoSans-Bold.ttf")), 90)
    for row, text in enumerate(("COFFEE & CAKE", "Every tenth cup is free", "No. 079190012345")):
        pen.text((120, 150 + row * 220), text, font=font, fill=(30, 30, 30))
    assert refused(camera.photograph(other, scene())).code == "card-not-recognised"


def test_sides_must_belong_together() -> None:
    front, back = photos("can_cuoc_2024")
    other_front, other_back = photos("cccd_chip_2021")
    assert refused(front, front).code == "same-side-twice"
    assert refused(other_front, back).code == "sides-of-different-cards"
    assert refused(other_back).code == "front-missing"


def test_a_front_alone_is_not_accepted() -> None:
    front, _ = photos("cccd_chip_2021")
    reading = ocr.read_card(front, None)
    assert reading.fields["number"].status == "confirmed"
    assert reading.decision == "retake"
    assert "back-missing" in {issue.code for issue in reading.issues}


def test_a_card_of_a_child_under_six_is_told_by_its_missing_portrait() -> None:
    reading = ocr.read_card(*photos("can_cuoc_2024_under_6"))
    assert reading.document.kind == "can_cuoc_2024_under_6"
    assert reading.decision == "accept", reading.issues
    assert ("portrait-missing", None) not in {(issue.code, issue.field) for issue in reading.issues}


@pytest.mark.parametrize("kind", ["cccd_barcode_2016", "cmnd_12", "cmnd_9"])
def test_older_kinds_are_read_from_print_and_go_to_a_person(kind: Kind) -> None:
    true = facts(kind)
    reading = ocr.read_card(*photos(kind))
    assert reading.document.kind == kind
    assert reading.fields["number"].value == true.number
    assert reading.day("date_of_birth") == true.date_of_birth
    assert reading.day("date_of_issue") == true.issued
    assert same("full_name", reading.fields["full_name"].value, true.full_name)
    assert {field.status for field in reading.fields.values()} <= {"read", "missing"}, "nothing confirms print"
    assert "print-only" in {issue.code for issue in reading.issues}
    assert reading.decision == "review"


@pytest.mark.parametrize("below", [True, False])
def test_both_sides_in_one_photo(below: bool) -> None:
    kind: Kind = "cccd_chip_2021"
    taken = scene(seed=3, fill=0.5 if below else 0.9, width_px=3_024, height_px=3_024 if below else 2_016)
    arranged = "above" if below else "beside"
    photo = camera.photograph_both(card(kind).front, card(kind).back, taken, arranged=arranged)
    reading = ocr.read_card(photo, None)
    assert set(reading.document.sides) == {"front", "back"}
    assert reading.confirmed("number") == facts(kind).number


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_twenty_people_on_good_photos(kind: Kind) -> None:
    face = drawn_face(3)
    wrong: list[tuple[int, str]] = []
    for seed in range(500, 520):
        true: CardFacts = fictional(seed, kind, portrait=face)
        specimen = render(kind, true)
        reading = ocr.read_card(*photos_of(specimen, seed))
        if reading.confirmed("number") != true.number:
            wrong.append((seed, "number"))
        if reading.confirmed("full_name") != true.full_name:
            wrong.append((seed, "full_name"))
        if reading.day("date_of_birth") != true.date_of_birth:
            wrong.append((seed, "date_of_birth"))
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("changed", ["number", "full_name", "date_of_birth", "sex"])
@pytest.mark.parametrize("where", ["qr_facts", "mrz_facts"])
def test_every_tampered_card_is_found(changed: str, where: str) -> None:
    for seed in (7, 8):
        kind = KINDS[seed % 2]
        true, other = (fictional(s, kind, portrait=drawn_face(2)) for s in (seed, seed + 1_000))
        value = ("male" if true.sex == "female" else "female") if changed == "sex" else getattr(other, changed)
        specimen = render(kind, true, **{where: msgspec.structs.replace(true, **{changed: value})})
        reading = ocr.read_card(*photos_of(specimen, seed))
        assert reading.fields[changed].status == "conflict"
        assert reading.decision == "review"


def test_importing_the_room_loads_no_inference_library() -> None:
    program = (
        "import ocr, sys; "
        "print([m for m in ('cv2', 'numpy', 'paddleocr', 'paddlex', 'onnxruntime', 'zxingcpp') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("seed", range(20, 24))
def test_the_card_is_found_wherever_it_lies(seed: int) -> None:
    taken = scene(seed=seed, tilt_degrees=22, fill=0.48 + 0.1 * (seed - 20), quarter_turns=seed % 4)
    flats = locating.flatten(locating.decode(shot("can_cuoc_2024", "front", taken)), "front")
    assert len(flats) == 1
    assert flats[0].card_width_px > 800
