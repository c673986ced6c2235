"""Where in a photograph the outline of a card may be: long straight edges, four of which close to a card's shape.

Colour and brightness of card and table are of no account, only that something straight separates them: a pale card on a
pale table, on a keyboard or in a hand is found by the same rule.
"""

import math
from typing import TYPE_CHECKING, Any

from ocr.corners import Outline, long_side_on_top
from ocr.documents.layout import ASPECT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[Any]
    Corners = NDArray[Any]
    Numbers = NDArray[Any]

# Edges are looked for in a picture this long: a card's side is then 100 to 600 px, its letters are specks.
_SEARCH_PX = 640
_THIN_PX = (9, 1, 15)
_SURE = 0.8
_LARGE = 0.15
_MOST_PEAKS, _MOST_LINES = 120, 40
_GAP_COSTS = 3.0
_MOST_COMPLETED = 10
# Support of the weakest of three sides when the fourth is outside the frame and cannot speak.
_PLAIN_SIDE = 0.5
# Sobel units (four times the step, blurred) in L*a*b* with chroma doubled.
_WEAKEST_EDGE, _STRONGEST_WEAK_EDGE = 4.0, 26.0
# Degrees from an edge's own direction to a line's that it may belong to.
_LEANING = 9.0
# Of the frame's longer side.
_SHORTEST_SIDE = 0.085
# How far outside the frame a corner may lie, of the frame's longer side.
_BEYOND = 0.25
# Opposite sides of a card seen within 35° converge by less; neighbours keep more than this between them.
_CONVERGING, _CROSSING = 32.0, 48.0
# Focal lengths in lengths of the frame: a telephone's wide lens, its normal one, and one that is far away.
_FOCAL = (0.75, 1.15, 2.0)


class _Lines:
    """Straight lines of a picture: point, direction, and for every step along each whether an edge runs there."""

    def __init__(self, normals: "Numbers", offsets: "Numbers", profile: "Numbers", reach: int) -> None:
        """`normals` in radians and `offsets` from the picture's middle; `profile` (lines, 2 * reach + 1) from 0 to 1."""
        import numpy as np

        self.normals, self.offsets, self.reach = normals, offsets, reach
        self.profile = profile
        self.sums = np.concatenate([np.zeros((len(profile), 1), np.float32), profile.cumsum(axis=1)], axis=1)


def outlines(photo: "Pixels", most: int = 4) -> list[Outline]:
    """Likely cards, best first, `most` of them; then perhaps one that runs out of the frame."""
    scale = min(1.0, _SEARCH_PX / max(photo.shape[:2]))
    small = _lit(_shrunk(photo, scale))
    found: list[Outline] = []
    for thin_px in _THIN_PX:
        found = sorted((*found, *_search(_calmed(small, thin_px))), key=lambda outline: -outline.score)
        if found and found[0].score > _SURE:
            break
    closed = [outline for outline in found if not outline.open_side][:most]
    return [
        Outline(outline.corners / scale, outline.score, open_side=outline.open_side)
        for outline in (*closed, *[outline for outline in found if outline.open_side][:1])
    ]


def _lit(small: "Pixels") -> "Pixels":
    """A dim picture made bright, so that a step in it weighs as much as in any other."""
    import cv2
    import numpy as np

    bright = float(np.percentile(small[::4, ::4], 98))
    return cv2.convertScaleAbs(small, alpha=min(240 / max(bright, 1.0), 6.0)) if bright < 220 else small


def _calmed(small: "Pixels", thin_px: int) -> "Pixels":
    """Without what is thin, dark or bright: letters and the gaps between keys go, the edges of things stay in their places."""
    import cv2

    thin = cv2.getStructuringElement(cv2.MORPH_RECT, (thin_px, thin_px))
    return cv2.morphologyEx(cv2.morphologyEx(small, cv2.MORPH_CLOSE, thin), cv2.MORPH_OPEN, thin)


def _search(small: "Pixels") -> list[Outline]:
    import cv2
    import numpy as np

    dx, dy, strength = _slopes(small)
    # Half of any photograph is noise and grain: what is twice as steep is an edge, in the dark as in the sun.
    weak = min(max(_WEAKEST_EDGE, 2.0 * float(np.median(strength[::3, ::3]))), _STRONGEST_WEAK_EDGE)
    edges = cv2.Canny(dx, dy, weak, 2 * weak, L2gradient=True)
    lines = _straight_lines(edges, dx, dy, strength, 4 * weak)
    found = _closed(lines, small.shape[1], small.shape[0])
    if not found or found[0].score < _SURE:
        found = sorted((*found, *_completed(lines, dx, dy, 4 * weak)), key=lambda outline: -outline.score)
    return [*found, *_open_sided(lines, small.shape[1], small.shape[0])]


def _shrunk(photo: "Pixels", scale: float) -> "Pixels":
    import cv2

    height, width = photo.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if scale < 0.3:  # averaging over every other pixel does as well here
        photo = cv2.resize(photo, (size[0] * 2, size[1] * 2), interpolation=cv2.INTER_NEAREST)
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA)


def _slopes(small: "Pixels") -> "tuple[Pixels, Pixels, Pixels]":
    """Slope in x and y (int16) of whichever of L*, a*, b* is steepest at each point, and how steep (float32)."""
    import cv2
    import numpy as np

    light, red, yellow = cv2.split(cv2.cvtColor(cv2.GaussianBlur(small, (5, 5), 1.0), cv2.COLOR_BGR2LAB))
    dx, dy = cv2.Sobel(light, cv2.CV_16S, 1, 0), cv2.Sobel(light, cv2.CV_16S, 0, 1)
    best = np.abs(dx) + np.abs(dy)
    for chroma in (red, yellow):
        other_x, other_y = cv2.Sobel(chroma, cv2.CV_16S, 1, 0, scale=2), cv2.Sobel(chroma, cv2.CV_16S, 0, 1, scale=2)
        steepness = np.abs(other_x) + np.abs(other_y)
        steeper = (steepness > best).astype(np.uint8)
        for mine, other in ((dx, other_x), (dy, other_y), (best, steepness)):
            cv2.copyTo(other, steeper, mine)
    return dx, dy, cv2.magnitude(dx.astype(np.float32), dy.astype(np.float32))


def _straight_lines(edges: "Pixels", dx: "Pixels", dy: "Pixels", strength: "Pixels", full: float) -> _Lines:
    """Hough's transform in which every edge votes for its own direction only."""
    import cv2
    import numpy as np

    height, width = edges.shape
    rows, columns = np.nonzero(edges)
    normal = np.degrees(np.arctan2(dy[rows, columns], dx[rows, columns].astype(np.float32))) % 180
    order = np.argsort(normal)
    rows, columns, normal = rows[order], columns[order], normal[order]
    x, y = columns.astype(np.float32) - width / 2, rows.astype(np.float32) - height / 2
    weight = np.minimum(strength[rows, columns], full) / full
    reach = math.ceil(math.hypot(width, height) / 2) + 2
    votes = np.zeros(180 * 2 * reach, np.float32)
    nearest = np.rint(normal).astype(np.int64)
    cosines, sines = (
        np.cos(np.radians(np.arange(180))).astype(np.float32),
        np.sin(np.radians(np.arange(180))).astype(np.float32),
    )
    for leaning in (-4, -2, -1, 0, 1, 2, 4):
        degree = (nearest + leaning) % 180
        offset = x * cosines[degree] + y * sines[degree]
        votes += np.bincount(degree * 2 * reach + np.rint(offset).astype(np.int64) + reach, weight, votes.size)
    votes = votes.reshape(180, 2 * reach)
    # Past 180° a line comes round with its offset negated.
    mirrored = np.roll(votes[:, ::-1], 1, axis=1)
    around = cv2.GaussianBlur(np.vstack([mirrored[-8:], votes, mirrored[:8]]), (5, 3), 0)
    highest = cv2.dilate(around, np.ones((9, 11), np.uint8))
    peaks = np.argwhere((around == highest) & (around > 0))
    peaks = peaks[(peaks[:, 0] >= 8) & (peaks[:, 0] < 188)]
    peaks = peaks[np.argsort(-around[peaks[:, 0], peaks[:, 1]])[:_MOST_PEAKS]]
    told: list[tuple[float, float, Any]] = []
    for degree, place in peaks:
        low, high = np.searchsorted(normal, (degree - 8 - _LEANING, degree - 8 + _LEANING))
        near = np.arange(low, high)
        if degree - 8 < _LEANING:
            near = np.concatenate([near, np.arange(np.searchsorted(normal, 180 + degree - 8 - _LEANING), len(normal))])
        elif degree - 8 > 180 - _LEANING:
            near = np.concatenate([near, np.arange(np.searchsorted(normal, degree - 8 + _LEANING - 180))])
        line = _followed(x[near], y[near], weight[near], math.radians(int(degree) - 8), float(place - reach), reach)
        if line is not None:
            told.append(line)
    profile = np.array([line[2] for line in told], np.float32).reshape(len(told), 2 * reach + 1)
    # Sides are unbroken; lines of words and rows of keys are as long, but in pieces.
    gained = np.where(profile > 0, profile, -_GAP_COSTS).cumsum(axis=1)
    unbroken = (gained - np.minimum.accumulate(gained, axis=1)).max(axis=1, initial=0)
    best = np.argsort(-unbroken)[:_MOST_LINES]
    normals, offsets = (np.array([line[i] for line in told]) for i in (0, 1))
    return _Lines(normals[best], offsets[best], profile[best], reach)


def _followed(
    x: "Numbers", y: "Numbers", weight: "Numbers", angle: float, offset: float, reach: int
) -> "tuple[float, float, Numbers] | None":
    """The line drawn through the edges near it, and where along it they are."""
    import numpy as np

    near = np.nonzero(np.abs(x * math.cos(angle) + y * math.sin(angle) - offset) < 3.5)[0]
    if len(near) < 12:
        return None
    x, y, weight = x[near], y[near], weight[near]
    along = y * math.cos(angle) - x * math.sin(angle)
    across = x * math.cos(angle) + y * math.sin(angle) - offset
    for _ in range(2):
        keep = weight * (np.abs(across) < 2.5)
        total = float(keep.sum())
        if total <= 0:
            return None
        middle, level = float((keep * along).sum()) / total, float((keep * across).sum()) / total
        spread = float((keep * (along - middle) ** 2).sum())
        lean = float((keep * (along - middle) * (across - level)).sum()) / max(spread, 1.0)
        offset += level - lean * middle
        angle -= math.atan(lean)
        along = y * math.cos(angle) - x * math.sin(angle)
        across = x * math.cos(angle) + y * math.sin(angle) - offset
    on = np.abs(across) < 2.0
    profile = np.zeros(2 * reach + 1, np.float32)
    np.maximum.at(profile, np.clip(np.rint(along[on]).astype(np.int64) + reach, 0, 2 * reach), 0.35 + 0.65 * weight[on])
    # Steps of a slanted line leave single gaps.
    profile = np.maximum(profile, np.maximum(np.roll(profile, 1), np.roll(profile, -1)))
    return angle, offset, profile


def _closed(lines: _Lines, width: int, height: int) -> list[Outline]:
    """Every two pairs of lines that close to something like a card, best first, one per place."""
    import numpy as np

    count = len(lines.normals)
    if count < 4:
        return []
    one, other = np.triu_indices(count, 1)
    apart = np.abs((lines.normals[one] - lines.normals[other] + math.pi / 2) % math.pi - math.pi / 2)
    long_side = max(width, height)
    facing = apart < math.radians(_CONVERGING)
    one, other = one[facing], other[facing]
    first, second = np.triu_indices(len(one), 1)
    turned = np.abs((lines.normals[one[first]] - lines.normals[one[second]] + math.pi / 2) % math.pi - math.pi / 2)
    first, second = first[turned > math.radians(_CROSSING)], second[turned > math.radians(_CROSSING)]
    a, b, c, d = one[first], one[second], other[first], other[second]
    points, places = _crossings(lines)
    corners = np.stack([points[a, b], points[b, c], points[c, d], points[d, a]], axis=1)
    sides = np.stack([corners[:, (i + 1) % 4] - corners[:, i] for i in range(4)], axis=1)
    lengths = np.hypot(sides[:, :, 0], sides[:, :, 1])
    limit = np.array([width / 2, height / 2]) + _BEYOND * long_side
    turning = (
        sides[:, :, 0] * np.roll(sides, -1, axis=1)[:, :, 1] - sides[:, :, 1] * np.roll(sides, -1, axis=1)[:, :, 0]
    )
    convex = (turning > 0).all(axis=1) | (turning < 0).all(axis=1)
    within = (np.abs(corners) < limit).all(axis=(1, 2))
    keep = np.nonzero(convex & within & (lengths.min(axis=1) > _SHORTEST_SIDE * long_side))[0]
    if not len(keep):
        return []
    corners, lengths = corners[keep], lengths[keep]
    a, b, c, d = a[keep], b[keep], c[keep], d[keep]
    residual = _unlike_a_card(corners, long_side)
    keep = np.nonzero(residual < 0.16)[0]
    if not len(keep):
        return []
    corners, residual = corners[keep], residual[keep]
    a, b, c, d = a[keep], b[keep], c[keep], d[keep]
    # The side on line b runs from its crossing with a to that with c, and so on.
    ends = [(b, a, c), (c, b, d), (d, c, a), (a, d, b)]
    told = [_support(lines, line, places[line, start], places[line, stop], width, height) for line, start, stop in ends]
    support = np.stack([t[0] for t in told], axis=1)
    overrun = np.stack([t[1] for t in told], axis=1).mean(axis=1)
    seen = np.stack([t[2] for t in told], axis=1)
    area = np.abs(_area(corners)) / (width * height)
    score = _score(support, overrun, residual, area, seen.min(axis=1))
    return _best_apart(corners + np.array([width / 2, height / 2]), score, long_side)


def _score(support: "Numbers", overrun: "Numbers", residual: "Numbers", area: "Numbers", seen: "Numbers") -> "Numbers":
    """Sides that an edge runs along, the weakest counting least: it may lie under a thumb or be as pale as the table."""
    import numpy as np

    return (
        np.sort(support, axis=1) @ np.array([0.2, 0.3, 0.25, 0.25])
        - 0.35 * overrun
        - 1.5 * residual
        + _LARGE * np.sqrt(np.minimum(area, 1))
        - 0.3 * (1 - seen)
    )


def _completed(lines: _Lines, dx: "Pixels", dy: "Pixels", full: float) -> list[Outline]:
    """Cards of which three sides are plain and the fourth is hardly there: it is looked for where it ought to be."""
    import numpy as np

    height, width = dx.shape
    if len(lines.normals) < 3:
        return []
    points, places = _crossings(lines)
    one, other = np.triu_indices(len(lines.normals), 1)
    apart = np.abs((lines.normals[one] - lines.normals[other] + math.pi / 2) % math.pi - math.pi / 2)
    one, other = one[apart < math.radians(_CONVERGING)], other[apart < math.radians(_CONVERGING)]
    pair, middle = np.divmod(np.arange(len(one) * len(lines.normals)), len(lines.normals))
    a, c, b = one[pair], other[pair], middle
    across = np.abs((lines.normals[a] - lines.normals[b] + math.pi / 2) % math.pi - math.pi / 2)
    across = np.minimum(across, np.abs((lines.normals[c] - lines.normals[b] + math.pi / 2) % math.pi - math.pi / 2))
    p, q = points[a, b], points[c, b]
    base = np.hypot(*(p - q).T)
    inside = (np.abs(np.concatenate([p, q], axis=1)) < np.array([width, height, width, height]) / 2).all(axis=1)
    keep = inside & (across > math.radians(_CROSSING)) & (base > 1.3 * _SHORTEST_SIDE * max(width, height))
    a, b, c, p, q, base = a[keep], b[keep], c[keep], p[keep], q[keep], base[keep]
    tried: list[tuple[float, Any, Any, Any, Any, Any]] = []
    for proportion in (ASPECT, 1 / ASPECT):
        for way in (-1.0, 1.0):
            reach = base * proportion * way
            # Both sides go the same way from the middle one, though their own directions may be opposite.
            agree = np.sign(np.cos(lines.normals[a] - lines.normals[c]))
            sides = [
                _support(lines, a, places[a, b], places[a, b] + 0.8 * reach, width, height),
                _support(lines, b, places[b, a], places[b, c], width, height),
                _support(lines, c, places[c, b], places[c, b] + 0.8 * reach * agree, width, height),
            ]
            support = np.sort(np.stack([side[0] for side in sides], axis=1), axis=1)
            score = (
                support @ np.array([0.4, 0.35, 0.25])
                - 0.35 * sides[1][1]
                + 0.1 * np.sqrt(base * np.abs(reach) / (width * height))
            )
            for i in np.argsort(-score)[:_MOST_COMPLETED]:
                along_a = np.array([-math.sin(lines.normals[a[i]]), math.cos(lines.normals[a[i]])]) * reach[i]
                along_c = (
                    np.array([-math.sin(lines.normals[c[i]]), math.cos(lines.normals[c[i]])]) * reach[i] * agree[i]
                )
                tried.append((float(score[i]), p[i], q[i], along_a, along_c, support[i]))
    tried.sort(key=lambda hypothesis: -hypothesis[0])
    corners: list[Any] = []
    supports: list[Any] = []
    distinct: list[Any] = []
    for _, p1, q1, along_a, along_c, three in tried:
        rough = np.concatenate([p1, q1, p1 + along_a, q1 + along_c])
        if any(np.abs(rough - other).max() < 4 for other in distinct):
            continue
        distinct.append(rough)
        for r1, s1, fourth in _fourth_side(p1, q1, along_a, along_c, dx, dy, full):
            corners.append(np.stack([p1, q1, s1, r1]))
            supports.append([*three, fourth])
        if len(distinct) == _MOST_COMPLETED:
            break
    centre = np.array([width / 2, height / 2])
    if not corners:
        return []
    closed = np.array(corners)
    residual = _unlike_a_card(closed, max(width, height))
    area = np.abs(_area(closed)) / (width * height)
    nothing = np.zeros(len(closed))
    score = _score(np.array(supports), nothing, residual, area, nothing + 1) - 0.05
    good = residual < 0.16
    return _best_apart(closed[good] + centre, score[good], max(width, height))


def _open_sided(lines: _Lines, width: int, height: int) -> list[Outline]:
    """The plainest card that runs out of the frame: two facing sides up to the frame's edge, and one that joins them."""
    import numpy as np

    if len(lines.normals) < 3:
        return []
    points, places = _crossings(lines)
    every = np.arange(len(lines.normals))
    ends = _in_frame(lines, every, width, height)
    last = 0.1 * min(width, height)
    runs: list[Any] = []  # line, way (-1 or 1), place where it leaves the frame
    for way, leaves in zip((-1.0, 1.0), ends, strict=True):
        plain = (
            _between(lines, every, np.minimum(leaves, leaves - way * last), np.maximum(leaves, leaves - way * last))
            / last
        )
        runs += [(line, way, leaves[line]) for line in every[plain > _PLAIN_SIDE]]
    if len(runs) < 2:
        return []
    line, way, leaves = (np.array(column) for column in zip(*runs, strict=True))
    line = line.astype(np.int64)
    heading = np.stack([-np.sin(lines.normals[line]), np.cos(lines.normals[line])], axis=1) * way[:, None]
    one, other = np.triu_indices(len(line), 1)
    together = (heading[one] * heading[other]).sum(axis=1) > math.cos(math.radians(_CONVERGING / 2))
    pair, joining = np.divmod(np.arange(int(together.sum()) * len(every)), len(every))
    one, other = one[together][pair], other[together][pair]
    a, c = line[one], line[other]
    p, q = points[a, joining], points[c, joining]
    base = np.hypot(*(p - q).T)
    seen_a = (leaves[one] - places[a, joining]) * way[one]
    seen_c = (leaves[other] - places[c, joining]) * way[other]
    inside = (np.abs(np.concatenate([p, q], axis=1)) < np.array([width, height, width, height]) / 2 - 1).all(axis=1)
    shorter = np.minimum(seen_a, seen_c)
    slope = np.abs((heading[one] * (q - p)).sum(axis=1)) / np.maximum(base, 1)
    keep = inside & (base > 0.2 * max(width, height)) & (shorter > 0.25 * base) & (slope < 0.42)
    keep &= np.maximum(seen_a, seen_c) < 1.5 * base
    one, other, joining, p, q, base, a, c = (v[keep] for v in (one, other, joining, p, q, base, a, c))
    if not len(one):
        return []
    sides = [
        _support(lines, a, places[a, joining], leaves[one], width, height),
        _support(lines, c, places[c, joining], leaves[other], width, height),
        _support(lines, joining, places[joining, a], places[joining, c], width, height),
    ]
    support = np.stack([side[0] for side in sides], axis=1)
    score = (
        0.5 * support.min(axis=1) + 0.5 * support.mean(axis=1) - 0.4 * sides[2][1] + 0.15 * base / max(width, height)
    )
    best = int(score.argmax())
    if support[best].min() < _PLAIN_SIDE:
        return []
    # How long it would be were it all there: a card's short side, unless more than that is seen already.
    long_enough = base[best] / ASPECT > 1.02 * float(np.maximum(seen_a, seen_c)[keep][best])
    length = base[best] / ASPECT if long_enough else base[best] * ASPECT
    corners = np.stack(
        [p[best], q[best], q[best] + length * heading[other[best]], p[best] + length * heading[one[best]]]
    )
    corners = long_side_on_top(corners + np.array([width / 2, height / 2]))
    return [Outline(corners.astype(np.float32), float(score[best]), open_side=True)]


def _fourth_side(
    p: "Numbers", q: "Numbers", along_a: "Numbers", along_c: "Numbers", dx: "Pixels", dy: "Pixels", full: float
) -> "list[tuple[Numbers, Numbers, float]]":
    """The straightest faint edges between the sides that leave `p` and `q`, near the ends of `along_a` and `along_c`."""
    import numpy as np

    height, width = dx.shape
    length = float(np.linalg.norm(along_a))
    steps = np.arange(0.78, 1.24, max(1.0 / length, 0.006))
    slants = np.linspace(-0.12, 0.12, 9)
    shares = np.linspace(0.08, 0.92, 40)[:, None]
    r = p + steps[:, None] * along_a
    s = q + (steps[:, None, None] + slants[:, None]) * along_c
    between = r[:, None, None] * (1 - shares) + s[:, :, None] * shares
    columns = np.rint(between[..., 0] + width / 2).astype(np.int64)
    rows = np.rint(between[..., 1] + height / 2).astype(np.int64)
    seen = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    columns, rows = np.clip(columns, 0, width - 1), np.clip(rows, 0, height - 1)
    run = s - r[:, None]
    run /= np.linalg.norm(run, axis=2, keepdims=True)
    across = np.abs(dy[rows, columns] * run[..., 0, None] - dx[rows, columns] * run[..., 1, None])
    edge = (np.minimum(across, full) * seen).sum(axis=2) / np.maximum(seen.sum(axis=2), 20) / full
    found: list[tuple[Any, Any, float]] = []
    for _ in range(3):
        i, j = np.unravel_index(int(edge.argmax()), edge.shape)
        if edge[i, j] < 0.08:
            break
        found.append((r[i], s[i, j], min(1.0, 1.6 * float(edge[i, j]))))
        edge[max(0, i - 5) : i + 6] = 0
    return found


def _crossings(lines: _Lines) -> "tuple[Numbers, Numbers]":
    """Where lines meet, (n, n, 2) from the picture's middle, and how far along the first that is, (n, n)."""
    import numpy as np

    cosine, sine = np.cos(lines.normals), np.sin(lines.normals)
    cross = cosine[:, None] * sine[None] - sine[:, None] * cosine[None]
    cross[np.abs(cross) < 1e-3] = np.nan
    x = (lines.offsets[:, None] * sine[None] - sine[:, None] * lines.offsets[None]) / cross
    y = (cosine[:, None] * lines.offsets[None] - lines.offsets[:, None] * cosine[None]) / cross
    x, y = np.nan_to_num(x, nan=1e9), np.nan_to_num(y, nan=1e9)
    return np.stack([x, y], axis=2), y * cosine[:, None] - x * sine[:, None]


def _support(
    lines: _Lines, line: "Numbers", start: "Numbers", stop: "Numbers", width: int, height: int
) -> "tuple[Numbers, Numbers, Numbers]":
    """How much of each side an edge runs along, how much the edge goes on past its ends, how much of it is in the frame."""
    import numpy as np

    low, high = np.minimum(start, stop), np.maximum(start, stop)
    length = high - low
    enters, leaves = _in_frame(lines, line, width, height)
    rounding = 0.06 * length
    inner_low, inner_high = np.maximum(low + rounding, enters), np.minimum(high - rounding, leaves)
    visible = np.maximum(inner_high - inner_low, 0)
    support = _between(lines, line, inner_low, inner_high) / np.maximum(visible, 1)
    before = _between(lines, line, low - 0.1 * length, low - 2)
    after = _between(lines, line, high + 2, high + 0.1 * length)
    overrun = (before + after) / np.maximum(0.2 * length - 4, 1)
    return support, np.clip(overrun, 0, 1), visible / np.maximum(length - 2 * rounding, 1)


def _in_frame(lines: _Lines, line: "Numbers", width: int, height: int) -> "tuple[Numbers, Numbers]":
    """Where along each line (in the direction of -sine, cosine of its normal) the frame begins and ends."""
    import numpy as np

    cosine, sine = np.cos(lines.normals[line]), np.sin(lines.normals[line])
    foot_x, foot_y = lines.offsets[line] * cosine, lines.offsets[line] * sine
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (-width / 2 - foot_x) / -sine, (width / 2 - foot_x) / -sine
        third, fourth = (-height / 2 - foot_y) / cosine, (height / 2 - foot_y) / cosine
    enters = np.maximum(
        np.nan_to_num(np.minimum(one, other), nan=-1e9), np.nan_to_num(np.minimum(third, fourth), nan=-1e9)
    )
    leaves = np.minimum(
        np.nan_to_num(np.maximum(one, other), nan=1e9), np.nan_to_num(np.maximum(third, fourth), nan=1e9)
    )
    return enters, leaves


def _between(lines: _Lines, line: "Numbers", low: "Numbers", high: "Numbers") -> "Numbers":
    import numpy as np

    steps = lines.sums.shape[1] - 1
    start = np.clip(np.rint(low).astype(np.int64) + lines.reach, 0, steps)
    stop = np.clip(np.rint(high).astype(np.int64) + lines.reach, 0, steps)
    return lines.sums[line, np.maximum(stop, start)] - lines.sums[line, start]


def _unlike_a_card(corners: "Corners", long_side: float) -> "Numbers":
    """How far from a rectangle of a card's proportions, seen by a telephone, each quadrilateral is: 0 is exact.

    Zhang and He, Whiteboard scanning and image enhancement (2007), §3: proportions from four corners and the focal length;
    corners count from the picture's middle. Of a few focal lengths the kindest is believed.
    """
    import numpy as np

    ones = np.ones((*corners.shape[:2], 1))
    m1, m2, m4, m3 = (np.concatenate([corners / long_side, ones], axis=2)[:, i] for i in range(4))
    k2 = _triple(m1, m4, m3) / _triple(m2, m4, m3)
    k3 = _triple(m1, m4, m2) / _triple(m3, m4, m2)
    n2, n3 = k2[:, None] * m2 - m1, k3[:, None] * m3 - m1
    least = np.full(len(corners), np.inf)
    for focal in _FOCAL:
        weigh = np.array([1 / focal**2, 1 / focal**2, 1])
        wide, high = (n2 * n2 * weigh).sum(axis=1), (n3 * n3 * weigh).sum(axis=1)
        lean = np.abs((n2 * n3 * weigh).sum(axis=1)) / np.sqrt(wide * high)
        proportion = 0.5 * np.abs(np.log(wide / high))
        least = np.minimum(least, np.abs(proportion - math.log(ASPECT)) + 0.7 * lean)
    return least


def _triple(a: "Numbers", b: "Numbers", c: "Numbers") -> "Numbers":
    import numpy as np

    return (np.cross(a, b) * c).sum(axis=1)


def _area(corners: "Corners") -> "Numbers":
    import numpy as np

    x, y = corners[:, :, 0], corners[:, :, 1]
    return (x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1) / 2


def _best_apart(corners: "Corners", score: "Numbers", long_side: float) -> list[Outline]:
    """The best of every group of nearly the same corners."""
    import numpy as np

    found: list[Outline] = []
    order = np.argsort(-score)[:400]
    for i in order:
        clockwise = long_side_on_top(corners[i])
        if all(_corners_apart(clockwise, other.corners) > 0.03 * long_side for other in found):
            found.append(Outline(clockwise.astype(np.float32), float(score[i])))
            if len(found) == 12:
                break
    return found


def _corners_apart(one: "Corners", other: "Corners") -> float:
    import numpy as np

    return min(float(np.abs(np.roll(one, turn, axis=0) - other).max()) for turn in (0, 2))
