"""A picture of what was measured: both rates over the threshold, with their intervals, as SVG or PNG."""

import math
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from identity.faces.calibrating import Measurement
from identity.faces.rates import Lines, Rate
from kit import fonts

FORMATS: Final = (".svg", ".png")

_WIDTH, _HEIGHT = 960, 600
_LEFT, _TOP, _RIGHT, _BOTTOM = 80, 50, _WIDTH - 30, _HEIGHT - 60
_INK, _RULE, _PAPER = "#16202c", "#d9dee5", "#ffffff"
_STRANGERS, _OWNERS, _LINE = "#b3261e", "#1458b8", "#14733f"
_BANDS: Final = {_STRANGERS: "#f3d3d0", _OWNERS: "#cfdef3"}
_POINTS: Final = 80
# More false matches than one in ten nobody draws a line at.
_MOST_FALSE_MATCHES: Final = 0.1
# PNG is drawn this much larger, for it has no smooth edges of its own.
_SHARPER: Final = 2

Point = tuple[float, float]


class Shape(NamedTuple):
    """A line, or when `filled` an area, in pixels from the upper left; or a text at its one point."""

    points: list[Point]
    colour: str
    filled: bool = False
    text: str = ""
    anchor: str = "middle"


def draw(found: Measurement, lines: Lines | None, target: float, file: Path) -> None:
    """Writes the picture, in the format of the file's suffix; `lines` as None when too few people bear any."""
    shapes = _shapes(found, lines, target)
    if file.suffix.lower() == ".svg":
        file.write_text(_svg(shapes), encoding="utf-8")
    else:
        _image(shapes).save(file, "PNG")


def _shapes(found: Measurement, lines: Lines | None, target: float) -> list[Shape]:
    false_matches, misses = _strangers(found), _owners(found)
    thresholds = [at for at, _ in false_matches + misses]
    low, high = math.floor(min(thresholds)), math.ceil(max(thresholds) + 0.01)
    least = min(target, 1 / len(found.strangers), 1 / len(found.owners)) / 2
    decades = -math.floor(math.log10(least))

    def at(threshold: float, share: float) -> Point:
        depth = min(decades, -math.log10(share)) if share > 0 else decades
        x = _LEFT + (_RIGHT - _LEFT) * (min(max(threshold, low), high) - low) / (high - low)
        return x, _TOP + (_BOTTOM - _TOP) * depth / decades

    shapes: list[Shape] = []
    for decade in range(decades + 1):
        (_, y) = at(low, 10.0**-decade)
        shapes += [Shape([(_LEFT, y), (_RIGHT, y)], _RULE)]
        shapes += [Shape([(_LEFT - 8, y + 5)], _INK, text=f"{100 * 10.0**-decade:.10g} %", anchor="end")]
    for score in range(low, high + 1):
        (x, _) = at(score, 1)
        shapes += [Shape([(x, _TOP), (x, _BOTTOM)], _RULE), Shape([(x, _BOTTOM + 22)], _INK, text=f"{score:d}")]
    curves = ((false_matches, _STRANGERS), (misses, _OWNERS))
    for curve, colour in curves:
        band = [at(t, rate.lower) for t, rate in curve] + [at(t, rate.upper) for t, rate in reversed(curve)]
        shapes += [Shape(band, _BANDS[colour], filled=True)]
    for curve, colour in curves:
        shapes += [Shape([at(t, rate.value) for t, rate in curve if rate.errors], colour)]
    if lines is not None:
        for name, line in zip(("match", "unsure"), lines, strict=True):
            (x, _) = at(line, 1)
            shapes += [Shape([(x, _TOP), (x, _BOTTOM)], _LINE)]
            anchor = "start" if name == "match" else "end"
            shapes += [Shape([(x + (6 if name == "match" else -6), _TOP + 18)], _LINE, text=name, anchor=anchor)]
    wanted = at(low, target)[1]
    return [
        *shapes,
        Shape([(_LEFT, wanted), (_RIGHT, wanted)], _LINE),
        Shape([(_RIGHT - 6, wanted - 6)], _LINE, text=f"target {target:g}", anchor="end"),
        Shape([(_LEFT, 26)], _STRANGERS, text="FMR: strangers taken for owners", anchor="start"),
        Shape([(_LEFT + 300, 26)], _OWNERS, text="FNMR: owners not matched", anchor="start"),
        Shape([(_RIGHT, 26)], _INK, text=f"{found.people} people, 95 % by drawing people", anchor="end"),
        Shape([((_LEFT + _RIGHT) / 2, _HEIGHT - 14)], _INK, text="threshold, in the strangers' deviations"),
    ]


def _strangers(found: Measurement) -> list[tuple[float, Rate]]:
    """False matches from one in ten to the most alike, threshold rising."""
    most = max(1, math.floor(_MOST_FALSE_MATCHES * len(found.strangers)))
    counts = np.unique(np.geomspace(1, most, _POINTS).astype(int)).tolist()
    falling = [(found.strangers.worst(rate.errors), rate) for rate in found.strangers.rates(counts)]
    return falling[::-1]


def _owners(found: Measurement) -> list[tuple[float, Rate]]:
    """Misses from the first to all, threshold rising."""
    counts = np.unique(np.linspace(1, len(found.owners), _POINTS).astype(int)).tolist()
    return [(found.owners.worst(rate.errors), rate) for rate in found.owners.rates(counts)]


def _svg(shapes: list[Shape]) -> str:
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="15">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{_PAPER}"/>',
    ]
    for shape in shapes:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
        if shape.text:
            ((x, y),) = shape.points
            drawn.append(
                f'<text x="{x:.1f}" y="{y:.1f}" fill="{shape.colour}" text-anchor="{shape.anchor}">{escape(shape.text)}</text>'
            )
        elif shape.filled:
            drawn.append(f'<polygon points="{points}" fill="{shape.colour}"/>')
        else:
            drawn.append(f'<polyline points="{points}" fill="none" stroke="{shape.colour}" stroke-width="1.5"/>')
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _image(shapes: list[Shape]) -> Image.Image:
    image = Image.new("RGB", (_WIDTH * _SHARPER, _HEIGHT * _SHARPER), _PAPER)
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(fonts.path("NotoSans-Regular.ttf"), 15 * _SHARPER)
    anchors = {"start": "ls", "middle": "ms", "end": "rs"}
    for shape in shapes:
        points = [(x * _SHARPER, y * _SHARPER) for x, y in shape.points]
        if shape.text:
            pen.text(points[0], shape.text, shape.colour, font, anchor=anchors[shape.anchor])
        elif shape.filled:
            pen.polygon(points, shape.colour)
        elif len(points) > 1:
            pen.line(points, shape.colour, width=3)
    return image
