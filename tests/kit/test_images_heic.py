"""HEIC as phones send it: turned once, one still, the whole of it, and neither time nor memory for what lies."""

import io
import struct
import subprocess
import sys

import pillow_heif
import pytest
from PIL import Image

from kit import images
from kit.images import BadImage, ImageTooLarge, UnsupportedImageType
from kit.refusal import Refusal

from .test_images import corner

pillow_heif.register_heif_opener()


def heic(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "HEIF", enc_params={"preset": "ultrafast"}, **options)  # type: ignore[arg-type]
    return out.getvalue()


def refused(data: bytes, **options: int) -> type[Refusal]:
    with pytest.raises(Refusal) as told:
        images.decode(data, **options)
    return told.type


def red_at(image: Image.Image, x: int, y: int) -> bool:
    red, green, _ = image.getpixel((x, y))  # type: ignore[misc]
    return red > 200 and green < 90


def test_it_is_taken_by_its_content() -> None:
    data = heic(corner(), exif=_exif(1))
    assert images.media_type(data) == "image/heic"
    taken = images.decode(data)
    assert (taken.mode, taken.size, taken.info) == ("RGB", (60, 40), {})
    assert red_at(taken, 5, 5)
    assert not red_at(taken, 55, 35)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_turned_once(orientation: int) -> None:
    """A phone says it twice, in `irot`/`imir` and in EXIF; who follows both turns the card on its head."""
    inverse = {
        Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
        Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
    }
    stored = corner((120, 80))
    if (turn := images.UPRIGHT.get(orientation)) is not None:
        stored = stored.transpose(inverse.get(turn, turn))
    data = heic(stored, exif=_exif(orientation), quality=90)
    assert (b"irot" in data or b"imir" in data) == (orientation != 1)
    assert images.media_type(data) == "image/heic"
    upright = images.decode(data)
    assert upright.size == (120, 80)
    assert [red_at(upright, *at) for at in ((9, 9), (110, 9), (9, 70), (110, 70))] == [True, False, False, False]


@pytest.mark.parametrize("orientation", [0, 6, 9, 65535])
def test_exif_alone_turns_nothing(orientation: int) -> None:
    """ISO/IEC 23008-12: the picture's own properties turn it, EXIF is only told."""
    plain = heic(corner((120, 80)), exif=_exif(1))
    lying = plain.replace(_exif(1), _exif(orientation))
    assert lying != plain or orientation == 1
    assert images.decode(lying).size == (120, 80)


@pytest.mark.parametrize("mode", ["RGBA", "L", "LA", "I;16"])
def test_alpha_grey_and_ten_bits_are_converted(mode: str) -> None:
    image = Image.new("I;16", (64, 48), 40_000) if mode == "I;16" else Image.new("RGB", (64, 48)).convert(mode)
    if mode.endswith("A"):
        image.putalpha(0)
    shade = images.decode(heic(image, quality=95)).getpixel((30, 20))
    assert isinstance(shade, tuple)
    expected = {"L": 0, "I;16": 155}.get(mode, 255)
    assert all(abs(value - expected) <= 4 for value in shade), shade


def test_ten_bits_of_colour_are_converted() -> None:
    shades = struct.pack("<3H", 50_000, 40_000, 10_000) * (64 * 48)
    out = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (64, 48), shades).save(out, quality=95)
    shade = images.decode(out.getvalue()).getpixel((30, 20))
    assert isinstance(shade, tuple)
    assert all(abs(a - b) < 6 for a, b in zip(shade, (194, 155, 39), strict=True)), shade


def test_thumbnails_are_no_second_photo_and_a_burst_is_refused() -> None:
    assert images.decode(heic(corner((600, 400)), thumbnails=[100])).size == (600, 400)
    assert refused(heic(corner(), save_all=True, append_images=[corner().rotate(180)])) is BadImage


@pytest.mark.parametrize("group", [b"altr", b"ster"])
def test_other_renderings_of_one_photo_are_no_burst(group: bytes) -> None:
    """Telephones of 2024 on write a brighter rendering, or what the second lens saw, beside the photo."""
    two = heic(corner(), save_all=True, append_images=[corner()])
    ids = struct.pack(">IIII", 77, 2, *_item_ids(two))
    assert images.decode(_with_group(two, group, ids)).size == (60, 40)
    assert refused(_with_group(two, b"brst", ids)) is BadImage


def test_a_film_is_refused() -> None:
    data = heic(corner())
    assert refused(data + struct.pack(">I4s", 16, b"moov") + bytes(8)) is BadImage
    assert refused(data[:8] + b"hevc" + data[12:] + struct.pack(">I4s", 16, b"moov") + bytes(8)) is BadImage


@pytest.mark.parametrize(
    "brands", [b"avif....mif1", b"avis....avif", b"mif1....avif", b"isom....mp42", b"qt  ....qt  "]
)
def test_what_else_comes_in_such_boxes_is_not_taken(brands: bytes) -> None:
    data = heic(corner())
    size = int.from_bytes(data[:4])
    assert refused(struct.pack(">I4s", 20, b"ftyp") + brands + data[size:]) is UnsupportedImageType


def test_the_general_brand_is_taken_when_it_says_hevc() -> None:
    data = heic(corner())
    size = int.from_bytes(data[:4])
    brands = b"mif1" + bytes(4) + b"mif1heic"
    # As long as before: the places in the file are counted from its beginning.
    head = struct.pack(">I4s", size, b"ftyp") + brands.ljust(size - 8, b" ")
    assert images.decode(head + data[size:]).size == (60, 40)


@pytest.mark.parametrize("percent", range(100))
def test_cut_short_it_is_never_half_read(percent: int, noise: bytes) -> None:
    assert refused(noise[: len(noise) * percent // 100]) in (BadImage, UnsupportedImageType)


def test_what_is_hung_on_behind_is_refused(noise: bytes) -> None:
    assert refused(noise + b"PK\x03\x04 an archive") is BadImage
    assert refused(noise + b"<html>") is BadImage


@pytest.mark.parametrize("size", [(640, 480), (6_000, 20), (30_000, 30_000)])
def test_a_header_that_lies_about_the_size_is_refused(size: tuple[int, int], noise: bytes) -> None:
    at = noise.index(b"ispe") + 8
    lying = noise[:at] + struct.pack(">II", *size) + noise[at + 8 :]
    assert refused(lying) is (ImageTooLarge if size[0] * size[1] > images.MAX_PIXELS else BadImage)


def test_the_cap_is_read_from_the_header(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic(corner())

    def decoded(_: object) -> None:
        raise AssertionError("decoded before it was measured")

    monkeypatch.setattr(pillow_heif.HeifImage, "load", decoded)
    assert refused(data, max_pixels=2399) is ImageTooLarge
    assert refused(data, max_pixels=2400) is BadImage


def test_tiles_of_a_large_photo_come_out_as_one(noise: bytes) -> None:
    """As a phone stores it: tiles of 512 pixels. Halves differ, so that a strip in the wrong place would show."""
    stored = Image.new("RGB", (2100, 1500), "white")
    stored.paste("red", (0, 1100, 2100, 1500))
    data = heic(stored, tile_size=512)
    assert b"grid" in data
    for longest, size in ((None, (2100, 1500)), (4096, (2100, 1500)), (1000, (1000, 714)), (500, (500, 357))):
        taken = images.decode(data, **({} if longest is None else {"longest_side_px": longest}))
        assert max(abs(a - b) for a, b in zip(taken.size, size, strict=True)) <= 1
        assert taken.width <= (longest or 2100)
        line = taken.height * 1100 // 1500
        assert not red_at(taken, taken.width // 2, line - 6)
        assert red_at(taken, taken.width // 2, line + 6)
        assert red_at(taken, taken.width - 3, taken.height - 2)


def test_only_a_heic_loads_its_library() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, kit.images; print('pillow_heif' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == "False"


@pytest.fixture(scope="module")
def noise() -> bytes:
    return heic(Image.effect_noise((320, 240), 80).convert("RGB"))


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def _item_ids(data: bytes) -> list[int]:
    """From the `infe` boxes of version 2: version and flags, then the id."""
    return [int.from_bytes(data[at + 8 : at + 10]) for at in _all(data, b"infe")][:2]


def _all(data: bytes, name: bytes) -> list[int]:
    places: list[int] = []
    at = data.find(name)
    while at != -1:
        places.append(at)
        at = data.find(name, at + 1)
    return places


def _with_group(data: bytes, kind: bytes, ids: bytes) -> bytes:
    """A `grpl` box at the end of `meta`; whatever lies behind moves, so `iloc` is told."""
    group = struct.pack(">I4s", 12 + len(ids), kind) + bytes(4) + ids
    grpl = struct.pack(">I4s", 8 + len(group), b"grpl") + group
    at = data.index(b"meta") - 4
    size = int.from_bytes(data[at : at + 4])
    moved = bytearray(data[: at + size] + grpl + data[at + size :])
    moved[at : at + 4] = (size + len(grpl)).to_bytes(4)
    iloc = data.index(b"iloc")
    version = data[iloc + 4]
    assert (version, data[iloc + 8 : iloc + 10]) == (0, b"\x44\x40"), "a base, an offset and a length of four bytes"
    count, place = int.from_bytes(data[iloc + 10 : iloc + 12]), iloc + 12
    for _ in range(count):
        base, extents = struct.unpack_from(">IH", data, place + 4)
        moved[place + 4 : place + 8] = (base + len(grpl)).to_bytes(4)
        place += 10 + 8 * extents
    return bytes(moved)
