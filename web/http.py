"""Pages: the front page, the API's page, and the sandbox's two."""

from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.static_files import create_static_files_router

from identity import accounts, offices
from identity import tokens
from kit import clock
from kit.actor import ANYONE
from kit.db import Database
from kit.keys import Keys
from kit.refusal import NotFound
from kit.settings import Settings
from notifications import sandbox_messages
from web.pages import page

_STATIC = Path(__file__).with_name("static")


class SandboxLetter(msgspec.Struct, frozen=True):
    """One message as the sandbox shows it."""

    channel: str
    to: str
    subject: str
    text: str
    at: datetime

    @property
    def shown_at(self) -> str:
        return self.at.astimezone(clock.CITY).strftime("%H:%M:%S %d/%m/%Y")
