"""The typefaces that training draws and those it must not: `python -m ocr.training.recogniser.faces FOLDER` lists them.

`ocr/training/fonts.toml` says which family is for what and which package has it. `--packages debian|npm` prints the packages;
`--merge NODE_MODULES` makes whole fonts of the subsets that @fontsource packages ship, in FOLDER.
"""

import argparse
import json
from pathlib import Path

from kit import fonts
from ocr.training.recogniser.texts import ACCENTED, ALPHABET
from ocr.training.specimens import typefaces

_SUBSETS = ("latin", "latin-ext", "vietnamese")
# Tables that subsets of one font disagree about and plain rendering does not need.
_DROPPED = ("GSUB", "GPOS", "GDEF", "STAT", "fvar", "MVAR", "HVAR", "avar", "gvar", "DSIG", "meta")


def listed() -> dict[str, object]:
    """Every installed cut of every family, by use; only files that have the whole alphabet."""
    told: dict[str, object] = {"zone": [str(fonts.path("OCRB.otf"))]}
    for use, key in (("training", "train"), ("held_out", "held_out")):
        families: dict[str, list[str]] = {}
        for family in typefaces.families(use):  # type: ignore[arg-type]
            if family.is_installed:
                cuts = typefaces.cuts(family)
                families[family.name] = [str(file) for file in cuts if _is_whole(file)]
        told[key] = {name: files for name, files in families.items() if files}
    return told


def packages(where: str) -> list[str]:
    """What has to be installed for all of the table, from Debian or from npm."""
    return sorted({f.package for f in typefaces.families() if f.package.startswith("@") == (where == "npm")})


def merge(node_modules: Path, out: Path) -> None:
    """One .ttf for each cut of each @fontsource package."""
    from fontTools.merge import Merger
    from fontTools.ttLib import TTFont

    out.mkdir(parents=True, exist_ok=True)
    for package in packages("npm"):
        name = package.split("/")[1]
        for cut in ("400-normal", "700-normal", "400-italic", "700-italic", "500-normal"):
            parts = [node_modules / package / "files" / f"{name}-{subset}-{cut}.woff2" for subset in _SUBSETS]
            if not all(part.is_file() for part in parts):
                continue
            plain: list[str] = []
            for part in parts:
                font = TTFont(part)
                font.flavor = None
                for table in _DROPPED:
                    if table in font:
                        del font[table]
                plain.append(str(out / f"{part.stem}.part"))
                font.save(plain[-1])
            Merger().merge(plain).save(out / f"{name}-{cut}.ttf")
            for file in plain:
                Path(file).unlink()


def _is_whole(file: Path) -> bool:
    from fontTools.ttLib import TTFont

    known = TTFont(file, lazy=True).getBestCmap() or {}
    return all(ord(letter) in known for letter in ALPHABET) and not typefaces.drawn_alike(file, ACCENTED)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--packages", choices=("debian", "npm"))
    parser.add_argument("--merge", type=Path)
    options = parser.parse_args()
    if options.packages:
        print(" ".join(packages(options.packages)))
    elif options.merge:
        merge(options.merge, options.folder)
    else:
        options.folder.mkdir(parents=True, exist_ok=True)
        (options.folder / "fonts.json").write_text(json.dumps(listed(), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
