"""The typefaces the product prints with: Noto (OFL 1.1) and OCR-B (public domain); licences lie beside them."""

from pathlib import Path

DIRECTORY = Path(__file__).parent


def path(name: str) -> Path:
    """The file of one typeface, e.g. `NotoSans-Regular.ttf`."""
    found = DIRECTORY / name
    if not found.is_file():
        raise FileNotFoundError(f"no typeface {name} in {DIRECTORY}")
    return found
