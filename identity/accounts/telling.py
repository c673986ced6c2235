"""Whatever changes the ways into an account is told on every contact it has, the old ones too."""

from sqlalchemy.ext.asyncio import AsyncConnection

from identity.accounts import service
from kit.keys import Keys
from kit.refusal import Words
from kit.settings import Settings
from notifications import PostOffice, Recipient


async def tell_of_change(
    conn: AsyncConnection,
    keys: Keys,
    post_office: PostOffice,
    settings: Settings,
    account_id: str,
    what: Words,
) -> None:
    """On the transaction of the change."""
    holder = await service.account(conn, keys, account_id)
    await post_office.send(
        conn,
        event="way-in-changed",
        to=Recipient(
            account_id=account_id, contacts=tuple(one.contact for one in holder.contacts), locale=holder.locale
        ),
        fields={"status": what, "link": f"{settings.public_url}/account/ways"},
        once_key=None,
    )
