"""The typefaces cards are printed with: `../fonts.toml` names them and says whether training may see them."""

import functools
import os
from pathlib import Path
from typing import Any, Literal

import msgspec
from PIL import Image, ImageDraw, ImageFont

from kit import fonts

Use = Literal["training", "held_out"]
Cut = Literal["regular", "bold", "italic"]

_TABLE = Path(__file__).parents[1] / "fonts.toml"
# More directories, separated like PATH: where fonts built from npm packages lie.
DIRECTORIES_VARIABLE = "MOTCUA_FONTS"
_DIRECTORIES = ("/usr/share/fonts", "/usr/share/texmf/fonts", "/usr/local/share/fonts", "~/.local/share/fonts")


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One design under one name. Two names of one design (Arial's: Liberation Sans, Arimo) are in the same `use`."""

    name: str
    package: str
    """Of Debian, or of npm when it begins with `@fontsource/`."""
    use: Use
    kind: Literal["sans", "serif", "mono"]
    regular: str
    bold: str = ""
    italic: str = ""

    def file(self, cut: Cut) -> Path:
        """Of this cut, or the regular one in a family without it. Refuses FontNotInstalled."""
        wanted = getattr(self, cut) or self.regular
        found = _installed().get(wanted)
        if found is None:
            raise FontNotInstalled(self)
        return found

    @property
    def is_installed(self) -> bool:
        return all(name in _installed() for name in (self.regular, self.bold, self.italic) if name)


class FontNotInstalled(LookupError):
    """A typeface that may not be replaced by another is not on this machine."""

    def __init__(self, family: Family) -> None:
        how = "npm" if family.package.startswith("@") else "apt-get"
        super().__init__(f"the typeface {family.name} is not installed: {how} install {family.package}")
        self.family = family


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    family: list[Family]


@functools.cache
def families(use: Use | None = None) -> tuple[Family, ...]:
    """All of the table, or those of one use, installed or not."""
    table = msgspec.toml.decode(_TABLE.read_bytes(), type=_Table)
    return tuple(family for family in table.family if use in (None, family.use))


@functools.cache
def family(name: str) -> Family:
    return next(one for one in families() if one.name == name)


@functools.lru_cache(maxsize=512)
def at(face: str, size: int) -> Any:
    """A typeface at a size in pixels; `face` is a file of `kit.fonts` or a path."""
    file = face if os.sep in face else str(fonts.path(face))
    return ImageFont.truetype(file, size)


@functools.cache
def _installed() -> dict[str, Path]:
    """Font files by name; of two by one name the larger: Debian's `fonts-liberation` lacks letters that `fonts-liberation2` has."""
    places = [*os.environ.get(DIRECTORIES_VARIABLE, "").split(os.pathsep), *_DIRECTORIES]
    files: dict[str, Path] = {}
    for place in places:
        if place:
            for file in Path(place).expanduser().rglob("*.[ot]tf"):
                known = files.get(file.name)
                if known is None or known.stat().st_size < file.stat().st_size:
                    files[file.name] = file
    return files


def cuts(of: Family) -> list[Path]:
    """Every installed file of a family's design, all weights and slants."""
    stems = {Path(name).stem.split("-")[0] for name in (of.regular, of.bold, of.italic) if name}
    named = {name for name in (of.regular, of.bold, of.italic) if name}
    return sorted(
        path for name, path in _installed().items() if name in named or Path(name).stem.partition("-")[0] in stems
    )


def drawn_alike(file: Path, letters: str) -> list[str]:
    """Pairs of these letters that a font draws with the same dots: nobody could tell which of the two is printed."""
    font = ImageFont.truetype(str(file), 80, layout_engine=ImageFont.Layout.BASIC)
    first: dict[bytes, str] = {}
    pairs: list[str] = []
    for letter in letters:
        sheet = Image.new("L", (150, 160))
        ImageDraw.Draw(sheet).text((20, 115), letter, fill=255, font=font, anchor="ls")
        drawn = sheet.tobytes()
        if drawn in first:
            pairs.append(first[drawn] + letter)
        first.setdefault(drawn, letter)
    return pairs
