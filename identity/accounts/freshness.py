"""How lately somebody must have shown who they are."""

from datetime import timedelta

from identity.accounts.policy import policy
from identity.accounts.refusals import SignInTooOld
from kit import clock
from kit.actor import Actor


def refuse_stale(actor: Actor) -> None:
    """What gives a way in, or takes one, is for who signed in lately. Refuses SignInTooOld."""
    minutes = policy().sessions.fresh_minutes
    if actor.auth_at is None or clock.now() - actor.auth_at > timedelta(minutes=minutes):
        challenge = f'{actor.scheme} error="insufficient_user_authentication", max_age="{minutes * 60}"'
        raise SignInTooOld(minutes=minutes, headers={"WWW-Authenticate": challenge})
