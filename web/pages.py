"""Renders a page: template, language, and the headers that keep foreign script out."""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from litestar import MediaType, Request, Response

from kit import clock

if TYPE_CHECKING:
    from jinja2 import Environment

Lang = Literal["vi", "en"]

_HERE = Path(__file__).parent

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action {}; base-uri 'none'; frame-ancestors 'none'"
)


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Every sentence of every page by its key and language; one file a page, or pages that belong together."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted((_HERE / "words").glob("*.toml")):
        found |= tomllib.loads(file.read_text(encoding="utf-8"))
    return found


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    environment.filters["moment"] = _moment
    environment.filters["day"] = _day
    environment.filters["date"] = _date
    environment.filters["dong"] = _dong
    return environment


def _moment(at: datetime) -> str:
    """As a clock and calendar in the city show it."""
    return at.astimezone(clock.CITY).strftime("%H:%M %d/%m/%Y")


def _day(at: datetime) -> str:
    return at.astimezone(clock.CITY).strftime("%d/%m/%Y")


def _date(day: date) -> str:
    return day.strftime("%d/%m/%Y")


def _dong(amount: int) -> str:
    """As written in the city: dots between thousands."""
    return f"{amount:,} đồng".replace(",", ".")


def language(request: Request[Any, Any, Any]) -> Lang:
    """What `?lang=` says, else what the browser asks for first; Vietnamese when neither says English."""
    asked = request.query_params.get("lang")
    if asked in ("vi", "en"):
        return asked
    first = request.headers.get("accept-language", "vi").lower()
    return "en" if first.startswith("en") else "vi"


def page(
    request: Request[Any, Any, Any], template: str, *, lang: Lang | None = None, form_action: str = "", **values: Any
) -> Response[str]:
    """The page in the reader's language. `form_action` is a further place its forms may lead to."""
    spoken = lang or language(request)

    def say(key: str) -> str:
        return words()[key][spoken]

    html = _templates().get_template(template).render(lang=spoken, say=say, **values)
    headers = {
        "Content-Security-Policy": _POLICY.format(f"'self' {form_action}".strip()),
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return Response(html, media_type=MediaType.HTML, headers=headers)
