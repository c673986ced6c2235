"""Photos made to hurt (SECURITY §6): each is refused with its code before any model sees it."""

import io
import struct
import zlib

import pytest
from PIL import Image

import ocr
from kit.refusal import Refusal
from ocr import locating
from ocr.training import camera

from .conftest import scene


def refused(data: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        ocr.read_card(data, None)
    return caught.value


@pytest.fixture(scope="module")
def desk() -> bytes:
    return camera.empty_desk(scene(width_px=800, height_px=600))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def huge_png() -> bytes:
    """30,000 x 30,000 pixels of one colour in a few kilobytes; only the header needs to be believable."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 30_001))
        + chunk(b"IEND", b"")
    )


def test_a_bomb_is_refused_by_its_header() -> None:
    assert refused(huge_png()).code == "image-too-large"


@pytest.mark.parametrize("percent", range(0, 100, 3))
def test_a_truncated_photo_is_never_half_read(percent: int, desk: bytes) -> None:
    assert refused(desk[: len(desk) * percent // 100]).code in {"bad-image", "unsupported-image-type"}


@pytest.mark.parametrize("size", [(1, 1), (1, 599), (300, 190)])
def test_tiny_pictures_are_too_small(size: tuple[int, int]) -> None:
    assert refused(saved(Image.new("RGB", size, "white"), "PNG")).code == "card-too-small"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_refused(kind: str) -> None:
    frames = [Image.new("RGB", (640, 400), colour) for colour in ("red", "green", "blue")]
    assert refused(saved(frames[0], kind, save_all=True, append_images=frames[1:])).code == "bad-image"


@pytest.mark.parametrize(
    "head",
    [
        b"GIF89a\x01\x00\x01\x00PK\x03\x04",
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\x03\x04",
        b"8BPS\x00\x01",
        b"II*\x00",
        b"",
    ],
)
def test_what_only_calls_itself_a_photo_is_refused(head: bytes, desk: bytes) -> None:
    told = refused(head + desk if head else head)
    assert told.code in {"unsupported-image-type", "bad-image"}
    assert told.status in {415, 422}


def test_what_hides_behind_a_photo_is_never_looked_at(desk: bytes) -> None:
    """JPEG with a ZIP and a script behind it: pixels are all that is taken, and there is no card in them."""
    assert refused(desk + b"PK\x03\x04<script>alert(1)</script>").code == "card-not-found"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_is_turned_once(orientation: int) -> None:
    picture = Image.new("RGB", (640, 480), "white")
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = locating.decode(saved(picture, "JPEG", exif=exif))
    assert pixels.shape == ((640, 480, 3) if orientation >= 5 else (480, 640, 3))
