"""What a person is asked to do before the camera: drawn by chance, for one session and one device, good once."""

import hashlib
import random
import secrets
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

import msgspec

from identity.faces.liveness.refusals import ChallengeStoreUnavailable, LivenessChallengeStale
from kit import clock, ids
from kit.refusal import Words
from kit.valkey import Valkey, ValkeyGone

Step = Literal["turn_left", "turn_right", "nod_up", "nod_down", "blink", "smile", "open_mouth"]

STEPS: Final[dict[Step, Words]] = {
    "turn_left": Words(
        vi="Quay mặt sang trái, rồi nhìn thẳng lại.", en="Turn your head to your left, then look ahead again."
    ),
    "turn_right": Words(
        vi="Quay mặt sang phải, rồi nhìn thẳng lại.", en="Turn your head to your right, then look ahead again."
    ),
    "nod_up": Words(vi="Ngẩng mặt lên, rồi nhìn thẳng lại.", en="Raise your chin, then look ahead again."),
    "nod_down": Words(vi="Cúi mặt xuống, rồi nhìn thẳng lại.", en="Lower your chin, then look ahead again."),
    "blink": Words(
        vi="Nhắm mắt khoảng một giây, rồi mở mắt.", en="Close your eyes for about a second, then open them."
    ),
    "smile": Words(vi="Mỉm cười thật tươi.", en="Give a broad smile."),
    "open_mouth": Words(vi="Há miệng, rồi ngậm lại.", en="Open your mouth, then close it."),
}
LOOK_AHEAD: Final = Words(vi="Nhìn thẳng vào màn hình.", en="Look straight at the screen.")

# Turning shows that the head is a solid: every challenge has one of these.
_TURNS: Final[tuple[Step, ...]] = ("turn_left", "turn_right")

Colour = tuple[int, int, int]
"""Red, green and blue as the phone's screen shows them, 0 to 255."""

# Far apart in hue and about equally bright; no saturated red, and slower than three changes a second (WCAG 2.2, 2.3.1).
COLOURS: Final[tuple[Colour, ...]] = (
    (255, 170, 120),
    (230, 220, 90),
    (110, 240, 130),
    (90, 220, 250),
    (130, 150, 255),
    (245, 130, 245),
)

GOOD_FOR: Final = timedelta(seconds=120)
LEAD_MS: Final = 1000
STEP_MS: Final = 2000
COLOUR_MS: Final = 1000


class Challenge(msgspec.Struct, frozen=True, kw_only=True):
    """The phone shows `LOOK_AHEAD` for `lead_ms`, then each step for `step_ms`; meanwhile one colour after the other fills
    its screen for `colour_ms` each. Frames are sent as the camera took them, not mirrored as a preview is."""

    id: str
    session_id: str
    device_thumbprint: str
    """Of the device's key (RFC 7638), as bound to the session's tokens."""
    steps: tuple[Step, ...]
    colours: tuple[Colour, ...]
    expires_at: datetime
    lead_ms: int = LEAD_MS
    step_ms: int = STEP_MS
    colour_ms: int = COLOUR_MS

    @property
    def length_ms(self) -> int:
        return self.lead_ms + len(self.steps) * self.step_ms

    def words(self) -> tuple[Words, ...]:
        """What the person is told, step by step."""
        return tuple(STEPS[step] for step in self.steps)

    def colour_at(self, at_ms: int) -> int:
        """Which of the colours the screen shows then."""
        return min(max(at_ms, 0) // self.colour_ms, len(self.colours) - 1)


def draw(*, session_id: str, device_thumbprint: str, chance: random.Random | None = None) -> Challenge:
    """A new challenge of three or four steps, from the system's own source of chance; only simulations bring another."""
    chance = chance or secrets.SystemRandom()
    steps = _steps(chance)
    length_ms = LEAD_MS + len(steps) * STEP_MS
    return Challenge(
        id=ids.new_id("liv"),
        session_id=session_id,
        device_thumbprint=device_thumbprint,
        steps=steps,
        colours=_colours(chance, -(-length_ms // COLOUR_MS)),
        expires_at=clock.now() + GOOD_FOR,
    )


def _steps(chance: random.Random) -> tuple[Step, ...]:
    """Three or four different ones, one of them a turn of the head."""
    while True:
        steps = tuple(chance.sample(tuple(STEPS), chance.choice((3, 4))))
        if set(steps) & set(_TURNS):
            return steps


def _colours(chance: random.Random, count: int) -> tuple[Colour, ...]:
    """No colour follows itself."""
    while True:
        colours = tuple(chance.choice(COLOURS) for _ in range(count))
        if all(one != after for one, after in pairwise(colours)):
            return colours


async def keep(valkey: Valkey, challenge: Challenge) -> None:
    """Remembers that the challenge is open. Refuses ChallengeStoreUnavailable.

    What it asks for lies with the session; Valkey holds only that it was not answered yet, and may forget it at any moment.
    """
    try:
        await valkey.first(_key(challenge), kept_seconds=round(GOOD_FOR.total_seconds()))
    except ValkeyGone as error:
        raise ChallengeStoreUnavailable(retry_after_seconds=30) from error


async def take(valkey: Valkey, challenge: Challenge, *, session_id: str, device_thumbprint: str) -> None:
    """Uses the challenge up, before anything of the answer is looked at. Of many callers at once one gets through.

    Refuses LivenessChallengeStale when it was used, has expired or was drawn for another session or device, and
    ChallengeStoreUnavailable when nobody can tell.
    """
    if (session_id, device_thumbprint) != (challenge.session_id, challenge.device_thumbprint):
        raise LivenessChallengeStale
    try:
        open_still = await valkey.take(_key(challenge))
    except ValkeyGone as error:
        raise ChallengeStoreUnavailable(retry_after_seconds=30) from error
    if not open_still or clock.now() >= challenge.expires_at:
        raise LivenessChallengeStale


def _key(challenge: Challenge) -> str:
    """Everything that was asked goes in: a challenge altered on its way is not the one that was kept."""
    return f"liveness/{hashlib.sha256(msgspec.json.encode(challenge)).hexdigest()}"
