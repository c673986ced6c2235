"""The recogniser on single lines in typefaces that training never drew, beside Tesseract and asterocr on the same lines.

Lines say what cards say (names, places, numbers, dates, labels), of people and streets held out from training too, in
four degrees: type as it is set, on tinted paper; worn and cut askew; on a card's waves and stamps as a clean scan shows them; and as a good
photograph does. Ours is the best path, and its words spelt as the room spells names and places (`printed.spelt`); what
the network alone says stands beside it. What the peers reach tells how hard each is. Tesseract is Debian's `tesseract-ocr-vie`; asterocr is fetched into an environment of its
own (`uv run --with`), for its weights have no licence file: it is measured, not shipped.
"""

import functools
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import cv2
from reporting import Row, arguments, tell
from rich.progress import track

from kit import fonts, names
from ocr import engine, printed
from ocr.documents import DOCUMENTS
from ocr.finding import edits
from ocr.steps import Steps
from ocr.training.people import HELD_OUT_FROM, fictional
from ocr.training.recogniser import lines
from ocr.training.specimens import Kind, typefaces

KINDS: tuple[Kind, ...] = get_args(Kind)
# Of the photographs' hardness, and of the ground's strength; 0.3 is a sharp hand and daylight.
AS_SET = "as set"
DEGREES = {AS_SET: (0.0, 0.0), "plain print": (0.0, 0.0), "clean scan": (0.0, 1.0), "good photo": (0.3, 1.0)}
# Harder lines tell how much wear costs; asterocr takes a fifth of a second for each.
_FEWER = 10
_ASTEROCR = """
import sys, json, pathlib
from asterocr import AsterOCR
reader = AsterOCR()
files = sorted(pathlib.Path(sys.argv[1]).glob('*.png'))
def text(answer):
    return answer if isinstance(answer, str) else answer.get('text', '') if isinstance(answer, dict) else str(answer)
def read(file):
    try:
        return text(reader.predict(str(file)))
    except Exception:
        return ''  # a line longer than it has places for
print(json.dumps([read(f) for f in files]))
"""


def said_on_cards(dice: random.Random, seed: int) -> list[str]:
    """One line, as runs: a value, or a label and its value."""
    kind = dice.choice(KINDS)
    facts = fictional(HELD_OUT_FROM + seed, kind)
    values = [
        facts.full_name.upper(),
        facts.number,
        f"{facts.date_of_birth:%d/%m/%Y}",
        f"{facts.issued:%d/%m/%Y}",
        facts.ethnicity,
    ]
    for place in (facts.residence, facts.place_of_origin, facts.place_of_birth):
        values += [place] if len(place) < 44 else [half.strip() for half in _halves(place)]
    value = dice.choice(values)
    if dice.random() > 0.25:
        return [value]
    label = dice.choice(
        [label for layout in DOCUMENTS[kind].layouts for label in layout.labels if label.value == "after"]
    )
    words = f"{label.vi} / {label.en}:" if label.en else f"{label.vi}:"
    return [words] if dice.random() < 0.4 else [words, value]


def _halves(place: str) -> tuple[str, str]:
    at = min((i for i, c in enumerate(place) if c == " "), key=lambda i: abs(i - len(place) // 2))
    return place[:at], place[at:]


def held_out() -> lines.Typefaces:
    families = {
        family.name: sorted({family.file(cut) for cut in ("regular", "bold", "italic")})
        for family in typefaces.families("held_out")
        if family.is_installed
    }
    return lines.Typefaces(families, [fonts.path("OCRB.otf")])


def draw(count: int, degree: str) -> list[lines.Line]:
    hardness, ground = DEGREES[degree]
    dice = random.Random(20_261_125)
    faces = held_out()
    found: list[lines.Line] = []
    for seed in track(range(count), description=degree):
        image, text = lines.render(
            said_on_cards(dice, seed), dice, faces, hardness=hardness, ground=ground, as_set=degree == AS_SET
        )
        found.append(lines.Line(image, text))
    return found


def ours(reader: engine.PaddleReader, some: Sequence[lines.Line]) -> list[str]:
    return [spelt(reader.steps(line.image)) for line in track(some, description="ours")]


def network(reader: engine.PaddleReader, some: Sequence[lines.Line]) -> list[str]:
    return [reader.steps(line.image).best()[0] for line in track(some, description="the network")]


def spelt(steps: Steps) -> str:
    text, confidence = steps.best()
    return printed.spelt(printed.Said(text=text, confidence=confidence, box=None, steps=steps)).text


def tesseract(some: Sequence[lines.Line]) -> list[str] | None:
    if shutil.which("tesseract") is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        files = _written(some, Path(scratch))
        listed = Path(scratch) / "list.txt"
        listed.write_text("\n".join(map(str, files)))
        subprocess.run(
            ["tesseract", str(listed), f"{scratch}/out", "-l", "vie", "--psm", "7"], check=True, capture_output=True
        )
        pages = Path(f"{scratch}/out.txt").read_text(encoding="utf-8").split("\f")
    return [" ".join(page.split()) for page in pages[: len(some)]]


def asterocr(some: Sequence[lines.Line]) -> list[str] | None:
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        _written(some, Path(scratch))
        told = subprocess.run(
            [uv, "run", "--no-project", "--with", "asterocr==1.0.2", "python", "-c", _ASTEROCR, scratch],
            capture_output=True,
            text=True,
            check=False,
        )
    if told.returncode:
        return None
    return [" ".join(text.split()) for text in json.loads(told.stdout.splitlines()[-1])]


def _written(some: Sequence[lines.Line], directory: Path) -> list[Path]:
    """Twice the size the recogniser takes and with a white rim: others read larger letters better."""
    files: list[Path] = []
    for i, line in enumerate(some):
        large = cv2.resize(line.image, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
        large = cv2.copyMakeBorder(large, 8, 8, 8, 8, cv2.BORDER_REPLICATE)
        files.append(directory / f"{i:06d}.png")
        cv2.imwrite(str(files[-1]), large)
    return files


def _spaced(text: str) -> str:
    """A gap before a colon or a comma is how a line is set, not what it says: for every reader alike."""
    return re.sub(r"\s+([:,.;])", r"\1", names.nfc(text))


def figures(degree: str, name: str, some: Sequence[lines.Line], said: Sequence[str], seconds: float) -> list[Row]:
    pairs = [(_spaced(line.text), _spaced(text)) for line, text in zip(some, said, strict=True)]
    wrong = [(true, text) for true, text in pairs if true != text]
    for true, text in wrong[:12]:
        print(f"  {degree}, {name}: {true!r} read {text!r}")
    exact = 100 * (1 - len(wrong) / len(some))
    errors = 100 * sum(edits(true, text) for true, text in wrong) / sum(len(line.text) for line in some)
    ours = name == "ours"
    return [
        Row(
            name=f"{degree}, {name}: lines exact",
            value=exact,
            unit="%",
            goal="≥ 99.3 %" if ours else "",
            holds=exact >= 99.3 if ours else None,
        ),
        Row(
            name=f"{degree}, {name}: character errors",
            value=errors,
            unit="%",
            goal="≤ 0.05 %" if ours else "",
            holds=errors <= 0.05 if ours else None,
        ),
        Row(name=f"{degree}, {name}: time a line", value=1000 * seconds / len(some), unit="ms"),
    ]


def main() -> None:
    parser = arguments((__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, metavar="N", help="5,000; 200 with --quick")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parser.add_argument(
        "--recogniser", type=Path, metavar="ONNX", help="another of ours, as `ocr.training.recogniser.export` makes it"
    )
    options = parser.parse_args()
    reader = engine.reader() if options.recogniser is None else engine.PaddleReader(recogniser=options.recogniser)
    count = options.lines or (200 if options.quick else 5_000)
    what = f"lines as they are set, in typefaces never trained on; one in {_FEWER} of them in each other degree"
    rows = [Row(name=what, value=count, unit="lines")]
    readers: dict[str, Callable[[Sequence[lines.Line]], list[str] | None]] = {
        "ours": functools.partial(ours, reader),
        "the network alone": functools.partial(network, reader),
    }
    if not options.alone:
        readers |= {"Tesseract 5 vie": tesseract, "asterocr 1.0.2": asterocr}
    for degree in DEGREES:
        some = draw(count if degree == AS_SET else count // _FEWER, degree)
        for name, read in readers.items():
            began = time.perf_counter()
            said = read(some)
            if said is None:
                print(f"{name} is not to be had here: not measured")
                continue
            rows += figures(degree, name, some, said, time.perf_counter() - began)
    tell("lines", rows, options.json)


if __name__ == "__main__":
    main()
