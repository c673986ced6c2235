"""Templates are data: one TOML per event, both languages, one wording per channel."""

import re
import string
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

import msgspec

from kit.refusal import Words
from notifications.messages import ChannelKind, Locale

FOLDER = Path(__file__).parent / "templates"

FIELDS = frozenset({"receipt_code", "status", "branch", "link", "level", "day", "time", "place", "code", "minutes"})
"""Everything a message may ever say. A personal number, a name or what a paper says is not among it."""

_PERSONAL_NUMBER = re.compile(r"(?<!\d)\d{12}(?!\d)")

Value = str | Words


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said in one language on one channel; SMS have no subject."""

    text: str
    subject: str = ""


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both languages of one channel."""

    vi: Text
    en: Text


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One event. `secret` fields are sealed at rest and blanked once the message has left."""

    event: str
    meaning: str
    example: dict[str, str | Words]
    sms: Said
    email: Said
    inbox: Said | None = None
    secret: tuple[str, ...] = ()
    expires_after_minutes: int | None = None
    must_leave: bool = False

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(self.example)


class UnknownEvent(Exception):
    """There is no template of this name: a mistake of ours, not of a citizen."""


class BadFields(Exception):
    """The fields are not those of the template, or hold what no message may say: a mistake of ours."""


@cache
def templates() -> dict[str, Template]:
    """Every template by event."""
    found: dict[str, Template] = {}
    for file in sorted(FOLDER.glob("*.toml")):
        template = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Template)
        if template.event != file.stem:
            raise BadFields(f"{file.name} speaks of the event {template.event}")
        found[template.event] = template
    return found


def template(event: str) -> Template:
    """Raises UnknownEvent."""
    try:
        return templates()[event]
    except KeyError:
        raise UnknownEvent(event) from None


def checked(template: Template, fields: dict[str, Value]) -> dict[str, Value]:
    """The fields, all of them and no others; raises BadFields for a personal number or a control character in any."""
    if frozenset(fields) != template.fields or not template.fields <= FIELDS:
        raise BadFields(f"{template.event} says {sorted(template.fields)}, was given {sorted(fields)}")
    for name, value in fields.items():
        for text in (value.vi, value.en) if isinstance(value, Words) else (value,):
            if _PERSONAL_NUMBER.search(text):
                raise BadFields(f"{template.event}.{name} holds twelve digits; no personal number goes into a message")
            if any(unicodedata.category(letter).startswith("C") for letter in text):
                raise BadFields(f"{template.event}.{name} holds a control character")
    return fields


def rendered(template: Template, channel: ChannelKind, locale: Locale, fields: dict[str, Value]) -> Text:
    """Subject and text as they leave; SMS without accents, so that a segment holds 160 letters and not 70."""
    said = template.sms if channel == "sms" else template.email
    text = filled(said.vi if locale == "vi" else said.en, locale, fields)
    return Text(text=unaccented(text.text)) if channel == "sms" else text


def filled(text: Text, locale: Locale, fields: dict[str, Value]) -> Text:
    """The placeholders replaced."""
    spoken = {
        name: (value.vi if locale == "vi" else value.en) if isinstance(value, Words) else value
        for name, value in fields.items()
    }
    return Text(text=text.text.strip().format_map(spoken), subject=text.subject.format_map(spoken))


def placeholders(text: Text) -> set[str]:
    """The fields a wording names."""
    return {
        name
        for part in (text.text, text.subject)
        for _, name, _, _ in string.Formatter().parse(part)
        if name is not None
    }


def unaccented(text: str) -> str:
    """Vietnamese in plain Latin letters: "Đã nhận" is "Da nhan"."""
    bare = "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
    return bare.replace("đ", "d").replace("Đ", "D")
