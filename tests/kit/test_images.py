"""Photos from strangers: what is taken, what is refused, and that nothing is half read."""

import io

import pytest
from PIL import Image, ImageFile

from kit import images
from kit.images import BadImage, ImageTooLarge, UnsupportedImageType
from kit.refusal import Refusal


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def corner(size: tuple[int, int] = (60, 40)) -> Image.Image:
    """White, with a red top left quarter."""
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    return image


def refused(data: bytes, **options: int) -> type[Refusal]:
    with pytest.raises(Refusal) as told:
        images.decode(data, **options)
    return told.type


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_three_formats_are_taken(kind: str) -> None:
    taken = images.decode(encoded(corner(), kind))
    assert (taken.mode, taken.size, taken.info) == ("RGB", (60, 40), {})


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "ICO"])
def test_others_are_not_whatever_they_are_called(kind: str) -> None:
    assert refused(encoded(corner(), kind)) is UnsupportedImageType
    assert refused(b"<svg xmlns='http://www.w3.org/2000/svg'/>") is UnsupportedImageType


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation: int) -> None:
    inverse = {
        Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
        Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
    }
    stored = corner()
    if (turn := images.UPRIGHT.get(orientation)) is not None:
        stored = stored.transpose(inverse.get(turn, turn))
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = images.decode(encoded(stored, quality=95, exif=exif))
    assert upright.size == (60, 40)
    red, green, _ = upright.getpixel((5, 5))  # type: ignore[misc]
    assert red > 200
    assert green < 60


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_a_nonsense_orientation_changes_nothing(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert images.decode(encoded(corner(), exif=exif)).size == (60, 40)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_photo_is_never_half_read(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """face_recognition switches Pillow to reading truncated files, for the whole process."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    whole = encoded(Image.effect_noise((200, 200), 80).convert("RGB"), kind)
    for percent in range(0, 95, 5):
        cut = whole[: len(whole) * percent // 100]
        assert refused(cut) in (BadImage, UnsupportedImageType)
    assert refused(b"") is BadImage


def test_bombs_are_refused_from_their_header() -> None:
    assert refused(encoded(Image.new("1", (30_000, 30_000)), "PNG")) is ImageTooLarge
    assert refused(encoded(Image.new("1", (8_000, 8_000)), "PNG")) is ImageTooLarge
    assert refused(encoded(corner()), max_pixels=2399) is ImageTooLarge
    assert images.decode(encoded(corner()), max_pixels=2400).size == (60, 40)


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    whole = encoded(corner(), progressive=True)
    assert images.decode(whole).size == (60, 40)
    assert refused(whole[:-2] + whole[whole.index(b"\xff\xda") : -2] * 200 + b"\xff\xd9") is BadImage


def test_animations_are_refused() -> None:
    frames = [corner(), corner().rotate(180)]
    assert refused(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:])) is BadImage
    assert refused(encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])) is BadImage


def test_print_colours_sixteen_bits_and_the_second_picture_of_a_phone_are_no_fault() -> None:
    """They were refused as damaged, and many phones write a second picture (depth, brightness) into the one JPEG."""
    red = Image.new("RGB", (30, 20), (200, 30, 30))
    for shade, expected in zip(
        images.decode(encoded(red.convert("CMYK"))).getpixel((9, 9)), (200, 30, 30), strict=True
    ):
        assert abs(shade - expected) < 6
    grey = images.decode(encoded(Image.new("I;16", (9, 9), 40_000), "PNG"))
    assert grey.getpixel((4, 4)) == (155, 155, 155)
    two = images.decode(encoded(red, "MPO", save_all=True, append_images=[red.resize((9, 6))]))
    assert two.size == (30, 20)


def test_transparency_lies_on_white() -> None:
    assert images.decode(encoded(Image.new("RGBA", (9, 9)), "PNG")).getpixel((4, 4)) == (255, 255, 255)
    assert images.decode(encoded(corner().convert("P"), "PNG")).mode == "RGB"


def test_a_large_photo_comes_out_as_small_as_asked() -> None:
    assert images.decode(encoded(corner((4000, 3000))), longest_side_px=1600).size == (1600, 1200)
    assert images.decode(encoded(corner((90, 60))), longest_side_px=1600).size == (90, 60)
