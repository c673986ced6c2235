"""A folder of people, to measure with: one sub-folder a person, one or more photos each.

Files whose name begins with `card` or `portrait` are a card's portraits, the others selfies. What is described lives in
memory as long as the measurement; nothing of it is written anywhere.
"""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from identity.faces.matching import Matcher
from identity.faces.messages import Description
from identity.faces.models import Model
from identity.faces.refusals import BadFaceCollection
from kit.refusal import Refusal

_CARD: Final = ("card", "portrait")


class Photo(NamedTuple):
    """A file and whose it is, numbered from 0."""

    file: Path
    person: int
    is_card: bool


class Unused(NamedTuple):
    """A file that took no part, and the code that says why."""

    file: Path
    code: str


class Collection(NamedTuple):
    """What was found and described; `descriptions`, all by one model, in the order of `photos`."""

    model: Model
    people: list[str]
    photos: list[Photo]
    descriptions: list[Description]
    unused: list[Unused]


def people_in(directory: Path) -> list[str]:
    """The names of the people's folders, in order. Refuses BadFaceCollection."""
    try:
        people = [folder.name for folder in _visible(directory) if folder.is_dir()]
    except OSError as error:
        raise BadFaceCollection(reason=str(error)) from error
    if not people:
        raise BadFaceCollection(reason=f"{directory} holds no folder; each person needs one, with their photos")
    return people


def describe(
    directory: Path, matcher: Matcher, *, told: Callable[[int, int], None] = lambda done, of: None
) -> Collection:
    """Every photo of the folder, about half a second each; `told` hears how many of how many are done.

    A photo that is refused is listed with the refusal's code, as is a file that lies in no person's folder. Hidden files
    and the folder's `.csv` are left alone. Refuses BadFaceCollection, FaceModelsUnavailable.
    """
    people = people_in(directory)
    try:
        lost = [file for file in _visible(directory) if not file.is_dir() and file.suffix.lower() != ".csv"]
        found = [(number, file) for number, name in enumerate(people) for file in _visible(directory / name)]
    except OSError as error:
        raise BadFaceCollection(reason=str(error)) from error
    unused = [Unused(file, "in-no-persons-folder") for file in lost]
    photos: list[Photo] = []
    descriptions: list[Description] = []
    for done, (person, file) in enumerate(found, 1):
        is_card = file.name.lower().startswith(_CARD)
        try:
            described = (matcher.describe_portrait if is_card else matcher.describe_selfie)(file.read_bytes())
        except Refusal as refusal:
            # Without the models nothing can be measured; that is no fault of the photo.
            if refusal.status >= 500:
                raise
            unused.append(Unused(file, refusal.code))
        except OSError:
            # A folder in a person's folder, or a file of somebody else's.
            unused.append(Unused(file, "cannot-be-read"))
        else:
            photos.append(Photo(file, person, is_card))
            descriptions.append(described)
        told(done, len(found))
    return Collection(matcher.model, people, photos, descriptions, unused)


def _visible(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if not file.name.startswith("."))


def read_groups(file: Path, people: list[str]) -> Mapping[str, list[int]]:
    """The people of each group, by number, from a CSV `person,group`; a person may stand in several groups, in a line each.

    Refuses BadFaceCollection for another heading, an empty cell or somebody who has no folder.
    """
    numbers = {name: number for number, name in enumerate(people)}
    groups: dict[str, list[int]] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if [name.strip() for name in reader.fieldnames or ()] != ["person", "group"]:
                raise BadFaceCollection(reason=f"{file} must begin with the line person,group")
            reader.fieldnames = ["person", "group"]
            for row in reader:
                person, group = (row[name] or "" for name in ("person", "group"))
                if person.strip() not in numbers or not group.strip():
                    raise BadFaceCollection(reason=f"{file} line {reader.line_num}: no folder {person!r}, or no group")
                members = groups.setdefault(group.strip(), [])
                if numbers[person.strip()] not in members:
                    members.append(numbers[person.strip()])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadFaceCollection(reason=f"{file} cannot be read: {error}") from error
    return groups
