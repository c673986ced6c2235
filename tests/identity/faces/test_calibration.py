"""The shipped calibration: its arithmetic is what its comments say. An operator's: used, or refused at start."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import NormalDist

import pytest

from api.wiring import open_house
from identity.faces import calibration, models
from identity.faces.calibration import BadCalibration, shipped
from identity.faces.messages import Template
from kit.settings import BadSetting, Settings

SHIPPED = shipped()
SHIPPED_FILE = Path(calibration.__file__).with_name("calibration.toml")


def test_it_is_for_the_models_at_hand_and_says_it_is_an_assumption() -> None:
    assert SHIPPED.model == models.default().id == "dlib-resnet-v1+sface-2021dec-int8bq"
    assert SHIPPED.status == "assumption"


def test_the_lines_follow_from_the_stated_rate() -> None:
    quantile = NormalDist().inv_cdf(1 - SHIPPED.one_to_one.false_match_rate)
    assert SHIPPED.one_to_one.match_from == pytest.approx(quantile, abs=0.005)
    assert SHIPPED.one_to_one.unsure_from == pytest.approx(quantile / math.sqrt(2), abs=0.005)


@pytest.mark.parametrize(
    ("score", "decision"),
    [(3.09, "match"), (3.0899, "unsure"), (2.19, "unsure"), (2.1899, "no_match"), (-1.0, "no_match")],
)
def test_a_decision_falls_on_its_line(score: float, decision: str) -> None:
    assert SHIPPED.decide(score) == decision


def test_strangers_score_nothing_and_owners_their_mean() -> None:
    for spread in SHIPPED.eyes.values():
        assert spread.above_strangers(spread.impostor_mean) == 0
        assert spread.above_strangers(spread.genuine_mean) > 4


def test_a_larger_gallery_asks_for_more() -> None:
    lines = [SHIPPED.search_line(size) for size in (0, 100, 10_000, 1_000_000)]
    assert lines[0] == lines[1] < lines[2] < lines[3]
    assert lines[0] > SHIPPED.one_to_one.match_from


def test_templates_of_different_models_are_never_compared() -> None:
    ours, theirs = (Template(model, {"dlib": bytes(512), "sface": bytes(512)}) for model in (SHIPPED.model, "other"))
    with pytest.raises(ValueError, match="other"):
        SHIPPED.score(ours, theirs)
    with pytest.raises(ValueError, match="other"):
        SHIPPED.score(theirs, theirs)


Bring = Callable[..., Path]


@pytest.fixture
def bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """The shipped file with words exchanged, named in the setting."""

    def brought(*exchanged: tuple[str, str]) -> Path:
        text = SHIPPED_FILE.read_text(encoding="utf-8")
        for old, new in exchanged:
            assert old in text
            text = text.replace(old, new, 1)
        file = tmp_path / "city.toml"
        file.write_text(text, encoding="utf-8")
        monkeypatch.setenv("MOTCUA_FACE_CALIBRATION", str(file))
        calibration.default.cache_clear()
        return file

    yield brought
    calibration.default.cache_clear()


EVIDENCE = """
[evidence]
people = 500
photos = 1000
unused_photos = 3
confidence = 0.95
seed = 1
false_matches = { errors = 5, comparisons = 249500, lower = 1e-5, upper = 8e-4 }
false_non_matches = { errors = 4, comparisons = 500, lower = 2e-3, upper = 2e-2 }
"""


def test_an_operator_s_calibration_decides(bring: Bring) -> None:
    bring(("match_from = 3.09", "match_from = 3.3"))
    assert calibration.default().one_to_one.match_from == 3.3
    assert calibration.default().status == "assumption"
    bring(('"assumption"', '"measured"'), ("margin = 1.0\n", "margin = 1.0\n" + EVIDENCE))
    assert calibration.default().status == "measured"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('model = "dlib', 'model = "arcface', "it is for the model arcface"),
        ("margin = 1.0", "margin = 1.0\nthreshold = 0.6", "unknown field `threshold`"),
        ("margin = 1.0", "margin = -1.0", "margin at least 0"),
        ("least_gallery = 100", "", "missing required field `least_gallery`"),
        ("impostor_deviation = 0.09", "impostor_deviation = 0.0", "deviations must be greater than 0"),
        ("impostor_deviation = 0.09", "impostor_deviation = inf", "impostor_deviation must be a finite number"),
        ("genuine_mean = 0.64", "genuine_mean = 0.1", "means of a cosine"),
        ("genuine_mean = 0.47", "genuine_mean = 0.97", "means of a distance"),
        ("match_from = 3.09", "match_from = nan", "match_from must be a finite number"),
        ("match_from = 3.09", "match_from = 2.0", "at least unsure_from"),
        ("false_match_rate = 1e-3", "false_match_rate = 1.0", "false_match_rate must be"),
        ('status = "assumption"', 'status = "certain"', "Invalid enum value"),
        # Changing one word made assumed lines measured ones, and production believed them.
        ('status = "assumption"', 'status = "measured"', "needs its evidence"),
        ("[eyes.sface]", "[eyes.sface", "line"),
        ("[eyes.sface]", "[eyes.other]", "its eyes must be dlib by distance, sface by cosine"),
        ('measure = "cosine"', 'measure = "angle"', "Invalid enum value"),
    ],
)  # fmt: skip
async def test_nonsense_is_told_before_anything_is_opened(bring: Bring, old: str, new: str, why: str) -> None:
    file = bring((old, new))
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    given = Settings(database_url=nowhere, faces_database_url=nowhere, redis_url="redis://127.0.0.1:1")
    with pytest.raises(BadSetting) as told:
        async with open_house(given):
            pass
    assert str(told.value).startswith(f"MOTCUA_FACE_CALIBRATION={file} cannot be used: ")
    assert why in str(told.value)
    assert "\n" not in str(told.value)


def test_evidence_must_bear_what_is_claimed(bring: Bring) -> None:
    claimed = ('"assumption"', '"measured"')
    for old, new, why in (
        ("upper = 8e-4", "upper = 2e-3", "does not show the false_match_rate"),
        ("lower = 1e-5", "lower = 1e-4", "must lie between lower and upper"),
        ("comparisons = 500", "comparisons = 0", "must lie between lower and upper"),
    ):
        file = bring(claimed, ("margin = 1.0\n", "margin = 1.0\n" + EVIDENCE.replace(old, new)))
        with pytest.raises(BadCalibration, match=why):
            calibration.read(file, models.TWO_EYES)


def test_a_calibration_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadCalibration, match="No such file"):
        calibration.read(tmp_path / "none.toml", models.TWO_EYES)
