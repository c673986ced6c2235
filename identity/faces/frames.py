"""Several frames of one selfie: which of them count."""

from collections.abc import Sequence
from typing import NamedTuple

from identity.faces.matching import Matcher
from identity.faces.messages import Description, Tip
from kit.refusal import Refusal


class Frames(NamedTuple):
    """Those that count, in the order in which they came, and the tips of those left out."""

    described: list[Description]
    tips: tuple[Tip, ...]


def describe(matcher: Matcher, selfies: Sequence[bytes]) -> Frames:
    """Leaves out what is refused, and what is equal to an earlier one: a copy is no new look at the person.

    Refuses what the first was refused with when nothing is left.
    """
    described: list[Description] = []
    refused: list[Refusal] = []
    for selfie in dict.fromkeys(selfies):
        try:
            one = matcher.describe_selfie(selfie)
        except Refusal as refusal:
            # Without the models nothing can be said; that is no fault of the photo.
            if refusal.status >= 500:
                raise
            refused.append(refusal)
            continue
        if all(one.picture != other.picture for other in described):
            described.append(one)
    if not described:
        raise refused[0]
    return Frames(described, tuple(Tip(one.code, one.message) for one in refused))
