"""`motcua faces calibrate` from a folder to a file: the models' part is played by numbers with the geometry of faces."""

import hashlib
import math
import sys
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from api import cli
from benchmarks.faces import dataset
from identity import faces
from identity.faces import calibrating, calibration, collection, matching, models
from identity.faces.calibration import shipped
from identity.faces.messages import Comparison, Description, Template
from identity.faces.refusals import BadFaceCollection, NoFace, NoFaceOnCard, TooFewPeople

# Same person: cosine about 0.64, as in the shipped calibration.
_NOISE = 0.75


class Pretended:
    """A photo is a text `PERSON PHOTO`: two people share nothing, two photos of one person most; `blank` shows no face."""

    model = models.TWO_EYES

    def describe_selfie(self, selfie: bytes) -> Description:
        return self._described(selfie, NoFace)

    def describe_portrait(self, portrait: bytes) -> Description:
        return self._described(portrait, NoFaceOnCard)

    def compare(self, portrait: Description, selfie: Description) -> Comparison:
        raise NotImplementedError

    def _described(self, photo: bytes, refusal: type[NoFace | NoFaceOnCard]) -> Description:
        if photo == b"blank":
            raise refusal
        person, picture = (int(number) for number in photo.split())
        eyes: dict[str, bytes] = {}
        # Strangers' vectors stand at right angles; dlib's are short enough for the distance the shipped calibration has.
        lengths = {"sface": 1.0, "dlib": shipped().eyes["dlib"].impostor_mean / math.sqrt(2)}
        for eye, (name, length) in enumerate(lengths.items()):
            own, rest = (unit(np.random.default_rng([eye, *seeds])) for seeds in ((person,), (person, picture + 1)))
            seen = own + _NOISE * rest
            eyes[name] = array("f", seen * length / np.linalg.norm(seen)).tobytes()
        digest = hashlib.sha256(photo).digest()
        template = Template(model=self.model.id, vectors=eyes)
        return Description(template=template, picture=int.from_bytes(digest[:8]), image_sha256=digest)


def unit(chance: np.random.Generator) -> np.ndarray:
    found = chance.normal(0, 1, 128)
    return found / np.linalg.norm(found)


def city(folder: Path, people: int, *, names: tuple[str, ...] = ("card.jpg", "one.jpg", "two.jpg")) -> Path:
    for person in range(people):
        home = folder / f"p{person:03}"
        home.mkdir(parents=True)
        for number, name in enumerate(names):
            (home / name).write_text(f"{person} {number}")
    return folder


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """The command in a folder of its own: exit status, stdout, stderr."""
    monkeypatch.setattr(matching, "at_hand", Pretended)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def calibrate(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["motcua", "faces", "calibrate", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, told.out, told.err

    return calibrate


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Puts a calibration in force for the test."""

    def put(file: Path) -> None:
        monkeypatch.setenv("MOTCUA_FACE_CALIBRATION", str(file))
        calibration.default.cache_clear()

    yield put
    calibration.default.cache_clear()


def test_a_folder_becomes_the_calibration_in_force(run: Run, tmp_path: Path, install: Callable[[Path], None]) -> None:
    status, told, _ = run(city(tmp_path / "people", 150), "--plot", "out.svg")
    assert status == 0, told
    assert "150 people, 450 photos described (150 card portraits), 0 not used" in told
    found = calibration.read(tmp_path / "calibration.toml", models.TWO_EYES)
    assert (found.status, found.impostor_comparisons, found.genuine_comparisons) == ("measured", 150 * 149 * 2, 300)
    assert found.one_to_one.false_match_rate == 1e-3
    assert found.one_to_one.match_from > found.one_to_one.unsure_from > 1
    assert found.evidence
    assert found.evidence.false_matches.upper <= 1e-3
    assert found.evidence.false_non_matches.errors == 0
    assert found.eyes["sface"].genuine_mean == pytest.approx(1 / (1 + _NOISE**2), abs=0.02)
    assert "match from" in told
    assert ElementTree.parse(tmp_path / "out.svg").getroot().tag.endswith("svg")
    # Nothing in it tells who was measured.
    assert "p001" not in (tmp_path / "calibration.toml").read_text() + (tmp_path / "out.svg").read_text()

    assert faces.measured() is False
    install(tmp_path / "calibration.toml")
    assert calibration.default() == found
    assert faces.measured() is True


def test_lines_for_a_higher_rate_leave_production_to_people(
    run: Run, tmp_path: Path, install: Callable[[Path], None]
) -> None:
    """Whoever had too few people for 1 in 1,000 could measure 1 in 20, and the machine would have decided by that."""
    status, told, _ = run(city(tmp_path / "people", 50), "--target-fmr", "0.05")
    assert status == 0
    assert "Production will still send every match to a person" in told
    install(tmp_path / "calibration.toml")
    assert calibration.default().status == "measured"
    assert faces.measured() is False


def test_too_few_people_get_a_table_and_no_file(run: Run, tmp_path: Path) -> None:
    status, told, complaint = run(city(tmp_path / "people", 40), "--plot", "out.png")
    assert status == 1
    assert "FNMR" in told
    assert complaint.strip().count("\n") == 0
    assert "too-few-people: A false match rate of 0.001 cannot be shown with 40 people" in complaint
    assert not (tmp_path / "calibration.toml").exists()
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.format == "PNG"
        assert len(set(picture.convert("RGB").getdata())) > 5


def test_few_people_with_many_photos_are_still_few(run: Run, tmp_path: Path) -> None:
    """25,984 comparisons of 29 people would show 1 in 1,000 several times over, were they independent."""
    many = ("card1.jpg", "card2.jpg", "card3.jpg", "card4.jpg", *(f"s{n}.jpg" for n in range(8)))
    status, _, complaint = run(city(tmp_path / "few", 29, names=many), "--target-fmr", "0.05")
    assert (status, "too-few-people" in complaint) == (1, True)
    assert "it takes 30 such people at the least. About 1 more people" in complaint


def test_what_cannot_be_described_is_listed_and_counted(run: Run, tmp_path: Path) -> None:
    folder = city(tmp_path / "people", 40)
    (folder / "p003" / "card.jpg").write_text("blank")
    (folder / "p004" / "two.jpg").write_text("blank")
    (folder / "lost.jpg").write_text("1 1")
    (folder / "p005" / "older").mkdir()
    (folder / ".DS_Store").write_text("x")
    (folder / "groups.csv").write_text("person,group\n")
    status, told, _ = run(folder, "--target-fmr", "0.05")
    assert status == 0, told
    assert "118 photos described (39 card portraits), 4 not used" in told
    for name, code in (
        ("p003/card.jpg", "no-face-on-card"),
        ("p004/two.jpg", "no-face"),
        ("lost.jpg", "in-no-persons-folder"),
        ("p005/older", "cannot-be-read"),
    ):
        assert any(name in line and code in line for line in told.splitlines()), name
    found = calibration.read(tmp_path / "calibration.toml", models.TWO_EYES)
    assert found.evidence
    assert found.evidence.unused_photos == 4


def test_one_picture_under_two_names_is_a_fault_of_the_folder(run: Run, tmp_path: Path) -> None:
    folder = city(tmp_path / "people", 35)
    (folder / "p001" / "one.jpg").write_text("7 0")
    status, _, complaint = run(folder, "--target-fmr", "0.05")
    assert status == 1
    assert "p007/card.jpg" in complaint
    assert "p001/one.jpg" in complaint
    assert "one picture under the names of two people" in complaint


def test_a_card_s_own_picture_as_selfie_proves_nothing_of_its_owner(run: Run, tmp_path: Path) -> None:
    folder = city(tmp_path / "people", 35)
    (folder / "p001" / "one.jpg").write_text("1 0")
    status, told, _ = run(folder, "--target-fmr", "0.05")
    assert status == 0
    assert "left out, one picture twice: p001/card.jpg and p001/one.jpg" in told
    assert calibration.read(tmp_path / "calibration.toml", models.TWO_EYES).genuine_comparisons == 69


def test_groups_are_held_against_all(run: Run, tmp_path: Path) -> None:
    folder = city(tmp_path / "people", 60)
    # The old look alike: one photo of each shows mostly what all of them share.
    for person in range(20):
        (folder / f"p{person:03}" / "two.jpg").write_text(f"999 {person}")
        (folder / f"p{person:03}" / "card.jpg").write_text(f"999 {100 + person}")
    labels = tmp_path / "labels.csv"
    labels.write_text("person,group\n" + "".join(f"p{n:03},{'old' if n < 20 else 'young'}\n" for n in range(60)))
    status, told, _ = run(folder, "--target-fmr", "0.1", "--groups", labels)
    assert status == 0, told
    rows = {line.split()[0]: line for line in told.splitlines() if line.strip().startswith(("old", "young"))}
    assert " worse !" in rows["old"]
    assert "no worse" in rows["young"]
    assert "20" in rows["old"].split()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name,group\np000,a\n", "must begin with the line person,group"),
        ("person,group\nnobody,a\n", "line 2: no folder 'nobody'"),
        ("person,group\np000,\n", "line 2"),
        ("person,group\np000\n", "line 2"),
    ],
)
def test_labels_that_cannot_be_right_are_refused_before_any_work(run: Run, tmp_path: Path, text: str, why: str) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(text)
    status, told, complaint = run(city(tmp_path / "people", 2), "--groups", labels)
    assert (status, told) == (1, "")
    assert why in complaint


def test_wrong_use_is_told_before_any_work(run: Run, tmp_path: Path) -> None:
    folder = city(tmp_path / "people", 2)
    for arguments in (
        ("--out", "nowhere/c.toml"),
        ("--plot", "out.pdf"),
        ("--target-fmr", "0.5"),
        ("--target-fmr", "0"),
    ):
        status, _, complaint = run(folder, *arguments)
        assert status == 2
        assert complaint.count("\n") == 1
    (tmp_path / "empty").mkdir()
    status, _, complaint = run(tmp_path / "empty")
    assert (status, complaint.startswith("motcua: bad-face-collection")) == (1, True)


def test_without_cards_all_photos_are_compared_each_pair_once(tmp_path: Path) -> None:
    described = collection.describe(city(tmp_path, 5, names=("a.jpg", "b.jpg", "c.jpg")), Pretended())
    found = calibrating.measure(described)
    assert (len(found.strangers), len(found.owners)) == (15 * 14 // 2 - 15, 15)
    with pytest.raises(TooFewPeople):
        calibrating.lines(found, 0.1)
    with pytest.raises(BadFaceCollection):
        calibrating.measure(collection.describe(city(tmp_path / "one", 1), Pretended()))


def test_scores_are_those_of_the_calibration_that_decides(tmp_path: Path) -> None:
    described = collection.describe(city(tmp_path, 6), Pretended())
    found = calibrating.measure(described, under=shipped())
    by_name = {photo.file: one.template for photo, one in zip(described.photos, described.descriptions, strict=True)}
    assert len(found.doubtful) == 6
    for score, one, other in found.doubtful:
        assert score == pytest.approx(shipped().score(by_name[one.file], by_name[other.file]), abs=1e-5)
        assert one.is_card
        assert not other.is_card
    assert math.isclose(found.strangers.worst(1), max(found.far.scores))


def test_the_benchmark_measures_a_folder_under_the_lines_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "at_hand", Pretended)
    folder = city(tmp_path / "people", 40)
    labels = tmp_path / "labels.csv"
    labels.write_text("person,group\n" + "".join(f"p{n:03},{'a' if n % 2 else 'b'}\n" for n in range(40)))
    rows = {row["name"]: row for row in dataset(folder, labels)}
    assert rows["dataset: people with a usable photo"]["value"] == 40
    wrong, missed = (
        rows[f"dataset: {what} of {n}"]
        for what, n in (("FMR from match (3.09), 0", "3,120"), ("FNMR from match (3.09), 0", "80"))
    )
    # No error was seen, and so few people show neither 1 in 1,000 nor 1 in 100 by that.
    assert (wrong["value"], wrong["holds"], missed["value"], missed["holds"]) == (0, None, 0, None)
    assert rows["dataset: FMR from match (3.09), upper end of 95 %"]["value"] > 1e-3
    assert rows["dataset: FMR within a, 20 people, 0 of 760"]["value"] == 0
    assert not any("against all" in name for name in rows)
    assert not any("bear" in name for name in rows)


@pytest.mark.slow
def test_the_portraits_at_hand_show_nothing_and_are_told_so(
    tmp_path: Path, photo: Callable[[str], bytes], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real models over four photos of two people: they are told apart, and no rate is claimed."""
    for person, names in {"a": ("obama", "obama2", "obama_partial_face"), "b": ("biden",)}.items():
        (tmp_path / person).mkdir()
        for name in names:
            (tmp_path / person / f"{name}.jpg").write_bytes(photo(name))
    (tmp_path / "a" / "again.jpg").write_bytes(photo("obama3"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["motcua", "faces", "calibrate", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert "too-few-people" in told.err
    assert any("obama_partial_face.jpg" in line and "face-cut-off" in line for line in told.out.splitlines())
    assert not (tmp_path / "calibration.toml").exists()
