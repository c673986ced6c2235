"""From a folder of people to a calibration: what each eye says of strangers and owners, fused, and the lines it bears.

Card portraits are compared with selfies, each with each; a folder without portraits has all its photos compared.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from identity.faces import matching, rates
from identity.faces.calibration import Calibration, Evidence, OneToOne, Share, Spread, vector
from identity.faces.collection import Collection, Photo
from identity.faces.models import Measure, Model
from identity.faces.rates import Comparisons, Lines, Rate, Tally
from identity.faces.refusals import BadFaceCollection, TooFewPeople
from kit import clock

_BLOCK: Final = 256
# SP 800-63A-4 §3.11: no group may fare more than a quarter worse than all.
MOST_DIFFERENCE: Final = 0.25
# So many strangers, and so many owners, are shown for a look.
_SHOWN: Final = 3


class Pairs(NamedTuple):
    """Every comparison: the photos' numbers, (n, 2), a card's first; what each eye measures, by its name, (n,)."""

    photos: NDArray[np.intp]
    measured: Mapping[str, NDArray[np.float64]]
    copies: list[tuple[Photo, Photo]]
    """Pairs left out because both are one picture, which nobody may be matched by."""


class Measurement(NamedTuple):
    """What a folder shows under one fused score."""

    collection: Collection
    copies: list[tuple[Photo, Photo]]
    people: int
    """Those with a photo that could be described."""
    model: Model
    eyes: Mapping[str, Spread]
    strangers: Tally
    owners: Tally
    far: Comparisons
    near: Comparisons
    draws: NDArray[np.float32]
    seed: int
    doubtful: list[tuple[float, Photo, Photo]]
    """The strangers most alike and the owners least alike, with their scores: worth a look for photos in a wrong folder."""


class Group(NamedTuple):
    """People under one label: strangers within the group, and its owners, at one threshold."""

    name: str
    people: int
    false_matches: Rate
    false_non_matches: Rate


def compare(collection: Collection) -> Pairs:
    """Compares. Refuses BadFaceCollection when one picture lies under two people's names: then labels cannot be trusted."""
    photos, described, model = collection.photos, collection.descriptions, collection.model
    cards = [number for number, photo in enumerate(photos) if photo.is_card]
    rows = np.array(cards or range(len(photos)), np.intp)
    columns = np.array([n for n, photo in enumerate(photos) if not photo.is_card] if cards else rows, np.intp)
    if not len(rows) or not len(columns):
        raise BadFaceCollection(reason="there are no two photos to compare")
    vectors = {
        eye.name: np.array([vector(one.template.vectors[eye.name]) for one in described], np.float64)
        for eye in model.eyes
    }
    found: list[tuple[NDArray[Any], ...]] = []
    for start in range(0, len(rows), _BLOCK):
        some = rows[start : start + _BLOCK]
        # Without cards each pair once, and no photo with itself.
        kept = np.ones((len(some), len(columns)), bool) if cards else some[:, None] < columns
        at = np.nonzero(kept)
        each = [_MEASURES[eye.measure](vectors[eye.name][some], vectors[eye.name][columns])[at] for eye in model.eyes]
        found.append((np.stack([some[at[0]], columns[at[1]]], axis=1), *each))
    pairs, *each = (np.concatenate(part) for part in zip(*found, strict=True))
    measured = dict(zip(vectors, each, strict=True))
    same = [
        int(n)
        for n in np.nonzero(measured[model.searched.name] >= model.copy_cosine)[0]
        if matching.copies(described[pairs[n, 0]], described[pairs[n, 1]], model)
    ]
    copies = [(photos[pairs[n, 0]], photos[pairs[n, 1]]) for n in same]
    for one, other in copies:
        if one.person != other.person:
            raise BadFaceCollection(reason=f"{one.file} and {other.file} are one picture under the names of two people")
    kept = np.ones(len(pairs), bool)
    kept[same] = False
    return Pairs(pairs[kept], {name: values[kept] for name, values in measured.items()}, copies)


def _cosines(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    return one @ other.T


def _distances(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * one @ other.T
    return np.sqrt(np.maximum(squares, 0))


_MEASURES: Final = {"cosine": _cosines, "distance": _distances}


def measure(collection: Collection, *, under: Calibration | None = None, seed: int = 1) -> Measurement:
    """Compares everybody; spreads are fitted to what is found, or those of `under` are used. Refuses BadFaceCollection."""
    pairs = compare(collection)
    known = sorted({photo.person for photo in collection.photos})
    numbers = {person: number for number, person in enumerate(known)}
    whose = np.array([numbers[photo.person] for photo in collection.photos], np.intp)[pairs.photos]
    own = whose[:, 0] == whose[:, 1]
    model = collection.model
    eyes = (
        under.eyes if under else {eye.name: _fitted(pairs.measured[eye.name], eye.measure, own) for eye in model.eyes}
    )
    # As `Calibration.score` of each pair.
    scores = np.mean([eye.above_strangers(pairs.measured[name]) for name, eye in eyes.items()], axis=0)
    far = Comparisons(scores[~own], whose[~own])
    near = Comparisons(scores[own], whose[own, :1])
    draws = rates.draw_people(len(known), seed=seed)
    order = np.argsort(scores)
    worst = [*order[~own[order]][: -_SHOWN - 1 : -1], *order[own[order]][:_SHOWN]]
    return Measurement(
        collection=collection,
        copies=pairs.copies,
        people=len(known),
        model=model,
        eyes=eyes,
        strangers=Tally(far, draws, wrong="at least"),
        owners=Tally(near, draws, wrong="below"),
        far=far,
        near=near,
        draws=draws,
        seed=seed,
        doubtful=[(float(scores[n]), *(collection.photos[photo] for photo in pairs.photos[n])) for n in worst],
    )


def _fitted(values: NDArray[np.float64], measure: Measure, own: NDArray[np.bool_]) -> Spread:
    if own.sum() < 2 or (~own).sum() < 2:
        raise BadFaceCollection(reason="it takes two people at least, and two comparisons of a person with themselves")
    far, near = values[~own], values[own]
    if not far.std() or not near.std():
        raise BadFaceCollection(reason="all comparisons come out alike; the photos are too few or copies")
    if (near.mean() > far.mean()) != (measure == "cosine"):
        raise BadFaceCollection(
            reason="photos of one person are no more alike than those of two; are the folders in order?"
        )
    return Spread(
        measure=measure,
        impostor_mean=float(far.mean()),
        impostor_deviation=float(far.std()),
        genuine_mean=float(near.mean()),
        genuine_deviation=float(near.std()),
    )


def lines(found: Measurement, target: float) -> Lines:
    """The lines for a rate of false matches, when so many people can show it. Refuses TooFewPeople.

    Owners must be as many people as strangers must: what the lines cost them is part of what is claimed.
    """
    with_owners = len(np.unique(found.near.people))
    drawn = rates.lines(found.strangers, target) if min(found.people, with_owners) >= rates.LEAST_PEOPLE else None
    if drawn is not None:
        return drawn
    nothing_wrong = next(found.strangers.rates([0]))
    needed = rates.people_needed(nothing_wrong, found.people, target)
    reason = f", {with_owners:,} of them compared with themselves: "
    if with_owners < rates.LEAST_PEOPLE:
        reason += f"it takes {rates.LEAST_PEOPLE} such people at the least"
    else:
        reason += (
            f"their {nothing_wrong.comparisons:,} comparisons of different people are worth {nothing_wrong.independent:,.0f} "
            f"independent ones, and without any false match the rate may still be {nothing_wrong.upper:.2g}"
        )
    more = max(needed - found.people, rates.LEAST_PEOPLE - with_owners, 1)
    raise TooFewPeople(rate=f"{target:g}", people=found.people, more=f"{more:,}", reason=reason)


def calibrated(found: Measurement, drawn: Lines, target: float, base: Calibration) -> Calibration:
    """The calibration that says so, measured; `drawn` are the `lines` for `target`.

    The line of a search is `base`'s and trusts the normal distribution's tail as before.
    """
    wrong, missed = found.strangers.at(drawn.match_from), found.owners.at(drawn.match_from)
    scores = np.sort(np.concatenate([found.far.scores, found.near.scores]))
    day = clock.today()
    pictures = (
        "card portraits against selfies" if any(p.is_card for p in found.collection.photos) else "photos of all kinds"
    )
    return Calibration(
        # Two measurements of one day are told apart in the log of comparisons.
        id=f"{found.model.name}-{day:%Y-%m-%d}-{hashlib.sha256(scores.tobytes()).hexdigest()[:8]}",
        status="measured",
        model=found.model.id,
        measured_on=day,
        source=f"{found.people} people, {pictures}; motcua faces calibrate --target-fmr {target:g} --seed {found.seed}",
        impostor_comparisons=len(found.strangers),
        genuine_comparisons=len(found.owners),
        eyes=found.eyes,
        one_to_one=OneToOne(target, drawn.match_from, drawn.unsure_from),
        one_to_many=base.one_to_many,
        evidence=Evidence(
            people=found.people,
            photos=len(found.collection.photos),
            unused_photos=len(found.collection.unused),
            confidence=rates.CONFIDENCE,
            seed=found.seed,
            false_matches=_share(wrong),
            false_non_matches=_share(missed),
        ),
    )


def _share(rate: Rate) -> Share:
    return Share(rate.errors, rate.comparisons, rate.lower, rate.upper)


def groups(found: Measurement, labels: Mapping[str, list[int]], threshold: float) -> list[Group]:
    """Each group's rates at a threshold, by name; people are numbered as in the collection."""
    known = sorted({photo.person for photo in found.collection.photos})
    result: list[Group] = []
    for name, members in sorted(labels.items()):
        inside = np.isin(known, members)
        far, near = (
            Comparisons(one.scores[kept], one.people[kept])
            for one in (found.far, found.near)
            for kept in [inside[one.people].all(axis=1)]
        )
        result.append(
            Group(
                name,
                int(inside.sum()),
                Tally(far, found.draws, wrong="at least").at(threshold),
                Tally(near, found.draws, wrong="below").at(threshold),
            )
        )
    return result


def difference(of: Rate, among: Rate) -> tuple[float, str] | None:
    """How much worse a group fares than all, as a share of all's rate, and what to think of it; None: nothing to divide by.

    `worse`: more than a quarter, and its whole interval is; `perhaps worse`: more than a quarter, but chance may have
    done it; `perhaps not`: no more, but its interval reaches beyond; `no worse`: all of its interval keeps to a quarter.
    """
    if not of.comparisons or not among.errors:
        return None
    most = among.value * (1 + MOST_DIFFERENCE)
    if of.value > most:
        verdict = "worse" if of.lower > most else "perhaps worse"
    else:
        verdict = "no worse" if of.upper <= most else "perhaps not"
    return of.value / among.value - 1, verdict


def written(calibration: Calibration) -> str:
    """The calibration as a TOML file for `MOTCUA_FACE_CALIBRATION`."""
    assert calibration.evidence
    evidence = calibration.evidence
    tables: dict[str, object] = {
        **{f"eyes.{json.dumps(name)}": eye for name, eye in calibration.eyes.items()},
        "one_to_one": calibration.one_to_one,
        "one_to_many": calibration.one_to_many,
        "evidence": evidence,
        "evidence.false_matches": evidence.false_matches,
        "evidence.false_non_matches": evidence.false_non_matches,
    }
    text = ["# Made by `motcua faces calibrate`; name it in MOTCUA_FACE_CALIBRATION. It holds no face and no name."]
    text += _lines_of(calibration)
    for name, table in tables.items():
        text += ["", *(f"# {line}" for line in _ABOUT.get(name, ())), f"[{name}]", *_lines_of(table)]
    return "\n".join(text) + "\n"


_ABOUT: Final = {
    "one_to_one": (
        "From match_from on even the upper end of the interval keeps false_match_rate; below unsure_from not even the",
        "lower end does. Between them a person looks; more people measured bring the lines nearer to each other.",
    ),
    "one_to_many": ("Taken over from the shipped calibration: a search trusts the normal distribution's tail.",),
    "evidence": ("What match_from does to strangers and to owners; intervals by drawing people anew.",),
}


def _lines_of(table: object) -> list[str]:
    """The plain values of a Struct as TOML."""
    found: list[str] = []
    for name in getattr(table, "__struct_fields__", ()):
        value = getattr(table, name)
        if isinstance(value, str):
            # A JSON string is a TOML string.
            found.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
        elif isinstance(value, int | float):
            found.append(f"{name} = {value!r}")
        elif hasattr(value, "isoformat"):
            found.append(f"{name} = {value.isoformat()}")
    return found
