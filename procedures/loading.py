"""Reads the catalogue's TOML into strict Structs; what cannot be law is refused by file, by key, and with what to do about it."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from procedures import validating
from procedures.faults import CatalogueFault
from procedures.messages import Bundle, CodeList, DayOverride, Item, Lifecycle, LifeEvent, Procedure

__all__ = ["CatalogueFault", "Tables", "read"]

T = TypeVar("T")
I = TypeVar("I", bound=Item)  # noqa: E741 - an Item


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the folders hold."""

    procedures: tuple[Procedure, ...]
    bundles: tuple[Bundle, ...]
    events: tuple[LifeEvent, ...]
    lists: dict[str, CodeList]
    lifecycle: Lifecycle
    overrides: tuple[DayOverride, ...]


def read(folders: Iterable[Path]) -> Tables:
    """The folders read one after another; a later one may add procedures, sections and lists, never replace one."""
    places = tuple(folders)
    lists = {item.name: item for path in _files(places, "codes") for item in [_convert(path, _toml(path), CodeList)]}
    sections = {path.stem: {"name": path.stem, **_toml(path)} for path in _files(places, "sections")}
    procedures = _items(_files(places, ""), sections, lists, Procedure)
    bundles = _items(_files(places, "bundles"), sections, lists, Bundle)
    validating.check_versions({**procedures, **bundles})
    for path, bundle in bundles.items():
        validating.check_bundle(path, bundle, procedures.values())
    events = {path: _convert(path, _toml(path), LifeEvent) for path in _files(places, "events")}
    for path, event in events.items():
        validating.check_event(path, event, {item.key for item in (*procedures.values(), *bundles.values())})
    path, lifecycle = _one(places, "lifecycle.toml", Lifecycle)
    validating.check_lifecycle(path, lifecycle)
    return Tables(
        procedures=tuple(procedures.values()),
        bundles=tuple(bundles.values()),
        events=tuple(events.values()),
        lists=lists,
        lifecycle=lifecycle,
        overrides=_overrides(places),
    )


_NOT_PROCEDURES = {"lifecycle.toml", "calendar.toml"}


def _files(folders: Iterable[Path], kind: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((folder / kind).glob("*.toml"))]
    if not kind:
        found = [path for path in found if path.name not in _NOT_PROCEDURES]
    names = [path.name for path in found]
    for path in found:
        if names.count(path.name) > 1:
            name = f"{kind}/{path.name}".lstrip("/")
            raise CatalogueFault(path, None, f"another folder already holds {name}", "Give the file another name")
    return found


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as wrong:
        raise CatalogueFault(path, None, f"this is no TOML: {wrong}", "Correct that line; a key stands once") from wrong
    except UnicodeDecodeError as wrong:
        raise CatalogueFault(path, None, f"this is no UTF-8: {wrong}", "Save the file as UTF-8") from wrong


# What to do about what msgspec says no to, by how its sentence begins.
_REMEDIES = (
    ("Object contains unknown field", "Correct the spelling or take it out; the how-to names every key"),
    ("Object missing required field", "Add it"),
    ("Invalid enum value", "Use one of the values that the how-to lists"),
    ("Invalid value", "Use one of the values that the how-to lists"),
    ("Expected", "Write a value of that kind; a day is written 2026-09-01, without quotes"),
)


def _convert(path: Path, raw: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as wrong:
        what, _, at = str(wrong).partition(" - at `$")
        do = next((do for begins, do in _REMEDIES if what.startswith(begins)), "Correct it")
        raise CatalogueFault(path, at.strip("`.") or None, what, do) from wrong


def _one(folders: Iterable[Path], name: str, kind: type[T]) -> tuple[Path, T]:
    found = [folder / name for folder in folders if (folder / name).exists()]
    if len(found) != 1:
        raise CatalogueFault(
            Path(name), None, f"exactly one is needed, found {len(found)}", "Keep the one in the catalogue"
        )
    return found[0], _convert(found[0], _toml(found[0]), kind)


def _overrides(folders: Iterable[Path]) -> tuple[DayOverride, ...]:
    class Days(msgspec.Struct, forbid_unknown_fields=True):
        days: tuple[DayOverride, ...] = ()

    found: dict[Any, DayOverride] = {}
    for path in (folder / "calendar.toml" for folder in folders if (folder / "calendar.toml").exists()):
        for number, day in enumerate(_convert(path, _toml(path), Days).days):
            if day.on in found:
                raise CatalogueFault(path, f"days[{number}].on", f"{day.on} stands twice", "Keep one of the two")
            found[day.on] = day
    return tuple(found.values())


# --- procedures and groups -------------------------------------------------------------------------------------------

Raw = dict[str, Any]


def _items(
    paths: Iterable[Path], shared: Mapping[str, Raw], lists: Mapping[str, CodeList], kind: type[I]
) -> dict[Path, I]:
    raws = {path: _toml(path) for path in paths}
    return {path: _item(path, _based(path, raws), shared, lists, kind) for path in raws}


def _based(path: Path, raws: Mapping[Path, Raw]) -> Raw:
    """A version says what it changes: every other table is that of the file it is `based_on`, but for days, examples and cases."""
    raw = dict(raws[path])
    name = raw.pop("based_on", None)
    if name is None:
        return raw
    base = next((other for other in raws if other.stem == name and other != path), None)
    if base is None:
        raise CatalogueFault(
            path, "based_on", f"there is no file {name}.toml beside it", "Name the file of the version before"
        )
    if "based_on" in raws[base]:
        raise CatalogueFault(
            path, "based_on", f"{name} is based on another itself", f"Name {raws[base]['based_on']!r}, the whole one"
        )
    kept = {key: value for key, value in raws[base].items() if key not in {"until", "assumed", "cases"}}
    return {**kept, **raw}


def _item(path: Path, raw: Raw, shared: Mapping[str, Raw], lists: Mapping[str, CodeList], kind: type[I]) -> I:
    own = {section.get("name"): section for section in raw.pop("sections", [])}
    raw["form"] = {
        "sections": [_section(path, use, own, shared) for use in raw.pop("form", [])],
        "lists": {},
        "examples": raw.pop("examples", {}),
    }
    raw.setdefault("cases", [])
    item = _convert(path, raw, kind)
    used = validating.check_item(path, item, lists)
    form = msgspec.structs.replace(item.form, lists={name: lists[name] for name in sorted(used)})
    return msgspec.structs.replace(item, form=form)


def _section(path: Path, use: str | dict[str, str], own: Mapping[Any, Raw], shared: Mapping[str, Raw]) -> Raw:
    name, branch = (use, None) if isinstance(use, str) else (use.get("use", ""), use.get("branch"))
    found = own.get(name) or shared.get(name)
    if found is None:
        raise CatalogueFault(
            path,
            "form",
            f"there is no form section {name!r}",
            "Write [[sections]] with that name, or name a file of sections/",
        )
    return {**found, **({"branch": branch} if branch else {})}
