"""Development only: SMS and e-mail stay in an open store that the sandbox's inbox page shows."""

from sqlalchemy.ext.asyncio import AsyncConnection

from kit import clock
from kit.db import Database
from notifications import store
from notifications.messages import ChannelKind, Letter, SandboxMessage


class SandboxChannel:
    """One per kind of contact."""

    development_only = True
    at_once = 50
    receipts = False

    def __init__(self, kind: ChannelKind, db: Database) -> None:
        self.kind: ChannelKind = kind
        self.name = f"sandbox-{kind}"
        self._db = db

    async def send(self, letter: Letter) -> None:
        async with self._db.begin() as conn:
            await store.keep_in_sandbox(
                conn,
                id=letter.id,
                at=clock.now(),
                event=letter.event,
                channel=letter.channel,
                to=letter.to,
                subject=letter.subject,
                text=letter.text,
            )


async def sandbox_messages(conn: AsyncConnection, *, limit: int = 200) -> list[SandboxMessage]:
    """What the sandbox would have sent, newest first."""
    return [
        SandboxMessage(
            id=row.id, at=row.at, event=row.event, channel=row.channel, to=row.to, subject=row.subject, text=row.text
        )
        for row in await store.sandbox(conn, limit=limit)
    ]
