"""A telephone's photograph of a card on a desk, from a seed: perspective, light, blur, noise, JPEG."""

import math
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


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


GOOD = Scene()
HARD = Scene(
    tilt_degrees=25, turn_degrees=9, shadow=0.45, blur_px=1.2, noise=7, glare=(0.52, 0.10, 0.05), jpeg_quality=60
)
BLURRED = Scene(blur_px=7.0)
DARK = Scene(exposure=0.10)
GLARING = Scene(glare=(0.58, 0.55, 0.30))
FAR = Scene(fill=0.24)


def photograph(card: Image.Image, scene: Scene = GOOD) -> bytes:
    """JPEG of the card (alpha outside its corners) as this scene shows it."""
    dice = np.random.default_rng(scene.seed)
    picture = _desk(dice, scene.width_px, scene.height_px)
    rgba = np.asarray(card.convert("RGBA"))
    matrix = _pose(dice, rgba.shape[1], rgba.shape[0], scene)
    size = (scene.width_px, scene.height_px)
    shrunk = scene.fill * scene.width_px / rgba.shape[1]
    if shrunk < 1:  # a lens averages; sampling alone would tear thin strokes
        rgba = cv2.GaussianBlur(rgba, (0, 0), 0.42 / shrunk)
    warped = cv2.warpPerspective(rgba, matrix, size, flags=cv2.INTER_LINEAR).astype(np.float32)
    alpha = warped[:, :, 3:] / 255
    shade = cv2.GaussianBlur(np.ascontiguousarray(alpha[:, :, 0]), (0, 0), 18)
    shade = np.roll(shade, (10, 8), axis=(0, 1))[:, :, None]
    picture = picture * (1 - 0.45 * shade * (1 - alpha))
    picture = picture * (1 - alpha) + warped[:, :, :3] * alpha
    picture *= scene.exposure * _light(dice, scene)
    if scene.glare is not None:  # the lamp itself: no shade falls on it
        veil = cv2.warpPerspective(_veil(rgba.shape[1], rgba.shape[0], scene.glare), matrix, size)[:, :, None]
        picture = picture * (1 - veil) + 262 * veil
    if scene.blur_px > 0:
        picture = cv2.GaussianBlur(picture, (0, 0), scene.blur_px)
    picture += dice.standard_normal(picture.shape, dtype=np.float32) * scene.noise
    pixels = np.clip(picture, 0, 255).astype(np.uint8)
    pixels = np.ascontiguousarray(np.rot90(pixels, scene.quarter_turns))
    done, encoded = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, scene.jpeg_quality])
    assert done
    return encoded.tobytes()


def empty_desk(scene: Scene = GOOD) -> bytes:
    """The same photograph with no card in it."""
    return photograph(Image.new("RGBA", (160, 101), (0, 0, 0, 0)), scene)


def _desk(dice: np.random.Generator, width: int, height: int) -> NDArray[np.float32]:
    """Wood: stretched noise over a brown or grey."""
    base = np.array(
        [(122, 88, 58), (96, 92, 88), (150, 118, 84), (70, 62, 60)][int(dice.integers(4))], dtype=np.float32
    )
    grain = dice.normal(0, 1, (height // 3, max(2, width // 60))).astype(np.float32)
    grain = cv2.resize(cv2.GaussianBlur(grain, (0, 0), 1.2), (width, height), interpolation=cv2.INTER_CUBIC)
    broad = cv2.resize(dice.normal(0, 1, (5, 7)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(base + (grain * 9 + broad * 7)[:, :, None], 0, 255)


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
    seen += middle
    flat = np.array([[0, 0], [card_width, 0], [card_width, card_height], [0, card_height]], dtype=np.float32)
    return cv2.getPerspectiveTransform(flat, seen.astype(np.float32))


def _light(dice: np.random.Generator, scene: Scene) -> NDArray[np.float32]:
    """A slope from bright to shaded, and a slight cast of colour."""
    direction = float(dice.uniform(0, 2 * math.pi))
    x = np.linspace(-0.5, 0.5, scene.width_px, dtype=np.float32)[None, :]
    y = np.linspace(-0.5, 0.5, scene.height_px, dtype=np.float32)[:, None]
    slope = 0.5 + x * math.cos(direction) + y * math.sin(direction)
    level = 1.0 - scene.shadow * np.clip(slope, 0, 1)
    cast = 1 + dice.uniform(-0.03, 0.03, 3).astype(np.float32)
    return (level[:, :, None] * cast).astype(np.float32)


def _veil(width: int, height: int, glare: tuple[float, float, float]) -> NDArray[np.float32]:
    """How much of each point of the card a reflected lamp hides, 0 to 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot(x - glare[0] * width, (y - glare[1] * height) * 1.3) / (glare[2] * width)
    return np.clip(1.6 * np.exp(-(distance**4)), 0, 1)
