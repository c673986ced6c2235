"""Liveness in a session: a challenge drawn for it, the burst that answers it, and what the machine made of it, as a hint."""

import hashlib
from typing import Any

import msgspec

from identity.faces import liveness
from identity.proofing import policy as rules
from identity.proofing import store
from identity.proofing.messages import Advice, LivenessChallenge, LivenessReply, LivenessSeen
from identity.proofing.refusals import LivenessAttemptsUsed
from identity.proofing.sessions import Desk, next_step, ongoing, refuse_unless
from kit.refusal import Refusal


async def draw_challenge(desk: Desk, session_id: str) -> LivenessChallenge:
    """For this session and its device key; an earlier one of the session is void.

    Refuses WrongState but between card and selfie, LivenessAttemptsUsed, and what `liveness` refuses when it cannot judge.
    """
    # Nobody is asked to perform before a machine that could not watch.
    await desk.pool.run(liveness.refuse_unfit)
    at_most = rules.current().attempts.liveness
    async with desk.db.begin() as conn:
        session = await ongoing(conn, session_id, lock=True)
        refuse_unless(session, "selfie")
        tries = await store.count_try(conn, session_id, "liveness_tries", at_most=at_most)
        if tries is None:
            raise LivenessAttemptsUsed
        drawn = liveness.draw(session_id=session_id, device_thumbprint=session.jkt)
        await liveness.keep(desk.valkey, drawn)
        await store.change(conn, session_id, liveness_asked=msgspec.to_builtins(drawn))
        await store.add_event(conn, session_id, "liveness-asked", {"challenge": drawn.id})
    return LivenessChallenge(
        id=drawn.id,
        look_ahead=liveness.LOOK_AHEAD,
        steps=liveness.told(drawn),
        colours=list(drawn.colours),
        lead_ms=drawn.lead_ms,
        step_ms=drawn.step_ms,
        colour_ms=drawn.colour_ms,
        least_frames=liveness.LEAST_FRAMES,
        most_frames=liveness.MOST_FRAMES,
        expires_at=drawn.expires_at,
        attempts_left=at_most - tries,
    )


async def judge_liveness(
    desk: Desk, session_id: str, challenge_id: str, jpegs: list[bytes], times: str
) -> LivenessReply:
    """What the burst shows as an answer to the session's challenge, which is used up whatever comes of it.

    Refuses LivenessChallengeStale, BadBurst, WrongState, and what `liveness` refuses when it cannot judge.
    """
    async with desk.db.connect() as conn:
        session = await ongoing(conn, session_id)
    refuse_unless(session, "selfie")
    asked = None if session.liveness_asked is None else msgspec.convert(session.liveness_asked, liveness.Challenge)
    if asked is None or asked.id != challenge_id:
        raise liveness.LivenessChallengeStale
    await liveness.take(desk.valkey, asked, session_id=session_id, device_thumbprint=session.jkt)
    seen = {
        "challenge": asked.id,
        "burst_sha256": hashlib.sha256(b"".join(jpegs)).hexdigest(),
        "card_version": session.card_version,
    }
    portrait = desk.unseal(session_id, "portrait", session.portrait_sealed)
    try:
        frames = liveness.burst(jpegs, times)
        verdict = await desk.pool.run(liveness.judge_burst, frames, asked)
        owner = await desk.pool.run(liveness.compare_owner, portrait, frames, asked)
    except Refusal as refusal:
        async with desk.db.begin() as conn:
            await store.add_event(conn, session_id, "liveness-refused", {**seen, "code": refusal.code})
            if refusal.status >= 500:
                await store.give_back_try(conn, session_id, "liveness_tries")
        raise
    evidence = {
        **seen,
        "decision": verdict.decision,
        "reasons": [_coded(reason) for reason in verdict.reasons],
        "policy": verdict.policy,
        "status": "measured" if liveness.measured() else "assumption",
        # Not in the reply: a burst would be a face to guess with, beside the selfies that are counted.
        "owner": msgspec.to_builtins(owner),
    }
    async with desk.db.begin() as conn:
        # Recorded also when a selfie has matched meanwhile: the officer sees it all the same.
        now = await ongoing(conn, session_id, lock=True)
        await store.add_event(conn, session_id, "liveness-judged", evidence)
    return LivenessReply(
        decision=verdict.decision,
        tips=[Advice(code=reason.code, message=reason.tip) for reason in verdict.reasons],
        attempts_left=max(0, rules.current().attempts.liveness - now.liveness_tries),
        next=next_step(now) or "authorization",
    )


def seen_by_machine(events: Any, *, card_version: int) -> list[LivenessSeen]:
    """What an officer is told of the session's bursts."""
    return [
        LivenessSeen(
            decision=event.evidence["decision"],
            reasons=event.evidence["reasons"],
            policy=event.evidence["policy"],
            status=event.evidence["status"],
            owner=rules.owner_seen(event.evidence, card_version=card_version),
            judged_at=event.at,
        )
        for event in events
    ]


def _coded(reason: liveness.Reason) -> str:
    return reason.code if reason.step is None else f"{reason.code}:{reason.step}"
