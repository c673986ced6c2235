"""Four corners of a card, and how they are laid on its edge itself: text positions depend on them."""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[Any]
    Corners = NDArray[Any]
    Numbers = NDArray[Any]
    # A point and a direction.
    Straight = tuple[Numbers, Numbers]

# Of the card's width: how far a side found in the small picture may be off.
_DOUBT = 0.018
_POINTS = 72
# The sine of the angle below which two sides meet nowhere that matters.
_NEARLY_PARALLEL = 0.2


class Outline:
    """Four corners in pixels of the photograph, clockwise, the long side on top; `score` about 0 to 1.

    `open_side`: one side is the frame's edge, and where the card ends is not known.
    """

    def __init__(self, corners: "Corners", score: float, *, open_side: bool = False) -> None:
        self.corners, self.score, self.open_side = corners, score, open_side

    def __repr__(self) -> str:
        return f"Outline({self.score:.2f}, {self.corners.round().tolist()}{', open' if self.open_side else ''})"


def long_side_on_top(corners: "Corners") -> "Corners":
    """Clockwise, beginning at the left end of a long side that is above the other."""
    import numpy as np

    middle = corners.mean(0)
    corners = corners[np.argsort([math.atan2(y - middle[1], x - middle[0]) for x, y in corners])]
    lengths = [float(np.linalg.norm(corners[(i + 1) % 4] - corners[i])) for i in range(4)]
    return corners if lengths[0] + lengths[2] > lengths[1] + lengths[3] else np.roll(corners, -1, axis=0)


def drawn_closer(picture: "Pixels", corners: "Corners") -> "tuple[Corners, float]":
    """The corners again, each side laid along the edge itself in a picture of which a pixel is about a pixel of the result.

    Also how plain the weakest and the mean side are, 0 to 1. The card's width in the picture should be 500 to 1,600 px.
    """
    import numpy as np

    width = float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
    reach = max(5, round(_DOUBT * width))
    strips = _along_sides(picture, corners, reach)
    sides: list[tuple[Any, Any]] = []
    plain: list[float] = []
    for i in range(4):
        start, stop = corners[i].astype(float), corners[(i + 1) % 4].astype(float)
        begins, ends, how_plain = _straightest(strips[i], reach)
        normal = np.array([start[1] - stop[1], stop[0] - start[0]]) / np.linalg.norm(stop - start)
        sides.append((start + normal * begins, stop + normal * ends))
        plain.append(how_plain)
    lines = [(start, end - start) for start, end in sides]
    met = [meet(lines[i - 1], lines[i]) for i in range(4)]
    if any(corner is None or np.abs(corner - corners[i]).max() > 4 * reach for i, corner in enumerate(met)):
        return corners, 0.0
    return np.array(met, np.float32), 0.5 * min(plain) + 0.5 * sum(plain) / 4


def _along_sides(picture: "Pixels", corners: "Corners", reach: int) -> "Numbers":
    """How steep the picture is across each side, (4, points along, 2 * reach - 1), rounded corners left out."""
    import cv2
    import numpy as np

    along = np.linspace(0.07, 0.93, _POINTS)[:, None]
    across = np.arange(-reach - 1, reach + 2)
    maps: list[Any] = []
    for i in range(4):
        start, stop = corners[i].astype(float), corners[(i + 1) % 4].astype(float)
        normal = np.array([start[1] - stop[1], stop[0] - start[0]]) / np.linalg.norm(stop - start)
        maps.append((start + (stop - start) * along)[:, None] + across[:, None] * normal)
    place = np.concatenate(maps).astype(np.float32)
    sampled = cv2.remap(picture, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # Averaged along the side, where a straight edge loses nothing and noise much.
    strips = cv2.blur(sampled.astype(np.float32), (1, 3)).reshape(4, _POINTS, len(across), 3)
    steep = np.abs(strips[:, :, 2:] - strips[:, :, :-2])
    return steep.max(axis=3)


def _straightest(steep: "Numbers", reach: int) -> tuple[float, float, float]:
    """How far off the side the edge begins and ends, and how plain it is."""
    import numpy as np

    calm = max(3.0, float(np.median(steep)))
    plain = steep / (steep + 3 * calm)
    rows = np.arange(_POINTS)
    share = (rows - (_POINTS - 1) / 2) / (_POINTS - 1) / 0.86  # from the middle, in lengths of the whole side
    slants = np.arange(-reach, reach + 1, 2)
    offsets = np.arange(-reach, reach + 1)
    at = offsets[:, None, None] + slants[:, None] * share
    inside = np.abs(at) <= reach
    told = plain[rows, np.clip(np.rint(at) + reach, 0, 2 * reach).astype(np.int64)] * inside
    line = told.mean(axis=2)
    best, lean = np.unravel_index(int(line.argmax()), line.shape)
    expected = offsets[best] + slants[lean] * share
    near = np.abs(np.arange(-reach, reach + 1) - expected[:, None]) <= 2.0
    weight = plain**2 * near
    total = weight.sum(axis=1)
    where = (weight * np.arange(-reach, reach + 1)).sum(axis=1) / np.maximum(total, 1e-6)
    used = total > 0
    for _ in range(2):
        if used.sum() < 8:
            break
        slope, level = np.polyfit(share[used], where[used], 1, w=np.sqrt(total[used]))
        off = np.abs(where - (level + slope * share))
        used = (total > 0) & (off < max(0.6, 1.5 * float(np.median(off[used]))))
        expected = level + slope * share
    middle, slope = float(expected.mean()), float(expected[-1] - expected[0]) / (share[-1] - share[0])
    return middle - slope / 2, middle + slope / 2, float(line.max())


def meet(one: "Straight", other: "Straight") -> "Numbers | None":
    """Where two straight lines, each a point and a direction, cross; None when they are nearly parallel."""
    import numpy as np

    (p, d), (q, e) = one, other
    cross, gap = d[0] * e[1] - d[1] * e[0], q - p
    if abs(cross) < _NEARLY_PARALLEL * float(np.linalg.norm(d) * np.linalg.norm(e)):
        return None
    return p + d * ((gap[0] * e[1] - gap[1] * e[0]) / cross)
