"""Several frames of one selfie: what each way of fusing them does to owners and to strangers, on the portraits at hand.

Frames are the portraits made worse at random (light, noise, blur, tilt, compression); each is held against other portraits as
cards show them. Four portraits of two people are no error rate: what is measured is what fusing does to one pair of pictures.
"""

import io
import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from rich.progress import track

from benchmarks.reporting import Row, arguments, tell
from identity.faces import dlib_eye, matching, portraits
from identity.faces.calibration import default, vector
from identity.faces.messages import Template
from identity.faces.models import TWO_EYES
from kit import images
from kit.refusal import Refusal

NAMES = ("obama", "obama2", "obama3", "biden")
CARD_FACE_PX = 100


def jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def on_card(portrait: Image.Image) -> bytes:
    """As a photo of a card shows it: small, soft and a poor JPEG."""
    top, right, bottom, left = dlib_eye.find_faces(portrait)[0].box
    width = right - left
    image = portrait.crop(
        (max(0, left - width // 3), max(0, top - width // 2), right + width // 3, bottom + width // 3)
    )
    image = image.resize((image.width * CARD_FACE_PX // width, image.height * CARD_FACE_PX // width))
    return jpeg(image.filter(ImageFilter.GaussianBlur(0.8)), 60)


def frame(portrait: Image.Image, chance: np.random.Generator) -> bytes:
    """The portrait as a phone in a dim room might have seen it."""
    image = portrait.rotate(chance.uniform(-12, 12), Image.Resampling.BILINEAR, fillcolor="grey")
    image = image.filter(ImageFilter.GaussianBlur(chance.uniform(0, 4)))
    pixels = np.asarray(image, np.float32) * chance.uniform(0.35, 1.3)
    pixels += chance.normal(0, chance.uniform(4, 30), pixels.shape)
    return jpeg(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), int(chance.integers(25, 80)))


def mean_of_scores(card: Template, frames: Sequence[Template]) -> float:
    """As `matching` does."""
    return float(np.mean([default().score(card, one) for one in frames]))


def best_score(card: Template, frames: Sequence[Template]) -> float:
    return max(default().score(card, one) for one in frames)


def score_of_mean(card: Template, frames: Sequence[Template]) -> float:
    """Of one template: each eye's mean vector, brought to the mean length of those it is of (1 for SFace)."""
    vectors: dict[str, bytes] = {}
    for eye in TWO_EYES.eyes:
        seen: NDArray[np.float32] = np.array([vector(one.vectors[eye.name]) for one in frames], np.float32)
        mean = seen.mean(axis=0)
        mean *= np.linalg.norm(seen, axis=1).mean() / np.linalg.norm(mean)
        vectors[eye.name] = mean.astype(np.float32).tobytes()
    return default().score(card, Template(TWO_EYES.id, vectors))


WAYS: dict[str, Callable[[Template, Sequence[Template]], float]] = {
    "mean of scores": mean_of_scores,
    "score of the mean": score_of_mean,
    "best score": best_score,
}


def main() -> None:
    given = arguments(__doc__ or "").parse_args()
    directory = portraits.default_directory()
    portraits.fetch(directory)
    matcher, chance = matching.at_hand(), np.random.default_rng(1)
    photos = {name: images.decode((directory / f"{name}.jpg").read_bytes(), longest_side_px=1600) for name in NAMES}
    cards = {name: matcher.describe_portrait(on_card(photo)).template for name, photo in photos.items()}
    drawn, refused = (7 if given.quick else 15), 0
    frames: dict[str, list[Template]] = {name: [] for name in NAMES}
    for name, _ in track(list(itertools.product(NAMES, range(drawn))), "describing frames"):
        try:
            frames[name].append(matcher.describe_selfie(frame(photos[name], chance)).template)
        except Refusal:
            refused += 1
    among = [default().score(a, b) for seen in frames.values() for a, b in itertools.combinations(seen, 2)]
    rows = [
        Row(name="frames the gate refused", value=100 * refused / (len(NAMES) * drawn), unit="%"),
        Row(name="least score of two frames of one portrait", value=min(among), unit="deviations"),
    ]
    for size in (1, 3, 5):
        for way, score in WAYS.items():
            if size == 1 and way != "mean of scores":
                continue
            what = "one frame" if size == 1 else f"{size} frames, {way}"
            found: dict[bool, list[NDArray[np.float64]]] = {True: [], False: []}
            for card, other in itertools.permutations(NAMES, 2):
                some = list(itertools.combinations(frames[other], size))
                bursts = [some[n] for n in chance.permutation(len(some))[:100]]
                own = "biden" not in (card, other)
                found[own].append(np.array([score(cards[card], burst) for burst in bursts]))
            for own, who in ((True, "owners"), (False, "strangers")):
                everybody = np.concatenate(found[own])
                spread = float(np.mean([one.std() for one in found[own]]))
                end = float(everybody.min() if own else everybody.max())
                rows += [
                    Row(name=f"{what}: {who}, mean", value=float(everybody.mean()), unit="deviations"),
                    Row(name=f"{what}: {who}, spread within a pair", value=spread, unit="deviations"),
                    Row(name=f"{what}: {who}, {'least' if own else 'highest'}", value=end, unit="deviations"),
                ]
    tell("bursts of selfies", rows, given.json)


if __name__ == "__main__":
    main()
