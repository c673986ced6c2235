"""The weights that are shipped: whole, small, knowing every Vietnamese letter, and readable by PaddleOCR itself."""

import random
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from kit import fonts
from ocr import engine, weights
from ocr.steps import Steps
from ocr.training.recogniser import lines, texts

RARE = ["KSOR H'LƯỚI", "K'Brơi", "Y Moan Êban", "Thạch Sô Phi", "NGUYỄN THỊ HOA", "Nữ", "079190012345", "17/05/1990"]


@pytest.fixture(scope="module")
def strips() -> list[lines.Pixels]:
    dice = random.Random(7)
    faces = lines.Typefaces({"Noto": [fonts.path("NotoSans-Regular.ttf")]}, [fonts.path("OCRB.otf")])
    return [lines.render([text], dice, faces, hardness=0.0)[0] for text in RARE]


def test_weights_are_at_most_six_megabytes() -> None:
    assert (weights.MODELS / "vi_rec" / "inference.onnx").stat().st_size <= 6_000_000


def test_every_vietnamese_letter_is_in_the_alphabet() -> None:
    accented = [c for c in texts.ALPHABET if ord(c) > 127]
    assert len(accented) == 134
    assert all(unicodedata.is_normalized("NFC", c) for c in accented)
    assert len(set(texts.ALPHABET)) == len(texts.ALPHABET)


def test_a_damaged_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vi_rec").mkdir()
    whole = (weights.MODELS / "vi_rec" / "inference.onnx").read_bytes()
    (tmp_path / "vi_rec" / "inference.onnx").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    monkeypatch.setattr(weights, "MODELS", tmp_path)
    with pytest.raises(weights.ModelsDamaged):
        engine.PaddleReader()


def test_rare_names_come_out_as_they_are_written(strips: list[lines.Pixels]) -> None:
    reader = engine.reader()
    assert [reader.steps(strip).best()[0] for strip in strips] == RARE


def test_paddleocr_reads_the_same_with_its_own_wrapper(strips: list[lines.Pixels]) -> None:
    engine.reader()  # which keeps PaddleX off the network
    from paddleocr import TextRecognition

    theirs = TextRecognition(
        model_name="PP-OCRv6_tiny_rec",
        model_dir=str(weights.MODELS / "vi_rec"),
        device="cpu",
        engine="onnxruntime",
    )
    assert [theirs.predict(strip)[0]["rec_text"] for strip in strips] == RARE


def test_cuts_of_one_line_are_equally_long() -> None:
    """Corners whose cuts, moved up and down, come out a pixel longer or shorter by rounding."""
    corners = ((82.0, 320.0), (540.0, 318.0), (539.0, 335.0), (84.0, 334.0))
    white = np.full((640, 1016, 3), 255, np.uint8)
    (line,) = engine.reader().recognise_again(white, [engine.Box(corners=corners)])
    assert line.steps is not None


def test_a_line_read_again_is_cut_up_and_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """In both directions alike, so that neither side of a letter is trusted more; never along the line: letters that begin a step
    apart are lost (NGUYN for NGUYỄN) when steps are laid over each other. The first cut is the plain one."""
    reader = engine.reader()
    cuts: list[lines.Pixels] = []
    steps = reader.steps

    def kept(strip: lines.Pixels) -> Steps:
        cuts.append(strip)
        return steps(strip)

    monkeypatch.setattr(reader, "steps", kept)
    rows, columns = np.mgrid[0:200, 0:400]
    slope = np.stack([rows, columns // 2, 0 * rows], axis=2).astype(np.uint8)
    where = engine.Box(corners=((100.0, 80.0), (300.0, 80.0), (300.0, 110.0), (100.0, 110.0)))
    reader.recognise(slope, [where])
    reader.recognise_again(slope, [where])
    plain, *again = cuts
    assert (again[0] == plain).all()
    means = np.array([cut.reshape(-1, 3).mean(0)[:2] for cut in again]) - plain.reshape(-1, 3).mean(0)[:2]
    assert np.abs(means.mean(0)).max() < 0.2
    assert means[:, 0].max() > 2, "down"
    assert np.abs(means[:, 1]).max() < 0.1, "along"
