"""The `motcua` command. Exit status: 0 done, 1 refused or failed, 2 wrong use or settings, 3 an engine cannot be used."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec
from rich.console import Console
from rich.table import Table

from api.cli_wires import wires
from api.embedding import embedded
from kit import settings as kit_settings
from kit.settings import BadSetting, Settings

if TYPE_CHECKING:
    from identity.faces.renewing import Renewed

OUT = Console()
ERR = Console(stderr=True)

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


def main() -> None:
    """Every failure ends as one line on stderr that says what to do."""
    from kit.db import NotDurable, TrustsEverybody
    from kit.engines import EngineTrouble
    from kit.refusal import Refusal

    try:
        status = command(standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        _complain(error.format_message(), f"`{_path(error)} --help` tells how.")
        sys.exit(2)
    except BadSetting as error:
        _complain(str(error))
        sys.exit(2)
    except (EngineTrouble, NotDurable, TrustsEverybody) as error:
        _complain(str(error))
        sys.exit(3)
    except Refusal as error:
        _complain(f"{error.code}: {error.message.en}")
        sys.exit(1)


def _path(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else "motcua"


def _complain(*sentences: str) -> None:
    ERR.print(f"motcua: {' '.join(sentences)}", markup=False, highlight=False, soft_wrap=True)


@click.group(context_settings=CONTEXT)
@click.version_option(package_name="motcua", prog_name="motcua")
def command() -> None:
    """Một Cửa: the open backend behind a city's citizen app, kiosks and partner apps.

    Exit status: 0 done; 1 refused or failed; 2 wrong use or settings; 3 an engine (PostgreSQL, Valkey) cannot be used.
    """


command.add_command(wires)


def migrate(settings: Settings) -> None:
    """Both chains to their heads."""
    import migrations

    assert settings.database_url
    assert settings.faces_database_url
    migrations.upgrade(settings.database_url)
    migrations.upgrade(settings.faces_database_url, "faces")


def environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, for the server's processes."""
    found: dict[str, str] = {}
    for field in msgspec.structs.fields(Settings):
        value = getattr(settings, field.name)
        if value is None:
            continue
        text = (
            ",".join(value) if isinstance(value, tuple) else str(value.resolve() if isinstance(value, Path) else value)
        )
        if text:
            found[kit_settings.variable(field.name)] = text
    return found


def run_server(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Blocking, until SIGTERM or Ctrl-C; then in order down."""
    from api import serving

    os.environ.update(environment(settings))
    os.environ.pop("MOTCUA_SETTINGS", None)
    # Browsers take passkeys from this name only.
    host = "127.0.0.1" if host == "localhost" else host
    serving.run("api.serving:application", host=host, port=port, workers=workers)


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="API processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Run the API. In development engines are embedded and migrations run first; in production do `motcua db upgrade` before."""
    settings, _ = kit_settings.load()
    with embedded(settings) as ready:
        if ready.environment == "development":
            migrate(ready)
        asyncio.run(_try(ready))
        run_server(ready, host=host, port=port, workers=workers)


async def _try(settings: Settings) -> None:
    """Opens and closes everything once, so that what is unfit is told here in one line and not by every process of the server."""
    from api.wiring import open_house

    async with open_house(settings):
        pass


@command.command()
@click.option("--concurrency", default=4, show_default=True, type=click.IntRange(1, 64), help="Jobs at a time.")
def worker(concurrency: int) -> None:
    """Run the jobs that dossiers and messages left to do, until SIGTERM."""
    from api import serving
    from api.wiring import open_house
    from kit import logs

    settings, _ = kit_settings.load()
    logs.install(settings.log_level)

    async def work(ready: Settings) -> None:
        async with open_house(ready) as house:
            serving.spare_the_collector()
            running = asyncio.create_task(house.jobs.work_for_ever(concurrency=concurrency))
            loop = asyncio.get_running_loop()
            for signum in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(signum, running.cancel)
            try:
                await running
            except asyncio.CancelledError:
                return

    with embedded(settings) as ready:
        asyncio.run(work(ready))


@command.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; localhost to try passkeys in a browser.",
)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--quiet", is_flag=True, help="Print no table of who can sign in.")
def sandbox(host: str, port: int, quiet: bool) -> None:
    """Serve with fictional people, offices, officers, OAuth clients, a small register, and an inbox that shows every message."""
    from api import sandbox as sandbox_room

    settings, _ = kit_settings.load(**sandbox_room.settings(host, port))
    with embedded(settings) as ready:
        migrate(ready)
        city = asyncio.run(sandbox_room.furnish(ready))
        if not quiet:
            sandbox_room.tell(city, OUT)
        run_server(ready, host=host, port=port, workers=1)


@command.command()
@click.option("--lang", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Language of the story.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the papers and photos in this folder.")
def demo(lang: str, keep: Path | None) -> None:
    """Run the main job end to end on a server of its own: two photos in, three results out."""
    from api.demo import run

    sys.exit(run(lang, keep))


@command.group()
def db() -> None:
    """The city's and the faces' databases."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring both databases to the newest migration."""
    settings, _ = kit_settings.load()
    with embedded(settings) as ready:
        if ready.database_url is None or ready.faces_database_url is None:
            raise BadSetting("set DATABASE_URL and FACES_DATABASE_URL.")
        migrate(ready)
    OUT.print("both databases are at the newest migration")


@command.group("dossiers")
def dossiers_() -> None:
    """What was asked for, and what became of it."""


@dossiers_.command("verify")
def verify_dossiers() -> None:
    """Recompute every history and hold forms, papers and results against what it sealed. Exit status 1 when one does not fit."""
    settings, _ = kit_settings.load()
    with embedded(settings) as ready, ERR.status("verifying …") as sign:
        seen, lines, broken = asyncio.run(_verify(ready, lambda count: sign.update(f"verifying, {count:,} …")))
    for code, what in broken:
        OUT.print(f"{code}  {what}", markup=False, highlight=False, soft_wrap=True)
    if broken:
        _complain(f"{len(broken):,} of {seen:,} dossiers are not what their histories say.")
        sys.exit(1)
    OUT.print(f"{seen:,} dossiers, {lines:,} lines: every history holds", highlight=False)


async def _verify(settings: Settings, told: Callable[[int], None]) -> tuple[int, int, list[tuple[str, str]]]:
    from dossiers import verifying
    from kit.db import Database

    if settings.database_url is None:
        raise BadSetting("set DATABASE_URL.")
    database = Database(settings.database_url)
    seen, lines, broken = 0, 0, list[tuple[str, str]]()
    try:
        async for checked in verifying.verify(database):
            seen, lines = seen + checked.dossiers, lines + checked.lines
            broken += [(one.receipt_code, one.what) for one in checked.broken]
            told(seen)
    finally:
        await database.close()
    return seen, lines, broken


@command.group()
def keys() -> None:
    """Keys and secrets."""


@keys.command("create")
@click.argument("directory", type=click.Path(path_type=Path))
def keys_create(directory: Path) -> None:
    """Make each missing key in DIRECTORY, readable by you alone; never overwrites one."""
    from kit import keys as kit_keys

    made = kit_keys.create(directory)
    OUT.print("\n".join(map(str, made)) if made else "nothing was missing", markup=False)


@keys.command("rotate")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--start", type=click.Choice(["ES256", "EdDSA", "RS256"]), help="Begin with keys of this kind as well.")
def keys_rotate(directory: Path, start: Literal["ES256", "EdDSA", "RS256"] | None) -> None:
    """Make the next signing key of each kind in DIRECTORY; restart every API process within ten minutes. docs/howto/rotate-keys.md"""
    from kit import clock
    from kit import keys as kit_keys

    made, removed = kit_keys.rotate(directory, clock.now(), start=start)
    for file in made:
        OUT.print(f"made {file}", markup=False, soft_wrap=True)
    for file in removed:
        OUT.print(f"removed {file}: followed long ago", markup=False, soft_wrap=True)


@command.group()
def operator() -> None:
    """The people who appoint officers."""


_AGENCIES = ("ubnd_xa", "cong_an_xa", "bhxh")


@operator.command("create")
@click.option("--name", "full_name", required=True, help="Full name.")
@click.option("--email", required=True, help="Address that gets the one-time codes.")
@click.option("--ward", "ward_code", required=True, metavar="CODE", help="Ward code of the office (map of 01/07/2025).")
@click.option("--agency", type=click.Choice(_AGENCIES), default="ubnd_xa", show_default=True, help="Its agency.")
@click.option("--office", "office_name", required=True, help="Name of the office, should there be none there yet.")
def operator_create(full_name: str, email: str, ward_code: str, agency: Any, office_name: str) -> None:
    """Make the first operator, once in the life of a deployment. Further ones are made by operators."""
    from api.wiring import open_house
    from identity import offices

    async def make(ready: Settings) -> None:
        async with open_house(ready) as house, house.db.begin() as conn:
            await offices.first_operator(
                conn,
                house.keys,
                full_name=full_name,
                email=email,
                agency=agency,
                ward_code=ward_code,
                office_name=office_name,
            )

    settings, _ = kit_settings.load()
    with embedded(settings) as ready:
        asyncio.run(make(ready))
    OUT.print(f"{email} is an operator; sign in at the desk by one-time code, and register a passkey", markup=False)


@operator.command("approve")
@click.argument("change_id")
def operator_approve(change_id: str) -> None:
    """Approve CHANGE_ID as the second person, as long as there is one operator only."""
    from api.wiring import open_house
    from identity import offices

    async def approve(ready: Settings) -> None:
        async with open_house(ready) as house, house.db.begin() as conn:
            await offices.approve_at_the_machine(conn, house.keys, change_id)

    settings, _ = kit_settings.load()
    with embedded(settings) as ready:
        asyncio.run(approve(ready))
    OUT.print(f"{change_id} is approved", markup=False)


@command.command("settings")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def settings_(as_json: bool) -> None:
    """Every setting, its value, where it came from and what it means."""
    lines = kit_settings.shown(*kit_settings.load())
    if as_json:
        click.echo(msgspec.json.encode(lines).decode())
        return
    table = Table("setting", "value", "from", "meaning", box=None, header_style="bold")
    for line in lines:
        table.add_row(line.variable, line.value, line.source, line.meaning)
    OUT.print(table)


@command.command()
@click.option(
    "--write", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead of the screen."
)
@click.option("--check", is_flag=True, help="Fail when openapi/openapi.json differs from the app.")
def openapi(write: Path | None, check: bool) -> None:
    """The API's description, as the app has it."""
    from api.app import create_app
    from openapi import PROMISED
    from openapi.describe import description

    text = description(create_app(Settings(), described=True))
    if check:
        if not PROMISED.exists() or PROMISED.read_text(encoding="utf-8") != text:
            raise click.ClickException(f"{PROMISED} differs from the app; `make openapi` writes it anew.")
    elif write:
        write.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


@command.command("read-card")
@click.argument("front", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("back", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the reading, or why a photo was refused.")
@click.option(
    "--explain",
    metavar="PNG",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Draw where each value was read, and its verdict, on the flattened card.",
)
def read_card(front: Path, back: Path | None, as_json: bool, explain: Path | None) -> None:
    """Read an ID card from photos of its FRONT and BACK, or from one photo of both; each field with its sources and verdict."""
    import ocr
    from kit.refusal import Refusal

    if explain is not None and not explain.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {explain.parent}.", param_hint="--explain")
    try:
        with _patience("reading the card"):
            card = ocr.read_card_with_portrait(front.read_bytes(), back.read_bytes() if back else None)
    except Refusal as refusal:
        if as_json:
            told = {"code": refusal.code, "side": refusal.fields.get("side"), "message": refusal.message}
            click.echo(msgspec.json.encode(told).decode())
        raise
    if explain is not None:
        from ocr import explaining

        explain.write_bytes(explaining.draw(card.reading, card.flat))
    if as_json:
        click.echo(msgspec.json.encode(card.reading).decode())
        return
    _show_reading(msgspec.to_builtins(card.reading))


def _show_reading(reading: dict[str, Any]) -> None:
    document = reading["document"]
    OUT.print(f"[bold]{document['kind']}[/] · {reading['decision']}")
    table = Table("field", "value", "status", "sources", box=None, header_style="bold")
    for name, field in reading["fields"].items():
        table.add_row(name, field["value"] or "–", field["status"], ", ".join(s["source"] for s in field["sources"]))
    OUT.print(table)
    for issue in reading["issues"]:
        OUT.print(f"{issue['code']} {issue.get('field') or ''}: {issue['message']['en']}", markup=False)


@command.command("compare-faces")
@click.argument("card", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("selfie", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare_faces(card: Path, selfie: Path, as_json: bool) -> None:
    """Whether the portrait on CARD (a photo of the card or of the portrait) and SELFIE show one person."""
    from identity import faces

    with _patience("comparing the faces"):
        comparison = msgspec.to_builtins(faces.compare(card.read_bytes(), selfie.read_bytes()))
    if as_json:
        click.echo(json.dumps(comparison, ensure_ascii=False))
        return
    OUT.print(comparison["decision"])


@command.group("faces")
def faces_() -> None:
    """How well faces are told apart here, and the secret under which they are found."""


@faces_.command("calibrate")
@click.argument("directory", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--target-fmr",
    default=1e-3,
    show_default=True,
    type=click.FloatRange(0, 0.1, min_open=True),
    help="Share of strangers that may be taken for the owner.",
)
@click.option(
    "--out",
    default="calibration.toml",
    show_default=True,
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Calibration file to write, for MOTCUA_FACE_CALIBRATION.",
)
@click.option(
    "--plot",
    metavar="SVG|PNG",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Draw both rates over the threshold.",
)
@click.option(
    "--groups",
    metavar="CSV",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Lines person,group: also tell the rates of each group.",
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of the draws behind the intervals.")
def calibrate(directory: Path, target_fmr: float, out: Path, plot: Path | None, groups: Path | None, seed: int) -> None:
    """Measure false matches and misses on DIR, one folder a person, and write the calibration these people support.

    Files named card… or portrait… are card portraits and are compared with the other photos, selfies; without such names
    all photos are compared. Nothing is written when the people are too few to show the rate. docs/howto/calibrate-faces.md
    """
    from api.measuring import PLOTS, calibrate_faces

    for option, file in (("--out", out), ("--plot", plot)):
        if file is not None and not file.absolute().parent.is_dir():
            raise click.BadParameter(f"there is no folder {file.parent}.", param_hint=option)
    if plot is not None and plot.suffix.lower() not in PLOTS:
        raise click.BadParameter(f"{plot} must end in {' or '.join(PLOTS)}.", param_hint="--plot")
    calibrate_faces(directory, target=target_fmr, out=out, plot=plot, groups=groups, seed=seed, screen=OUT, signs=ERR)


@faces_.command("renew")
def renew_faces() -> None:
    """Give every stored face a new secret turn, while the API serves. Nobody takes a new selfie, nobody is missed meanwhile.

    Cut off, it goes on where it stopped when run again. Exit status 1 when faces are left that do not open.
    """
    settings, _ = kit_settings.load()
    with embedded(settings) as ready, ERR.status("turning faces …") as sign:
        renewed = asyncio.run(_renew(ready, lambda turned: sign.update(f"turning faces, {turned:,} …")))
    OUT.print(f"{renewed.turned:,} faces have a new turn", highlight=False)
    if renewed.left:
        raise click.ClickException(
            f"{renewed.left:,} faces do not open and keep the old turn: those people enrol again or withdraw, then run this again."
        )


async def _renew(settings: Settings, told: Callable[[int], None]) -> "Renewed":
    from identity.faces import FaceStore
    from kit.db import Database
    from kit.keys import FileKeys

    if settings.faces_database_url is None:
        raise BadSetting("set FACES_DATABASE_URL.")
    database = Database(settings.faces_database_url)
    try:
        return await FaceStore(database, FileKeys(settings.keys or settings.home / "keys")).renew(told=told)
    finally:
        await database.close()


@command.command()
def stop() -> None:
    """Stop the embedded engines of this MOTCUA_HOME, unless a process still uses them."""
    from kit.engines import Engines

    settings, _ = kit_settings.load()
    if not settings.home.exists():
        OUT.print("nothing runs here")
        return
    OUT.print("stopped" if Engines(settings.home).stop() else "still in use by another process")


@contextmanager
def _patience(what: str) -> Generator[None]:
    """A sign of life on stderr while models load and run."""
    with ERR.status(f"{what} …"):
        yield
