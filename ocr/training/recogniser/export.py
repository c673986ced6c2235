"""Writes a checkpoint as the model that `ocr.engine` and PaddleOCR load: `python -m ocr.training.recogniser.export CHECKPOINT DIRECTORY`.

`inference.onnx` answers (B, T, C) probabilities for (B, 3, 48, W) BGR in -1..1, its alphabet in the metadata;
`inference.yml` is the same alphabet and the preprocessing in PaddleOCR's words.
"""

import argparse
import hashlib
from pathlib import Path

import onnx
import onnxruntime
import torch

from ocr.training.recogniser.network import Recogniser, WithSoftmax
from ocr.training.recogniser.texts import ALPHABET

MODEL_NAME = "PP-OCRv6_tiny_rec"


def export(checkpoint: Path, directory: Path) -> str:
    """The digest of the model written; raises when it answers otherwise than the network it came from."""
    network = Recogniser(1 + len(ALPHABET))
    network.load_state_dict(torch.load(checkpoint)["average"])
    exported = WithSoftmax(network).eval()
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "inference.onnx"
    sample = torch.randn(1, 3, 48, 320) * 0.4
    torch.onnx.export(
        exported,
        (sample,),
        str(file),
        input_names=["x"],
        output_names=["probabilities"],
        dynamic_axes={"x": {0: "batch", 3: "width"}, "probabilities": {0: "batch", 1: "steps"}},
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(str(file))
    for key, value in (
        ("alphabet", ALPHABET),
        ("licence", "Apache-2.0"),
        ("derived_from", "PP-OCRv6_tiny_rec, PaddlePaddle authors, Apache-2.0; head, pooling and context replaced"),
    ):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, str(file))
    for width in (64, 320, 904):
        x = torch.randn(2, 3, 48, width) * 0.4
        answer = onnxruntime.InferenceSession(str(file)).run(None, {"x": x.numpy()})[0]
        with torch.no_grad():
            assert torch.allclose(torch.from_numpy(answer), exported(x), atol=1e-4)
    (directory / "inference.yml").write_text(_settings(), encoding="utf-8")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _settings() -> str:
    letters = "\n".join(f"  - '{letter.replace(chr(39), chr(39) * 2)}'" for letter in ALPHABET.strip())
    return f"""Global:
  model_name: {MODEL_NAME}
PreProcess:
  transform_ops:
  - DecodeImage:
      channel_first: false
      img_mode: BGR
  - RecResizeImg:
      image_shape: [3, 48, 320]
PostProcess:
  name: CTCLabelDecode
  character_dict:
{letters}
  - ' '
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("directory", type=Path)
    options = parser.parse_args()
    print(export(options.checkpoint, options.directory))


if __name__ == "__main__":
    main()
