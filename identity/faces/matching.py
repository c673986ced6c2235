"""The seam `Matcher` and its one adapter, the eyes of a model with one calibrated score. Loaded in inference workers only."""

import hashlib
import logging
from collections.abc import Callable, Mapping
from functools import cache
from itertools import combinations
from statistics import fmean
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from identity.faces import calibration as calibrations
from identity.faces import dlib_eye, models, quality, sface_eye
from identity.faces.aligning import align
from identity.faces.calibration import Calibration, vector
from identity.faces.messages import Comparison, Description, Shown, Template, Tip
from identity.faces.models import Model
from identity.faces.onnx_eye import OnnxEye
from identity.faces.refusals import (
    CardFaceTooSmall,
    FaceModelsUnavailable,
    NoFaceOnCard,
    SameImageAsCard,
    SelfiesOfSeveral,
)
from kit import images

# Enough pixels for a face of a fifth of the frame; a 12-megapixel JPEG decodes to this at a fraction of the time.
_WORKING_SIDE_PX: Final = 1600
# Portraits on cards have a median of 79 px between the eyes in the field; below this the models guess.
_CARD_EYE_DISTANCE_PX: Final = 24.0
# Copies of one picture, reprinted and shrunk to 80 px, differ in at most 4 bits; two pictures of one person differ in 24 and
# more (the portraits of `portraits.py`). The model's cosine must say "copy" as well.
_COPY_BITS: Final = 10


class Matcher(Protocol):
    """Photos in, descriptions and one score out. Templates of different models are never compared."""

    model: Model

    def describe_selfie(self, selfie: bytes) -> Description:
        """The one face of a selfie. Refuses what `quality` refuses and `kit.images` cannot decode."""
        ...

    def describe_portrait(self, portrait: bytes) -> Description:
        """The face of a card's or chip's portrait, by a gentler gate. Refuses NoFaceOnCard, CardFaceTooSmall."""
        ...

    def compare(self, portrait: Description, *selfies: Description) -> Comparison:
        """One to one, by the calibration in force: one selfie, or several frames of one. Refuses SameImageAsCard,
        SelfiesOfSeveral."""
        ...


Look = Callable[[Image.Image, dlib_eye.SeenFace, Image.Image], NDArray[np.float32]]
"""One eye at work: the photo, the face in it, the face aligned in 112 x 112; its vector."""


_LOOKS: Final[Mapping[str, Look]] = {
    models.DLIB.name: lambda image, face, _aligned: dlib_eye.encode(image, face),
    models.SFACE.name: lambda _image, _face, aligned: sface_eye.embed(aligned),
}

_log = logging.getLogger(__name__)


class Eyes:
    """The eyes of one model, each looking at the face that dlib found; the calibration fuses what they say."""

    def __init__(
        self, model: Model, looks: Mapping[str, Look], calibration: Callable[[], Calibration] = calibrations.default
    ) -> None:
        # Asked for when two are compared: a model describes before it has been measured.
        self.model, self._calibration = model, calibration
        self._looks = {eye.name: looks[eye.name] for eye in model.eyes}

    def describe_selfie(self, selfie: bytes) -> Description:
        image = images.decode(selfie, longest_side_px=_WORKING_SIDE_PX)
        face = quality.the_one_face(dlib_eye.find_faces(image))
        aligned, share_inside = align(image, face.points)
        tips = quality.judge_selfie(quality.measure(face, aligned, share_inside))
        return self._description(selfie, image, face, aligned, tips)

    def describe_portrait(self, portrait: bytes) -> Description:
        image = images.decode(portrait, longest_side_px=_WORKING_SIDE_PX)
        # A card shows its owner twice: the small ghost beside the portrait is no second person.
        faces = dlib_eye.find_faces(image)
        if not faces:
            raise NoFaceOnCard
        if faces[0].eye_distance_px < _CARD_EYE_DISTANCE_PX:
            raise CardFaceTooSmall
        aligned, _ = align(image, faces[0].points)
        return self._description(portrait, image, faces[0], aligned, ())

    def compare(self, portrait: Description, *selfies: Description) -> Comparison:
        if any(portrait.image_sha256 == one.image_sha256 or copies(portrait, one, self.model) for one in selfies):
            raise SameImageAsCard
        calibration = self._calibration()
        among = (calibration.score(one.template, other.template) for one, other in combinations(selfies, 2))
        if any(calibration.decide(score) != "match" for score in among):
            raise SelfiesOfSeveral
        # Not the score of a mean description: it brings owners nearer, but strangers too, more so with more frames, and the
        # calibration's lines were not drawn for that. The mean of scores leaves both where they were and evens out what differs
        # from frame to frame (benchmarks/bursts.py).
        score = fmean(calibration.score(portrait.template, one.template) for one in selfies)
        return Comparison(
            decision=calibration.decide(score),
            tips=tuple(dict.fromkeys(tip for one in selfies for tip in one.tips)),
            score=score,
            model=self.model.id,
            calibration=calibration.id,
            selfies=tuple(Shown(one.image_sha256, one.picture) for one in selfies),
            portrait_picture=portrait.picture,
        )

    def _description(
        self,
        photo: bytes,
        image: Image.Image,
        face: dlib_eye.SeenFace,
        aligned: Image.Image,
        tips: tuple[Tip, ...],
    ) -> Description:
        vectors = {name: look(image, face, aligned).tobytes() for name, look in self._looks.items()}
        return Description(
            template=Template(model=self.model.id, vectors=vectors),
            picture=perceptual_hash(aligned),
            image_sha256=hashlib.sha256(photo).digest(),
            tips=tips,
        )


def perceptual_hash(aligned: Image.Image) -> int:
    """64 bits of an aligned face: which of its lowest frequencies (DCT-II, without the mean) lie above their median."""
    side, kept = 32, 9
    grey = np.asarray(aligned.convert("L").resize((side, side), Image.Resampling.BILINEAR), np.float64)
    at = np.arange(side)
    waves = np.cos(np.pi * (2 * at + 1) * at[:kept, None] / (2 * side))
    low = (waves @ grey @ waves.T).ravel()[1:65]
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes())


def copies(a: Description, b: Description, model: Model) -> bool:
    """Whether both, of this model, are one picture, however printed, shrunk or compressed."""
    one, other = (vector(seen.template.vectors[model.searched.name]) for seen in (a, b))
    cosine = sum(x * y for x, y in zip(one, other, strict=True))
    return (a.picture ^ b.picture).bit_count() <= _COPY_BITS and cosine >= model.copy_cosine


@cache
def at_hand() -> Matcher:
    """The matcher of this process, with its networks loaded. Refuses FaceModelsUnavailable."""
    model = models.default()
    dlib_eye.warm()
    if model.brought is not None:
        eye = OnnxEye(model.brought)
        return Eyes(model, {model.searched.name: lambda _image, _face, aligned: eye.embed(aligned)})
    dlib_eye.load_encoder()
    sface_eye.session()
    return Eyes(model, _LOOKS)


def for_comparing() -> Matcher:
    """For one to one, where both descriptions are made now: `at_hand`, or one eye alone while the other's weights are not
    there. Refuses FaceModelsUnavailable when neither can."""
    try:
        return at_hand()
    except FaceModelsUnavailable as refusal:
        # An operator's network has no second.
        if models.default().brought is not None:
            raise
        try:
            dlib_eye.load_encoder()
            model = models.DLIB_ALONE
        except FaceModelsUnavailable:
            sface_eye.session()
            model = models.SFACE_ALONE
        return _alone(model, refusal.fields["reason"])


@cache
def _alone(model: Model, reason: str) -> Matcher:
    """Says so once for each reason."""
    _log.warning("faces are compared by one eye, and nobody is found by face", extra={"reason": reason})
    return Eyes(model, _LOOKS, lambda: calibrations.by_one_eye(model))
