"""From a stranger's photograph to a flat picture of the card, or a refusal that says how to take a better one."""

import math
from typing import TYPE_CHECKING, Any

from kit import images
from ocr import refusals
from ocr.documents.layout import ASPECT, Place, Side
from ocr.reading import SideQuality

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
_SEARCH_SIDE_PX = 640

SMALLEST_CARD_PX = 600
# Of the frame's area. A card 600 px wide in a 12-megapixel photo covers 1.9 %.
_SMALLEST_SHARE = 0.015
# In L*a*b* as OpenCV scales it; 8 is a difference one has to look for.
_LEAST_CONTRAST = 8.0
# Thresholds found on the specimens of benchmarks/cards.py: halfway between photos that read and photos that do not.
BLURRED_BELOW = 22.0
DARK_BELOW = 45.0
GLARE_ABOVE = 0.06
GLARE_NOTED_ABOVE = 0.004


class Flat:
    """A card found in a photograph and cut out of it, landscape, FLAT_WIDTH x FLAT_HEIGHT."""

    def __init__(self, photo: "Pixels", corners: "Corners") -> None:
        """`corners` of the card in the photo, clockwise from the top left of the upright card, (4, 2) float32."""
        self.photo, self.corners = photo, corners
        self.image = self.closer(Place(0, 0, 1, 1))

    @property
    def card_width_px(self) -> int:
        """Of the card in the photo."""
        return round(_across(self.corners))

    def turned(self) -> "Flat":
        """The same card the other way up."""
        import numpy as np

        return Flat(self.photo, np.roll(self.corners, 2, axis=0))

    def closer(self, place: Place, scale: float = 1.0) -> "Pixels":
        """A part of the card sampled anew from the photo, `scale` times as large as in `image`."""
        import cv2
        import numpy as np

        width, height = FLAT_WIDTH * scale, FLAT_HEIGHT * scale
        size = (max(1, round(place.width * width)), max(1, round(place.height * height)))
        x, y = place.x * width, place.y * height
        photo, corners = self.photo, self.corners
        while self.card_width_px * (len(photo) / len(self.photo)) > 2 * width:
            # Halved first: sampling every other pixel would tear thin strokes.
            photo, corners = cv2.resize(photo, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), corners / 2
        target = np.array([[-x, -y], [width - x, -y], [width - x, height - y], [-x, height - y]], dtype=np.float32)
        matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
        image = cv2.warpPerspective(photo, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(image, dtype=np.uint8)


def decode(data: bytes) -> "Pixels":
    """The photograph upright, BGR. Refuses as `kit.images` does."""
    import numpy as np

    picture = images.decode(data, longest_side_px=_LONGEST_SIDE_PX)
    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


def flatten(photo: "Pixels", side: Side) -> list[Flat]:
    """Likely cards, best first. Refuses CardNotFound, CardTooSmall."""
    import numpy as np

    height, width = photo.shape[:2]
    quads = _quads(photo)
    ratio = max(width, height) / min(width, height)
    if ASPECT * 0.93 < ratio < ASPECT * 1.07 and not any(
        _across(corners) > 0.6 * max(width, height) for corners in quads
    ):
        # Perhaps a scan cut to the card's edge; smaller outlines are then its portrait, its zone or its QR.
        frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
        quads = [frame if width > height else np.roll(frame, -1, axis=0), *quads]
    flats = [Flat(photo, corners) for corners in quads if _across(corners) >= SMALLEST_CARD_PX]
    if flats:
        return flats
    too_small = bool(quads) or max(width, height) < SMALLEST_CARD_PX
    raise refusals.CardTooSmall(side=side) if too_small else refusals.CardNotFound(side=side)


def _across(corners: "Corners") -> float:
    import numpy as np

    return float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2


def judge(flat: Flat, side: Side) -> SideQuality:
    """Light and sharpness of the card itself, before any reading. Refuses CardTooDark, CardGlare, CardBlurred."""
    import cv2

    grey = cv2.cvtColor(flat.image, cv2.COLOR_BGR2GRAY)
    brightness = float(grey.mean())
    glare_share = _burnt_out(flat.image)
    sharpness = _sharpness(grey)
    quality = SideQuality(
        card_width_px=flat.card_width_px,
        sharpness=round(sharpness, 2),
        brightness=round(brightness, 1),
        glare_share=round(glare_share, 4),
    )
    if brightness < DARK_BELOW:
        raise refusals.CardTooDark(side=side)
    if glare_share > GLARE_ABOVE:
        raise refusals.CardGlare(side=side)
    if sharpness < BLURRED_BELOW:
        raise refusals.CardBlurred(side=side)
    return quality


def jpeg(image: "Pixels") -> bytes:
    import cv2

    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])
    assert done
    return encoded.tobytes()


def _quads(photo: "Pixels") -> "list[Corners]":
    """Four-cornered outlines with a card's proportions, largest first, corners clockwise with the long side on top."""
    import cv2
    import numpy as np

    scale = min(1.0, _SEARCH_SIDE_PX / max(photo.shape[:2]))
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    area = small.shape[0] * small.shape[1]
    lab = cv2.cvtColor(cv2.GaussianBlur(small, (5, 5), 0), cv2.COLOR_BGR2LAB)
    found: list[tuple[float, Corners]] = []  # area, corners in the photo's pixels
    for mask in _masks(lab):
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for contour in contours:
            if cv2.contourArea(contour) < _SMALLEST_SHARE * area:
                continue
            hull = cv2.convexHull(contour, returnPoints=True)
            corners = _four_corners(hull)
            if corners is None:
                continue
            quad_area = cv2.contourArea(corners)
            # Rounded corners and a frayed mask cost a little; a hand over the card costs more and is another card.
            if cv2.contourArea(hull) / max(quad_area, 1) < 0.93 or cv2.contourArea(contour) / max(quad_area, 1) < 0.80:
                continue
            ordered = _long_side_on_top(corners)
            if ordered is not None and quad_area < 0.985 * area and _stands_out(lab, corners):
                found.append((quad_area, (ordered / scale).astype(np.float32)))
    found.sort(key=lambda pair: -pair[0])
    distinct: list[Corners] = []
    for _, corners in found:
        if all(np.abs(corners.mean(0) - other.mean(0)).max() > 0.03 * max(photo.shape[:2]) for other in distinct):
            distinct.append(corners)
    return distinct[:3]


def _masks(lab: "Pixels") -> "list[Pixels]":
    """Masks in which a card may be one blob: what differs from the frame's rim, what is bright, what edges enclose."""
    import cv2
    import numpy as np

    height, width = lab.shape[:2]
    band = max(4, min(height, width) // 40)
    rim = np.concatenate(
        [
            lab[:band].reshape(-1, 3),
            lab[-band:].reshape(-1, 3),
            lab[:, :band].reshape(-1, 3),
            lab[:, -band:].reshape(-1, 3),
        ]
    ).astype(np.float32)
    away = np.linalg.norm(lab.astype(np.float32) - np.median(rim, axis=0), axis=2)
    away = np.clip(away * 2, 0, 255).astype(np.uint8)
    _, different = cv2.threshold(away, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    _, bright = cv2.threshold(lab[:, :, 0], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    edges = cv2.Canny(np.ascontiguousarray(lab[:, :, 0]), 25, 75)
    edges = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    filled = np.zeros_like(edges)
    contours, _ = cv2.findContours(edges, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(filled, contours, -1, (255,), cv2.FILLED)
    filled = cv2.erode(filled, np.ones((3, 3), np.uint8), iterations=2)
    heal = np.ones((9, 9), np.uint8)
    return [cv2.morphologyEx(mask, cv2.MORPH_CLOSE, heal) for mask in (different, bright)] + [filled]


def _four_corners(hull: "Pixels") -> "Corners | None":
    """The quadrilateral whose sides lie on the hull: rounded corners would otherwise be cut off."""
    import cv2
    import numpy as np

    around = cv2.arcLength(hull, closed=True)
    rough: Any = None
    for share in (0.02, 0.03, 0.04, 0.05, 0.07):
        rough = cv2.approxPolyDP(hull, share * around, closed=True)
        if len(rough) <= 4:
            break
    if rough is None or len(rough) != 4:
        return None
    corners = rough[:, 0, :].astype(np.float32)
    points = _along(hull[:, 0, :].astype(np.float32))
    sides: list[tuple[Any, Any]] = []
    for i in range(4):
        a, b = corners[i], corners[(i + 1) % 4]
        length = float(np.linalg.norm(b - a))
        if length < 8:
            return None
        direction = (b - a) / length
        along = (points - a) @ direction
        off = np.abs((points - a) @ np.array([-direction[1], direction[0]]))
        near = points[(along > 0.12 * length) & (along < 0.88 * length) & (off < 0.04 * length + 2)]
        if len(near) < 4:
            return None
        vx, vy, px, py = (float(v[0]) for v in cv2.fitLine(near, cv2.DIST_HUBER, 0, 0.01, 0.01))
        sides.append((np.array([px, py]), np.array([vx, vy])))
    met = [_meet(sides[i - 1], sides[i]) for i in range(4)]
    if any(corner is None for corner in met):
        return None
    return np.array(met, dtype=np.float32)


def _stands_out(lab: "Pixels", corners: "Corners") -> bool:
    """Whether the outline's inner rim looks unlike its outer rim; the grain of a table does not."""
    import cv2
    import numpy as np

    filled = np.zeros(lab.shape[:2], np.uint8)
    cv2.fillConvexPoly(filled, np.rint(corners).astype(np.int32), (255,))
    rim = np.ones((13, 13), np.uint8)
    inner = cv2.subtract(filled, cv2.erode(filled, rim))
    outer = cv2.subtract(cv2.dilate(filled, rim), filled)
    within, without = (np.array(cv2.mean(lab, mask)[:3]) for mask in (inner, outer))
    return float(np.linalg.norm(within - without)) > _LEAST_CONTRAST


def _along(hull: "Corners") -> "Corners":
    """Points every two pixels on the hull's outline, so that a straight side weighs as much as its length."""
    import numpy as np

    pieces: list[Any] = []
    for i in range(len(hull)):
        a, b = hull[i], hull[(i + 1) % len(hull)]
        steps = max(1, int(np.linalg.norm(b - a) / 2))
        pieces.append(a + (b - a) * (np.arange(steps)[:, None] / steps))
    return np.concatenate(pieces).astype(np.float32)


def _meet(one: tuple[Any, Any], other: tuple[Any, Any]) -> "Any | None":
    import numpy as np

    (p, d), (q, e) = one, other
    cross = d[0] * e[1] - d[1] * e[0]
    if abs(cross) < 0.2:
        return None
    gap = q - p
    return np.asarray(p + d * ((gap[0] * e[1] - gap[1] * e[0]) / cross))


def _long_side_on_top(corners: "Corners") -> "Corners | None":
    """Clockwise from the top left of the landscape card; None when the proportions are no card's seen within 35°."""
    import numpy as np

    middle = corners.mean(0)
    corners = corners[np.argsort([math.atan2(y - middle[1], x - middle[0]) for x, y in corners])]
    lengths = [float(np.linalg.norm(corners[(i + 1) % 4] - corners[i])) for i in range(4)]
    even, odd = (lengths[0] + lengths[2]) / 2, (lengths[1] + lengths[3]) / 2
    if not ASPECT * 0.74 < max(even, odd) / max(1.0, min(even, odd)) < ASPECT * 1.36:
        return None
    return corners if even > odd else np.roll(corners, -1, axis=0)


def _burnt_out(image: "Pixels") -> float:
    """Share of the card that is pure white in patches larger than any printed white."""
    import cv2
    import numpy as np

    white = (image.min(axis=2) >= 250).astype(np.uint8)
    return float(cv2.morphologyEx(white, cv2.MORPH_OPEN, np.ones((15, 15), np.uint8)).mean())


def _sharpness(grey: "Pixels") -> float:
    """Steepness of the steepest strokes: 98th percentile of the gradient, noise smoothed away, per contrast."""
    import cv2
    import numpy as np

    calm = cv2.GaussianBlur(grey, (0, 0), 1.0).astype(np.float32)
    steep = np.hypot(cv2.Sobel(calm, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(calm, cv2.CV_32F, 0, 1, scale=0.25))
    low, high = np.percentile(calm, (2, 90))
    return float(np.percentile(steep, 98) / max(high - low, 1.0) * 100)
