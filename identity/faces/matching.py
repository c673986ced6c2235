"""The seam `Matcher` and its default, two eyes with one calibrated score. Loaded in inference workers only."""

import hashlib
from functools import cache
from typing import Final, Protocol

import numpy as np
from PIL import Image

from identity.faces import dlib_eye, quality, sface_eye
from identity.faces.calibration import Calibration, default, vector
from identity.faces.messages import Comparison, Description, Template, Tip
from identity.faces.refusals import CardFaceTooSmall, NoFaceOnCard, SameImageAsCard
from kit import images

# Enough pixels for a face of a fifth of the frame; a 12-megapixel JPEG decodes to this at a fraction of the time.
_WORKING_SIDE_PX: Final = 1600
# Portraits on cards have a median of 79 px between the eyes in the field; below this the models guess.
_CARD_EYE_DISTANCE_PX: Final = 24.0
# Copies of one picture, reprinted and shrunk to 80 px, differ in at most 4 bits and stay above cosine 0.92; two
# pictures of one person differ in 24 and more, below 0.81 (the portraits of `portraits.py`). Both must say "copy".
_COPY_BITS: Final = 10
COPY_COSINE: Final = 0.88


class Matcher(Protocol):
    """Photos in, descriptions and one score out. Templates of different `model` are never compared."""

    model: str

    def describe_selfie(self, selfie: bytes) -> Description:
        """The one face of a selfie. Refuses what `quality` refuses and `kit.images` cannot decode."""
        ...

    def describe_portrait(self, portrait: bytes) -> Description:
        """The face of a card's or chip's portrait, by a gentler gate. Refuses NoFaceOnCard, CardFaceTooSmall."""
        ...

    def compare(self, portrait: Description, selfie: Description) -> Comparison:
        """One to one. Refuses SameImageAsCard."""
        ...


class TwoEyes:
    """dlib and SFace; dlib's landmarks align the face for both, and the calibration fuses what they say."""

    model = f"{dlib_eye.MODEL}+{sface_eye.MODEL}"

    def __init__(self, calibration: Calibration) -> None:
        if calibration.model != self.model:
            raise ValueError(f"a calibration of {calibration.model} for {self.model}")
        self._calibration = calibration

    def describe_selfie(self, selfie: bytes) -> Description:
        image = images.decode(selfie, longest_side_px=_WORKING_SIDE_PX)
        face = quality.the_one_face(dlib_eye.find_faces(image))
        aligned, share_inside = sface_eye.align(image, face.points)
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
        aligned, _ = sface_eye.align(image, faces[0].points)
        return self._description(portrait, image, faces[0], aligned, ())

    def compare(self, portrait: Description, selfie: Description) -> Comparison:
        if portrait.image_sha256 == selfie.image_sha256 or copies(portrait, selfie):
            raise SameImageAsCard
        score = self._calibration.score(portrait.template, selfie.template)
        return Comparison(
            decision=self._calibration.decide(score),
            tips=selfie.tips,
            score=score,
            model=self.model,
            calibration=self._calibration.id,
            selfie_sha256=selfie.image_sha256,
            selfie_picture=selfie.picture,
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
        return Description(
            template=Template(
                model=self.model,
                dlib=dlib_eye.encode(image, face).tobytes(),
                sface=sface_eye.embed(aligned).tobytes(),
            ),
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


def copies(a: Description, b: Description) -> bool:
    """Whether both are one picture, however printed, shrunk or compressed."""
    cosine = sum(x * y for x, y in zip(vector(a.template.sface), vector(b.template.sface), strict=True))
    return (a.picture ^ b.picture).bit_count() <= _COPY_BITS and cosine >= COPY_COSINE


@cache
def two_eyes() -> TwoEyes:
    """The matcher of this process, with its models loaded. Refuses FaceModelsUnavailable."""
    sface_eye.session()
    dlib_eye.warm()
    return TwoEyes(default())
