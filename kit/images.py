"""Photos from strangers, decoded once and safely: three formats, a pixel cap, upright, and nothing kept but pixels."""

import io
from typing import Final

from PIL import Image, ImageFile

from kit.refusal import Refusal

FORMATS: Final = ("JPEG", "PNG", "WEBP")
# Phones of 2026 send up to 50 megapixels; three bytes each in memory.
MAX_PIXELS: Final = 50_000_000
# A baseline JPEG has one scan and a progressive one about ten; thousands are an attack on the decoder's time.
_MAX_JPEG_SCANS: Final = 100

_MODES: Final = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16", "I;16B", "I"})
_ORIENTATION_TAG: Final = 0x0112
UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class BadImage(Refusal):
    status = 422
    code = "bad-image"
    vi = "Ảnh bị hỏng hoặc chưa tải lên hết. Hãy chụp lại và gửi tệp JPEG, PNG hoặc WebP một khung hình."
    en = "The picture is damaged or incomplete. Take it again and send one still JPEG, PNG or WebP."


class ImageTooLarge(Refusal):
    status = 413
    code = "image-too-large"
    vi = "Ảnh quá lớn: tối đa {megapixels} megapixel. Hãy giảm độ phân giải của máy ảnh rồi chụp lại."
    en = "The picture is too large: at most {megapixels} megapixels. Lower the camera's resolution and take it again."


class UnsupportedImageType(Refusal):
    status = 415
    code = "unsupported-image-type"
    vi = "Tệp này không phải ảnh JPEG, PNG hoặc WebP. Hãy chọn ảnh khác."
    en = "This file is not a JPEG, PNG or WebP picture. Choose another picture."


def media_type(data: bytes) -> str | None:
    """What the first bytes say, of the three types taken; never what the sender called it."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return None


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS, longest_side_px: int | None = None) -> Image.Image:
    """An upright RGB picture without metadata; transparency lies on white.

    With `longest_side_px` the picture comes out at most that long (a JPEG is then decoded small, which is much faster).
    Blocking; for a large photo call it in a worker process. Refuses BadImage, ImageTooLarge, UnsupportedImageType.
    """
    if media_type(data) is None:
        raise UnsupportedImageType if data else BadImage
    if data.startswith(b"\xff\xd8") and data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
        raise BadImage
    # face_recognition switches this on for the whole process; a truncated photo must never be half read.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        if image.width * image.height > max_pixels:
            raise ImageTooLarge(megapixels=max_pixels // 1_000_000)
        # Phones put a second picture (depth, brightness) behind the first in one JPEG: the first is the photo. An animation is none.
        if (image.format != "MPO" and getattr(image, "n_frames", 1) != 1) or image.mode not in _MODES:
            raise BadImage
        turn = UPRIGHT.get(_orientation(image))
        if longest_side_px is not None:
            image.draft("RGB", _within(image.size, longest_side_px))
        image.load()
        pixels = _on_white(image)
    except Refusal:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageTooLarge(megapixels=max_pixels // 1_000_000) from None
    except Exception as error:  # Pillow's decoders raise whatever they stumble on: each means the picture is no good
        raise BadImage from error
    if longest_side_px is not None and max(pixels.size) > longest_side_px:
        pixels = pixels.resize(_within(pixels.size, longest_side_px), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return pixels if turn is None else pixels.transpose(turn)


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1 to 8; unreadable metadata means as it stands, since only the pixels are trusted."""
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # EXIF is attacker's bytes too, and its parser raises of many kinds
        return 1
    return value if isinstance(value, int) else 1


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # Sixteen bits of grey: Pillow's own conversion would clip everything bright to white.
        image = image.convert("I").point(lambda grey: grey / 257).convert("L")
    elif image.mode in {"CMYK", "YCbCr"}:
        image = image.convert("RGB")
    if image.mode in {"RGB", "L", "1"} and "transparency" not in image.info:
        pixels = image.convert("RGB")
    else:
        layer = image.convert("RGBA")
        pixels = Image.new("RGB", layer.size, "white")
        pixels.paste(layer, mask=layer.getchannel("A"))
    pixels.info = {}
    return pixels


def _within(size: tuple[int, int], longest_side_px: int) -> tuple[int, int]:
    scale = min(1.0, longest_side_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
