"""Photos from strangers, decoded once and safely: four formats, a pixel cap, upright, and nothing kept but pixels."""

import io
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, cast

from PIL import Image, ImageFile

from kit.refusal import Refusal

if TYPE_CHECKING:
    from pillow_heif import HeifFile

HEIC: Final = "image/heic"
# Pillow's own; HEIC is opened beside Pillow, so that no other file in this process is ever tried as one.
FORMATS: Final = ("JPEG", "PNG", "WEBP")
# Phones of 2026 send up to 50 megapixels; three bytes each in memory.
MAX_PIXELS: Final = 50_000_000
# A baseline JPEG has one scan and a progressive one about ten; thousands are an attack on the decoder's time.
_MAX_JPEG_SCANS: Final = 100
# Depth maps and other memories of a phone come in pieces of 64 kB, the pixels of a PNG in pieces of 8 kB and more.
_MAX_SEGMENTS: Final = 5_000
# A picture up to this much smaller than asked is as good, where decoding it so takes a quarter of the time and memory.
_CLOSE_ENOUGH: Final = 0.96

_MODES: Final = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16", "I;16B", "I"})
# The others (palettes, bits) become colours first: between two numbers of a palette lies nothing.
_SHRUNK_AS_THEY_ARE: Final = frozenset({"L", "LA", "RGB", "RGBA", "CMYK", "YCbCr"})
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

# Brands of ISO/IEC 23008-12 annex B for HEVC: one still, and sequences, which are then refused for being more than one.
_HEIC_STILLS: Final = frozenset({b"heic", b"heix", b"heim", b"heis"})
_HEIC_SEQUENCES: Final = frozenset({b"hevc", b"hevx", b"hevm", b"hevs"})
_HEIF_GENERAL: Final = frozenset({b"mif1", b"msf1"})
_HEIC_MODES: Final = frozenset({"RGB", "RGBA", "L", "LA", "I;16"})
# Rows of a large HEIC turned into pixels at a time: the whole of it a second time would not fit beside the models.
_STRIP_ROWS: Final = 512

# The next marker that ends entropy-coded bytes: not a stuffed zero, a restart or a fill byte (ITU-T T.81 §B.1.1).
_JPEG_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


_JPEG_COLOURS: Final = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}
# What libjpeg says of files that some phones write, and a few bytes of filling before the end.
_HARMLESS: Final = re.compile(
    r"Invalid SOS parameters|Unknown Adobe color|JFIF revision|data: (?:\d|1[0-6]) extraneous bytes before marker 0xd9"
)


class BadImage(Refusal):
    status = 422
    code = "bad-image"
    vi = "Ảnh bị hỏng, chưa tải lên hết hoặc là ảnh động. Hãy chụp lại và gửi trọn vẹn một ảnh tĩnh."
    en = (
        "The picture is damaged, incomplete or an animation. Take it again and send one still picture, the whole of it."
    )


class ImageTooLarge(Refusal):
    status = 413
    code = "image-too-large"
    vi = "Ảnh quá lớn: tối đa {megapixels} megapixel. Hãy giảm độ phân giải của máy ảnh rồi chụp lại."
    en = "The picture is too large: at most {megapixels} megapixels. Lower the camera's resolution and take it again."


class UnsupportedImageType(Refusal):
    status = 415
    code = "unsupported-image-type"
    vi = "Tệp này không phải ảnh JPEG, PNG, WebP hoặc HEIC. Hãy chọn ảnh khác."
    en = "This file is not a JPEG, PNG, WebP or HEIC picture. Choose another picture."


def media_type(data: bytes) -> str | None:
    """What the first bytes say, of the four types taken; never what the sender called it."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return HEIC if _is_heic(data) else None


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS, longest_side_px: int | None = None) -> Image.Image:
    """An upright RGB picture without metadata; transparency lies on white.

    With `longest_side_px` the picture comes out at most that long, at times by up to 4 % less (it is then decoded small,
    which is much faster). Blocking; for a large photo call it in a worker process. Refuses BadImage, ImageTooLarge,
    UnsupportedImageType.
    """
    kind = media_type(data)
    if kind is None:
        raise UnsupportedImageType if data else BadImage
    # face_recognition switches this on for the whole process; a truncated photo must never be half read.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            # Pillow complains of metadata it cannot read; only the pixels are wanted.
            warnings.simplefilter("ignore", UserWarning)
            return (_heic if kind == HEIC else _others)(data, max_pixels, longest_side_px)
    except Refusal:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageTooLarge(megapixels=max_pixels // 1_000_000) from None
    except Exception as error:  # decoders raise whatever they stumble on: each means the picture is no good
        raise BadImage from error


def _others(data: bytes, max_pixels: int, longest_side_px: int | None) -> Image.Image:
    """What Pillow decodes by itself."""
    if data.startswith(b"\xff\xd8"):
        _refuse_endless_jpeg(data)
    elif data.startswith(b"\x89PNG"):
        _refuse_broken_png(data)
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    _refuse_large(image.size, max_pixels)
    # Phones put a second picture (depth, brightness) behind the first in one JPEG: the first is the photo. An animation is none.
    if (image.format != "MPO" and getattr(image, "n_frames", 1) != 1) or image.mode not in _MODES:
        raise BadImage
    turn = UPRIGHT.get(_orientation(image))
    if data.startswith(b"\xff\xd8"):
        image = _jpeg(data, image, longest_side_px)
    image.load()
    if image.mode in _SHRUNK_AS_THEY_ARE and "transparency" not in image.info:
        pixels = _on_white(_shrunk(image, longest_side_px))
    else:
        pixels = _shrunk(_on_white(image), longest_side_px)
    return pixels if turn is None else pixels.transpose(turn)


def _jpeg(data: bytes, image: Image.Image, longest_side_px: int | None) -> Image.Image:
    """The pixels of `image`, every bit of them: Pillow fills with grey what a broken stream does not give, and keeps silent."""
    import simplejpeg

    small = {"min_factor": 2.0}
    if longest_side_px is not None and max(image.size) > longest_side_px:
        small["min_width"], small["min_height"] = _within(image.size, round(longest_side_px * _CLOSE_ENOUGH))
    try:
        # Anything but the three colour spaces is only gone through here; Pillow knows whose CMYK is inverted.
        pixels = simplejpeg.decode_jpeg(data, _JPEG_COLOURS.get(image.mode, "GRAY"), strict=True, **small)
    except ValueError as error:
        if not _HARMLESS.search(str(error)):
            raise
        return image
    return Image.fromarray(pixels.squeeze()) if image.mode in {"RGB", "L"} else image


def _heic(data: bytes, max_pixels: int, longest_side_px: int | None) -> Image.Image:
    """The primary picture of a still HEIC. libheif turns it (`irot`, `imir`); EXIF then only repeats how it was turned
    and is not looked at (ISO/IEC 23008-12 §6.5.10, §A.2)."""
    _refuse_broken_boxes(data)
    # Here, so that only a process that is sent a HEIC loads it.
    import pillow_heif

    # One core is one photo; and what is not the photo (thumbnails, depth, brightness) is not even looked for.
    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.options.THUMBNAILS = pillow_heif.options.DEPTH_IMAGES = pillow_heif.options.AUX_IMAGES = False
    file = pillow_heif.open_heif(data, remove_stride=False)
    if _photos_in(file) != 1 or file.mode not in _HEIC_MODES:
        raise BadImage
    _refuse_large(file.size, max_pixels)
    photo = file[file.primary_index]
    rows, stride = cast("memoryview", photo.data), photo.stride
    # Only now is it known to be as large as its header said: libheif refuses one that is not.
    width, height = photo.size
    by = 1 if longest_side_px is None else max(1, int(max(width, height) / (longest_side_px * _CLOSE_ENOUGH)))
    pixels = Image.new("RGB", (-(-width // by), -(-height // by)))
    for top in range(0, height, _STRIP_ROWS * by):
        size = width, min(_STRIP_ROWS * by, height - top)
        strip = Image.frombytes(
            photo.mode, size, rows[top * stride : (top + size[1]) * stride], "raw", photo.mode, stride
        )
        pixels.paste(_on_white(strip).reduce(by), (0, top // by))
    del rows, photo, file
    return _shrunk(pixels, longest_side_px)


def _photos_in(file: "HeifFile") -> int:
    """How many photos a HEIC holds: other renderings of the primary one (`altr`: with more brightness; `ster`: by the second
    lens) are none of their own, the frames of a burst are."""
    same = {file.primary_index}
    groups: Any = file.info.get("entity_groups") or ()
    for group in groups:
        if group["type"] in {"altr", "ster"} and file.primary_index in group["images"]:
            same.update(index for index in group["images"] if index is not None)
    return 1 + len(set(range(len(file))) - same)


def _is_heic(data: bytes) -> bool:
    """Whether the `ftyp` box names HEVC; AVIF and whatever else comes in the same boxes is not taken."""
    if data[4:8] != b"ftyp":
        return False
    end = int.from_bytes(data[:4])
    major, compatible = data[8:12], {data[at : at + 4] for at in range(16, min(end, 256), 4)}
    if major in _HEIC_STILLS | _HEIC_SEQUENCES:
        return True
    return major in _HEIF_GENERAL and bool(compatible & (_HEIC_STILLS | _HEIC_SEQUENCES))


def _refuse_broken_boxes(data: bytes) -> None:
    """The outermost boxes fill the file, and none of them is a film's (ISO/IEC 14496-12 §4.2)."""
    for kind, _ in _boxes(data):
        if kind == b"moov":
            raise BadImage


def _boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Kind and place of each; raises BadImage when they do not end where the file does."""
    at = count = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size == 1:
            size = struct.unpack_from(">Q", data, at + 8)[0]
        size = size or len(data) - at
        count += 1
        if size < 8 or at + size > len(data) or count > _MAX_SEGMENTS:
            raise BadImage
        yield kind, at
        at += size


def _refuse_endless_jpeg(data: bytes) -> None:
    """Counts the scans of the first picture, up to its end: whatever lies behind is not decoded, and may be a film."""
    at, scans = 2, 0
    for _ in range(_MAX_SEGMENTS):
        found = _JPEG_MARKER.search(data, at)
        if found is None:
            raise BadImage
        marker = found[0][1]
        if marker == 0xD9:
            return
        if marker == 0xDA:
            scans += 1
            if scans > _MAX_JPEG_SCANS:
                raise BadImage
        # A length follows every marker but TEM and SOI.
        at = found.end()
        if marker not in (0x01, 0xD8):
            at += int.from_bytes(data[at : at + 2])
    raise BadImage


def _refuse_broken_png(data: bytes) -> None:
    """Every check sum holds up to IEND (PNG §5.3); Pillow does not look at those of the pixels."""
    at = 8
    for _ in range(_MAX_SEGMENTS):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = memoryview(data)[at + 4 : at + 8 + size]
        (check,) = struct.unpack_from(">I", data, at + 8 + size)
        if zlib.crc32(body) != check:
            raise BadImage
        if kind == b"IEND":
            return
        at += 12 + size
    raise BadImage


def _refuse_large(size: tuple[int, int], max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise ImageTooLarge(megapixels=max_pixels // 1_000_000)


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


def _shrunk(pixels: Image.Image, longest_side_px: int | None) -> Image.Image:
    if longest_side_px is None or max(pixels.size) <= longest_side_px:
        return pixels
    return pixels.resize(_within(pixels.size, longest_side_px), Image.Resampling.BILINEAR, reducing_gap=2.0)


def _within(size: tuple[int, int], longest_side_px: int) -> tuple[int, int]:
    scale = min(1.0, longest_side_px / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
