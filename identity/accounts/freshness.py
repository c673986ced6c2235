"""How lately somebody must have shown who they are, by what they do: `acts` of `policy.toml`."""

from datetime import datetime, timedelta

from identity.accounts.policy import Act, policy
from identity.accounts.refusals import SignInTooOld
from kit import clock
from kit.actor import Actor


def is_stale(auth_at: datetime | None, act: Act, *what: str) -> bool:
    """Whether a sign-in of that moment is too old for the act; `what` it is about, where policy tells things apart."""
    step = policy().acts[act]
    return step.asked_for(what) and (auth_at is None or clock.now() - auth_at > timedelta(minutes=step.fresh_minutes))


def refuse_stale(actor: Actor, act: Act, *what: str) -> None:
    """Refuses SignInTooOld, with the challenge an app steps up by (RFC 9470 §3)."""
    if is_stale(actor.auth_at, act, *what):
        minutes = policy().acts[act].fresh_minutes
        challenge = f'{actor.scheme} error="insufficient_user_authentication", max_age="{minutes * 60}"'
        raise SignInTooOld(minutes=minutes, headers={"WWW-Authenticate": challenge})
