"""Where in a photograph cards are, as a small network sees it: `ocr/models/card_mask`, learnt from rendered scenes.

It answers with a picture of 128 x 128 only, in ten milliseconds; `ocr.corners` lays the outline on the edge itself. What
it does not see, `ocr.outlining` still may: that one knows nothing of what is printed on cards.
"""

import functools
from typing import TYPE_CHECKING, Any, Final

from ocr import weights
from ocr.corners import Outline, long_side_on_top, meet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[Any]
    Corners = NDArray[Any]
    from ocr.corners import Straight

MASK_DIGEST: Final = "d84d7dc6cc98e0fe7225fad41a11aeba8635c1003dcc5990336aea57ce3599ee"

_SIDE, _ANSWER = 256, 128
# The answer is looked at this many times as large: its edges are known to a fraction of its pixels.
_FINER = 4
_SURE = 0.5
# Pixels of the answer: a card 500 px wide in a photograph of 12 megapixels.
_SMALLEST = 40
# Of the answer's pixels: what is this near the frame's edge lies on it.
_ON_EDGE = 1.6
# Of the answer's pixels: where a card ends inside the picture, so many from its edge are rim and ground. A card that runs
# out of it is there over more than this share of its own size.
_RIM, _RUNNING_OUT = 2, 0.2


def outlines(photo: "Pixels") -> list[Outline]:
    """Cards, the surest first, corners to about a hundredth of their width; `score` is how sure, 0 to 1."""
    import cv2
    import numpy as np

    height, width = photo.shape[:2]
    scale = _SIDE / max(height, width)
    card, rim = _told(_squared(photo, scale))
    # The rim lies half inside and half outside: there is the edge.
    fine = cv2.resize(card + 0.5 * rim, None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_CUBIC) > _SURE
    frame = np.array([width, height]) * scale * (_ANSWER / _SIDE)
    count, labels = cv2.connectedComponents((card > _SURE).astype(np.uint8), connectivity=4)
    found: list[Outline] = []
    for label in range(1, count):
        inside = labels == label
        outline = _four_sided(_contour(inside, fine), frame) if inside.sum() >= _SMALLEST else None
        if outline is not None:
            corners, open_side = outline
            corners = (corners + 0.5) * (_SIDE / _ANSWER) / scale - 0.5
            sure = float(card[inside].mean())
            open_side = open_side or _runs_out(inside[: round(frame[1]), : round(frame[0])])
            found.append(Outline(long_side_on_top(corners).astype(np.float32), sure, open_side=open_side))
    return sorted(found, key=lambda outline: -outline.score)


def _runs_out(inside: "Pixels") -> bool:
    """Whether the card goes on beyond the picture: on all four sides it is a scan, cut to the card's edge."""
    import numpy as np

    edges = (inside[:_RIM], inside[-_RIM:], inside[:, :_RIM].T, inside[:, -_RIM:].T)
    least = _RUNNING_OUT * np.sqrt(inside.sum())
    return 0 < sum(edge.any(axis=0).sum() > least for edge in edges) < 4


def _contour(inside: "Pixels", fine: "Pixels") -> "Corners":
    """Points around one card, in the answer's pixels; its rim belongs to it, its neighbours do not."""
    import cv2
    import numpy as np

    near = cv2.dilate(inside.astype(np.uint8), np.ones((5, 5), np.uint8))
    near = cv2.resize(near, None, fx=_FINER, fy=_FINER, interpolation=cv2.INTER_NEAREST)
    contours, _ = cv2.findContours((fine & (near > 0)).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return np.zeros((0, 2), np.float32)
    return (max(contours, key=cv2.contourArea)[:, 0].astype(np.float32) + 0.5) / _FINER - 0.5


def _four_sided(points: "Corners", frame: "Corners") -> "tuple[Corners, bool] | None":
    """The quadrilateral whose sides lie along these points, and whether one of its sides is only the frame's edge."""
    import cv2
    import numpy as np

    if len(points) < 8:
        return None
    hull = cv2.convexHull(points)
    around = cv2.arcLength(hull, closed=True)
    polygon: Corners = hull[:, 0]
    cut: list[bool] = []
    for share in (0.015, 0.02, 0.03, 0.04, 0.05, 0.07):
        polygon = cv2.approxPolyDP(hull, share * around, closed=True)[:, 0]
        cut = [_on_frame(a, b, frame) for a, b in zip(polygon, np.roll(polygon, -1, axis=0), strict=True)]
        if len(polygon) - sum(cut) <= 4:
            break
    outline = _every_half_pixel(hull[:, 0])
    sides = [
        side
        for a, b, is_cut in zip(polygon, np.roll(polygon, -1, axis=0), cut, strict=True)
        if not is_cut and (side := _laid(a, b, outline)) is not None
    ]
    if len(sides) == 3 and any(cut):
        box = polygon if len(polygon) == 4 else cv2.boxPoints(cv2.minAreaRect(hull))
        return np.asarray(box, np.float32), True
    if len(sides) != 4:
        return None
    met = [meet(sides[i - 1], sides[i]) for i in range(4)]
    if any(corner is None for corner in met):
        return None
    corners = np.array(met, np.float32)
    return (corners, False) if cv2.isContourConvex(corners[:, None]) else None


def _on_frame(a: "Corners", b: "Corners", frame: "Corners") -> bool:
    """Whether this piece of outline is where the picture ends."""
    return any(
        abs(float(a[axis]) - edge) < _ON_EDGE and abs(float(b[axis]) - edge) < _ON_EDGE
        for axis in (0, 1)
        for edge in (-0.5, float(frame[axis]) - 0.5)
    )


def _laid(a: "Corners", b: "Corners", outline: "Corners") -> "Straight | None":
    """The straight line through the outline between two corners, their rounding left out."""
    import cv2
    import numpy as np

    length = float(np.linalg.norm(b - a))
    if length < 4:
        return None
    direction = (b - a) / length
    along = (outline - a) @ direction
    off = np.abs((outline - a) @ np.array([-direction[1], direction[0]]))
    near = outline[(along > 0.12 * length) & (along < 0.88 * length) & (off < 0.04 * length + 0.7)]
    if len(near) < 4:
        return None
    vx, vy, px, py = (float(v) for v in cv2.fitLine(near, cv2.DIST_HUBER, 0, 0.01, 0.01)[:, 0])
    return np.array([px, py]), np.array([vx, vy])


def _every_half_pixel(hull: "Corners") -> "Corners":
    """Points along the hull, so that a straight side weighs as much as its length."""
    import numpy as np

    pieces: list[Any] = []
    for a, b in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        steps = max(1, int(np.linalg.norm(b - a) * 2))
        pieces.append(a + (b - a) * (np.arange(steps)[:, None] / steps))
    return np.concatenate(pieces).astype(np.float32)


def _squared(photo: "Pixels", scale: float) -> "Pixels":
    """The longer side at 256 px, grey right of or below it, as the network learnt."""
    import cv2
    import numpy as np

    height, width = photo.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale < 0.25:  # averaging over every few pixels does as well here
        photo = cv2.resize(photo, (size[0] * 4, size[1] * 4), interpolation=cv2.INTER_NEAREST)
    square = np.full((_SIDE, _SIDE, 3), 127, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    return square


def _told(square: "Pixels") -> "Pixels":
    """(2, 128, 128), 0 to 1: how likely each place is a card without its rim, and the rim."""
    import numpy as np

    photo = np.ascontiguousarray(square.transpose(2, 0, 1)[None], dtype=np.float32)
    return np.asarray(_session().run(None, {"photo": photo})[0])[0]


@functools.cache
def _session() -> Any:
    return weights.session(weights.MODELS / "card_mask" / "inference.onnx", MASK_DIGEST)
