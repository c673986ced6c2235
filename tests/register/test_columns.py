"""Every field of an entry has its column in the Ministry of Justice's database, and no column hangs in the air."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, get_args

import msgspec
import pytest

import register
from register.messages import Entry

COLUMNS = tomllib.loads((Path(register.__file__).parent / "columns.toml").read_text(encoding="utf-8"))

# Ours alone: where the entry is kept, what `book` is made of, and the notes, which are printed under ghiChu.
OURS = {"id", "book_id", "volume", "year", "office.id", "notes"}


def paths(struct: type[msgspec.Struct], prefix: str = "") -> Iterator[str]:
    for field in msgspec.structs.fields(struct):
        inner = next((kind for kind in _kinds(field.type) if issubclass(kind, msgspec.Struct)), None)
        if inner is None:
            yield prefix + field.name
        else:
            yield from paths(inner, f"{prefix}{field.name}.")


def _kinds(kind: Any) -> list[type]:
    options = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    return [option for option in options if isinstance(option, type)]


@pytest.mark.parametrize(
    ("table", "struct", "more"),
    [
        ("common", Entry, {"book"}),
        ("birth", register.BirthFacts, {"pin"}),
        ("marriage", register.MarriageFacts, set[str]()),
        ("death", register.DeathFacts, set[str]()),
        ("recognition", register.RecognitionFacts, set[str]()),
    ],
)
def test_fields_and_columns_are_one(table: str, struct: type[msgspec.Struct], more: set[str]) -> None:
    assert set(COLUMNS[table]) == (set(paths(struct)) | more) - OURS
