"""Photos from strangers: what is taken, what is refused, and that nothing is half read."""

import io
import struct
import zlib

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


def noise() -> Image.Image:
    return Image.effect_noise((200, 200), 80).convert("RGB")


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
    whole = encoded(noise(), kind)
    for percent in range(100):
        cut = whole[: len(whole) * percent // 100]
        assert refused(cut) in (BadImage, UnsupportedImageType)
    assert refused(whole[:-1]) is BadImage
    assert refused(b"") is BadImage


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_ends_too_early_in_good_order_is_not_half_read(progressive: bool) -> None:
    """Pillow gave the upper half of the photo, grey below, and said nothing."""
    whole = encoded(noise(), progressive=progressive)
    for percent in range(20, 100, 5):
        assert refused(whole[: len(whole) * percent // 100] + b"\xff\xd9") is BadImage


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_of_the_wrong_codes_is_refused(mode: str) -> None:
    """A Huffman table in another order still decodes to something; Pillow handed that out as the photo."""
    whole = encoded(noise().convert(mode))
    assert images.decode(whole).size == (200, 200)
    values = whole.index(b"\xff\xc4") + 5 + 16
    table = whole[values : values + 12]
    assert refused(whole[:values] + table[::-1] + whole[values + 12 :]) is BadImage


def test_what_some_phones_write_badly_is_no_fault() -> None:
    whole = encoded(noise())
    assert images.decode(whole[:-2] + bytes(3) + whole[-2:]).size == (200, 200)
    scan = whole.index(b"\xff\xda")
    spectral_end = scan + 2 + int.from_bytes(whole[scan + 2 : scan + 4]) - 2
    assert whole[spectral_end] == 63
    assert images.decode(whole[:spectral_end] + b"\0" + whole[spectral_end + 1 :]).size == (200, 200)


@pytest.mark.parametrize("name", [b"IHDR", b"IDAT", b"IEND"])
def test_a_png_of_a_wrong_check_sum_is_refused(name: bytes) -> None:
    """Pillow looks at the sums of the header alone: a PNG with damaged pixels was read."""
    whole = encoded(noise(), "PNG")
    at = whole.index(name)
    end = at + 4 + int.from_bytes(whole[at - 4 : at])
    assert refused(whole[:end] + bytes([whole[end] ^ 1]) + whole[end + 1 :]) is BadImage


def test_bombs_are_refused_from_their_header() -> None:
    assert refused(encoded(Image.new("1", (30_000, 30_000)), "PNG")) is ImageTooLarge
    assert refused(encoded(Image.new("1", (8_000, 8_000)), "PNG")) is ImageTooLarge
    assert refused(encoded(corner()), max_pixels=2399) is ImageTooLarge
    assert images.decode(encoded(corner()), max_pixels=2400).size == (60, 40)


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    whole = encoded(corner(), progressive=True)
    assert images.decode(whole).size == (60, 40)
    assert refused(whole[:-2] + whole[whole.index(b"\xff\xda") : -2] * 200 + b"\xff\xd9") is BadImage


def test_a_film_behind_a_photo_is_no_endless_scan() -> None:
    """Every FF DA in the whole file was counted as a scan, so the film some phones hang on made the photo a bad one."""
    assert images.decode(encoded(corner()) + b"\xff\xda" * 5000).size == (60, 40)
    comment = b"\xff\xfe\xff\xff" + b"\xff\xda" * 32_766 + b"\0"
    whole = encoded(corner())
    assert images.decode(whole[:2] + comment + whole[2:]).size == (60, 40)


def test_endless_segments_are_refused() -> None:
    jpeg, png = encoded(corner()), encoded(corner(), "PNG")
    assert refused(jpeg[:2] + b"\xff\xfe\x00\x02" * 100_000 + jpeg[2:]) is BadImage
    empty = struct.pack(">I4sI", 0, b"teXt", zlib.crc32(b"teXt"))
    assert refused(png[:33] + empty * 100_000 + png[33:]) is BadImage


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
    for kind in ("JPEG", "PNG"):
        assert images.decode(encoded(corner((4000, 3000)), kind), longest_side_px=1600).size == (1600, 1200)
        assert images.decode(encoded(corner((90, 60)), kind), longest_side_px=1600).size == (90, 60)


def test_a_photo_nearly_twice_as_large_is_decoded_at_half() -> None:
    """48 megapixels where 4,096 pixels are asked: 4,032 are as good for a quarter of the work."""
    assert images.decode(encoded(corner((1594, 806))), longest_side_px=800).size == (797, 403)
    assert images.decode(encoded(corner((1500, 800))), longest_side_px=800).size == (800, 427)
