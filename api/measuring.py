"""`motcua faces calibrate`: what is measured of a folder of people, told in tables; loads the models."""

from collections import Counter
from pathlib import Path
from statistics import NormalDist
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from identity.faces import calibrating, collection, drawing, matching, rates
from identity.faces.calibrating import Group, Measurement
from identity.faces.calibration import shipped
from identity.faces.collection import Collection, Photo
from identity.faces.rates import Lines, Rate
from identity.faces.refusals import TooFewPeople

PLOTS: Final = drawing.FORMATS

_ROWS: Final = 10


def calibrate_faces(
    directory: Path,
    *,
    target: float,
    out: Path,
    plot: Path | None,
    groups: Path | None,
    seed: int,
    screen: Console,
    signs: Console,
) -> None:
    """Tells what was found, draws it, and writes `out` when the people can show `target`.

    Refuses BadFaceCollection, FaceModelsUnavailable, and TooFewPeople after telling what there is to tell.
    """
    labels = collection.read_groups(groups, collection.people_in(directory)) if groups else {}
    with signs.status("loading the models …") as sign:
        described = collection.describe(
            directory,
            matching.at_hand(),
            told=lambda done, of: sign.update(f"describing photos, {done:,} of {of:,} …"),
        )
        tell_photos(described, directory, screen)
        sign.update("comparing …")
        found = calibrating.measure(described, seed=seed)

        def tell(lines: Lines | None) -> None:
            tell_rates(found, lines, target, directory, screen)
            at = lines.match_from if lines else rates.threshold(found.strangers, target)
            if labels:
                tell_groups(calibrating.groups(found, labels, at), found, at, screen)
            if plot is not None:
                drawing.draw(found, lines, target, plot)

        try:
            lines = calibrating.lines(found, target)
        except TooFewPeople:
            tell(None)
            raise
        tell(lines)
    out.write_text(calibrating.written(calibrating.calibrated(found, lines, target, shipped())), encoding="utf-8")
    screen.print(f"written: {out} (MOTCUA_FACE_CALIBRATION={out.resolve()})", markup=False, soft_wrap=True)
    most = shipped().one_to_one.false_match_rate
    if target > most:
        screen.print(
            f"Production will still send every match to a person: alone the machine decides at {most:g} at most."
        )


def tell_photos(described: Collection, directory: Path, screen: Console) -> None:
    """How many photos, and every one that took no part, with why."""
    cards = sum(photo.is_card for photo in described.photos)
    screen.print(
        f"{len(described.people):,} people, {len(described.photos):,} photos described ({cards:,} card portraits), "
        f"{len(described.unused):,} not used"
    )
    if not described.unused:
        return
    table = Table("photo not used", "why", box=None, header_style="bold")
    for one in described.unused:
        table.add_row(str(one.file.relative_to(directory)), one.code)
    screen.print(table)
    counted = Counter(one.code for one in described.unused)
    screen.print(", ".join(f"{code}: {count:,}" for code, count in counted.most_common()), markup=False)


def tell_rates(found: Measurement, lines: Lines | None, target: float, directory: Path, screen: Console) -> None:
    """Both rates over the threshold, the lines, and the photos worth a look."""
    for one, other in found.copies:
        screen.print(f"left out, one picture twice: {_pair(one, other, directory)}", markup=False)
    table = Table("threshold", "false matches", "FMR, 95 %", "misses", "FNMR, 95 %", "", box=None, header_style="bold")
    named = {} if lines is None else {lines.match_from: "match from", lines.unsure_from: "unsure from"}
    for at in sorted({*_thresholds(found, target), *named}):
        wrong, missed = found.strangers.at(at), found.owners.at(at)
        table.add_row(f"{at:.2f}", _counted(wrong), _told(wrong), _counted(missed), _told(missed), named.get(at, ""))
    screen.print(table)
    seen, normal = rates.threshold(found.strangers, target), NormalDist().inv_cdf(1 - target)
    screen.print(
        f"FMR {target:g} is seen from threshold {seen:.2f} on; strangers of a normal distribution would give {normal:.2f}"
        + ("" if seen <= normal else ": the line of a search trusts that tail and is too low for these people"),
        markup=False,
        soft_wrap=True,
    )
    screen.print("Look at these first, for photos in a wrong folder:")
    for score, one, other in found.doubtful:
        screen.print(f"  {score:6.2f} {_pair(one, other, directory)}", markup=False, highlight=False, soft_wrap=True)


def tell_groups(groups: list[Group], found: Measurement, at: float, screen: Console) -> None:
    """Each group against all; SP 800-63A-4 §3.11 allows a quarter."""
    table = Table(
        "group", "people", "FMR within, 95 %", "against all", "FNMR, 95 %", "against all", box=None, header_style="bold"
    )
    wrong, missed = found.strangers.at(at), found.owners.at(at)
    table.add_row("all", f"{found.people:,}", _told(wrong), "", _told(missed), "")
    for group in groups:
        table.add_row(
            group.name,
            f"{group.people:,}",
            _told(group.false_matches),
            _against(group.false_matches, wrong),
            _told(group.false_non_matches),
            _against(group.false_non_matches, missed),
        )
    screen.print(f"groups at threshold {at:.2f}; more than 25 % worse than all is flagged (!)", markup=False)
    screen.print(table)


def _thresholds(found: Measurement, target: float) -> list[float]:
    """From where one stranger in ten passes to where half of the owners do not, and the target's own."""
    low, high = rates.threshold(found.strangers, 0.1), found.owners.worst(max(1, len(found.owners) // 2))
    between = np.linspace(low, max(low, high), _ROWS).round(2).tolist()
    return [*between, rates.threshold(found.strangers, target)]


def _counted(rate: Rate) -> str:
    return f"{rate.errors:,} of {rate.comparisons:,}"


def _told(rate: Rate) -> str:
    return f"{rate.value:.2g} ({rate.lower:.2g} to {rate.upper:.2g})" if rate.comparisons else "nothing compared"


def _against(group: Rate, everybody: Rate) -> str:
    judged = calibrating.difference(group, everybody)
    if judged is None:
        return "–"
    share, verdict = judged
    return f"{share:+.0%} {verdict}{' !' if share > calibrating.MOST_DIFFERENCE else ''}"


def _pair(one: Photo, other: Photo, directory: Path) -> str:
    return f"{one.file.relative_to(directory)} and {other.file.relative_to(directory)}"
