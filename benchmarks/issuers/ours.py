"""The application as it is served, but for its limits: one caller stands for thousands."""

import sys

from litestar import Litestar

from api import serving
from api.app import create_app
from kit import logs
from kit import settings as kit_settings

PLENTY = 1_000_000


def app() -> Litestar:
    """What each server process calls."""
    settings, _ = kit_settings.load()
    logs.install(settings.log_level)
    made = create_app(settings)

    async def unlimited(app: Litestar) -> None:
        app.state.house.limits._scale = PLENTY  # pyright: ignore[reportPrivateUsage]

    made.on_startup.append(unlimited)
    return made


if __name__ == "__main__":
    serving.run("benchmarks.issuers.ours:app", host="127.0.0.1", port=int(sys.argv[1]), workers=1)
