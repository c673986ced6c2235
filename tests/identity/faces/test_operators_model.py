"""A network that an operator brings: read, checked, measured, enrolled by; and never mixed with another.

SFace itself, handed over as a file, is a real one of its class; a drawn-up one shows other layouts and dimensions.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from rich.console import Console

from api.measuring import calibrate_faces
from api.wiring import open_house
from benchmarks.faces import dataset
from identity import faces
from identity.faces import Consent, FaceStore, Found, calibration, matching, models, sface_eye, weights
from identity.faces.onnx_eye import OnnxEye
from identity.faces.refusals import FaceModelsUnavailable, SameImageAsCard
from kit.db import Database
from kit.settings import BadSetting, Settings
from tests.identity.faces.test_calibrate import Pretended, city
from tests.identity.faces.test_store import KeysOf, rows

PREPARATION = """
name = "{name}"
dimension = {dimension}
channels = "{channels}"
mean = [{mean}, {mean}, {mean}]
deviation = [{deviation}, {deviation}, {deviation}]
"""
CALIBRATION = """
id = "test"
status = "assumption"
model = "{model}"
measured_on = 2026-11-27
source = "the shipped figures of SFace"
impostor_comparisons = 524
genuine_comparisons = 76
[eyes.{eye}]
measure = "cosine"
impostor_mean = 0.12
impostor_deviation = 0.09
genuine_mean = 0.64
genuine_deviation = 0.08
[one_to_one]
false_match_rate = 1e-3
match_from = 3.09
unsure_from = 2.19
[one_to_many]
false_positive_rate = 1e-3
least_gallery = 100
margin = 1.0
"""

Bring = Callable[..., models.Model]


# As they were before a test puts something in their place.
KNOWN = (models.default, calibration.default, matching.at_hand)


def forget() -> None:
    for known in KNOWN:
        known.cache_clear()


@pytest.fixture
def bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """Installs a network with the text beside it and, unless told not to, a calibration of it."""

    def brought(
        network: bytes,
        *,
        name: str = "citys-own",
        dimension: int = 128,
        channels: str = "rgb",
        mean: float = 0,
        deviation: float = 1,
        calibrated: bool = True,
    ) -> models.Model:
        file = tmp_path / f"{name}.onnx"
        file.write_bytes(network)
        text = PREPARATION.format(name=name, dimension=dimension, channels=channels, mean=mean, deviation=deviation)
        file.with_suffix(".toml").write_text(text)
        monkeypatch.setenv("MOTCUA_FACE_MODEL", str(file))
        monkeypatch.delenv("MOTCUA_FACE_CALIBRATION", raising=False)
        forget()
        found = models.default()
        if calibrated:
            city = tmp_path / "city.toml"
            city.write_text(CALIBRATION.format(model=found.id, eye=name))
            monkeypatch.setenv("MOTCUA_FACE_CALIBRATION", str(city))
        return found

    forget()
    yield brought
    forget()


def sface() -> bytes:
    return weights.sface()


def drawn_up(*, channels_first: bool = False, dimension: int = 512, side: int = 112, seed: int = 3) -> bytes:
    """A network without a meaning: colours of 14 x 14 patches, mixed at random into `dimension` numbers."""
    shape = [1, 3, side, side] if channels_first else [1, side, side, 3]
    chance = np.random.default_rng(seed)
    mixed = numpy_helper.from_array(chance.normal(size=(3 * (side // 8) ** 2, dimension)).astype(np.float32), "mixed")
    nodes = [
        helper.make_node("Transpose", ["face"], ["planes"], perm=[0, 1, 2, 3] if channels_first else [0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["patches"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["patches"], ["row"]),
        helper.make_node("MatMul", ["row", "mixed"], ["vector"]),
    ]
    graph = helper.make_graph(
        nodes,
        "drawn-up",
        [helper.make_tensor_value_info("face", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, dimension])],
        [mixed],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(made)
    return made.SerializeToString()


def eye_of(model: models.Model) -> OnnxEye:
    assert model.brought
    return OnnxEye(model.brought)


def test_sface_as_a_file_sees_what_sface_sees(bring: Bring) -> None:
    eye = eye_of(bring(sface()))
    face = Image.fromarray(np.random.default_rng(1).integers(0, 256, (112, 112, 3), np.uint8))
    assert eye.embed(face) == pytest.approx(sface_eye.embed(face), abs=1e-6)


def test_the_picture_is_prepared_as_the_text_says(bring: Bring) -> None:
    """Channels, their order and the normalisation: each of them told wrongly gives another vector."""
    face = Image.fromarray(np.random.default_rng(1).integers(0, 256, (112, 112, 3), np.uint8))
    for channels_first in (True, False):
        network = drawn_up(channels_first=channels_first)
        seen = eye_of(bring(network, dimension=512, mean=127.5, deviation=128, channels="bgr")).embed(face)
        pixels = (np.asarray(face, np.float32)[:, :, ::-1] - 127.5) / 128
        patches = pixels.reshape(14, 8, 14, 8, 3).mean(axis=(1, 3)).transpose(2, 0, 1).ravel()
        plain = patches @ np.random.default_rng(3).normal(size=(588, 512)).astype(np.float32)
        assert seen == pytest.approx(plain / np.linalg.norm(plain), abs=1e-4)
        for other in ({"mean": 0.0}, {"channels": "rgb"}):
            given = {"mean": 127.5, "deviation": 128.0, "channels": "bgr"} | other
            wrong = eye_of(bring(network, dimension=512, **given)).embed(face)
            assert float(wrong @ seen) < 0.99


def test_another_file_or_preparation_is_another_model(bring: Bring) -> None:
    told = [
        bring(drawn_up(), dimension=512).id,
        bring(drawn_up(seed=4), dimension=512).id,
        bring(drawn_up(), dimension=512, mean=127.5).id,
        bring(drawn_up(), dimension=512, channels="bgr").id,
        bring(drawn_up(), dimension=512, name="other").id,
    ]
    assert len(set(told)) == 5
    assert told[0] == bring(drawn_up(), dimension=512).id
    assert told[0].startswith("citys-own-")


@pytest.mark.parametrize(
    ("network", "given", "why"),
    [
        (b"no network", {}, "cannot be loaded"),
        (drawn_up(dimension=256), {"dimension": 512}, "gives 256 numbers, not 512"),
        (drawn_up(side=120), {"dimension": 512}, "asks for"),
    ],
)
def test_a_network_that_does_not_do_what_is_written_is_told_and_the_rest_serves(
    bring: Bring, caplog: pytest.LogCaptureFixture, network: bytes, given: dict[str, int], why: str
) -> None:
    bring(network, **given)
    faces.warm()
    assert "faces cannot be compared" in caplog.text
    with pytest.raises(FaceModelsUnavailable) as told:
        faces.describe(b"\xff\xd8\xff")
    assert why in told.value.message.en
    assert "\n" not in told.value.message.en


def test_a_file_exchanged_after_the_start_is_not_used(bring: Bring) -> None:
    """A worker that starts later would have compared by another network under the first one's name."""
    model = bring(drawn_up(), dimension=512)
    assert model.brought
    model.brought.file.write_bytes(drawn_up(seed=4))
    with pytest.raises(FaceModelsUnavailable, match="another file than at start"):
        eye_of(model)


async def opened() -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    async with open_house(Settings(database_url=nowhere, faces_database_url=nowhere, redis_url="redis://127.0.0.1:1")):
        pass


@pytest.mark.anyio
async def test_without_a_calibration_of_its_own_nothing_starts(
    bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = bring(drawn_up(), dimension=512, calibrated=False)
    with pytest.raises(BadSetting, match=f"needs a calibration of its own, for {model.id}"):
        await opened()
    # The shipped figures are those of other eyes, and so are a calibration's of yesterday's file.
    shipped = Path(calibration.__file__).with_name("calibration.toml")
    yesterday = tmp_path / "yesterday.toml"
    yesterday.write_text(CALIBRATION.format(model="citys-own-0000", eye="citys-own"))
    for file in (shipped, yesterday):
        monkeypatch.setenv("MOTCUA_FACE_CALIBRATION", str(file))
        with pytest.raises(BadSetting, match=f"it is for the model .* the one at hand is {model.id}"):
            await opened()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("dimension = 512", "dimension = 64", ">= 128"),
        ("dimension = 512", "", "missing required field `dimension`"),
        ('channels = "rgb"', 'channels = "grey"', "Invalid enum value"),
        ("deviation = [1, 1, 1]", "deviation = [1, 0, 1]", "greater than 0"),
        ("mean = [0, 0, 0]", "mean = [0, nan, 0]", "finite"),
        ("mean = [0, 0, 0]", "mean = [0, 0, 0]\nsize = 224", "unknown field `size`"),
        ('name = "citys-own"', 'name = "City\'s own"', "matching regex"),
    ],
)
async def test_a_text_that_cannot_be_right_stops_the_start(bring: Bring, old: str, new: str, why: str) -> None:
    model = bring(drawn_up(), dimension=512)
    assert model.brought
    text = model.brought.file.with_suffix(".toml")
    assert old in text.read_text()
    text.write_text(text.read_text().replace(old, new))
    models.default.cache_clear()
    with pytest.raises(BadSetting) as told:
        await opened()
    assert why in str(told.value)
    assert str(told.value).startswith(f"MOTCUA_FACE_MODEL={model.brought.file} cannot be used: ")
    text.unlink()
    with pytest.raises(BadSetting, match="No such file"):
        await opened()


def test_real_faces_are_told_apart_by_it(
    bring: Bring, photo: Callable[[str], bytes], on_card: Callable[..., bytes]
) -> None:
    model = bring(sface())
    owner, other = faces.compare(on_card("obama"), photo("obama2")), faces.compare(on_card("biden"), photo("obama2"))
    assert (owner.decision, other.decision) == ("match", "no_match")
    assert (owner.model, owner.calibration) == (model.id, "test")
    with pytest.raises(SameImageAsCard):
        faces.compare(on_card("obama2"), photo("obama2"))


def test_it_is_measured_before_there_is_a_calibration_and_decides_by_that(
    bring: Bring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = bring(drawn_up(dimension=128), name="sface", calibrated=False)
    assert matching.at_hand().model == model

    class Own(Pretended):
        pass

    Own.model = model
    monkeypatch.setattr(matching, "at_hand", Own)
    out, nowhere = tmp_path / "calibration.toml", Console(quiet=True)
    people = city(tmp_path / "people", 150)
    calibrate_faces(people, target=1e-3, out=out, plot=None, groups=None, seed=1, screen=nowhere, signs=nowhere)
    found = calibration.read(out, model)
    assert (found.status, found.model, set(found.eyes)) == ("measured", model.id, {"sface"})
    assert found.id.startswith("sface-20")
    monkeypatch.setenv("MOTCUA_FACE_CALIBRATION", str(out))
    assert faces.measured() is True
    rows = {row["name"]: row for row in dataset(people, None)}
    assert rows["dataset: people with a usable photo"]["value"] == 150


CONSENT = Consent(
    purpose="find-my-dossier-by-face", wording="face-lookup-1", given_at=datetime(2026, 11, 27, tzinfo=UTC)
)


def described(model: models.Model, seed: int, photo: int = 0) -> faces.Description:
    """Somebody, in one of their photos, by numbers."""
    size = model.searched.dimension
    own, rest = (np.random.default_rng(one).normal(size=size) for one in ([seed], [seed, photo + 1]))
    seen = own + 0.5 * rest
    vector = (seen / np.linalg.norm(seen)).astype(np.float32).tobytes()
    return faces.Description(
        template=faces.messages.Template(model.id, {model.searched.name: vector}), picture=0, image_sha256=b""
    )


@pytest.mark.anyio
async def test_a_gallery_of_its_dimension_and_none_of_another_model(bring: Bring, faces_db: Database) -> None:
    first = bring(drawn_up(), dimension=512)
    store = FaceStore(faces_db, KeysOf(1))
    for number in range(5):
        await store.enrol(f"person-{number}", described(first, number), CONSENT)
    assert await store.find(described(first, 3, photo=1)) == Found("person-3")
    assert await store.find(described(first, 99)) is None
    assert await rows(faces_db, "select distinct vector_dims(vector) from face_gallery") == [(512,)]

    # The same dimension, the very same vectors, but another network: nobody is there to be found.
    second = bring(drawn_up(seed=4), dimension=512)
    later = FaceStore(faces_db, KeysOf(1))
    assert await later.find(described(second, 3, photo=1)) is None
    assert await rows(faces_db, "select gallery_size from face_searches order by id desc limit 1") == [(0,)]
    with pytest.raises(ValueError, match="for a gallery of"):
        await later.find(described(first, 3, photo=1))
    with pytest.raises(ValueError, match="for a gallery of"):
        await later.enrol("person-3", described(first, 3), CONSENT)
    # Another dimension beside them; who enrols again is of the new model alone.
    third = bring(drawn_up(dimension=200), dimension=200)
    last = FaceStore(faces_db, KeysOf(1))
    await last.enrol("person-3", described(third, 3), CONSENT)
    assert await last.find(described(third, 3, photo=1)) == Found("person-3")
    assert await store.find(described(first, 3, photo=1)) is None
    assert await store.find(described(first, 4, photo=1)) == Found("person-4")
