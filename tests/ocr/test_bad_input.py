"""Photos made to hurt (SECURITY §6): each is refused with its code before any model sees it, by the room and over HTTP;
the worker lives on, as large as before. What is only unusual is read like any other photo."""

import functools
import io
import os
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image

import ocr
from kit.pool import InferencePool
from kit.refusal import Refusal
from ocr import locating
from ocr.training import camera
from tests.people import CityPeople

from .conftest import FACTS, scene, shot


def refused(data: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ocr.read_card(data, None)
    return caught.value


@functools.cache
def desk() -> bytes:
    """A table without a card: a photo in which everything is right but what it shows."""
    return camera.empty_desk(scene(width_px=800, height_px=600))


@functools.cache
def desk_as(kind: str) -> bytes:
    with Image.open(io.BytesIO(desk())) as opened:
        return saved(opened.convert("RGB"), kind)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.from_pillow(image).save(out, enc_params={"preset": "ultrafast"}, **options)
    else:
        image.save(out, kind, **options)
    return out.getvalue()


def white(size: tuple[int, int] = (640, 480), mode: str = "RGB") -> Image.Image:
    return Image.new(mode, size, "white")


# PNG, by hand where Pillow would not write it.


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *more: bytes, rows: bytes | None = None, bits: int = 8, colour: int = 0) -> bytes:
    """Grey, with `more` chunks before the pixels."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(rows if rows is not None else b"\0" * 30_001))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + pixels + chunk(b"IEND", b"")


def apng(frames: int) -> bytes:
    control, rows = [chunk(b"acTL", struct.pack(">II", frames, 0))], zlib.compress(b"\0" * 641 * 480)
    for number in range(frames):
        control.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", 2 * number, 640, 480, 0, 0, 1, 25, 0, 0)))
        if number:
            control.append(chunk(b"fdAT", struct.pack(">I", 2 * number - 1) + rows))
    return png(640, 480, *control, rows=b"\0" * 641 * 480)


def animated_webp(frames: int) -> bytes:
    two = saved(white(), "WEBP", save_all=True, append_images=[Image.new("RGB", (640, 480), "red")])
    at = two.index(b"ANMF")
    size = 8 + int.from_bytes(two[at + 4 : at + 8], "little")
    body = two[12:at] + two[at : at + size] * frames
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def webp_canvas(width: int, height: int) -> bytes:
    """VP8X: what the header says of the canvas, around a picture of another size."""
    plain = saved(white(), "WEBP")
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size + plain[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif(width: int, height: int, frames: int) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + frame * frames + b";"


def ico(inside: bytes) -> bytes:
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 0, 0, 0, 0, 1, 32, len(inside), 22) + inside


# JPEG, changed after it was written.


def progressive_of_endless_scans() -> bytes:
    whole = saved(white(), "JPEG", progressive=True)
    return whole[:-2] + whole[whole.index(b"\xff\xda") : -2] * 10_000 + b"\xff\xd9"


def wrong_codes() -> bytes:
    whole = desk()
    values = whole.index(b"\xff\xc4") + 5 + 16
    return whole[:values] + whole[values : values + 12][::-1] + whole[values + 12 :]


def jpeg_size(width: int, height: int) -> bytes:
    whole = desk()
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + struct.pack(">HH", height, width) + whole[at + 4 :]


def with_exif(data: bytes, orientation: int, *, note_bytes: int = 0) -> bytes:
    """As a telephone writes it: where it was taken, and a note of its maker's own."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1], exif.get_ifd(0x8825)[2] = "N", (10.0, 46.0, 32.0)
    if note_bytes:
        exif.get_ifd(0x8769)[0x927C] = b"\xff\xda" * (note_bytes // 2)
    body = exif.tobytes()
    assert len(body) < 65_534
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


# HEIC: boxes in boxes.


def heic_of_size(width: int, height: int) -> bytes:
    whole = desk_as("HEIF")
    at = whole.index(b"ispe") + 8
    return whole[:at] + struct.pack(">II", width, height) + whole[at + 8 :]


def heic_of_many_boxes() -> bytes:
    return desk_as("HEIF") + struct.pack(">I4s", 8, b"free") * 100_000


def burst() -> bytes:
    file = pillow_heif.from_pillow(white())
    for _ in range(9):
        file.add_from_pillow(white())
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("META-INF/MANIFEST.MF", "Main-Class: Evil")
    return out.getvalue()


TOO_LARGE, TYPE, BAD, NO_CARD, SMALL = (
    (413, "image-too-large"),
    (415, "unsupported-image-type"),
    (422, "bad-image"),
    (422, "card-not-found"),
    (422, "card-too-small"),
)


@functools.cache
def megabytes() -> bytes:
    """A hundred, in a few kilobytes."""
    return zlib.compress(bytes(100_000_000))


HOSTILE: dict[str, tuple[Callable[[], bytes], tuple[int, str]]] = {
    # image bomb
    "png-30000": (lambda: png(30_000, 30_000), TOO_LARGE),
    "png-30000-bits": (lambda: png(30_000, 30_000, bits=1), TOO_LARGE),
    "png-2e9": (lambda: png(2**31 - 1, 2**31 - 1), TOO_LARGE),
    "png-flat-8000": (lambda: saved(Image.new("1", (8_000, 8_000)), "PNG"), TOO_LARGE),
    "png-claims-more": (lambda: png(7_000, 7_000), BAD),
    "jpeg-65500": (lambda: jpeg_size(65_500, 65_500), TOO_LARGE),
    "jpeg-claims-more": (lambda: jpeg_size(6_000, 6_000), BAD),
    "webp-16383": (lambda: webp_canvas(16_383, 16_383), TOO_LARGE),
    "webp-16777216": (lambda: webp_canvas(2**24, 2**24), TOO_LARGE),
    "heic-30000": (lambda: heic_of_size(30_000, 30_000), TOO_LARGE),
    "heic-2e9": (lambda: heic_of_size(2**31 - 1, 2**31 - 1), TOO_LARGE),
    "heic-claims-more": (lambda: heic_of_size(7_000, 7_000), BAD),
    "heic-claims-less": (lambda: heic_of_size(64, 48), BAD),
    "gif-65535": (lambda: gif(65_535, 65_535, 1), TYPE),
    "ico-30000": (lambda: ico(png(30_000, 30_000)), TYPE),
    "gif-frames": (lambda: gif(640, 480, 10_000), TYPE),
    "apng-frames": (lambda: apng(10_000), BAD),
    "apng-two": (lambda: apng(2), BAD),
    "webp-frames": (lambda: animated_webp(10_000), BAD),
    "heic-burst": (burst, BAD),
    "heic-boxes": (heic_of_many_boxes, BAD),
    "png-iccp": (lambda: png(640, 480, chunk(b"iCCP", b"x\0\0" + megabytes()), rows=b"\0" * 641 * 480), BAD),
    "png-ztxt": (lambda: png(640, 480, chunk(b"zTXt", b"x\0\0" + megabytes()), rows=b"\0" * 641 * 480), BAD),
    "png-itxt": (lambda: png(640, 480, chunk(b"iTXt", b"x\0\1\0\0\0" + megabytes()), rows=b"\0" * 641 * 480), BAD),
    "png-chunks": (lambda: png(640, 480, chunk(b"tEXt", b"a\0b") * 100_000), BAD),
    "jpeg-scans": (progressive_of_endless_scans, BAD),
    "jpeg-segments": (lambda: desk()[:2] + b"\xff\xfe\0\2" * 500_000 + desk()[2:], BAD),
    "tiff": (lambda: saved(white(), "TIFF"), TYPE),
    "psd": (lambda: b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 480, 640, 8, 3) + bytes(1000), TYPE),
    "fits": (lambda: b"SIMPLE  =                    T".ljust(2880), TYPE),
    "eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage", TYPE),
    "bmp": (lambda: saved(white(), "BMP"), TYPE),
    "avif": (lambda: struct.pack(">I4s", 28, b"ftyp") + b"avif\0\0\0\0mif1avifmiaf" + bytes(500), TYPE),
    # broken image
    "nothing": (lambda: b"", BAD),
    "one-byte": (lambda: b"\xff", TYPE),
    "only-zeros": (lambda: bytes(100_000), TYPE),
    "heads-alone": (lambda: b"\xff\xd8\xff", BAD),
    "heic-head-alone": (lambda: desk_as("HEIF")[:28], BAD),
    "heic-empty-meta": (lambda: desk_as("HEIF")[:28] + struct.pack(">I4sI", 12, b"meta", 0), BAD),
    "jpeg-1x1": (lambda: saved(white((1, 1)), "JPEG"), SMALL),
    "png-1x1": (lambda: saved(white((1, 1)), "PNG"), SMALL),
    "webp-1x1": (lambda: saved(white((1, 1)), "WEBP"), SMALL),
    "heic-1x1": (lambda: saved(white((1, 1)), "HEIF"), SMALL),
    "png-1x599": (lambda: saved(white((1, 599)), "PNG"), SMALL),
    "png-300x190": (lambda: saved(white((300, 190)), "PNG"), SMALL),
    "png-0x0": (lambda: png(0, 0), BAD),
    "png-crc": (lambda: (p := desk_as("PNG"))[:-30] + bytes([p[-30] ^ 1]) + p[-29:], BAD),
    "png-head-crc": (lambda: (p := desk_as("PNG"))[:29] + bytes([p[29] ^ 1]) + p[30:], BAD),
    "jpeg-codes": (wrong_codes, BAD),
    "jpeg-early-end": (lambda: desk()[: len(desk()) * 2 // 3] + b"\xff\xd9", BAD),
    "jpeg-no-tables": (lambda: desk().replace(b"\xff\xdb", b"\xff\xfe"), BAD),
    # polyglot
    "html-named-jpg": (lambda: b"<!DOCTYPE html><script>alert(1)</script>", TYPE),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", TYPE),
    "pdf": (lambda: b"%PDF-1.7\n" + desk(), TYPE),
    "gifar": (lambda: gif(640, 480, 1) + archive(), TYPE),
    "zip-then-jpeg": (lambda: archive() + desk(), TYPE),
    "heic-zip": (lambda: desk_as("HEIF") + archive(), BAD),
    # What hides behind the pixels is never looked at, and there is no card in them.
    "jpeg-zip": (lambda: desk() + archive(), NO_CARD),
    "jpeg-html": (lambda: desk() + b"<script>alert(1)</script>", NO_CARD),
    "png-html": (lambda: desk_as("PNG") + b"<script>alert(1)</script>", NO_CARD),
    "jpeg-comment-html": (lambda: desk()[:2] + b"\xff\xfe\0\x13<script></script>" + desk()[2:], NO_CARD),
    # EXIF
    "maker-note": (lambda: with_exif(desk(), 1, note_bytes=60_000), NO_CARD),
    "orientation-65535": (lambda: with_exif(desk(), 65_535), NO_CARD),
    "exif-garbage": (lambda: desk()[:2] + b"\xff\xe1\0\x10Exif\0\0MM\0*\xff\xff\xff\xff" + desk()[2:], NO_CARD),
}


@functools.cache
def hostile(name: str) -> bytes:
    return HOSTILE[name][0]()


@pytest.mark.parametrize("name", HOSTILE)
def test_the_room_refuses_it_by_code(name: str) -> None:
    told = refused(hostile(name))
    assert (told.status, told.code) == HOSTILE[name][1]


@pytest.mark.parametrize("name", ["png-30000", "jpeg-early-end", "heic-claims-more", "jpeg-zip"])
def test_a_bad_back_is_refused_as_a_bad_front_is(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        ocr.read_card(shot("can_cuoc_2024", "front", scene(seed=1)), hostile(name))
    assert (caught.value.status, caught.value.code) == HOSTILE[name][1]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_truncated_photo_is_never_half_read(kind: str) -> None:
    whole = desk_as(kind)
    for percent in range(100):
        assert refused(whole[: len(whole) * percent // 100]).code in {"bad-image", "unsupported-image-type"}, percent
    assert refused(whole[:-1]).code == "bad-image"


# Unusual, and no fault of the photo.


def pixels(data: bytes) -> Any:
    return locating.decode(data)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_is_turned_once(orientation: int) -> None:
    upright = pixels(desk_as("PNG"))
    undo = [
        lambda p: p, lambda p: p[:, ::-1], lambda p: p[::-1, ::-1], lambda p: p[::-1], lambda p: p.swapaxes(0, 1),
        lambda p: np.rot90(p, 1), lambda p: p[::-1, ::-1].swapaxes(0, 1), lambda p: np.rot90(p, -1),
    ]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(undo[orientation - 1](upright)[:, :, ::-1]))
    assert np.array_equal(pixels(saved(stored, "PNG", exif=exif)), upright)


@pytest.mark.parametrize("orientation", [0, 9, 255, 65_535])
@pytest.mark.parametrize("note_bytes", [0, 60_000])
def test_nonsense_and_notes_in_exif_change_nothing(orientation: int, note_bytes: int) -> None:
    assert np.array_equal(pixels(with_exif(desk(), orientation, note_bytes=note_bytes)), pixels(desk()))


def test_sixteen_bits_and_alpha_are_the_same_pixels() -> None:
    plain = pixels(desk_as("PNG"))
    height, width = plain.shape[:2]
    deep = plain[:, :, ::-1].astype(">u2") * 257
    rows = b"".join(b"\0" + deep[y].tobytes() for y in range(height))
    assert np.array_equal(pixels(png(width, height, rows=rows, bits=16, colour=2)), plain)
    veiled = Image.fromarray(np.ascontiguousarray(plain[:, :, ::-1])).convert("RGBA")
    assert np.array_equal(pixels(saved(veiled, "PNG")), plain)


def test_print_colours_and_a_phones_own_format_give_the_same_reading() -> None:
    front, back = shot("can_cuoc_2024", "front", scene(seed=1)), shot("can_cuoc_2024", "back", scene(seed=2))
    with Image.open(io.BytesIO(front)) as opened:
        four, heic = saved(opened.convert("CMYK"), "JPEG", quality=95), saved(opened.convert("RGB"), "HEIF", quality=90)
    for other in (four, heic):
        reading = ocr.read_card(other, back)
        values = [reading.fields[name].value for name in ("number", "full_name", "date_of_birth", "sex")]
        assert values == [FACTS.number, FACTS.full_name, "17/05/1990", "Nữ"]


# Over HTTP: a problem document, and the worker as it was.

PATH = "/v1/cards/readings"


@pytest.fixture
def uncounted(city: CityPeople) -> Iterator[CityPeople]:
    city.house.limits._scale = 1000  # pyright: ignore[reportPrivateUsage]
    yield city
    city.house.limits._scale = 1  # pyright: ignore[reportPrivateUsage]


async def told_over_http(city: CityPeople, photo: bytes) -> tuple[int, str]:
    parent = await city.signed_in("parent")
    assert parent.device is not None
    headers = parent.device.headers("POST", f"{city.house.settings.public_url}{PATH}", parent.token)
    answer = await city.client.post(PATH, headers=headers, files={"front": ("a.jpg", photo, "image/jpeg")})
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text
    problem = answer.json()
    assert problem["message"]["vi"]
    assert problem["message"]["en"]
    return answer.status_code, problem["code"]


def worker() -> tuple[int, int, int]:
    """Of the process it runs in: its id, its resident memory and the most it ever had, in kB."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return os.getpid(), int(lines["VmRSS"].split()[0]), int(lines["VmHWM"].split()[0])


# What a worker may have more after all of it than before, and more at any moment between.
GROWN_KB, PEAK_KB = 40_000, 250_000


@pytest.mark.anyio
async def test_over_http_each_is_a_problem_and_the_worker_stays_as_it_is(
    uncounted: CityPeople, pool: InferencePool
) -> None:
    # Once before: what an honest photo of each kind makes a worker load is not growth.
    for kind in ("JPEG", "PNG", "WEBP", "HEIF"):
        assert await told_over_http(uncounted, desk_as(kind)) == NO_CARD
    process, before, peak_before = await pool.run(worker)
    for name, (_, expected) in HOSTILE.items():
        assert await told_over_http(uncounted, hostile(name)) == expected, name
    process_after, after, peak = await pool.run(worker)
    assert process_after == process
    assert after - before < GROWN_KB
    assert peak - peak_before < PEAK_KB


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
async def test_over_http_no_truncated_photo_is_read(uncounted: CityPeople, kind: str) -> None:
    whole = desk_as(kind)
    for percent in range(100):
        status, code = await told_over_http(uncounted, whole[: len(whole) * percent // 100])
        assert (status, code) in {BAD, TYPE}, percent


@pytest.mark.anyio
async def test_bytes_changed_anywhere_cost_no_worker(uncounted: CityPeople, pool: InferencePool) -> None:
    """Decoders of video are large; what they stumble over must be a refusal, or no more than a picture without a card."""
    dice = random.Random(20)
    process, *_ = await pool.run(worker)
    for kind, head in (("HEIF", 500), ("HEIF", 10**9), ("WEBP", 10**9), ("JPEG", 10**9)):
        whole = saved(Image.effect_noise((320, 240), 60).convert("RGB"), kind)
        for _ in range(25):
            changed = bytearray(whole)
            for _ in range(dice.randint(1, 8)):
                changed[dice.randrange(12, min(head, len(whole)))] = dice.randrange(256)
            status, code = await told_over_http(uncounted, bytes(changed))
            assert status in {413, 415, 422}, (kind, code)
    assert (await pool.run(worker))[0] == process
