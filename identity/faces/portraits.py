"""Real portraits for the demo, the tests and the benchmarks: `python -m identity.faces.portraits [DIR]`.

They are photographs of two US presidents, works of the US government and so in the public domain, which the source
distribution of `face-recognition` carries for its own tests: `obama*.jpg` is one person, `biden.jpg` another. They are
fetched once, by version and hash, from the package index that pip or uv is set to use, and never committed.
"""

import argparse
import configparser
import hashlib
import io
import os
import re
import ssl
import sys
import tarfile
import tomllib
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urldefrag, urljoin

import httpx

from kit.settings import BadSetting, load

SDIST: Final = "face_recognition-1.3.0.tar.gz"
SDIST_SHA256: Final = "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec"
PORTRAITS: Final = {
    "biden.jpg": "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
    "obama.jpg": "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
    "obama2.jpg": "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
    "obama3.jpg": "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
    "obama_partial_face.jpg": "c2d1f09e7ef3042352b41e41286e6eb0522f64f88308be13886991b95db52117",
    "obama_partial_face2.jpg": "9a812347f97633542b8cd9992de22def11b74f79d82056bc3ee830f13878e028",
}
_PYPI: Final = "https://pypi.org/simple"
_MEMBERS: Final = "face_recognition-1.3.0/tests/test_images/"


class NotFetched(Exception):
    """The portraits could not be had; the sentence says why and what to do."""


def default_directory() -> Path:
    """`portraits` under the home of the deployment."""
    return load()[0].home / "portraits"


def fetch(directory: Path) -> bool:
    """Puts the portraits into `directory`; False when all were there, byte for byte. Raises NotFetched."""
    if all(_sha256_of(directory / name) == sha256 for name, sha256 in PORTRAITS.items()):
        return False
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(_sdist()), mode="r:gz") as archive:
        for member in archive:
            name = PurePosixPath(member.name).name
            if member.isfile() and member.name == _MEMBERS + name and name.endswith(".jpg"):
                body = archive.extractfile(member)
                found[name] = body.read() if body else b""
    if {name: hashlib.sha256(body).hexdigest() for name, body in found.items()} != PORTRAITS:
        raise NotFetched(f"{SDIST} does not hold the portraits expected; the list in {__name__} needs mending.")
    directory.mkdir(parents=True, exist_ok=True)
    for name, body in found.items():
        part = directory / f".{name}.{os.getpid()}"
        part.write_bytes(body)
        part.rename(directory / name)
    return True


def _sdist() -> bytes:
    """The source distribution, from the first index that has it."""
    indexes, certificates = index_configuration()
    trouble: list[str] = []
    context = ssl.create_default_context(cafile=certificates)
    with httpx.Client(verify=context, timeout=120, follow_redirects=True) as web:
        for index in indexes:
            try:
                page = web.get(f"{index.rstrip('/')}/face-recognition/", headers={"Accept": "text/html"})
                page.raise_for_status()
                data = web.get(link_in(page.text, str(page.url))).raise_for_status().content
            except (httpx.HTTPError, LookupError) as error:
                trouble.append(f"{httpx.URL(index).host}: {error}")
                continue
            if hashlib.sha256(data).hexdigest() == SDIST_SHA256:
                return data
            trouble.append(f"{httpx.URL(index).host}: {SDIST} has another SHA-256 than {SDIST_SHA256}")
    raise NotFetched(
        f"{SDIST} could not be fetched ({'; '.join(trouble)}). Check the network or set PIP_INDEX_URL, then try again."
    )


def link_in(page: str, base: str) -> str:
    """The address of the source distribution on a page of a simple index (PEP 503)."""
    for href in re.findall(r'<a[^>]+href="([^"]+)"', page):
        address = urldefrag(urljoin(base, href.replace("&amp;", "&"))).url
        if address.rpartition("/")[2] == SDIST:
            return address
    raise LookupError(f"{SDIST} is not listed")


def index_configuration() -> tuple[list[str], str | None]:
    """Where packages come from on this machine, and the file of certificates to trust (None: the system's).

    As pip reads it (environment, then its files, the last one winning), then uv's default index, then PyPI.
    """
    pip = configparser.RawConfigParser(strict=False)
    pip.read(_pip_files(), encoding="utf-8")

    def option(name: str) -> str | None:
        from_environment = os.environ.get(f"PIP_{name.upper().replace('-', '_')}")
        return from_environment or pip.get("install", name, fallback=None) or pip.get("global", name, fallback=None)

    first = option("index-url") or os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL") or _uv_default()
    indexes = [first or _PYPI, *(option("extra-index-url") or "").split()]
    return [index for index in indexes if index.startswith(("https://", "http://"))], option("cert")


def _pip_files() -> list[Path]:
    named = os.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    home = Path.home()
    shared = [Path(folder) / "pip" / "pip.conf" for folder in os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    files = [*shared, Path("/etc/pip.conf"), home / ".pip" / "pip.conf"]
    files += [Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"]
    return [*files, Path(sys.prefix) / "pip.conf", *([Path(named)] if named else [])]


def _uv_default() -> str | None:
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for file in (config / "uv" / "uv.toml", Path("/etc/uv/uv.toml")):
        if file.is_file():
            settings = tomllib.loads(file.read_text(encoding="utf-8"))
            marked = [entry["url"] for entry in settings.get("index", []) if entry.get("default")]
            if marked or settings.get("index-url"):
                return marked[0] if marked else settings["index-url"]
    return None


def _sha256_of(file: Path) -> str | None:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def main() -> int:
    """One line on what was done; exit status 1 with one sentence on stderr when it was not."""
    parser = argparse.ArgumentParser(
        prog="python -m identity.faces.portraits", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("directory", nargs="?", type=Path, help="default: portraits under MOTCUA_HOME")
    try:
        directory = parser.parse_args().directory or default_directory()
        fresh = fetch(directory)
    except (NotFetched, BadSetting, OSError) as error:
        sys.stderr.write(f"portraits: {error}\n")
        return 1
    sys.stdout.write(f"portraits: {len(PORTRAITS)} {'fetched into' if fresh else 'already in'} {directory}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
