"""Whether a live person stands before the camera: the challenge, the burst that answers it, and when nobody is looked for."""

from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from dossiers.messages import LookupChallenge
from dossiers.refusals import LiveSelfieMissing, NotLive, SelfieOfAnother
from identity.faces import Description, FaceStore, liveness
from kit.actor import Actor
from kit.limits import Limits
from kit.pool import InferencePool
from kit.refusal import Fault
from kit.settings import Environment
from kit.valkey import Valkey

_FILE: Final = Path(__file__).with_name("finding.toml")
Live = Literal["asked", "required"]


class Burst(msgspec.Struct, frozen=True):
    """What came beside the selfie: the challenge as it was given out, JPEGs in order, their moments."""

    challenge: str
    jpegs: list[bytes]
    times: str


class Answered(msgspec.Struct, frozen=True):
    """A burst whose challenge was open, and is used up."""

    challenge: liveness.Challenge
    frames: list[liveness.Frame]


class _Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on_phone: Live
    live: dict[Environment, Live]


def asks(environment: Environment, actor: Actor) -> Live:
    """What is in force; at a kiosk `required` only once the lines of liveness were measured."""
    if actor.kind != "kiosk":
        return _policy().on_phone
    return _policy().live[environment] if liveness.measured() else "asked"


async def draw(valkey: Valkey, pool: InferencePool, limits: Limits, actor: Actor) -> LookupChallenge:
    """For this kiosk or phone alone. Refuses TooMany, and what `liveness` refuses when it cannot judge."""
    session_id, device = _bound_to(actor)
    await limits.hit("liveness", session_id)
    # Nobody is asked to perform before a machine that could not watch.
    await pool.run(liveness.refuse_unfit)
    drawn = liveness.draw(session_id=session_id, device_thumbprint=device)
    await liveness.keep(valkey, drawn)
    return told(drawn)


def told(drawn: liveness.Challenge) -> LookupChallenge:
    """As whoever films it is told."""
    return LookupChallenge(
        challenge=liveness.carried(drawn),
        look_ahead=liveness.LOOK_AHEAD,
        steps=liveness.told(drawn),
        colours=list(drawn.colours),
        lead_ms=drawn.lead_ms,
        step_ms=drawn.step_ms,
        colour_ms=drawn.colour_ms,
        least_frames=liveness.LEAST_FRAMES,
        most_frames=liveness.MOST_FRAMES,
        expires_at=drawn.expires_at,
    )


async def take(valkey: Valkey, actor: Actor, burst: Burst | None, environment: Environment) -> Answered | None:
    """Uses the challenge up, before anything of the answer is looked at; None when there is no burst and none is required.

    Refuses LiveSelfieMissing, LivenessChallengeStale, BadBurst.
    """
    if burst is None:
        if asks(environment, actor) == "required":
            raise LiveSelfieMissing
        return None
    asked = liveness.brought_back(burst.challenge)
    session_id, device = _bound_to(actor)
    await liveness.take(valkey, asked, session_id=session_id, device_thumbprint=device)
    return Answered(asked, liveness.burst(burst.jpegs, burst.times))


async def refuse_unlike(
    pool: InferencePool, faces: FaceStore, selfie: Description, answered: Answered, *, purpose: str
) -> None:
    """Refuses NotLive and SelfieOfAnother, each with a line in the faces' log: `live` and `unsure` go on, for a hint is no proof
    against anybody, and the selfie must be of whoever looked ahead."""
    verdict = await pool.run(liveness.judge_burst, answered.frames, answered.challenge)
    if verdict.decision == "not_live":
        await faces.log_unsearched("not_live", by=verdict.policy, purpose=purpose)
        raise NotLive(faults=[Fault("frames", reason.code, reason.tip) for reason in verdict.reasons])
    seen = await pool.run(liveness.compare_selfie, selfie, answered.frames, answered.challenge)
    # One of the burst's own frames is as good a selfie as another.
    if seen.decision not in ("match", "copy"):
        await faces.log_unsearched("another_person", by=verdict.policy, purpose=purpose)
        raise SelfieOfAnother


def _bound_to(actor: Actor) -> tuple[str, str]:
    """Who was asked, and the key the token is bound to: a kiosk whose token is bound to none is known by its own secret."""
    assert actor.client_id is not None
    return actor.account_id or actor.client_id, actor.jkt or actor.client_id


@cache
def _policy() -> _Policy:
    return msgspec.toml.decode(_FILE.read_bytes(), type=_Policy)
