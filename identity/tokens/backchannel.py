"""OpenID Connect Back-Channel Logout 1.0: apps that registered an address hear of the end of a session, whoever
ended it and wherever, from a job that exists when that does and is retried."""

from datetime import timedelta
from typing import Any

from identity.tokens import store
from identity.tokens.issuer import Issuer
from kit.jobs import Task

TASK = store.TELL
ATTEMPTS = 6
LIFETIME = timedelta(minutes=2)
_SECONDS = 5


class NotTold(Exception):
    """The app did not take it: tried again later, and given up after a while."""


async def tell_logout(services: Any, *, client_id: str, account_id: str, session_id: str) -> None:
    """One POST, to the registered address and nowhere it might lead (§2.5): no redirect is followed, no answer is read."""
    import httpx

    async with services.db.connect() as conn:
        client = await store.client(conn, client_id)
    if client is None or client.disabled_at is not None or client.backchannel_logout_uri is None:
        return
    issuer: Issuer = services.issuer
    token = issuer.logout_token(
        client,
        subject=issuer.subject(client, account_id),
        sid=issuer.session_name(client, session_id),
        lifetime=LIFETIME,
    )
    try:
        async with (
            httpx.AsyncClient(follow_redirects=False, timeout=_SECONDS, trust_env=False) as http,
            http.stream("POST", client.backchannel_logout_uri, data={"logout_token": token}) as answer,
        ):
            status = answer.status_code
    except httpx.HTTPError as error:
        raise NotTold(f"{client_id} cannot be reached: {type(error).__name__}") from error
    if not 200 <= status < 300:
        raise NotTold(f"{client_id} answered {status}")


TASKS: list[Task] = [Task(name=TASK, run=tell_logout, attempts=ATTEMPTS)]
