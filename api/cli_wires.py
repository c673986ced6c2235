"""`motcua wires`: agencies at the far end of a wire, and the national portal; opened by whoever holds the machine."""

import asyncio
import base64
import binascii
import re
from typing import Any

import click
from rich.console import Console

from api.embedding import embedded
from kit import settings as kit_settings
from kit.settings import Settings

OUT = Console()

_AGENCIES = ("ubnd_xa", "cong_an_xa", "bhxh")


@click.group("wires")
def wires() -> None:
    """Agencies at the far end of a wire, and the national portal."""


@wires.command("add")
@click.argument("name")
@click.option("--agency", type=click.Choice(_AGENCIES), required=True, help="Its kind.")
@click.option("--title", required=True, help="What the history calls it.")
@click.option("--email", required=True, help="Where its operators are reached; an address no account has.")
@click.option("--url", required=True, help="Where it takes messages.")
@click.option("--key-id", required=True, help="What it calls the key it signs with.")
@click.option("--key", required=True, help="That key: 32 bytes of Ed25519 in base64.")
def add(name: str, agency: Any, title: str, email: str, url: str, key_id: str, key: str) -> None:
    """From now on the branches of this kind of agency go over the wire NAME; those at the desk stay there."""
    from api.wiring import open_house
    from identity import accounts
    from wires import Wire

    contact = accounts.contact.parse(email)
    try:
        public = base64.b64decode(key, validate=True)
    except binascii.Error:
        public = b""
    if contact is None or len(public) != 32 or not _named_well(name):
        raise click.UsageError("NAME is [a-z0-9-], --email an address, --key 32 bytes in base64.")

    async def opened(ready: Settings) -> None:
        async with open_house(ready) as house, house.db.begin() as conn:
            account = await accounts.open_officer(conn, house.keys, full_name=title, contact=contact)
            await house.wires.open_wire(conn, Wire(name, agency, url, key_id, public, account.id))

    settings, _ = kit_settings.load()
    with embedded(settings) as ready:
        asyncio.run(opened(ready))
    OUT.print(f"{name} is open; give the agency what {settings.public_url}/v1/wires/keys shows", markup=False)


@wires.command("portal")
@click.option("--name", default="cong-dvcqg", show_default=True, help="What the dead-letter desk calls it.")
@click.option("--url", required=True, help="Where it takes dossiers and their progress.")
@click.option("--login-url", required=True, help="Where one signs in for it.")
@click.option("--username", required=True, help="As whom; the password is the key file portal-password.")
@click.option("--unit", required=True, help="Which unit we speak for (madonvi).")
def portal(name: str, url: str, login_url: str, username: str, unit: str) -> None:
    """From now on every dossier is told to the national portal; one filed before, with its next change."""
    from api.wiring import open_house
    from wires import Portal

    if not _named_well(name):
        raise click.UsageError("--name is [a-z0-9-].")

    async def opened(ready: Settings) -> None:
        async with open_house(ready) as house, house.db.begin() as conn:
            await house.wires.open_wire(conn, Portal(name, url, login_url, username, unit))

    settings, _ = kit_settings.load()
    with embedded(settings) as ready:
        asyncio.run(opened(ready))
    OUT.print(f"{name} is open; its password belongs in the key file portal-password.txt", markup=False)


def _named_well(name: str) -> bool:
    return re.fullmatch("[a-z0-9-]{1,40}", name) is not None
