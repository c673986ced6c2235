"""Engines and keys where the settings name none: for development only."""

from collections.abc import Generator
from contextlib import contextmanager

import msgspec
from rich.console import Console

from kit.settings import Settings

ERR = Console(stderr=True)


@contextmanager
def embedded(settings: Settings) -> Generator[Settings]:
    """Fills in embedded engines and made keys where the settings name none, in development only."""
    missing = [n for n in ("database_url", "faces_database_url", "redis_url") if getattr(settings, n) is None]
    if settings.environment == "production":
        yield settings
        return
    from kit import keys
    from kit.engines import Engines

    settings.home.mkdir(parents=True, exist_ok=True)
    if settings.keys is None:
        keys.create(settings.home / "keys")
    if not missing:
        yield settings
        return
    engines = Engines(settings.home, told=lambda what: ERR.print(f"  {what} …", style="dim"))
    urls = engines.start()
    given = {"database_url": urls.database, "faces_database_url": urls.faces_database, "redis_url": urls.redis}
    try:
        yield msgspec.structs.replace(settings, **{name: given[name] for name in missing})
    finally:
        engines.stop()
