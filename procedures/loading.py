"""Reads the catalogue's TOML into strict Structs and says, by file, what is wrong with it."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from procedures.messages import Bundle, CodeList, DayOverride, Field, Form, Item, Lifecycle, Procedure, Sourced, When

T = TypeVar("T")


class CatalogueFault(ValueError):
    """The data cannot be law: names the file and what is wrong in it. Raised at start-up, before anybody is served."""


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the folders hold."""

    procedures: tuple[Procedure, ...]
    bundles: tuple[Bundle, ...]
    lists: dict[str, CodeList]
    lifecycle: Lifecycle
    overrides: tuple[DayOverride, ...]


def read(folders: Iterable[Path]) -> Tables:
    """The folders read one after another; a later one may add procedures, sections and lists, never replace one."""
    places = tuple(folders)
    lists = {item.name: item for path in _files(places, "codes") for item in [_convert(path, _toml(path), CodeList)]}
    sections = {path.stem: {"name": path.stem, **_toml(path)} for path in _files(places, "sections")}
    procedures = tuple(_item(path, sections, lists, Procedure) for path in _files(places, ""))
    bundles = tuple(_item(path, sections, lists, Bundle) for path in _files(places, "bundles"))
    for item in (*procedures, *bundles):
        _check_dates(item, [*procedures, *bundles])
    for bundle in bundles:
        _check_bundle(bundle, procedures)
    lifecycle = _one(places, "lifecycle.toml", Lifecycle)
    _check_lifecycle(lifecycle)
    return Tables(
        procedures=procedures,
        bundles=bundles,
        lists=lists,
        lifecycle=lifecycle,
        overrides=_overrides(places),
    )


_NOT_PROCEDURES = {"lifecycle.toml", "calendar.toml"}


def _files(folders: Iterable[Path], kind: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((folder / kind).glob("*.toml"))]
    if not kind:
        return [path for path in found if path.name not in _NOT_PROCEDURES]
    names = [path.name for path in found]
    for path in found:
        if names.count(path.name) > 1:
            raise CatalogueFault(f"{path}: another folder already holds {kind}/{path.name}")
    return found


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise CatalogueFault(f"{path}: {wrong}") from wrong


def _convert(path: Path, raw: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as wrong:
        raise CatalogueFault(f"{path}: {wrong}") from wrong


def _one(folders: Iterable[Path], name: str, kind: type[T]) -> T:
    found = [folder / name for folder in folders if (folder / name).exists()]
    if len(found) != 1:
        raise CatalogueFault(f"exactly one {name} is needed, found {len(found)}")
    return _convert(found[0], _toml(found[0]), kind)


def _overrides(folders: Iterable[Path]) -> tuple[DayOverride, ...]:
    class Days(msgspec.Struct, forbid_unknown_fields=True):
        days: tuple[DayOverride, ...] = ()

    found: dict[Any, DayOverride] = {}
    for path in (folder / "calendar.toml" for folder in folders if (folder / "calendar.toml").exists()):
        for day in _convert(path, _toml(path), Days).days:
            if day.on in found:
                raise CatalogueFault(f"{path}: {day.on} stands twice")
            found[day.on] = day
    return tuple(found.values())


I = TypeVar("I", bound=Item)  # noqa: E741 - an Item


def _item(path: Path, shared: Mapping[str, dict[str, Any]], lists: Mapping[str, CodeList], kind: type[I]) -> I:
    raw = _toml(path)
    own = {section.get("name"): section for section in raw.pop("sections", [])}
    raw["form"] = {
        "sections": [_section(path, use, own, shared) for use in raw.pop("form", [])],
        "lists": {},
        "examples": raw.pop("examples", {}),
    }
    raw.setdefault("cases", [])
    item = _convert(path, raw, kind)
    used = _check_form(path, item.form, lists)
    if isinstance(item, Procedure):
        used |= {field.codes for field in item.result.fields if field.codes}
        _check_confirmation(path, item)
    for sourced in _sourced(item):
        _check_assumed(path, sourced)
    if not item.cases:
        raise CatalogueFault(f"{path}: has no [[cases]]; law without a worked case is not reviewed")
    form = msgspec.structs.replace(item.form, lists={name: _list(path, name, lists) for name in sorted(used)})
    return msgspec.structs.replace(item, form=form)


def _section(
    path: Path, use: str | dict[str, str], own: Mapping[Any, dict[str, Any]], shared: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    name, branch = (use, None) if isinstance(use, str) else (use.get("use", ""), use.get("branch"))
    found = own.get(name) or shared.get(name)
    if found is None:
        raise CatalogueFault(f"{path}: there is no form section {name!r}")
    return {**found, **({"branch": branch} if branch else {})}


def _list(path: Path, name: str, lists: Mapping[str, CodeList]) -> CodeList:
    if name not in lists:
        raise CatalogueFault(f"{path}: there is no code list {name!r}")
    return lists[name]


def _check_form(path: Path, form: Form, lists: Mapping[str, CodeList]) -> set[str]:
    """The names of the code lists used; refuses paths that lead nowhere."""
    known = {f"{section.name}.{field.name}" for section in form.sections for field in section.fields}
    count = sum(len(section.fields) for section in form.sections)
    if len(known) != count:
        raise CatalogueFault(f"{path}: two fields of the form have one name")
    used: set[str] = set()
    for section in form.sections:
        for field in section.fields:
            for reference in _references(field):
                if reference not in known:
                    raise CatalogueFault(
                        f"{path}: {section.name}.{field.name} speaks of {reference}, which the form lacks"
                    )
            if (field.kind == "code") != (field.codes is not None):
                raise CatalogueFault(
                    f"{path}: {section.name}.{field.name}: `codes` belongs to kind `code`, and it needs one"
                )
            if field.codes:
                _list(path, field.codes, lists)
                used.add(field.codes)
    return used


def _check_confirmation(path: Path, procedure: Procedure) -> None:
    asked = procedure.confirmation
    if asked is None:
        return
    known = {f"{section.name}.{field.name}" for section in procedure.form.sections for field in section.fields}
    if wrong := {asked.person, asked.paper_answer.field, *filter(None, _paths(asked.asked_when))} - known:
        raise CatalogueFault(f"{path}: the confirmation speaks of {sorted(wrong)}, which the form lacks")
    if asked.paper not in {document.kind for document in procedure.documents}:
        raise CatalogueFault(f"{path}: the confirmation's paper {asked.paper!r} is none of the documents")


def _references(field: Field) -> list[str]:
    found = [field.not_before, field.before, field.pin_sex_field, field.pin_birth_field]
    for when in (field.required_when, field.shown_when):
        found += _paths(when) if when is not None else []
    return [path for path in found if path is not None]


def _paths(when: When) -> list[str | None]:
    inner = (*when.every, *when.some, *((when.negated,) if when.negated else ()))
    return [when.field, when.same_as, *(path for part in inner for path in _paths(part))]


def _sourced(item: Item) -> list[Sourced]:
    """Every table of an item that says where it was read."""
    found: list[Sourced] = [item, item.deadline, *item.form.sections]
    if isinstance(item, Procedure):
        found += [*item.documents, *item.fees, item.result]
        found += [item.result.validity] if item.result.validity is not None else []
        found += [item.confirmation, item.confirmation.deadline] if item.confirmation is not None else []
    if isinstance(item, Bundle):
        found += item.branches
    return found


def _check_assumed(path: Path, table: Sourced) -> None:
    names = {field.encode_name for field in msgspec.structs.fields(table)}
    if wrong := set(table.assumed) - names:
        raise CatalogueFault(f"{path}: `assumed` names {sorted(wrong)}, which stand not in that table")


def _check_dates(item: Item, others: Iterable[Item]) -> None:
    if item.until is not None and item.until < item.since:
        raise CatalogueFault(f"{item.code}: version {item.version} ends before it begins")
    for other in others:
        same = other.key == item.key or other.code == item.code
        if other is item or not same or other.since < item.since:
            continue
        if item.until is None or other.since <= item.until:
            raise CatalogueFault(f"{item.code}: versions {item.version} and {other.version} are in force together")


def _check_bundle(bundle: Bundle, procedures: Iterable[Procedure]) -> None:
    seen: set[str] = set()
    keys = {procedure.key for procedure in procedures}
    for branch in bundle.branches:
        if branch.procedure not in keys:
            raise CatalogueFault(f"{bundle.code}: branch {branch.name} is of an unknown procedure {branch.procedure}")
        if not set(branch.needs) <= seen:
            raise CatalogueFault(f"{bundle.code}: branch {branch.name} must stand after those it needs")
        seen.add(branch.name)
    for section in bundle.form.sections:
        if section.branch is not None and section.branch not in seen:
            raise CatalogueFault(f"{bundle.code}: section {section.name} belongs to an unknown branch {section.branch}")


def _check_lifecycle(lifecycle: Lifecycle) -> None:
    states = {state.name for state in lifecycle.states}
    for action in lifecycle.actions:
        if wrong := {*action.since, action.to} - states:
            raise CatalogueFault(f"lifecycle.toml: action {action.name} speaks of unknown states {sorted(wrong)}")
    for state in lifecycle.states:
        if state.national_status is not None and str(state.national_status) not in lifecycle.national_statuses:
            raise CatalogueFault(
                f"lifecycle.toml: state {state.name} has unknown national status {state.national_status}"
            )
