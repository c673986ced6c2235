"""Templates are data: one TOML per event, both languages, one wording per channel."""

import re
import string
import tomllib
import unicodedata
from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec

from kit.refusal import Words
from notifications import gsm
from notifications.messages import ChannelKind, Locale

FOLDER = Path(__file__).parent / "templates"

Value = str | Words

# Groups of digits that belong together however they are written: 079 303 000 001, 079.303.000.001.
_JOINTS = re.compile(r"(?<=\d)[ .\-\u00a0]+(?=\d)")


def _coded(pattern: str) -> Callable[[Value], bool]:
    shape = re.compile(pattern, re.ASCII)
    # Nine digits in a row are a number of a person (PIN, old card, telephone), whatever field they stand in.
    return lambda value: (
        isinstance(value, str) and shape.fullmatch(value) is not None and not re.search(r"\d{9}", value)
    )


def _worded(value: Value) -> bool:
    """Words of the catalogue or of our own: said in two languages, and not the same in both, as a name or a number would be."""
    if not isinstance(value, Words) or value.vi == value.en:
        return False
    for text in (value.vi, value.en):
        digits = re.search(r"\d{6}", _JOINTS.sub("", unicodedata.normalize("NFKC", text)))
        if digits or "@" in text or "://" in text or not 0 < len(text) <= 200:
            return False
    return True


FIELDS: dict[str, Callable[[Value], bool]] = {
    "receipt_code": _coded(r"(?=.*[A-Z])[A-Z0-9][A-Z0-9.\-]{0,39}"),
    "status": _worded,
    "branch": _worded,
    "link": _coded(r"https?://[A-Za-z0-9.\-\[\]:]{1,80}(/[A-Za-z0-9._/\-]{0,60})?"),
    "level": _coded(r"\d"),
    "day": _coded(r"\d\d/\d\d/\d{4}"),
    "time": _coded(r"\d\d:\d\d"),
    "code": _coded(r"\d{6}|[BCDFGHJKLMNPQRSTVWXZ]{8}"),
    "count": _coded(r"\d{1,5}"),
    "minutes": _coded(r"\d{1,2}"),
}
"""Everything a message may ever say, and the shape of each: no text that somebody typed, so no personal number, name or content of a paper."""

_SHORTENED = ("branch", "status")


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said in one language on one channel; SMS have no subject."""

    text: str
    subject: str = ""


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Both languages of one channel."""

    vi: Text
    en: Text


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One event. `secret` fields are sealed at rest and blanked once the message has left.

    `zalo` is the text that Zalo approved for the template id of this event; its placeholders are the template's parameters. Push says what
    the inbox says. `everywhere`: a warning about the account, told on every contact; `urgent`: rings in quiet hours too.
    """

    event: str
    meaning: str
    example: dict[str, str | Words]
    sms: Said
    email: Said
    zalo: Said | None = None
    inbox: Said | None = None
    secret: tuple[str, ...] = ()
    expires_after_minutes: int | None = None
    must_leave: bool = False
    everywhere: bool = False
    urgent: bool = False

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(self.example)

    def said(self, channel: ChannelKind) -> Said | None:
        """None: this event does not go that way."""
        return {"sms": self.sms, "email": self.email, "zalo": self.zalo}.get(channel, self.inbox)


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
    """The fields, all of them and no others, each of its shape; raises BadFields, which never repeats what it refuses."""
    if frozenset(fields) != template.fields or not template.fields <= FIELDS.keys():
        raise BadFields(f"{template.event} says {sorted(template.fields)}, was given {sorted(fields)}")
    for name, value in fields.items():
        texts = (value.vi, value.en) if isinstance(value, Words) else (value,)
        if not all(text.isprintable() for text in texts):  # of what divides words, a space alone is
            raise BadFields(f"{template.event}.{name} holds a control character")
        if not FIELDS[name](value):
            raise BadFields(f"{template.event}.{name} has not the shape of a {name}: nothing else goes into a message")
    return fields


def rendered(template: Template, channel: ChannelKind, locale: Locale, fields: dict[str, Value]) -> Text:
    """Subject and text as they leave; SMS in one segment of the GSM alphabet, without accents. Raises KeyError where it does not go."""
    said = template.said(channel)
    if said is None:
        raise KeyError(channel)
    text = said.vi if locale == "vi" else said.en
    return Text(text=_short(text, locale, fields)) if channel == "sms" else filled(text, locale, fields)


def filled(text: Text, locale: Locale, fields: dict[str, Value]) -> Text:
    """The placeholders replaced."""
    words = spoken(locale, fields)
    return Text(text=text.text.strip().format_map(words), subject=text.subject.format_map(words))


def spoken(locale: Locale, fields: dict[str, Value]) -> dict[str, str]:
    """The fields in one language."""
    return {
        name: (value.vi if locale == "vi" else value.en) if isinstance(value, Words) else value
        for name, value in fields.items()
    }


def _short(text: Text, locale: Locale, fields: dict[str, Value]) -> str:
    """One segment: of the names of procedures and states the longest is cut, and the link leads to the whole."""
    words = {name: gsm.plain(unaccented(word)) for name, word in spoken(locale, fields).items()}
    while True:
        said = gsm.plain(unaccented(text.text.strip().format_map(words)))
        over = (gsm.septets(said) or 0) - gsm.ONE_SEGMENT
        longest = max(_SHORTENED, key=lambda name: len(words.get(name, "")))
        if over <= 0 or len(words.get(longest, "")) <= 12:
            return said
        words[longest] = words[longest].removesuffix("..")[: -min(over + 2, len(words[longest]) - 10)].rstrip() + ".."


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
