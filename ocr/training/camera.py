"""A telephone's photograph of a card, from a seed: table, perspective, light, blur, noise, faults, JPEG.

What a scene leaves at its default costs nothing and draws no dice, so that adding a fault changes nothing else in the
photograph of the same seed.
"""

import io
import math
from collections.abc import Sequence
from typing import Any, Literal

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr.training import tables

# uint8 (height, width, 3) RGB; OpenCV's stubs promise no element type.
Pixels = NDArray[Any]
# Four points in pixels of the finished photograph, clockwise from the top left of the upright card, (4, 2) float32.
Corners = NDArray[Any]
Format = Literal["JPEG", "WEBP", "HEIC"]


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """How the photograph is taken. Angles in degrees, lengths in pixels of the finished photograph."""

    seed: int = 0
    width_px: int = 2_016
    height_px: int = 1_512
    fill: float = 0.74
    """The card's width as a share of the picture's."""
    tilt_degrees: float = 10.0
    turn_degrees: float = 4.0
    quarter_turns: int = 0
    """The whole picture turned, as when the telephone is held upright."""
    exposure: float = 1.0
    shadow: float = 0.25
    """How much darker the far side of the light's slope is."""
    blur_px: float = 0.6
    noise: float = 4.0
    glare: tuple[float, float, float] | None = None
    """A burnt-out spot: centre x, y and radius, in shares of the card's width and height and width."""
    jpeg_quality: int = 88
    """Of WebP and HEIC too."""

    background: tables.Background = "wood"
    offset: tuple[float, float] = (0.0, 0.0)
    """The card's middle moved from the picture's, in shares of its width and height: enough of it cuts the card off."""
    cast: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Red, green and blue under this lamp, as factors."""
    shadow_edge: float = 0.0
    """How dark the shadow of the telephone is that falls across a part of the picture, 0 to 1."""
    flash: float = 0.0
    """How much a flash washes out around one place, 0 to 1: whiter and flatter, not burnt out."""
    motion_px: float = 0.0
    """How far the hand moved while the shutter was open."""
    motion_degrees: float = 0.0
    blotches: float = 0.0
    """Coloured noise of a dark room, spread over several pixels as telephones leave it; standard deviation."""
    halo: float = 0.0
    """How much the telephone sharpens: bright and dark seams along every edge; 1 is a lot."""
    screen_px: int = 0
    """A card shown on a display: how many of the display's pixels lie across its width; 0 is a real card."""
    photocopy: float = 0.0
    """A black-and-white copy on a page: 0 is no copy, 0.3 a grey one, 1 nothing but toner and paper."""
    format: Format = "JPEG"


GOOD = Scene()
HARD = Scene(
    tilt_degrees=25, turn_degrees=9, shadow=0.45, blur_px=1.2, noise=7, glare=(0.52, 0.10, 0.05), jpeg_quality=60
)
BLURRED = Scene(blur_px=7.0)
SHAKEN = Scene(motion_px=26.0, motion_degrees=20.0)
DARK = Scene(exposure=0.10)
GLARING = Scene(glare=(0.58, 0.55, 0.30))
FAR = Scene(fill=0.24)
CUT_OFF = Scene(offset=(0.24, 0.0))
ON_SCREEN = Scene(screen_px=900)
PHOTOCOPIED = Scene(photocopy=0.5)


def photograph(card: Image.Image, scene: Scene = GOOD) -> bytes:
    """The encoded photograph of the card (alpha outside its corners) as this scene shows it."""
    return encode(expose(card, scene)[0], scene)


def photograph_both(
    front: Image.Image, back: Image.Image, scene: Scene = GOOD, *, arranged: Literal["above", "beside"] = "above"
) -> bytes:
    """Both sides in one photograph; `fill` is then the width of the two cards together."""
    return encode(expose_both(front, back, scene, arranged=arranged)[0], scene)


def empty_desk(scene: Scene = GOOD) -> bytes:
    """The same photograph with no card in it."""
    return photograph(Image.new("RGBA", (160, 101), (0, 0, 0, 0)), scene)


def expose(card: Image.Image, scene: Scene = GOOD) -> tuple[Pixels, Corners]:
    """The photograph's pixels (RGB) and where in them the card's corners are, some perhaps outside."""
    pixels, corners = _expose(np.asarray(card.convert("RGBA")), scene, [_whole(card.width, card.height)])
    return pixels, corners[0]


def expose_both(
    front: Image.Image, back: Image.Image, scene: Scene = GOOD, *, arranged: Literal["above", "beside"] = "above"
) -> tuple[Pixels, list[Corners]]:
    """As `expose`, for two cards lying slightly askew above or beside each other; corners of the front, then the back."""
    dice = _dice(scene, "both")
    width, height = front.width, front.height
    gap = dice.uniform(0.06, 0.2) * width
    step = (0.0, height + gap) if arranged == "above" else (width + gap, 0.0)
    margin = 0.05 * width
    size = (round(width + step[0] + 2 * margin), round(height + step[1] + 2 * margin))
    sheet = np.zeros((size[1], size[0], 4), np.uint8)
    places: list[Corners] = []
    for i, card in enumerate((front, back)):
        angle = math.radians(dice.uniform(-3, 3))
        middle = (
            np.array([size[0] / 2, size[1] / 2]) + (i - 0.5) * np.array(step) + dice.uniform(-0.01, 0.01, 2) * width
        )
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        place = ((_whole(width, height) - [width / 2, height / 2]) @ turn.T + middle).astype(np.float32)
        onto = cv2.getAffineTransform(_whole(width, height)[:3], place[:3])
        laid = cv2.warpAffine(np.asarray(card.convert("RGBA")), onto, size, flags=cv2.INTER_LINEAR)
        np.copyto(sheet, laid, where=laid[:, :, 3:] > 127)
        places.append(place)
    return _expose(sheet, scene, places)


def encode(pixels: Pixels, scene: Scene = GOOD) -> bytes:
    """As the scene's format; RGB in."""
    if scene.format == "JPEG":
        done, encoded = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, scene.jpeg_quality])
        assert done
        return encoded.tobytes()
    out = io.BytesIO()
    if scene.format == "HEIC":
        import pillow_heif

        pillow_heif.from_pillow(Image.fromarray(pixels)).save(out, quality=scene.jpeg_quality)
    else:
        Image.fromarray(pixels).save(out, scene.format, quality=scene.jpeg_quality)
    return out.getvalue()


def _dice(scene: Scene, what: str) -> np.random.Generator:
    """Of its own for each addition."""
    return np.random.default_rng([scene.seed, *what.encode()])


def _whole(width: int, height: int) -> Corners:
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)


def _expose(rgba: Pixels, scene: Scene, places: Sequence[Corners]) -> tuple[Pixels, list[Corners]]:
    """`places` are the cards' corners within `rgba`."""
    dice = np.random.default_rng(scene.seed)
    size = (scene.width_px, scene.height_px)
    lying = tables.lay(scene.background, dice, _dice(scene, scene.background), *size)
    matrix = _pose(dice, rgba.shape[1], rgba.shape[0], scene)
    if scene.photocopy > 0:
        rgba = _copied(rgba, scene)
    spread = _spread(lying, rgba, matrix, scene)
    picture = _composed(lying, rgba, matrix, spread, scene)
    if scene.screen_px > 0:
        picture *= _display_grid(rgba.shape[1], matrix, scene)
    if scene.background == "hand" and scene.screen_px == 0 and scene.photocopy == 0:
        tables.grip(picture, _dice(scene, "grip"), [_mapped(place, matrix) for place in places])
    picture *= _light(dice, scene)
    if scene.flash > 0:
        _wash_out(picture, scene)
    if scene.glare is not None:  # the lamp itself: no shade falls on it
        small = 4  # a veil has no fine parts
        veil = _veil(rgba.shape[1] // small, rgba.shape[0] // small, scene.glare)
        veil = cv2.warpPerspective(veil, matrix @ np.diag([small, small, 1.0]), size)[:, :, None]
        picture += (262 - picture) * veil
    pixels = _developed(picture, scene)
    corners = [_turned(_mapped(place, matrix), size, scene.quarter_turns) for place in places]
    return np.ascontiguousarray(np.rot90(pixels, scene.quarter_turns)), corners


def _spread(lying: Pixels, rgba: Pixels, matrix: NDArray[Any], scene: Scene) -> float:
    """Lays the page or the display that carries the card onto the table; how thick its shadow is, in card thicknesses."""
    if scene.screen_px > 0:
        tables.display(lying, _dice(scene, "display"), rgba.shape[1], rgba.shape[0], matrix)
        return 0.0
    if scene.photocopy > 0:
        tables.page(lying, _dice(scene, "page"), rgba.shape[1], rgba.shape[0], matrix)
        return 0.0
    return 1.0


def _composed(lying: Pixels, rgba: Pixels, matrix: NDArray[Any], thickness: float, scene: Scene) -> NDArray[Any]:
    """The card laid over what lies there, with the seam of shadow around it."""
    size = (scene.width_px, scene.height_px)
    shrunk = scene.fill * scene.width_px / rgba.shape[1]
    if shrunk < 1:  # a lens averages; sampling alone would tear thin strokes
        rgba = cv2.GaussianBlur(rgba, (0, 0), 0.42 / shrunk)
    warped = cv2.warpPerspective(rgba, matrix, size, flags=cv2.INTER_LINEAR)
    alpha = warped[:, :, 3].astype(np.float32) * np.float32(1 / 255)
    rest = 1 - alpha
    picture = cv2.multiply(warped[:, :, :3], cv2.merge([alpha] * 3), dtype=cv2.CV_32F)
    if thickness > 0:
        quarter = cv2.resize(alpha, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        shade = np.roll(cv2.GaussianBlur(quarter, (0, 0), 4.5), (10 // 4, 8 // 4), axis=(0, 1))
        rest *= 1 - np.float32(0.45 * thickness) * cv2.resize(shade, size)
    picture += cv2.multiply(lying, cv2.merge([rest] * 3), dtype=cv2.CV_32F)
    return picture


def _developed(picture: NDArray[Any], scene: Scene) -> Pixels:
    """What lens, sensor and the telephone's own improvements make of the light."""
    if scene.blur_px > 0:
        cv2.GaussianBlur(picture, (0, 0), scene.blur_px, dst=picture)
    if scene.motion_px > 0:
        cv2.filter2D(picture, -1, _path(scene.motion_px, scene.motion_degrees), dst=picture)
    cv2.setRNGSeed(scene.seed % 2**31 + 1)
    grain = np.zeros(picture.shape, np.int16)
    if scene.noise > 0:
        cv2.randn(grain, np.zeros(3), np.full(3, scene.noise))
    if scene.blotches > 0:
        coarse = np.empty((scene.height_px // 4, scene.width_px // 4, 3), np.int16)
        cv2.randn(coarse, np.zeros(3), np.full(3, scene.blotches * 1.6))
        grain += cv2.resize(coarse, (scene.width_px, scene.height_px))
    # Only here is what is too bright cut off: noise leaves no trace where the sensor is full.
    pixels = cv2.add(picture, grain, dtype=cv2.CV_8U)
    if scene.halo > 0:
        soft = cv2.GaussianBlur(pixels, (0, 0), 1.4)
        pixels = cv2.addWeighted(pixels, 1 + scene.halo, soft, -scene.halo, 0)
    return np.asarray(pixels, dtype=np.uint8)


def _path(length_px: float, degrees: float) -> NDArray[Any]:
    """The kernel of a straight movement."""
    reach = max(1, math.ceil(length_px / 2))
    fine = 8
    kernel = np.zeros(((2 * reach + 1) * fine,) * 2, np.float32)
    middle = (len(kernel) - 1) / 2
    along = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]) * length_px * fine / 2
    one, other = np.rint(middle - along).astype(int), np.rint(middle + along).astype(int)
    cv2.line(kernel, (int(one[0]), int(one[1])), (int(other[0]), int(other[1])), (1.0,), fine)
    kernel = cv2.resize(kernel, (2 * reach + 1,) * 2, interpolation=cv2.INTER_AREA)
    return kernel / kernel.sum()


def _pose(dice: np.random.Generator, card_width: int, card_height: int, scene: Scene) -> NDArray[Any]:
    """The homography of a card lying before a pinhole camera, tilted about an axis that the seed chooses."""
    direction = float(dice.uniform(0, 2 * math.pi))
    tilt = math.radians(scene.tilt_degrees)
    about_x, about_y = tilt * math.cos(direction), tilt * math.sin(direction)
    about_z = math.radians(scene.turn_degrees) * (1 if dice.random() < 0.5 else -1)
    turn_x = np.array(
        [[1, 0, 0], [0, math.cos(about_x), -math.sin(about_x)], [0, math.sin(about_x), math.cos(about_x)]]
    )
    turn_y = np.array(
        [[math.cos(about_y), 0, math.sin(about_y)], [0, 1, 0], [-math.sin(about_y), 0, math.cos(about_y)]]
    )
    turn_z = np.array(
        [[math.cos(about_z), -math.sin(about_z), 0], [math.sin(about_z), math.cos(about_z), 0], [0, 0, 1]]
    )
    ratio = card_height / card_width
    corners = np.array([[-0.5, -ratio / 2, 0], [0.5, -ratio / 2, 0], [0.5, ratio / 2, 0], [-0.5, ratio / 2, 0]])
    turned = corners @ (turn_z @ turn_y @ turn_x).T
    distance = 2.2
    seen = turned[:, :2] / (1 + turned[:, 2:] / distance)
    seen *= scene.fill * scene.width_px
    middle = np.array([scene.width_px / 2, scene.height_px / 2]) + dice.uniform(-0.03, 0.03, 2) * scene.width_px
    seen += middle + np.array(scene.offset) * [scene.width_px, scene.height_px]
    return cv2.getPerspectiveTransform(_whole(card_width, card_height), seen.astype(np.float32))


def _mapped(points: Corners, matrix: NDArray[Any]) -> Corners:
    return np.asarray(cv2.perspectiveTransform(points[None], matrix)[0], dtype=np.float32)


def _turned(corners: Corners, size: tuple[int, int], quarter_turns: int) -> Corners:
    """Where `np.rot90` takes these points."""
    width, height = size
    for _ in range(quarter_turns % 4):
        corners = np.stack([corners[:, 1], width - corners[:, 0]], axis=1)
        width, height = height, width
    return corners


def _light(dice: np.random.Generator, scene: Scene) -> NDArray[Any]:
    """A slope from bright to shaded, a slight cast of colour, and perhaps the edge of somebody's shadow."""
    direction = float(dice.uniform(0, 2 * math.pi))
    coarse = 4 if scene.shadow_edge > 0 else 16
    columns, rows = -(-scene.width_px // coarse), -(-scene.height_px // coarse)
    x = ((np.arange(columns, dtype=np.float32) + 0.5) / columns - 0.5)[None, :]
    y = ((np.arange(rows, dtype=np.float32) + 0.5) / rows - 0.5)[:, None]
    slope = 0.5 + x * math.cos(direction) + y * math.sin(direction)
    level = scene.exposure * (1.0 - scene.shadow * np.clip(slope, 0, 1))
    if scene.shadow_edge > 0:
        where = _dice(scene, "shadow")
        angle, soft = where.uniform(0, 2 * math.pi), where.uniform(0.004, 0.03)
        beyond = x * math.cos(angle) + y * math.sin(angle) - where.uniform(-0.2, 0.2)
        level = level * (1 - scene.shadow_edge / (1 + np.exp(np.clip(-beyond / soft, -30, 30))))
    cast = (1 + dice.uniform(-0.03, 0.03, 3)) * np.array(scene.cast)
    level = (level[:, :, None] * cast).astype(np.float32)
    return np.asarray(cv2.resize(level, (scene.width_px, scene.height_px)), dtype=np.float32)


def _wash_out(picture: NDArray[Any], scene: Scene) -> None:
    """A broad bright veil around a place near the card's middle."""
    where = _dice(scene, "flash")
    columns, rows = scene.width_px // 16, scene.height_px // 16
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) / columns
    spot = np.hypot(x - 0.5 - where.uniform(-0.2, 0.2), y - 0.375 - where.uniform(-0.15, 0.15))
    veil = scene.flash * 0.55 * np.exp(-((spot / where.uniform(0.15, 0.3)) ** 2))
    veil = cv2.resize(veil, (scene.width_px, scene.height_px))[:, :, None]
    picture += (250 - picture) * veil


def _veil(width: int, height: int, glare: tuple[float, float, float]) -> NDArray[Any]:
    """How much of each point of the card a reflected lamp hides, 0 to 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot(x - glare[0] * width, (y - glare[1] * height) * 1.3) / (glare[2] * width)
    return np.clip(1.6 * np.exp(-(distance**4)), 0, 1)


def _copied(rgba: Pixels, scene: Scene) -> Pixels:
    """Toner on paper: no colour, harsher the stronger, with a thin grey line where the card's edge lay on the glass."""
    dice = _dice(scene, "toner")
    grey = cv2.cvtColor(rgba[:, :, :3], cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 0.8 + scene.photocopy)
    steep = 1.1 + 2.4 * scene.photocopy
    toner = np.clip((grey - 235) * steep + 246, 24, 246)
    fine = dice.standard_normal(grey.shape, dtype=np.float32) * (4 + 6 * scene.photocopy)
    toner = np.clip(toner + fine * (toner < 236), 0, 250)
    alpha = rgba[:, :, 3]
    rim = cv2.subtract(
        alpha, cv2.erode(alpha, np.ones((9, 9), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    )
    toner -= rim * np.float32(dice.uniform(0.15, 0.5))
    return cv2.merge([np.clip(toner, 0, 255).astype(np.uint8)] * 3 + [alpha])


def _display_grid(card_width: int, matrix: NDArray[Any], scene: Scene) -> NDArray[Any]:
    """How much of its light each point of a display sends into a pixel of the sensor.

    A display's pixel is three stripes of one colour each with dark seams between. What remains of that pattern after
    the lens and the sensor's own pixels have averaged it is sampled, not smoothed: hence moiré.
    """
    dice = _dice(scene, "grid")
    pitch_px = scene.fill * scene.width_px / scene.screen_px
    left = _kept(1 / pitch_px)
    inverse = np.linalg.inv(matrix) * (scene.screen_px / card_width)
    inverse[2] *= card_width / scene.screen_px
    y, x = np.mgrid[0 : scene.height_px, 0 : scene.width_px].astype(np.float32)
    depth = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
    u = ((inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]) / depth).astype(np.float32)
    v = ((inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]) / depth).astype(np.float32)
    turn, stripes, seams = np.float32(2 * math.pi), dice.uniform(0.7, 1.0) * left, dice.uniform(0.2, 0.5) * left
    rows = (1 + seams * np.cos(v * turn)).astype(np.float32)
    light = np.empty((scene.height_px, scene.width_px, 3), np.float32)
    bluish = (0.93, 0.98, 1.05)
    for channel in range(3):
        shifted = np.cos((u - np.float32(channel / 3)) * turn)
        light[:, :, channel] = rows * (1 + np.float32(stripes) * shifted) * bluish[channel]
    return light


def _kept(cycles_per_px: float) -> float:
    """How much of a pattern this fine a sensor's square pixels and a good lens keep."""
    return abs(float(np.sinc(cycles_per_px))) * math.exp(-2 * (math.pi * 0.3 * cycles_per_px) ** 2)
