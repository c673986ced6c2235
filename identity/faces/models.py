"""Which eyes look at a face here and what each of them gives: the two the house ships, or the one an operator brings.

Told without loading any network: processes that only keep and search faces must know it too.
"""

import hashlib
import math
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from kit.settings import BadSetting, load, variable

Measure = Literal["cosine", "distance"]
"""How two vectors of one eye are compared: by cosine, more is nearer; by Euclidean distance, less is."""

# Of these is the index made (`index`), and an ArcFace-class network gives no fewer.
LEAST_DIMENSION: Final = 128
_MOST_DIMENSION: Final = 1024
_BLOCK_BYTES: Final = 1 << 20


class Eye(msgspec.Struct, frozen=True):
    """One network: `dimension` float32 numbers a face, of length 1 when compared by cosine."""

    name: str
    network: str
    dimension: int
    measure: Measure


class Preparation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The text `NAME.toml` beside an operator's `NAME.onnx`: what the network is called, gives, and wants of a picture.

    It is given (colour - mean) / deviation of an aligned face of 112 x 112, colours from 0 to 255 in the order of
    `channels`, and so are `mean` and `deviation`.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")]
    dimension: Annotated[int, Meta(ge=LEAST_DIMENSION, le=_MOST_DIMENSION)]
    channels: Literal["rgb", "bgr"]
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    copy_cosine: Annotated[float, Meta(ge=0.3, lt=1)] = 0.7

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (*self.mean, *self.deviation))) or min(self.deviation) <= 0:
            raise ValueError("mean and deviation must be finite numbers, deviations greater than 0")


class Brought(msgspec.Struct, frozen=True):
    """An operator's network: where it lies, and what it must be when it is loaded."""

    file: Path
    sha256: str
    preparation: Preparation


class Model(msgspec.Struct, frozen=True):
    """What describes a face: eyes, in the order in which their vectors are stored.

    Templates of different `id` are never compared. A gallery is searched by the last eye alone, which goes by cosine; a model
    whose last eye does not is for one-to-one only.
    """

    name: str
    id: str
    eyes: tuple[Eye, ...]
    copy_cosine: float
    """Copies of one picture lie above, by the last eye; two pictures of one person below, or their hashes are far apart."""
    brought: Brought | None = None

    @property
    def searched(self) -> Eye:
        return self.eyes[-1]


DLIB: Final = Eye("dlib", "dlib-resnet-v1", 128, "distance")
SFACE: Final = Eye("sface", "sface-2021dec-int8bq", 128, "cosine")

# Copies, reprinted and shrunk to 80 px, stay above cosine 0.92; two pictures of one person stay below 0.81 (the portraits
# of `portraits.py`).
TWO_EYES: Final = Model("two-eyes", f"{DLIB.network}+{SFACE.network}", (DLIB, SFACE), copy_cosine=0.88)

# What goes on comparing while the other's weights are not there. dlib's vectors are not compared by cosine, so its copies are told
# by their hash alone.
DLIB_ALONE: Final = Model("dlib-alone", DLIB.network, (DLIB,), copy_cosine=-1.0)
SFACE_ALONE: Final = Model("sface-alone", SFACE.network, (SFACE,), TWO_EYES.copy_cosine)


@cache
def default() -> Model:
    """What describes faces in this process: the operator's network, else the two eyes. Raises BadSetting.

    Read from the settings here, for inference workers are told nothing else than their environment.
    """
    file = load()[0].face_model
    return TWO_EYES if file is None else _brought(file)


def _brought(file: Path) -> Model:
    """The id holds the digest of the network's bytes and one of how pictures are prepared for it: another of either is
    another model."""
    beside = file.with_suffix(".toml")
    try:
        preparation = msgspec.toml.decode(beside.read_bytes(), type=Preparation)
        sha256 = _sha256(file)
    # TOML that is none is a ValueError too, and so are bytes that are no UTF-8.
    except (OSError, ValueError) as error:
        name = variable("face_model")
        raise BadSetting(
            f"{name}={file} cannot be used: {error}. It takes the network and, as {beside.name} beside it, what it wants "
            f"of a picture (docs/howto/bring-your-own-face-model.md); or unset {name}."
        ) from error
    prepared = hashlib.sha256(msgspec.json.encode(preparation)).hexdigest()
    identity = f"{preparation.name}-{sha256[:16]}-{prepared[:8]}"
    eye = Eye(preparation.name, identity, preparation.dimension, "cosine")
    return Model(preparation.name, identity, (eye,), preparation.copy_cosine, Brought(file, sha256, preparation))


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as network:
        while block := network.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
