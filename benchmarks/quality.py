"""What the selfie's gate measures on the portraits at hand, as they are, darkened, brightened or covered by drawn masks and glasses: where its lines come from.

Four portraits of two people are no sample of anybody: the lines are assumptions, and these figures say what they rest on.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from benchmarks import covering
from benchmarks.reporting import Row, arguments, tell
from identity.faces import dlib_eye, portraits, quality, sface_eye
from identity.faces.aligning import align
from kit import images

NAMES = ("obama", "obama2", "obama3", "biden")
MASKS = {"white": (240, 242, 245), "blue": (150, 190, 220), "grey": (120, 122, 125), "pink": (235, 180, 180)}
GAINS = {"as taken": 1.0, "darkened to 0.3": 0.3, "brightened 2.2 times": 2.2, "3 times": 3.0, "4 times": 4.0}


class Seen(NamedTuple):
    found: quality.Measures
    likeness: float
    """Cosine with the same portrait as taken."""


def seen(portrait: Image.Image, gain: float) -> Seen | None:
    """None when no face is found any more."""
    image = portrait.point(lambda value: value * gain)
    faces = dlib_eye.find_faces(image)
    if not faces:
        return None
    aligned, inside = align(image, faces[0].points)
    plain, _ = align(portrait, dlib_eye.find_faces(portrait)[0].points)
    likeness = float(np.dot(sface_eye.embed(aligned), sface_eye.embed(plain)))
    return Seen(quality.measure(faces[0], aligned, inside), likeness)


def covered(photos: list[Image.Image]) -> list[Row]:
    """The two measures of a covered face, on drawn covers."""
    rows: list[Row] = []
    for colour, of in MASKS.items():
        told = [one.found.lips for photo in photos if (one := seen(covering.masked(photo, of), 1.0)) is not None]
        rows.append(Row(name=f"{colour} mask: faces found", value=len(told), unit=f"of {len(photos)}"))
        if told:
            rows.append(Row(name=f"{colour} mask: lips, most", value=max(told), unit=""))
    glasses = [seen(covering.in_dark_glasses(photo), 1.0) for photo in photos]
    worn = [one.found.eye_light for one in glasses if one is not None]
    rows.append(Row(name="dark glasses: faces found", value=len(worn), unit=f"of {len(photos)}"))
    rows.append(Row(name="dark glasses: eye_light, most", value=max(worn), unit=""))
    return rows


def main() -> None:
    options = arguments((__doc__ or "").splitlines()[0]).parse_args()
    directory = portraits.default_directory()
    portraits.fetch(directory)
    photos = [images.decode((directory / f"{name}.jpg").read_bytes(), longest_side_px=1_600) for name in NAMES]
    rows: list[Row] = []
    for what, gain in GAINS.items():
        told = [one for photo in photos if (one := seen(photo, gain)) is not None]
        rows.append(Row(name=f"{what}: faces found", value=len(told), unit=f"of {len(photos)}"))
        for name in ("openness", "nod", "burnt", "eye_light", "lips"):
            values = [getattr(one.found, name) for one in told]
            rows += [
                Row(name=f"{what}: {name}, least", value=min(values), unit=""),
                Row(name=f"{what}: {name}, most", value=max(values), unit=""),
            ]
        rows.append(Row(name=f"{what}: likeness to itself, least", value=min(one.likeness for one in told), unit=""))
    rows += covered(photos)
    tell("quality", rows, options.json)


if __name__ == "__main__":
    main()
