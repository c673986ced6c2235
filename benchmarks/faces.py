"""Faces: one to one from two photos against the bare models, one in a gallery against bare SQL, and a smoke test.

    uv run python benchmarks/faces.py [--quick] [--json OUT] [--gallery N]
    uv run python benchmarks/faces.py --dataset DIR [--groups CSV] [--json OUT]

The scores of the portraits at hand (three photos of one person, one of another) show that the pieces fit together; they
are no error rate. `--dataset` measures any folder of people as `motcua faces calibrate` does, under the calibration in
force, and nothing else. The gallery is synthetic: strangers as the calibration describes them, in families of ten who are alike.
`--gallery N` measures it alone: the index at each power of ten from 10,000 up to N without a database, then searches as a
kiosk makes them. What is named CPU is the time the search itself worked: on a machine busy with other things the wall
tells mostly of those.
"""

import argparse
import asyncio
import io
import itertools
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from PIL import Image, ImageFile
from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

import migrations
from api.measuring import tell_photos
from identity import faces
from identity.faces import calibrating, collection, dlib_eye, matching, models, portraits, rates, sface_eye
from identity.faces.calibration import default
from identity.faces.messages import Description, Template
from identity.faces.refusals import TooFewPeople
from kit import images, keys, settings
from kit.db import Database
from kit.engines import Engines
from kit.refusal import Refusal

if TYPE_CHECKING:
    from identity.faces.index import SignIndex

OUT = Console()
SAME, OTHER = ("obama", "obama2", "obama3"), "biden"


def row(
    name: str,
    value: float,
    unit: str,
    *,
    floor: float | None = None,
    goal: str | None = None,
    holds: bool | None = None,
) -> dict[str, Any]:
    """One published figure; `floor` was measured in this run."""
    ratio = None if floor is None else value / floor
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "floor": floor,
        "ratio": ratio,
        "goal": goal or "",
        "holds": holds,
    }


def of_12_megapixels(photo: bytes) -> bytes:
    """The photo as a phone of 12 megapixels would have taken it."""
    image = images.decode(photo)
    canvas = Image.new("RGB", (3000, 4000), "grey")
    scale = min(3000 / image.width, 4000 / image.height)
    canvas.paste(image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS))
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=90)
    return out.getvalue()


def bare_models(photo: bytes) -> None:
    """What cannot be left out: decoding, finding, encoding and embedding, each called once, with nothing judged."""
    import face_recognition

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    image = Image.open(io.BytesIO(photo))
    image.draft("RGB", (1200, 1600))
    image.thumbnail((1600, 1600), Image.Resampling.BILINEAR)
    small = image.copy()
    small.thumbnail((640, 640), Image.Resampling.BILINEAR)
    scale = image.width / small.width
    (box,) = face_recognition.face_locations(np.asarray(small), number_of_times_to_upsample=0)
    pixels, place = np.asarray(image), tuple(round(side * scale) for side in box)
    face_recognition.face_landmarks(pixels, [place])
    face_recognition.face_encodings(pixels, [place])
    sface_eye.embed(image.resize((112, 112)))


def timed(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def one_to_one(photo: Callable[[str], bytes], rounds: int) -> list[dict[str, Any]]:
    """Ours and the floor by turns, so that a busy neighbour slows both."""
    pairs = list(itertools.permutations([of_12_megapixels(photo(name)) for name in (*SAME, OTHER)], 2))
    ours: list[float] = []
    floor: list[float] = []
    faces.warm()
    bare_models(pairs[0][0])
    for one, two in track((pairs * rounds)[: 6 * rounds], "comparing two photos of 12 MP", console=OUT):
        ours.append(timed(lambda one=one, two=two: faces.compare(one, two)))
        floor.append(timed(lambda one=one, two=two: (bare_models(one), bare_models(two))))
    p50, bare = statistics.median(ours), statistics.median(floor)
    goal = "p50 <= 0.9 s on one core, <= 1.3x the floor"
    return [
        row("faces: 1:1 from two 12 MP photos, p50", p50, "s", floor=bare, goal=goal, holds=p50 <= min(0.9, 1.3 * bare))
    ]


def smoke(photo: Callable[[str], bytes]) -> list[dict[str, Any]]:
    """The scores of the portraits at hand."""
    described = {name: faces.describe(photo(name)).template for name in (*SAME, OTHER)}
    calibration = default()
    same = [calibration.score(described[a], described[b]) for a, b in itertools.combinations(SAME, 2)]
    others = [calibration.score(described[a], described[OTHER]) for a in SAME]
    line = calibration.one_to_one
    return [
        row("faces: least score of the same person (3 pairs)", min(same), "deviations", goal=f">= {line.match_from}",
            holds=min(same) >= line.match_from),
        row("faces: highest score of two people (3 pairs)", max(others), "deviations", goal=f"< {line.unsure_from}",
            holds=max(others) < line.unsure_from),
    ]  # fmt: skip


def dataset(directory: Path, labels: Path | None) -> list[dict[str, Any]]:
    """A folder's rates at the lines in force, by group too, and at the line that its own people could bear.

    A goal holds when all of the 95 % interval keeps it and fails when none of it does; between, too few people were measured.
    """
    named = collection.read_groups(labels, collection.people_in(directory)) if labels else {}
    with Progress(console=OUT) as progress:
        task = progress.add_task("describing photos")
        described = collection.describe(
            directory, matching.at_hand(), told=lambda done, of: progress.update(task, completed=done, total=of)
        )
    tell_photos(described, directory, OUT)
    found, line = calibrating.measure(described, under=default()), default().one_to_one
    rows = [
        row("dataset: people with a usable photo", found.people, "people"),
        row("dataset: photos described", len(described.photos), "photos"),
        row("dataset: photos not used", len(described.unused), "photos"),
    ]
    for name, at in (("match", line.match_from), ("unsure", line.unsure_from)):
        goal = name == "match"
        rows += rate(
            f"dataset: FMR from {name} ({at:.2f})", found.strangers.at(at), line.false_match_rate if goal else None
        )
        rows += rate(f"dataset: FNMR from {name} ({at:.2f})", found.owners.at(at), 1e-2 if goal else None)
    wrong, missed = found.strangers.at(line.match_from), found.owners.at(line.match_from)
    for group in calibrating.groups(found, named, line.match_from):
        for what, own, everybody in (
            ("FMR within", group.false_matches, wrong),
            ("FNMR", group.false_non_matches, missed),
        ):
            rows += rate(f"dataset: {what} {group.name}, {group.people} people", own)
            judged = calibrating.difference(own, everybody)
            if judged is not None:
                share, verdict = judged
                holds = {"worse": False, "no worse": True}.get(verdict)
                rows += [
                    row(f"dataset: {what} {group.name}, against all", share, "of all's", goal="<= 0.25", holds=holds)
                ]
    try:
        own_line = calibrating.lines(found, line.false_match_rate).match_from
    except TooFewPeople as refusal:
        OUT.print(refusal.message.en, highlight=False)
        return rows
    name = f"dataset: FNMR from the line these people bear ({own_line:.2f})"
    return rows + rate(name, found.owners.at(own_line), 1e-2)


def rate(name: str, measured: rates.Rate, most: float | None = None) -> list[dict[str, Any]]:
    """A rate and its interval; no rows when nothing was compared."""
    if not measured.comparisons:
        return []
    holds = None if most is None else True if measured.upper <= most else False if measured.lower > most else None
    goal = None if most is None else f"<= {most:g} by the whole interval"
    return [
        row(
            f"{name}, {measured.errors:,} of {measured.comparisons:,}", measured.value, "share", goal=goal, holds=holds
        ),
        row(f"{name}, lower end of 95 %", measured.lower, "share"),
        row(f"{name}, upper end of 95 %", measured.upper, "share"),
    ]


def stranger(chance: random.Random) -> Description:
    """Vectors as strangers' are: of length 1 by cosine, by distance as far from each other as the calibration's mean."""
    vectors: dict[str, bytes] = {}
    for eye in models.default().eyes:
        made = [chance.gauss(0, 1) for _ in range(eye.dimension)]
        far = default().eyes[eye.name].impostor_mean / math.sqrt(2 * eye.dimension)
        scale = 1 / math.hypot(*made) if eye.measure == "cosine" else far
        vectors[eye.name] = array("f", [x * scale for x in made]).tobytes()
    return Description(template=Template(models.default().id, vectors), picture=0, image_sha256=b"")


# By which the index goes.
SEARCHED = models.default().searched
SPREAD = default().eyes[SEARCHED.name]
# How near two photos of one person lie by SFace: two selfies (the portraits at hand: 0.74 to 0.80), and a selfie and a
# card's portrait (the calibration's mean of the same person).
PHOTOS = {"two photos": 0.77, "a card's portrait and a photo": SPREAD.genuine_mean}


def like_strangers(count: int, chance: np.random.Generator) -> NDArray[np.float32]:
    """Vectors with the strangers' mean cosine of the calibration, in families of ten with one of about 0.4."""
    size, shared = SEARCHED.dimension, SPREAD.impostor_mean
    common = unit(np.random.default_rng(0).standard_normal(size, np.float32))
    families = chance.standard_normal((-(-count // 10), size), np.float32).repeat(10, axis=0)[:count]
    made = chance.standard_normal((count, size), np.float32)
    made *= math.sqrt((1 - shared - 0.28) / size)
    made += math.sqrt(0.28 / size) * families + math.sqrt(shared) * common
    return unit(made)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def photographed(faces: NDArray[np.float32], cosine: float, chance: np.random.Generator) -> NDArray[np.float32]:
    """Another photo of each: so far from the person towards some stranger."""
    strangers = like_strangers(len(faces), chance)
    aside = unit(strangers - np.sum(strangers * faces, axis=1, keepdims=True) * faces)
    return cosine * faces + np.float32(math.sqrt(1 - cosine**2)) * aside


def accounts(numbers: range) -> list[str]:
    return [f"acc_{number:026d}" for number in numbers]


def indexed(signs: NDArray[np.uint64]) -> tuple["SignIndex", float]:
    """The index of these faces, from a page as the database gives it, and how many seconds that took."""
    from identity.faces.index import Changes, SignIndex

    size = len(signs)
    refs = accounts(range(size))
    packed = np.zeros(size, [("number", ">i8"), ("bits", ">i4"), ("signs", "u8", 2)])
    packed["number"], packed["bits"], packed["signs"] = np.arange(1, size + 1), 128, signs
    index, page = SignIndex(), packed.tobytes()
    return index, timed(lambda: index.apply([Changes.of(refs, page)], size))


def index_alone(size: int, searches: int) -> list[dict[str, Any]]:
    """The index and the exact comparison of what it names, against the product of all vectors with the probe."""
    from identity.faces.rotation import Rotation

    chance, turning = np.random.default_rng(size), Rotation(bytes(range(32)), SEARCHED.dimension)
    turn = np.array([turning.turn(axis) for axis in np.eye(SEARCHED.dimension).tolist()], np.float32)
    with OUT.status(f"making {size:,} faces"):
        known = like_strangers(size, chance) @ turn
    index, built = indexed(np.packbits(known[:, :128] > 0, axis=1).view(np.uint64))

    walls: list[float] = []
    works: list[float] = []
    recalls: list[dict[str, Any]] = []
    for name, cosine in PHOTOS.items():
        probes = photographed(known[chance.integers(0, size, searches)] @ turn.T, cosine, chance) @ turn
        first = exactly(known, probes).tolist()
        right = 0
        for probe, best in track(zip(probes, first, strict=True), f"{name}, among {size:,}", searches, console=OUT):
            wall, work = time.perf_counter(), time.thread_time()
            right += nearest_of(index, known, probe) == best
            walls.append(1000 * (time.perf_counter() - wall))
            works.append(1000 * (time.thread_time() - work))
        # A kiosk compares two selfies; the other tells where signs alone would no longer do.
        judged = name == "two photos"
        recalls.append(
            row(f"faces: index of {size:,}, recall@1 of exact, {name}", right / searches, "share",
                goal=">= 0.999" if judged else None, holds=right / searches >= 0.999 if judged else None)
        )  # fmt: skip
    scope = frozenset(accounts(range(0, size, size // 5000)))
    scoped: list[float] = []
    for probe in probes[:200]:
        work = time.thread_time()
        index.nearest(probe.tolist(), among=scope, count=100)
        scoped.append(1000 * (time.thread_time() - work))
    bare = [(time.perf_counter(), int(np.argmax(known @ probe)), time.perf_counter()) for probe in probes[:30]]
    floor = [1000 * (end - start) for start, _, end in bare]
    p95, work95 = percentile(walls, 95), percentile(works, 95)
    million = size == 1_000_000
    goal = "<= 5 ms" if million else None
    return [
        row(f"faces: index of {size:,}, p50", percentile(walls, 50), "ms", floor=percentile(floor, 50)),
        row(f"faces: index of {size:,}, p95", p95, "ms", floor=percentile(floor, 95), goal=goal,
            holds=p95 <= 5 if million else None),
        row(f"faces: index of {size:,}, p95 of CPU", work95, "ms", goal=goal, holds=work95 <= 5 if million else None),
        row(f"faces: index of {size:,}, 5,000 of them in scope, p50 of CPU", percentile(scoped, 50), "ms"),
        *recalls,
        row(f"faces: index of {size:,}, memory", index.size_bytes / 2**20, "MiB", floor=known.nbytes / 2**20),
        row(f"faces: index of {size:,}, built", built, "s"),
    ]  # fmt: skip


def exactly(known: NDArray[np.float32], probes: NDArray[np.float32]) -> NDArray[np.intp]:
    """The nearest face of each probe by comparing all with all, a block at a time."""
    best, place = np.full(len(probes), -2, np.float32), np.zeros(len(probes), np.intp)
    for start in range(0, len(known), 50_000):
        near = probes @ known[start : start + 50_000].T
        at = np.argmax(near, axis=1)
        found = near[np.arange(len(probes)), at]
        place = np.where(found > best, start + at, place)
        best = np.maximum(found, best)
    return place


def nearest_of(index: "SignIndex", known: NDArray[np.float32], probe: NDArray[np.float32]) -> int:
    """As a search does it, but that the exact vectors of the candidates lie in memory, not in the database."""
    candidates = np.array(index.nearest(probe.tolist(), among=None, count=100).numbers) - 1
    return int(candidates[np.argmax(known[candidates] @ probe)])


def percentile(values: list[float], percent: int) -> float:
    return float(np.percentile(values, percent))


async def one_in_many(url: str, size: int, searches: int) -> list[dict[str, Any]]:
    """A search with both eyes, decryption and its line in the log, against bare SQL by one eye; as many in scope as `size`.

    A fifth more is enrolled than is in scope: people of other service centres.
    """
    chance = random.Random(1)
    database = Database(url)
    store = faces.FaceStore(database, keys.FileKeys(_keys()))
    consent = faces.Consent(purpose="benchmark", wording="none", given_at=datetime.now(UTC))
    known: list[Description] = []
    try:
        for number in track(range(size * 6 // 5), f"enrolling {size * 6 // 5:,} strangers", console=OUT):
            known.append(stranger(chance))
            await store.enrol(f"person-{number}", known[-1], consent)
        ours: list[float] = []
        floor: list[float] = []
        scope = [f"person-{number}" for number in range(size)]
        start = time.perf_counter()
        await faces.FaceStore(database, keys.FileKeys(_keys())).find(known[0])
        built = time.perf_counter() - start
        await store.find(known[0])
        right = 0
        async with await psycopg.AsyncConnection.connect(url) as bare:
            for _ in track(range(searches), "searching", console=OUT):
                number = chance.randrange(size)
                start = time.perf_counter()
                right += await store.find(known[number], among=scope) == faces.Found(f"person-{number}")
                ours.append(time.perf_counter() - start)
                probe = str(list(array("f", known[number].template.vectors[SEARCHED.name])))
                start = time.perf_counter()
                scan = "select ref from face_gallery where ref = any(%s) order by vector <#> %s::vector limit 8"
                await (await bare.execute(scan, [scope, probe], prepare=True)).fetchall()
                floor.append(time.perf_counter() - start)
    finally:
        await database.close()
    p50, scan_p50 = statistics.median(ours) * 1000, statistics.median(floor) * 1000
    judged = p50 <= 10 if size <= 5000 else None
    return [
        row(
            f"faces: 1:N, {size:,} in scope, p50", p50, "ms", floor=scan_p50, goal="<= 10 ms up to 5,000", holds=judged
        ),
        row(
            f"faces: 1:N, {size:,} in scope, found again", right / searches, "share", goal="1", holds=right == searches
        ),
        row(f"faces: 1:N, first search, which builds the index of {size * 6 // 5:,}", built, "s"),
    ]


def _keys() -> Path:
    directory = settings.load()[0].home / "keys"
    keys.create(directory)
    return directory


def gallery(size: int, searches: int) -> list[dict[str, Any]]:
    """On a database of its own, dropped after."""
    given = settings.load()[0]
    engines = None if given.faces_database_url else Engines(given.home, told=OUT.print)
    url = given.faces_database_url or engines.start().faces_database  # type: ignore[union-attr]
    name = f"benchmark_faces_{os.getpid()}"
    head, _, options = url.partition("?")
    own = f"{head.rsplit('/', 1)[0]}/{name}?{options}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"create database {name}")
        try:
            migrations.upgrade(own, "faces")
            return asyncio.run(one_in_many(own, size, searches))
        finally:
            admin.execute(f"drop database {name} with (force)")
            if engines is not None:
                engines.stop()


def galleries(largest: int, *, quick: bool) -> list[dict[str, Any]]:
    """The index as it grows, and a kiosk's search."""
    sizes = itertools.takewhile(lambda size: size <= largest, (10**power for power in itertools.count(4)))
    rows = [one for size in sizes for one in index_alone(size, 200 if quick else 1000)]
    return rows + (gallery(1000, 50) if quick else gallery(5000, 300))


def report(rows: list[dict[str, Any]], out: Path | None) -> None:
    table = Table("figure", "value", "unit", "floor", "ratio", "goal", "holds")
    for one in rows:
        numbers = ("" if one[name] is None else f"{one[name]:.3g}" for name in ("value", "floor", "ratio"))
        value, floor, ratio = numbers
        holds = {None: "", True: "yes", False: "no"}[one["holds"]]
        table.add_row(one["name"], value, one["unit"], floor, ratio, one["goal"] or "", holds)
    OUT.print(table)
    if out is not None:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        document = {"machine": machine, "date": datetime.now(UTC).date().isoformat(), "commit": commit.stdout.strip()}
        out.write_text(json.dumps(document | {"rows": rows}, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="under a minute, fewer rounds")
    parser.add_argument("--json", type=Path, metavar="OUT", help="also write the rows as JSON")
    parser.add_argument("--gallery", type=int, metavar="N", help="only the gallery, its index at powers of ten up to N")
    parser.add_argument("--dataset", type=Path, metavar="DIR", help="measure this folder of people, and nothing else")
    parser.add_argument("--groups", type=Path, metavar="CSV", help="with --dataset: lines person,group")
    given = parser.parse_args()
    if given.dataset or given.gallery:
        try:
            rows = (
                dataset(given.dataset, given.groups) if given.dataset else galleries(given.gallery, quick=given.quick)
            )
        except Refusal as refusal:
            parser.exit(1, f"{refusal}\n")
        report(rows, given.json)
        return 0 if all(one["holds"] is not False for one in rows) else 1
    directory = portraits.default_directory()
    portraits.fetch(directory)

    def photo(name: str) -> bytes:
        return (directory / f"{name}.jpg").read_bytes()

    dlib_eye.warm()
    rows = one_to_one(photo, 2 if given.quick else 10)
    rows += smoke(photo)
    rows += galleries(100_000 if given.quick else 1_000_000, quick=given.quick)
    report(rows, given.json)
    return 0 if all(one["holds"] is not False for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
