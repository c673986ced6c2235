"""Numbered, reversible steps from an empty database to the tables of today: one chain for the city, one for faces."""

from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config

Chain = Literal["city", "faces"]

_HERE = Path(__file__).parent
_SCRIPTS: dict[Chain, Path] = {"city": _HERE, "faces": _HERE / "faces"}


def _config(url: str, chain: Chain) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS[chain]))
    config.attributes["url"] = url
    return config


def upgrade(url: str, chain: Chain = "city", to: str = "head") -> None:
    """Blocking. Runs what is missing, each step in its own transaction; does nothing when all is there."""
    command.upgrade(_config(url, chain), to)


def downgrade(url: str, chain: Chain = "city", to: str = "base") -> None:
    """Blocking. Takes steps back, data included."""
    command.downgrade(_config(url, chain), to)
