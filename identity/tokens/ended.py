"""What ended before its time, for partners that verify access tokens by our keys and ask nobody.

Every access token names its grant (`gid`) and its client. Who fetches this list every thirty seconds, and refuses what stands in it,
knows of a withdrawn consent, a locked account, a log-out or a client that was switched off within a minute, caches on the way included. The names are random: they say nothing of
anybody.
"""

from datetime import timedelta
from typing import Final

from identity.tokens import rfc9068, store
from identity.tokens.messages import EndedGrants
from kit import clock
from kit.db import Database

CACHED_SECONDS: Final = 20
# The longest life of a token, and the leeway a verifier may give its clock.
_LOOKS_BACK = max(rfc9068.LIFETIME, rfc9068.PROOFING_LIFETIME) + timedelta(minutes=1)


async def lately(db: Database) -> EndedGrants:
    """All whose tokens could still be taken for good."""
    now = clock.now()
    since = now - _LOOKS_BACK
    async with db.connect() as conn:
        ended, clients = await store.ended_since(conn, since), await store.disabled_since(conn, since)
    return EndedGrants(at=int(now.timestamp()), since=int(since.timestamp()), ended=ended, clients=clients)
