"""Simulated bursts for the self-test, the tests and the benchmark: a still face that is made to move, and attacks on it.

Nobody was filmed. One picture is bent over a head of its own depths, triangle by triangle, follows a challenge, is lit by the
phone's colours and seen by a camera whose hand trembles. What passes here need not pass in life, and the other way round.
"""

import random
from typing import Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from identity.faces.liveness import solid
from identity.faces.liveness.challenge import Challenge, Step
from identity.faces.liveness.messages import Frame

Pixels = NDArray[np.uint8]
Species = Literal[
    "print", "bent_print", "cut_out", "screen", "replayed_video", "spliced_video", "injected_still", "injected_stills"
]  # fmt: skip

WIDTH_PX: Final = 480
HEIGHT_PX: Final = 640
_EYES_PX: Final = 92.0
_CAMERA_MM: Final = 380.0
_FRAMES_A_SECOND: Final = 4


class Act(msgspec.Struct, frozen=True):
    """What the head does at one moment: degrees as in `solid.Pose`, the rest from 0 to 1."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    blink: float = 0.0
    smile: float = 0.0
    mouth: float = 0.0


class Sitter:
    """A face that can be made to move: `portrait`, RGB, with its 68 landmarks, seen from the front."""

    def __init__(self, portrait: Pixels, marks: NDArray[np.float64], chance: random.Random) -> None:
        import cv2

        scale = _EYES_PX / solid.eye_distance(marks)
        middle = marks[27:36].mean(axis=0) * scale
        shift = np.array([[scale, 0, WIDTH_PX / 2 - middle[0]], [0, scale, 0.5 * HEIGHT_PX - middle[1]]])
        self.picture: Pixels = np.asarray(
            cv2.warpAffine(
                portrait, shift, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
            ),
            np.uint8,
        )
        self._flat, self._depth, self._held = _mesh(marks * scale + shift[:, 2], chance)
        self._triangles = _triangles(self._flat)
        self.near = self._nearness()

    def _nearness(self) -> NDArray[np.float32]:
        """How much of the phone's light each pixel gets, 1 at the middle of the face; the room behind gets little."""
        import cv2

        light = np.full((HEIGHT_PX, WIDTH_PX), 0.12, np.float32)
        hull = cv2.convexHull(self._flat[:_RING].astype(np.float32)).astype(np.int32)
        cv2.fillConvexPoly(light, hull, (0.75,))
        inner = cv2.convexHull(self._flat[17:68].astype(np.float32)).astype(np.int32)
        cv2.fillConvexPoly(light, inner, (1.0,))
        return np.asarray(cv2.GaussianBlur(light, (0, 0), 18), np.float32)

    def show(self, act: Act) -> tuple[Pixels, NDArray[np.float32]]:
        """The picture of the head doing that, (640, 480, 3), and how near each pixel is to the phone."""
        import cv2

        points, depth = self._posed(act)
        # Every other pixel is looked up and those between interpolated: four times quicker, and nobody sees it.
        lookup = np.stack(np.meshgrid(np.arange(0, WIDTH_PX, 2), np.arange(0, HEIGHT_PX, 2)), axis=-1).astype(
            np.float32
        )
        order = np.argsort([depth[list(triangle)].mean() for triangle in self._triangles])
        for number in order:
            corners = list(self._triangles[number])
            _fill(lookup, points[corners] / 2, self._flat[corners])
        lookup = np.asarray(cv2.resize(lookup, None, fx=2, fy=2) - 0.5, np.float32)
        face: Pixels = _looked_up(self.picture.astype(np.float32), lookup).astype(np.uint8)
        near = _looked_up(self.near, lookup)
        if act.mouth > 0.15:
            inside = np.zeros(face.shape[:2], np.float32)
            cv2.fillPoly(inside, [np.rint(points[60:68]).astype(np.int32)], (1.0,))
            inside = np.asarray(cv2.GaussianBlur(inside, (0, 0), 1.5), np.float32)[:, :, None]
            face = (face * (1 - inside) + np.array([52, 22, 22]) * inside).astype(np.uint8)
        return face, near

    def _posed(self, act: Act) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Every corner of the mesh in the picture, and its depth then."""
        unit = _EYES_PX / 63.0
        points = self._flat.copy()
        for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
            gap = points[lower] - points[upper]
            points[upper] += 0.95 * act.blink * gap
        smile = act.smile * unit
        for corner, side in ((48, -1), (60, -1), (54, 1), (64, 1)):
            points[corner] += (side * 6.5 * smile, -3.5 * smile)
        for near_corner, side in ((49, -1), (59, -1), (53, 1), (55, 1)):
            points[near_corner] += (side * 3.5 * smile, -1.5 * smile)
        drop = act.mouth * 17 * unit
        points[[55, 56, 57, 58, 59, 65, 66, 67], 1] += drop
        points[[6, 7, 8, 9, 10], 1] += drop
        points[[4, 5, 11, 12], 1] += 0.5 * drop
        turned, depth = self._turned(points, act)
        still, _ = self._turned(points, Act())
        held = self._held[:, None]
        return points + held * (turned - still), depth

    def _turned(self, points: NDArray[np.float64], act: Act) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        unit = _EYES_PX / 63.0
        centre = np.array([WIDTH_PX / 2, HEIGHT_PX / 2])
        away = _CAMERA_MM * unit
        flat = (points - centre) * (1 - self._depth[:, None] / away)
        # About the top of the spine, behind the mouth.
        pivot = np.array([0.0, 50 * unit, -75 * unit])
        body = np.column_stack([flat, self._depth]) - pivot
        body = body @ _rotation(act.yaw, act.pitch, act.roll).T + pivot
        return centre + body[:, :2] / (1 - body[:, 2:] / away), body[:, 2]


_RING: Final = 68 + 5


def _mesh(
    marks: NDArray[np.float64], chance: random.Random
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Corners in the picture, their depths in pixels, and how far they go with the head. No two heads have one depth."""
    unit = _EYES_PX / 63.0
    depth = solid.head()[:, 2].copy()
    depth *= chance.uniform(0.85, 1.15)
    depth[27:36] *= chance.uniform(0.85, 1.15)
    brow, chin = marks[17:27].mean(axis=0), marks[8]
    up = brow - chin
    across = (marks[16] - marks[0]) / 2
    top = [brow + 0.55 * up * np.cos(a) + across * np.sin(a) * 1.0 for a in np.radians([-75, -40, 0, 40, 75])]
    forehead = [-60.0, -25.0, -8.0, -25.0, -60.0]
    hull = np.array([*marks[:17], *top[::-1]])
    middle = hull.mean(axis=0)
    hair, neck = middle + 1.3 * (hull - middle), middle + 1.75 * (hull - middle)
    edge = [(x, y) for x in np.linspace(0, WIDTH_PX - 1, 7) for y in (0, HEIGHT_PX - 1)]
    edge += [(x, y) for y in np.linspace(0, HEIGHT_PX - 1, 7)[1:-1] for x in (0, WIDTH_PX - 1)]
    points = np.array([*marks, *top, *hair, *neck, *edge], np.float64)
    depths = [*depth, *forehead, *([-95.0] * len(hair)), *([-110.0] * len(neck)), *([-120.0] * len(edge))]
    held = [1.0] * _RING + [1.0] * len(hair) + [0.2] * len(neck) + [0.0] * len(edge)
    inside = np.all((points >= 0) & (points <= (WIDTH_PX - 1, HEIGHT_PX - 1)), axis=1)
    assert np.all(inside[:68])
    return points[inside], np.array(depths)[inside] * unit, np.array(held)[inside]


def _triangles(points: NDArray[np.float64]) -> list[tuple[int, int, int]]:
    import cv2

    plane = cv2.Subdiv2D((-10, -10, WIDTH_PX + 20, HEIGHT_PX + 20))
    for x, y in points:
        plane.insert((float(x), float(y)))
    found: list[tuple[int, int, int]] = []
    for corners in np.asarray(plane.getTriangleList(), np.float64).reshape(-1, 3, 2):
        if corners.min() < 0 or (corners > (WIDTH_PX, HEIGHT_PX)).any():
            continue
        a, b, c = (int(np.argmin(((points - corner) ** 2).sum(axis=1))) for corner in corners)
        if len({a, b, c}) == 3:
            found.append((a, b, c))
    return found


def _fill(lookup: NDArray[np.float32], to: NDArray[np.float64], source: NDArray[np.float64]) -> None:
    """Writes into the pixels of one triangle which place of the picture they show."""
    low = np.maximum(np.floor(to.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(to.max(axis=0)).astype(int) + 1, (lookup.shape[1], lookup.shape[0]))
    if (high <= low).any():
        return
    (ax, ay), (bx, by), (cx, cy) = to
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if abs(area) < 0.5:
        return
    x, y = np.arange(low[0], high[0])[None], np.arange(low[1], high[1])[:, None]
    second = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) / area
    third = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) / area
    inside = (second >= -0.01) & (third >= -0.01) & (second + third <= 1.01)
    place = source[0] + second[..., None] * (source[1] - source[0]) + third[..., None] * (source[2] - source[0])
    lookup[low[1] : high[1], low[0] : high[0]][inside] = place[inside]


def _looked_up(picture: NDArray[np.float32], lookup: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each pixel as it is at the place in `lookup`, (height, width, 2); 0 where that lies outside."""
    import cv2

    across, down = np.ascontiguousarray(lookup[..., 0]), np.ascontiguousarray(lookup[..., 1])
    return np.asarray(cv2.remap(picture, across, down, cv2.INTER_LINEAR), np.float32)


def _rotation(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """x right, y down, z towards the camera; degrees."""
    a, b, c = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """Light and hand of one recording. `phone_light` is what the phone's white adds to the room's light on the face."""

    phone_light: float
    noise: float
    tremor_px: float
    brightness: float


def a_room(chance: random.Random) -> Room:
    return Room(
        phone_light=chance.uniform(0.1, 0.25),
        noise=chance.uniform(1.5, 3.5),
        tremor_px=chance.uniform(0.8, 2.5),
        brightness=chance.uniform(0.75, 1.0),
    )


def moments(challenge: Challenge) -> list[int]:
    """When frames are taken, in ms."""
    return list(range(100, challenge.length_ms, 1000 // _FRAMES_A_SECOND))


def acts(challenge: Challenge, chance: random.Random) -> list[Act]:
    """A head that does what is asked, a little late, never the same, and sways."""
    plan = [
        (
            challenge.lead_ms + number * challenge.step_ms + chance.uniform(250, 500),
            chance.uniform(1200, 1450),
            _most(step, chance),
        )
        for number, step in enumerate(challenge.steps)
    ]
    phase = [chance.uniform(0, 6.28) for _ in range(3)]
    done: list[Act] = []
    for at in moments(challenge):
        sway = [np.sin(at / 1000 * speed + phase[axis]) for axis, speed in enumerate((1.3, 1.7, 0.9))]
        act = {"yaw": 1.5 * sway[0], "pitch": 1.2 * sway[1], "roll": 1.0 * sway[2]}
        for start, length, (name, most) in plan:
            share = (at - start) / length
            if 0 < share < 1:
                act[name] = act.get(name, 0.0) + most * min(1.0, 1.6 * float(np.sin(np.pi * share)))
        done.append(Act(**act))
    return done


def _most(step: Step, chance: random.Random) -> tuple[str, float]:
    return {
        "turn_left": ("yaw", chance.uniform(14, 21)),
        "turn_right": ("yaw", -chance.uniform(14, 21)),
        "nod_up": ("pitch", -chance.uniform(11, 16)),
        "nod_down": ("pitch", chance.uniform(11, 16)),
        "blink": ("blink", 1.0),
        "smile": ("smile", chance.uniform(0.85, 1.0)),
        "open_mouth": ("mouth", chance.uniform(0.7, 1.0)),
    }[step]


def bona_fide(sitter: Sitter, challenge: Challenge, seed: int) -> list[Frame]:
    """Somebody who follows the challenge before a phone."""
    chance = random.Random(seed)  # noqa: S311 (a simulation, not a secret)
    scenes = [sitter.show(act) for act in acts(challenge, chance)]
    return _filmed(scenes, challenge, a_room(chance), chance)


def attack(species: Species, sitter: Sitter, challenge: Challenge, other: Challenge, seed: int) -> list[Frame]:
    """One attack; `other` is a challenge that was drawn for somebody else, for what was recorded before."""
    chance = random.Random(seed)  # noqa: S311
    room = a_room(chance)
    followed = acts(challenge, chance)
    if species in ("print", "bent_print", "cut_out"):
        return _filmed(_paper(species, sitter, followed, chance), challenge, room, chance)
    if species == "screen":
        return _filmed(_display(sitter, followed, chance), challenge, room, chance)
    if species == "replayed_video":
        recorded = bona_fide(sitter, other, seed + 1)
        return [Frame(one.jpeg, at) for one, at in zip(recorded, moments(challenge), strict=False)]
    if species == "spliced_video":
        # Cut together from what was filmed before: the steps are right, the light is that of another day.
        before = msgspec.structs.replace(challenge, colours=other.colours)
        return _filmed([sitter.show(act) for act in followed], before, room, chance)
    still = species == "injected_still"
    scenes = [sitter.show(Act() if still else _held(act)) for act in followed]
    return _filmed(scenes, challenge, msgspec.structs.replace(room, tremor_px=0.0, phone_light=0.0), chance)


def _held(act: Act) -> Act:
    """Which of a few stills stands for an act: ahead, or the thing asked for, and nothing between."""
    turned = abs(act.yaw) > 9
    nodded = abs(act.pitch) > 7
    return Act(
        yaw=float(np.sign(act.yaw)) * 20 if turned else 0.0,
        pitch=float(np.sign(act.pitch)) * 13 if nodded and not turned else 0.0,
        blink=float(act.blink > 0.5),
        smile=float(act.smile > 0.5),
        mouth=0.9 * float(act.mouth > 0.5),
    )


Scene = tuple[Pixels, NDArray[np.float32]]


def _paper(species: Species, sitter: Sitter, followed: list[Act], chance: random.Random) -> list[Scene]:
    """A print held up: tilted as the head should turn; bent round its middle; or cut out, with eyes that close behind holes."""

    room, outline = _backdrop(chance), _outline(sitter)
    scenes: list[Scene] = []
    for act in followed:
        picture, _ = sitter.show(Act(blink=act.blink if species == "cut_out" else 0.0))
        ink = (picture.astype(np.float32) - 128) * 0.82 + 132
        near = np.ones(picture.shape[:2], np.float32)
        lookup = _sheet(act, 0.55 if species == "bent_print" else 0.0, 0.8)
        page, paper = _looked_up(ink, lookup), _looked_up(near, lookup)
        if species == "cut_out":
            paper *= _looked_up(outline, lookup)
        on = paper[:, :, None]
        scenes.append((np.clip(page * on + room * (1 - on), 0, 255).astype(np.uint8), np.maximum(paper, 0.12)))
    return scenes


def _outline(sitter: Sitter) -> NDArray[np.float32]:
    """Where the head is, and nothing around it."""
    import cv2

    near = np.asarray(sitter.near > 0.35, np.float32)
    return np.asarray(cv2.GaussianBlur(cv2.dilate(near, np.ones((25, 25))), (0, 0), 1.0), np.float32)


def _sheet(act: Act, bend: float, size: float) -> NDArray[np.float32]:
    """For each pixel of the frame the place on a sheet that is seen there; the sheet turns about its own middle.

    `bend` is how far its sides lie behind its middle, in half widths; `size` how much of the frame it fills.
    """
    x, y = np.meshgrid(
        (np.arange(WIDTH_PX) - WIDTH_PX / 2) / (WIDTH_PX / 2), (np.arange(HEIGHT_PX) - HEIGHT_PX / 2) / (WIDTH_PX / 2)
    )
    turn = _rotation(1.3 * act.yaw, 1.3 * act.pitch, act.roll)
    away = 4.5
    # Where the line of sight meets the sheet; bent, by a few steps towards it.
    depth = np.zeros_like(x)
    across, down = x / size, y / size
    for _ in range(6 if bend else 2):
        scale = (away - depth) / away / size
        body = np.stack([x * scale, y * scale, depth], axis=-1) @ turn
        across, down = body[..., 0], body[..., 1]
        lifted = -bend * across**2
        # The point of the sheet with these coordinates, back in the room.
        depth = across * turn[2, 0] + down * turn[2, 1] + lifted * turn[2, 2]
    place = np.stack([across * WIDTH_PX / 2 + WIDTH_PX / 2, down * WIDTH_PX / 2 + HEIGHT_PX / 2], axis=-1)
    return place.astype(np.float32)


def _display(sitter: Sitter, followed: list[Act], chance: random.Random) -> list[Scene]:
    """A film of somebody who does exactly what is asked, shown on a phone before the camera. Its glass hardly reflects."""
    import cv2

    room = _backdrop(chance)
    size = chance.uniform(0.78, 0.95)
    held = _sheet(Act(yaw=chance.uniform(-4, 4), pitch=chance.uniform(-4, 4), roll=chance.uniform(-3, 3)), 0.0, size)
    pixels = _subpixels(chance.uniform(0.6, 1.8), np.radians(chance.uniform(-4, 4)))
    lit = _looked_up(np.ones((HEIGHT_PX, WIDTH_PX), np.float32), held)
    frame = np.asarray(cv2.dilate(lit, np.ones((27, 19))), np.float32)[:, :, None]
    lit = lit[:, :, None]
    scenes: list[Scene] = []
    for act in followed:
        film, _ = sitter.show(act)
        shown = _looked_up(film.astype(np.float32), held) * pixels
        scene = shown * lit + 18 * (frame - lit) + room * (1 - frame)
        reflected = 0.02 * lit[:, :, 0] + 0.12 * (1 - frame[:, :, 0])
        scenes.append((np.clip(scene, 0, 255).astype(np.uint8), reflected.astype(np.float32)))
    return scenes


def _subpixels(pitch_px: float, angle: float) -> NDArray[np.float32]:
    """What the display's red, green and blue stripes leave of an even white after the camera has sampled it; mean 1."""
    import cv2

    fine = 3
    x, y = np.meshgrid(np.arange(WIDTH_PX * fine) / fine, np.arange(HEIGHT_PX * fine) / fine)
    across = (x * np.cos(angle) + y * np.sin(angle)) / pitch_px
    down = (y * np.cos(angle) - x * np.sin(angle)) / pitch_px
    rows = (np.mod(down, 1) < 0.85).astype(np.float32)
    stripes = [rows * (np.abs(np.mod(across, 1) - place) < 0.14) for place in (1 / 6, 1 / 2, 5 / 6)]
    fine_grid = cv2.GaussianBlur(np.stack(stripes, axis=-1).astype(np.float32), (0, 0), 0.7 * fine)
    seen = cv2.resize(fine_grid, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(seen / seen.mean(axis=(0, 1)), np.float32)


def _backdrop(chance: random.Random) -> NDArray[np.float32]:
    """A room out of focus."""
    import cv2

    values = np.array([chance.uniform(60, 190) for _ in range(6 * 8 * 3)], np.float32).reshape(8, 6, 3)
    return np.asarray(cv2.resize(values, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC), np.float32)


def _filmed(scenes: list[Scene], challenge: Challenge, room: Room, chance: random.Random) -> list[Frame]:
    """Lit by the phone, seen by a trembling camera that adjusts itself, with noise, as JPEG."""
    import cv2
    import simplejpeg

    noise = np.random.default_rng(chance.getrandbits(32))
    sway, white = np.zeros(2), np.ones(3)
    frames: list[Frame] = []
    for at, (scene, near) in zip(moments(challenge), scenes, strict=False):
        colour = np.array(challenge.colours[challenge.colour_at(at)], np.float32) / 255
        light = room.brightness * (1 + room.phone_light * near[:, :, None] * colour)
        white = 1 + 0.9 * (white - 1) + noise.normal(0, 0.004, 3)
        exposure = 1 + noise.normal(0, 0.01)
        sway = 0.8 * sway + noise.normal(0, 1, 2) * room.tremor_px
        turn = noise.normal(0, 0.12) * room.tremor_px
        move = cv2.getRotationMatrix2D((WIDTH_PX / 2, HEIGHT_PX / 2), turn, 1 + noise.normal(0, 0.001) * room.tremor_px)
        move[:, 2] += sway
        lit = (scene * light * (white * exposure)).astype(np.float32)
        seen = cv2.warpAffine(lit, move, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        seen = cv2.GaussianBlur(seen, (0, 0), 0.5) + room.noise * noise.standard_normal(seen.shape, np.float32)
        pixels = np.ascontiguousarray(np.clip(seen, 0, 255).astype(np.uint8))
        frames.append(Frame(simplejpeg.encode_jpeg(pixels, quality=88, colorspace="RGB"), at))
    return frames
