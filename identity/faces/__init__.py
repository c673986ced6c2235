"""Faces: judged, compared with a card's portrait, and, for those who asked for it, found again.

`compare` and `describe` block for about half a second and belong into an inference worker, by
`await pool.run(faces.compare, …)`. Models load on first use or in `warm`; importing this room loads none.
"""

from identity.faces.messages import Comparison, Consent, Decision, Description, Found, Tip
from identity.faces.service import FIND_MY_DOSSIER, PROOFING, FaceStore
from identity.faces.wording import FACE_LOOKUP

__all__ = [
    "FACE_LOOKUP",
    "FIND_MY_DOSSIER",
    "PROOFING",
    "Comparison",
    "Consent",
    "Decision",
    "Description",
    "FaceStore",
    "Found",
    "Tip",
    "compare",
    "describe",
    "warm",
]


def compare(portrait: bytes, selfie: bytes) -> Comparison:
    """A card's portrait against a selfie. Refuses with what `refusals.py` says of photos, and `kit.images`."""
    from identity.faces.matching import two_eyes

    matcher = two_eyes()
    # The selfie first: its faults the person in front of the camera can mend at once.
    seen = matcher.describe_selfie(selfie)
    return matcher.compare(matcher.describe_portrait(portrait), seen)


def describe(selfie: bytes) -> Description:
    """The one face of a selfie, for enrolling or finding. Refuses like `compare`."""
    from identity.faces.matching import two_eyes

    return two_eyes().describe_selfie(selfie)


def warm() -> None:
    """Loads the models into this process. Refuses FaceModelsUnavailable."""
    from identity.faces.matching import two_eyes

    two_eyes()
