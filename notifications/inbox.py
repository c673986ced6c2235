"""The in-app inbox: no letter leaves for it; a message of an account is there as soon as its cause is committed."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from kit.refusal import Words
from notifications import store, wording
from notifications.messages import Inbox, InboxMessage
from notifications.service import spoken

PAGE = 50


async def inbox_of(conn: AsyncConnection, account_id: str, *, before: str | None = None, limit: int = PAGE) -> Inbox:
    """A person's messages, newest first; one-time codes never stand here."""
    events = [event for event, template in wording.templates().items() if template.inbox is not None]
    rows = await store.inbox(conn, account_id, events=events, before=before, limit=limit + 1)
    shown = [_message(row.id, row.event, row.created_at, row.fields) for row in rows[:limit]]
    return Inbox(messages=shown, next=shown[-1].id if len(rows) > limit else None)


def _message(message_id: str, event: str, at: datetime, kept: dict[str, Any]) -> InboxMessage:
    said, fields = wording.template(event).inbox, spoken(kept)
    assert said is not None
    vi, en = wording.filled(said.vi, "vi", fields), wording.filled(said.en, "en", fields)
    link = fields.get("link")
    return InboxMessage(
        id=message_id,
        event=event,
        at=at,
        subject=Words(vi=vi.subject, en=en.subject),
        text=Words(vi=vi.text, en=en.text),
        link=link if isinstance(link, str) else None,
    )
