"""Whether the person of a burst is the one on the card or the selfie: how they looked ahead, against it. In an inference worker."""

from typing import Final

from identity.faces.liveness.challenge import Challenge
from identity.faces.liveness.messages import Frame, Owner
from identity.faces.matching import at_hand
from identity.faces.messages import Description
from identity.faces.refusals import CardFaceTooSmall, NoFaceOnCard, SameImageAsCard

# Each costs as much as a selfie; who is in none of these is not seen looking ahead.
_MOST_LOOKS: Final = 3


def compare(portrait: bytes, frames: list[Frame], challenge: Challenge) -> Owner:
    """Against a card's portrait."""
    return compare_described(at_hand().describe_portrait(portrait), frames, challenge)


def compare_described(picture: Description, frames: list[Frame], challenge: Challenge) -> Owner:
    """The first frame with a face, for it is the one that the others of the burst must be like (`another-person`).

    By the portraits' gentler gate: a film in coloured light at two megapixels is no selfie.
    """
    matcher = at_hand()
    for frame in [one for one in frames if one.at_ms < challenge.lead_ms][:_MOST_LOOKS]:
        try:
            seen = matcher.compare(picture, matcher.describe_portrait(frame.jpeg))
        except (NoFaceOnCard, CardFaceTooSmall):
            continue
        except SameImageAsCard:
            return Owner("copy")
        return Owner(seen.decision, seen.score, seen.model, seen.calibration)
    return Owner("no_face")
