"""From a stranger's photograph to a flat picture of the card, or a refusal that says how to take a better one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kit import images
from ocr import masking, outlining, refusals
from ocr.corners import Outline, drawn_closer
from ocr.documents.layout import ASPECT, Place, Side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    # uint8 (height, width, 3) BGR, or (height, width) grey; OpenCV's stubs promise no element type.
    Pixels = NDArray[Any]
    # Four points in pixels of a photograph.
    Corners = NDArray[Any]

# The flattened card. 1280 px over 85.6 mm is 380 dpi: small labels keep 20 px, a QR module 4 px.
FLAT_WIDTH = 1_280
FLAT_HEIGHT = round(FLAT_WIDTH / ASPECT)

# Photographs longer than this are decoded smaller; what matters on a card is already gone into FLAT_WIDTH.
_LONGEST_SIDE_PX = 4_096
SMALLEST_CARD_PX = 600
# Of the card's width: how far outside the frame a corner may seem to be and still be inside.
_OUTSIDE = 0.012
# Of the photo's longer side: what is this near its edge lies on it.
_ALONG_FRAME = 0.012
# Below, it is the grain of a table; found on the scenes of ocr/training/scenes.py, empty tables among them.
_LEAST_LIKELY = 0.95
# Above, a card the network is sure of has an edge on every side.
_PLAINLY = 1.28
# What it is less sure of gives way to straight lines that are as likely.
_GUESSED = 0.1
_MOST_CARDS = 4
# The second card of one photograph is about as large and about as plain as the first.
_LEAST_LIKELY_SECOND = 1.0
_UNLIKE_SIZES = 1.6
# What else is worth reading when the likeliest turns out to be no card.
_ALMOST_AS_LIKELY, _MUCH_LIKELIER = 0.2, 0.3


class Flat:
    """A card found in a photograph and cut out of it, landscape, FLAT_WIDTH x FLAT_HEIGHT."""

    def __init__(
        self, photo: "Pixels", corners: "Corners", *, cut_off: bool = False, levels: "dict[int, Part] | None" = None
    ) -> None:
        """`corners` of the card in the photo, clockwise from the top left of the upright card, (4, 2) float32."""
        self.photo, self.corners, self.cut_off = photo, corners, cut_off
        self._levels: dict[int, Part] = {} if levels is None else levels
        self._image: Pixels | None = None

    @property
    def image(self) -> "Pixels":
        """The whole card, FLAT_WIDTH x FLAT_HEIGHT."""
        if self._image is None:
            self._image = self.closer(Place(0, 0, 1, 1))
        return self._image

    @property
    def card_width_px(self) -> int:
        """Of the card in the photo."""
        return round(_across(self.corners))

    def turned(self) -> "Flat":
        """The same card the other way up."""
        import numpy as np

        other = Flat(self.photo, np.roll(self.corners, 2, axis=0), cut_off=self.cut_off, levels=self._levels)
        if self._image is not None:
            other._image = np.ascontiguousarray(self._image[::-1, ::-1])
        return other

    def closer(self, place: Place, scale: float = 1.0) -> "Pixels":
        """A part of the card sampled anew from the photo, `scale` times as large as in `image`."""
        import cv2
        import numpy as np

        width, height = FLAT_WIDTH * scale, FLAT_HEIGHT * scale
        size = (max(1, round(place.width * width)), max(1, round(place.height * height)))
        x, y = place.x * width, place.y * height
        level = 0
        while self.card_width_px / 2**level > 2 * width:
            # Halved first: sampling every other pixel would tear thin strokes.
            level += 1
        part = self.part(level)
        target = np.array([[-x, -y], [width - x, -y], [width - x, height - y], [-x, height - y]], dtype=np.float32)
        matrix = cv2.getPerspectiveTransform(part.within(self.corners).astype(np.float32), target)
        image = cv2.warpPerspective(part.pixels, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(image, dtype=np.uint8)

    def part(self, level: int) -> "Part":
        """The photo around the card, halved `level` times; kept, for a card is looked at many times."""
        if level not in self._levels:
            self._levels[level] = _around(self.photo, self.corners) if level == 0 else self.part(level - 1).halved()
        return self._levels[level]


class Part:
    """A piece of a photograph, `scale` times its size, with `left` and `top` in the photo's pixels."""

    def __init__(self, pixels: "Pixels", left: float, top: float, scale: float) -> None:
        self.pixels, self.left, self.top, self.scale = pixels, left, top, scale

    def within(self, corners: "Corners") -> "Corners":
        """Points of the photo in this piece; a pixel's middle stays a pixel's middle."""
        return (corners + 0.5 - [self.left, self.top]) * self.scale - 0.5

    def without(self, corners: "Corners") -> "Corners":
        """And back."""
        return (corners + 0.5) / self.scale + [self.left, self.top] - 0.5

    def halved(self) -> "Part":
        import cv2

        height, width = self.pixels.shape[0] // 2 * 2, self.pixels.shape[1] // 2 * 2
        half = cv2.resize(self.pixels[:height, :width], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        return Part(half, self.left, self.top, self.scale / 2)


def _around(photo: "Pixels", corners: "Corners") -> Part:
    """What the card and a margin for refining its outline cover; nothing is copied."""
    import numpy as np

    margin = 0.03 * _across(corners) + 8
    height, width = photo.shape[:2]
    left, top = (int(v) for v in np.clip(corners.min(axis=0) - margin, 0, [width - 2, height - 2]))
    right, bottom = (int(v) for v in np.clip(corners.max(axis=0) + margin, [left + 2, top + 2], [width, height]))
    return Part(photo[top:bottom, left:right], left, top, 1.0)


def decode(data: bytes) -> "Pixels":
    """The photograph upright, BGR. Refuses as `kit.images` does."""
    import cv2
    import numpy as np

    picture = images.decode(data, longest_side_px=_LONGEST_SIDE_PX)
    return np.asarray(cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2BGR), dtype=np.uint8)


def flatten(photo: "Pixels", side: Side) -> list[Flat]:
    """Likely cards, best first; the second side, where both are in one photo, comes second (`apart` tells).

    A card that runs out of the frame is among them with `cut_off`, before what is printed on it and looks like a card.
    Refuses CardNotFound, CardTooSmall.
    """
    found = _as_scan(photo) + _ordered(_likely(photo))
    flats = [flat for flat in found if flat.card_width_px >= SMALLEST_CARD_PX]
    if flats:
        return flats[:_MOST_CARDS]
    too_small = bool(found) or max(photo.shape[:2]) < SMALLEST_CARD_PX
    raise refusals.CardTooSmall(side=side) if too_small else refusals.CardNotFound(side=side)


def apart(flats: Sequence[Flat]) -> list[Flat]:
    """Those that lie beside each other: one card, or both sides of it in one photograph."""
    beside: list[Flat] = []
    for flat in flats:
        if not flat.cut_off and all(not _overlap(flat, other) for other in beside):
            beside.append(flat)
    return beside


def _as_scan(photo: "Pixels") -> list[Flat]:
    """The frame itself, when it has a card's proportions: perhaps a scan cut to the card's edge."""
    import numpy as np

    height, width = photo.shape[:2]
    if not ASPECT * 0.93 < max(width, height) / min(width, height) < ASPECT * 1.07:
        return []
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32) - 0.5
    return [Flat(photo, frame if width > height else np.roll(frame, -1, axis=0))]


def _likely(photo: "Pixels") -> "list[_Likely]":
    """What the network sees, if there is an edge all around it; else also what straight lines alone make likely, and that
    before the network's guess. A card it sees whole does not run out of the frame."""
    seen = [_refined(photo, outline) for outline in masking.outlines(photo)]
    if seen and all(one.flat.cut_off or one.likely > _PLAINLY for one in seen):
        return seen
    whole = any(not one.flat.cut_off for one in seen)
    drawn = [_refined(photo, outline) for outline in outlining.outlines(photo) if not (whole and outline.open_side)]
    return drawn + [_Likely(one.flat, one.likely - _GUESSED) for one in seen]


class _Likely:
    """A flat and how likely it is to be a card."""

    def __init__(self, flat: Flat, likely: float) -> None:
        self.flat, self.likely = flat, likely


def _refined(photo: "Pixels", outline: Outline) -> _Likely:
    """Its corners laid on the edge itself, in a copy of the photo in which the card is about as wide as it will be."""
    import numpy as np

    corners = np.asarray(outline.corners, np.float32)
    if outline.open_side:
        return _Likely(Flat(photo, corners, cut_off=True), outline.score + 0.5)
    flat = Flat(photo, corners)
    level = 0
    while flat.card_width_px / 2**level > 1.25 * FLAT_WIDTH:
        level += 1
    part = flat.part(level)
    closer, plain = drawn_closer(part.pixels, part.within(corners).astype(np.float32))
    corners = part.without(closer).astype(np.float32)
    return _Likely(
        Flat(
            photo,
            corners,
            cut_off=_outside(corners, photo) > _OUTSIDE * _across(corners) or _along_frame(corners, photo),
        ),
        outline.score + 0.5 * plain,
    )


def _outside(corners: "Corners", photo: "Pixels") -> float:
    """How far the outermost corner is outside the photo, in its pixels; below zero when all are inside."""
    import numpy as np

    height, width = photo.shape[:2]
    return float(np.maximum(-corners, corners - [width - 1, height - 1]).max())


def _along_frame(corners: "Corners", photo: "Pixels") -> bool:
    """Whether one whole side lies where the picture ends: what is beyond it, nobody knows."""
    import numpy as np

    height, width = photo.shape[:2]
    near = _ALONG_FRAME * max(height, width)
    on = np.stack([corners < near, corners > np.array([width, height]) - 1 - near], axis=2)
    return bool((on & np.roll(on, -1, axis=0)).any())


def _ordered(found: list[_Likely]) -> list[Flat]:
    """Best first; then what lies beside it; then the rest."""
    found = sorted((one for one in found if one.likely > _LEAST_LIKELY), key=lambda one: -one.likely)
    cut = [one for one in found if one.flat.cut_off]
    whole = [one for one in found if not one.flat.cut_off]
    plainly = whole[0].likely + _MUCH_LIKELIER if whole else 0.0
    first = [one.flat for one in cut[:1] if one.likely > plainly or _holds(one.flat, whole[0].flat)]
    if whole:
        best = whole[0].flat
        first.append(best)
        first += [
            one.flat
            for one in whole[1:]
            if one.likely > _LEAST_LIKELY_SECOND and not _overlap(best, one.flat) and _alike(best, one.flat)
        ][:1]
    almost = [one.flat for one in (*whole, *cut) if one.likely > found[0].likely - _ALMOST_AS_LIKELY]
    return first + [flat for flat in almost if all(flat is not other for other in first)]


def _alike(one: Flat, other: Flat) -> bool:
    """In size, as two cards beside each other are."""
    return 1 / _UNLIKE_SIZES < _across(one.corners) / _across(other.corners) < _UNLIKE_SIZES


def _holds(outer: Flat, inner: Flat) -> bool:
    """Whether `inner` is a smaller thing within `outer`."""
    import cv2

    x, y = (float(v) for v in inner.corners.mean(axis=0))
    within = cv2.pointPolygonTest(outer.corners.astype("float32"), (x, y), measureDist=False) >= 0
    return within and _across(inner.corners) < 0.7 * _across(outer.corners)


def _overlap(one: Flat, other: Flat) -> bool:
    import cv2

    shared, _ = cv2.intersectConvexConvex(one.corners.astype("float32"), other.corners.astype("float32"))
    smaller = min(cv2.contourArea(flat.corners.astype("float32")) for flat in (one, other))
    return shared > 0.1 * smaller


def _across(corners: "Corners") -> float:
    import numpy as np

    return float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2


def jpeg(image: "Pixels") -> bytes:
    import cv2

    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return encoded.tobytes()
