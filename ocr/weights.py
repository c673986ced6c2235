"""Model files of `ocr/models`: each is pinned by its digest and runs on one thread of onnxruntime."""

import hashlib
from pathlib import Path
from typing import Any, Final

MODELS: Final = Path(__file__).parent / "models"


class ModelsDamaged(RuntimeError):
    """A weight file is missing or is not the one this version was tested with."""


def session(file: Path, digest: str | None = None) -> Any:
    """An inference session; without a digest any file will do, for training and evaluating. Raises ModelsDamaged."""
    import onnxruntime

    try:
        data = file.read_bytes()
    except OSError as cause:
        raise ModelsDamaged(f"{file} is missing.") from cause
    if digest is not None and hashlib.sha256(data).hexdigest() != digest:
        raise ModelsDamaged(f"{file} is not the file this version was tested with.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
