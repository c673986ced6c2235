"""Faces: judged, compared with a card's portrait, and, for those who asked for it, found again.

`compare` and `describe` block for about half a second and belong into an inference worker, by
`await pool.run(faces.compare, …)`. Models load on first use or in `warm`; importing this room loads none.
"""

import io
import logging
from functools import cache
from typing import Final

import msgspec

from identity.faces import calibration, models, weights
from identity.faces.messages import Comparison, Consent, Decision, Description, FaceKept, Found, Tip
from identity.faces.pictures import Picture, Pictures
from identity.faces.refusals import FaceConsentMissing, FaceModelsUnavailable
from identity.faces.service import FIND_MY_DOSSIER, FaceStore
from identity.faces.wording import FACE_GUARD, FACE_LOOKUP, FACE_ON_PHONE

__all__ = [
    "FACE_GUARD",
    "FACE_LOOKUP",
    "FACE_ON_PHONE",
    "FIND_MY_DOSSIER",
    "MOST_FRAMES",
    "Comparison",
    "Consent",
    "Decision",
    "Description",
    "FaceConsentMissing",
    "FaceKept",
    "FaceStore",
    "Found",
    "Picture",
    "Pictures",
    "Tip",
    "by_one_eye",
    "compare",
    "describe",
    "has_both_eyes",
    "measured",
    "refuse_bad_calibration",
    "shown",
    "warm",
]

_SHOWN_SIDE_PX: Final = 1_600
_SHOWN_QUALITY: Final = 88

MOST_FRAMES: Final = 5
"""Each costs half a second of a worker; `benchmarks/bursts.py` tells what they bring."""


def compare(portrait: bytes, *selfies: bytes) -> Comparison:
    """A card's portrait against a selfie, or against up to `MOST_FRAMES` frames of one, of which the useless and the equal do
    not count. Refuses with what `refusals.py` says of photos, and `kit.images`."""
    from identity.faces import frames
    from identity.faces.matching import for_comparing

    matcher = for_comparing()
    # The selfie first: its faults the person in front of the camera can mend at once.
    seen = frames.describe(matcher, selfies)
    found = matcher.compare(matcher.describe_portrait(portrait), *seen.described)
    return msgspec.structs.replace(found, tips=tuple(dict.fromkeys((*found.tips, *seen.tips))))


def describe(selfie: bytes) -> Description:
    """The one face of a selfie, for enrolling or finding. Refuses like `compare`."""
    from identity.faces.matching import at_hand

    return at_hand().describe_selfie(selfie)


def shown(selfie: bytes) -> bytes:
    """The photo as an officer sees it while a decision is pending: a JPEG of at most 1,600 px, without the camera's metadata.

    Blocking. Refuses with what `kit.images` says of photos.
    """
    from kit import images

    out = io.BytesIO()
    images.decode(selfie, longest_side_px=_SHOWN_SIDE_PX).save(out, "JPEG", quality=_SHOWN_QUALITY)
    return out.getvalue()


def measured() -> bool:
    """Whether the machine may decide alone: the lines were measured on the city's own people, for a rate of false matches
    no higher than the shipped one's. Until then they are assumed, or let too many strangers through."""
    found, most = calibration.default(), calibration.shipped().one_to_one.false_match_rate
    return found.status == "measured" and found.one_to_one.false_match_rate <= most


def by_one_eye(seen: Comparison) -> bool:
    """Whether the other eye's weights were not there: the lines of one eye are assumed, whatever was measured of two."""
    return seen.model in (models.DLIB_ALONE.id, models.SFACE_ALONE.id)


def has_both_eyes() -> bool:
    """Whether the weights are there, as far as can be told without loading them; else faces are compared by one eye, and nobody
    is found by face. Reads 33 MB until they are."""
    try:
        _find_both_eyes()
    except FaceModelsUnavailable:
        return False
    return True


@cache
def _find_both_eyes() -> None:
    if models.default().brought is None:
        weights.dlib_encoder()
        weights.sface()


def refuse_bad_calibration() -> None:
    """Raises BadSetting when the network or the calibration the operator brought cannot be used; at start, before anybody is
    compared."""
    calibration.default()


def warm() -> None:
    """Loads the models. Without them it only says so: each face step then answers 503 and the rest serves."""
    from identity.faces.matching import for_comparing

    try:
        for_comparing()
    except FaceModelsUnavailable as refusal:
        logging.getLogger(__name__).error("faces cannot be compared", extra={"reason": refusal.fields["reason"]})
