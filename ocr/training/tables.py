"""What a card lies on when it is photographed, and what lies around it. RGB, from a seed."""

import math
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

# uint8 (height, width, 3) RGB; OpenCV's stubs promise no element type.
Pixels = NDArray[Any]
Background = Literal["wood", "cloth", "paper", "white", "keyboard", "hand", "clutter"]

_BROWNS = ((122, 88, 58), (96, 92, 88), (150, 118, 84), (70, 62, 60))
_SKINS = ((224, 178, 148), (202, 154, 122), (184, 132, 102), (150, 104, 78))
_A4 = (297.0, 210.0)
_CARD_MM = 85.6


def lay(background: Background, dice: np.random.Generator, own: np.random.Generator, width: int, height: int) -> Pixels:
    """A picture of this ground. `dice` are the scene's, from which every ground takes as many; `own` the ground's."""
    wood = _wood(dice, width, height)
    if background == "wood":
        return wood
    if background == "paper":
        return _sheet(own, wood)
    small = (max(64, width // 2), max(64, height // 2))
    draw = {"cloth": _cloth, "white": _white, "keyboard": _keyboard, "hand": _palm, "clutter": _clutter}[background]
    drawn = draw(own, *small)
    return np.asarray(cv2.resize(drawn, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def page(lying: Pixels, dice: np.random.Generator, card_width: int, card_height: int, matrix: NDArray[Any]) -> None:
    """White copying paper under the card, in the card's own plane; most often its edges are outside the picture."""
    scale = card_width / _CARD_MM
    long, short = (side * scale for side in (_A4 if dice.random() < 0.5 else _A4[::-1]))
    left = -dice.uniform(0.15, 0.85) * max(0.0, long - card_width)
    top = -dice.uniform(0.15, 0.85) * max(0.0, short - card_height)
    tone = float(dice.uniform(238, 252))
    _fill(lying, _quad(left, top, long, short), matrix, (tone, tone, tone))


def display(lying: Pixels, dice: np.random.Generator, card_width: int, card_height: int, matrix: NDArray[Any]) -> None:
    """A display around the card: bezel, then whatever a viewer of pictures shows beside a picture."""
    margin = dice.uniform(0.05, 0.5) * card_width
    bezel = dice.uniform(0.02, 0.06) * card_width
    for wider, tones in ((margin + bezel, ((14, 14, 15),)), (margin, ((10, 10, 12), (32, 33, 36), (246, 247, 250)))):
        tone = tones[int(dice.integers(len(tones)))]
        around = _quad(-wider, -wider, card_width + 2 * wider, card_height + 2 * wider)
        _fill(lying, around, matrix, tone)


def grip(picture: NDArray[Any], dice: np.random.Generator, cards: list[NDArray[Any]]) -> None:
    """A thumb over one edge of the first card, as people hold it: it covers no more than the card's margin."""
    card = cards[0]
    width = float(np.linalg.norm(card[1] - card[0]))
    if width < 32:
        return
    side = int(dice.integers(4))
    one, other = card[side], card[(side + 1) % 4]
    at = one + (other - one) * dice.uniform(0.25, 0.75)
    inwards = card.mean(axis=0) - (one + other) / 2
    inwards = inwards / np.linalg.norm(inwards)
    thick = dice.uniform(0.10, 0.15) * width
    tip = at + inwards * (dice.uniform(0.01, 0.05) * width - thick / 2)
    root = tip - inwards * width
    skin = tuple(float(tone + dice.uniform(-8, 8)) for tone in _SKINS[int(dice.integers(len(_SKINS)))])
    mask = np.zeros(picture.shape[:2], np.uint8)
    points = [(round(float(x)), round(float(y))) for x, y in (root, tip)]
    cv2.line(mask, points[0], points[1], (255,), round(thick), cv2.LINE_AA)
    mask = cv2.GaussianBlur(mask, (0, 0), 1.2)
    x, y, wide, high = cv2.boundingRect(mask)
    if wide == 0:  # that edge of the card is outside the picture
        return
    part, cover = picture[y : y + high, x : x + wide], mask[y : y + high, x : x + wide, None].astype(np.float32) / 255
    round_off = cv2.GaussianBlur(cover, (0, 0), max(1.0, thick / 6))[:, :, None]
    part += cover * (np.array(skin, np.float32) * (0.62 + 0.38 * round_off) - part)


def _wood(dice: np.random.Generator, width: int, height: int) -> Pixels:
    """Stretched noise over a brown or grey."""
    base = np.array(_BROWNS[int(dice.integers(4))], dtype=np.float32)
    grain = dice.normal(0, 1, (height // 3, max(2, width // 60))).astype(np.float32)
    grain = cv2.resize(cv2.GaussianBlur(grain, (0, 0), 1.2), (width, height), interpolation=cv2.INTER_CUBIC)
    broad = cv2.resize(dice.normal(0, 1, (5, 7)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    cv2.addWeighted(grain, 9, broad, 7, 0, dst=grain)
    return cv2.merge([cv2.convertScaleAbs(grain, beta=float(tone)) for tone in base])


def _cloth(dice: np.random.Generator, width: int, height: int) -> Pixels:
    """A woven check of a few colours with flowers or dots on it, lying at an angle."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / width
    angle = dice.uniform(0, math.pi)
    u = x * math.cos(angle) + y * math.sin(angle)
    v = y * math.cos(angle) - x * math.sin(angle)
    ground, stripe = dice.uniform(60, 245, 3), dice.uniform(30, 250, 3)
    pitch = dice.uniform(10, 45)
    across = (np.sin(u * pitch * 2 * math.pi) > dice.uniform(-0.3, 0.7)).astype(np.float32)
    along = (np.sin(v * pitch * 2 * math.pi) > dice.uniform(-0.3, 0.7)).astype(np.float32)
    share = (across + along * float(dice.random() < 0.7)) / 2
    cloth = ground.astype(np.float32) + share[:, :, None] * (stripe - ground).astype(np.float32) * 0.7
    cloth += dice.normal(0, 7, (height, width, 1)).astype(np.float32)
    cloth = np.clip(cloth, 0, 255).astype(np.uint8)
    dots = dice.uniform(30, 250, 3).tolist()
    for _ in range(int(dice.integers(0, 60))):
        at = (int(dice.integers(width)), int(dice.integers(height)))
        cv2.circle(cloth, at, int(dice.integers(3, max(4, width // 40))), dots, -1, cv2.LINE_AA)
    return cloth


def _white(dice: np.random.Generator, width: int, height: int) -> Pixels:
    """A light table: hardly any colour, hardly any structure."""
    tone = dice.uniform(214, 250) + dice.uniform(-5, 5, 3)
    broad = cv2.resize(dice.normal(0, 3, (4, 5)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    fine = dice.normal(0, 1.2, (height, width)).astype(np.float32)
    return cv2.merge([cv2.convertScaleAbs(broad + fine, beta=float(shade)) for shade in tone])


def _keyboard(dice: np.random.Generator, width: int, height: int) -> Pixels:
    """Rows of keys with a letter on each."""
    body, key = ((38, 38, 42), (62, 62, 68)) if dice.random() < 0.6 else ((196, 198, 202), (238, 238, 240))
    ink = (225, 225, 225) if key[0] < 128 else (50, 50, 55)
    reach = round(math.hypot(width, height))
    board = np.full((reach, reach, 3), body, np.uint8)
    step = max(16, round(width * dice.uniform(0.06, 0.13)))
    for row in range(reach // step + 1):
        shift = int((row * 0.3 % 1) * step)
        for column in range(-1, reach // step + 1):
            left, top = column * step + shift, row * step
            cv2.rectangle(board, (left + 3, top + 3), (left + step - 4, top + step - 4), key, -1)
            letter = chr(65 + int(dice.integers(26)))
            cv2.putText(
                board,
                letter,
                (left + step // 4, top + step // 2),
                cv2.FONT_HERSHEY_SIMPLEX,
                step / 80,
                ink,
                1,
                cv2.LINE_AA,
            )
    turn = cv2.getRotationMatrix2D((reach / 2, reach / 2), float(dice.uniform(-30, 30)), 1)
    turn[:, 2] += [(width - reach) / 2, (height - reach) / 2]
    return np.asarray(cv2.warpAffine(board, turn, (width, height), borderMode=cv2.BORDER_REFLECT), dtype=np.uint8)


def _sheet(dice: np.random.Generator, wood: Pixels) -> Pixels:
    """A printed letter lying askew on the table, under the card."""
    height, width = wood.shape[:2]
    long = dice.uniform(0.9, 1.4) * width
    short = long / math.sqrt(2)
    angle = math.radians(dice.uniform(-40, 40))
    middle = np.array([width, height]) * dice.uniform(0.38, 0.62, 2)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    onto = np.eye(3)
    onto[:2, :2], onto[:2, 2] = turn, middle - turn @ [long / 2, short / 2]
    tone = float(dice.uniform(225, 250))
    _fill(wood, _quad(0, 0, long, short), onto, (tone, tone, tone - 3))
    rows = int(dice.integers(12, 30))
    for row in range(rows):
        y = short * (0.08 + 0.86 * row / rows)
        x, end = 0.08 * long, long * dice.uniform(0.5, 0.92)
        while x < end:
            word = dice.uniform(0.015, 0.07) * long
            _fill(wood, _quad(x, y, word, short * 0.28 / rows), onto, (tone - 150,) * 3)
            x += word + 0.01 * long
    return wood


def _clutter(dice: np.random.Generator, width: int, height: int) -> Pixels:
    """Things of every shape and colour on a mottled ground, some of them as long and wide as a card, with nothing on it."""
    coarse = dice.uniform(20, 245, 3) + dice.normal(0, dice.uniform(0, 40), (int(dice.integers(2, 12)),) * 2 + (3,))
    ground = cv2.resize(np.clip(coarse, 0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    mottled = dice.normal(0, dice.uniform(0, 14), (height // 2, width // 2, 1)).astype(np.float32)
    mottled = cv2.resize(mottled, (width, height))[:, :, None]
    ground = np.clip(ground + mottled, 0, 255).astype(np.uint8)
    for _ in range(int(dice.integers(0, 16))):
        tone = dice.uniform(0, 255, 3).tolist() if dice.random() < 0.6 else [float(dice.uniform(150, 255))] * 3
        middle, size = dice.uniform(0, 1, 2) * [width, height], dice.uniform(0.03, 0.55) * width
        shape = dice.random()
        if shape < 0.5:
            sides = size * np.array([1.0, float(dice.choice([1 / 1.586, 0.71, dice.uniform(0.05, 1)]))])
            box = cv2.boxPoints(
                ((float(middle[0]), float(middle[1])), (float(sides[0]), float(sides[1])), dice.uniform(0, 180))
            )
            cv2.fillConvexPoly(ground, np.rint(box).astype(np.int32), tone, cv2.LINE_AA)
        elif shape < 0.7:
            axes = (int(size / 2) + 1, int(size * dice.uniform(0.1, 0.5)) + 1)
            centre = (int(middle[0]), int(middle[1]))
            cv2.ellipse(ground, centre, axes, dice.uniform(0, 180), 0, 360, tone, -1, cv2.LINE_AA)
        else:
            end = middle + dice.normal(0, 1, 2) * size * 2
            ends = [(int(x), int(y)) for x, y in (middle, end)]
            cv2.line(ground, ends[0], ends[1], tone, int(dice.integers(1, max(2, width // 25))), cv2.LINE_AA)
    return cv2.GaussianBlur(ground, (0, 0), dice.uniform(0.3, 2.0))


def _palm(dice: np.random.Generator, width: int, height: int) -> Pixels:
    """A room out of focus, and a hand in front of it."""
    room = dice.uniform(30, 230, (5, 7, 3)).astype(np.float32)
    room = np.clip(cv2.resize(room, (width, height), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)
    skin = np.array(_SKINS[int(dice.integers(len(_SKINS)))], dtype=float)
    angle = dice.uniform(0, 2 * math.pi)
    away = np.array([math.cos(angle), math.sin(angle)])
    sideways = np.array([-away[1], away[0]])
    middle = np.array([width, height]) / 2
    wrist = middle + away * width
    for finger in range(4):
        tip = middle - away * width * dice.uniform(0.25, 0.45) + sideways * width * (finger - 1.5) * 0.13
        shade = (skin * dice.uniform(0.82, 1.0)).tolist()
        ends = [(round(float(x)), round(float(y))) for x, y in (tip, middle + sideways * width * (finger - 1.5) * 0.12)]
        cv2.line(room, ends[0], ends[1], shade, round(width * 0.115), cv2.LINE_AA)
    ends = [(round(float(x)), round(float(y))) for x, y in (middle, wrist)]
    cv2.line(room, ends[0], ends[1], (skin * 0.93).tolist(), round(width * 0.46), cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), 1.5), dtype=np.uint8)


def _quad(left: float, top: float, width: float, height: float) -> NDArray[Any]:
    return np.array(
        [[left, top], [left + width, top], [left + width, top + height], [left, top + height]], dtype=np.float32
    )


def _fill(onto: Pixels, quad: NDArray[Any], matrix: NDArray[Any], tone: tuple[float, ...]) -> None:
    seen = cv2.perspectiveTransform(quad[None], matrix.astype(np.float64))[0]
    cv2.fillConvexPoly(onto, np.rint(seen * 16).astype(np.int32), tone, cv2.LINE_AA, 4)
