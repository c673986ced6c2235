"""Keys and secrets: a seam for a KMS, and files as the adapter that exists."""

import hashlib
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeGuard, runtime_checkable

from kit.settings import BadSetting

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    SigningKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

SigningKind = Literal["ES256", "EdDSA", "RS256"]

NAMED = ("uploads", "faces", "pins", "contacts", "subjects", "wires")
"""The 32-byte keys the house uses; each room has its own, so that one leak opens one room."""


@runtime_checkable
class Keys(Protocol):
    """Where keys come from. An adapter with `development_only = True` is refused in production."""

    development_only: bool

    def key(self, name: str) -> bytes:
        """The 32 bytes of a named key; raises BadSetting when it is not there."""
        ...

    def secret(self, name: str) -> str | None:
        """A named secret text (a password for another system), None when unset."""
        ...

    def signing_keys(self) -> "dict[str, SigningKey]":
        """By kid, those of one kind oldest first; all verify, `signing_kid` says which of a kind signs."""
        ...


@runtime_checkable
class PersonalKeys(Keys, Protocol):
    """And the keys of single people, which end with what they open: a KMS that forgets, never a backup that remembers."""

    def personal(self, name: str) -> bytes | None:
        """32 bytes that belong to one person; None when there never were any, or when they were destroyed."""
        ...

    def make_personal(self, name: str) -> bytes:
        """Those there are, or new ones: durable before it returns."""
        ...

    def destroy_personal(self, name: str) -> None:
        """For ever: whoever keeps personal keys keeps no copy that outlives this. Not there is no error."""
        ...


class FileKeys:
    """`<name>.key` (32 bytes as hex), `<name>.txt` and `signing/<kid>.pem`, readable by the owner alone.

    Personal keys lie one to a file in a directory of their own, beside that of the others unless told where: the others are backed up,
    these never, or an erased person could be read from the backup (decision 0019).
    """

    development_only = False

    def __init__(self, directory: Path, personal: Path | None = None) -> None:
        self.directory = directory
        self._personal = personal or directory.parent / "personal-keys"
        if not directory.is_dir():
            raise BadSetting(f"there is no key directory {directory}. Make it with `motcua keys create {directory}`.")
        self._keys = {name: self._read(name) for name in NAMED}
        self._signing = self._read_signing()

    def key(self, name: str) -> bytes:
        return self._keys[name]

    def secret(self, name: str) -> str | None:
        file = self.directory / f"{name}.txt"
        return _private_text(file).strip() if file.exists() else None

    def signing_keys(self) -> "dict[str, SigningKey]":
        return self._signing

    def personal(self, name: str) -> bytes | None:
        try:
            return bytes.fromhex(_private_text(self._personal_file(name)))
        except FileNotFoundError:
            return None

    def make_personal(self, name: str) -> bytes:
        held = self.personal(name)
        if held is not None:
            return held
        file = self._personal_file(name)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = _write_private(file.with_suffix(f".{secrets.token_hex(8)}"), secrets.token_bytes(32).hex() + "\n")
        try:
            # Of processes that make it at once the first does; the others take that.
            os.link(part, file)
        except FileExistsError:
            pass
        finally:
            part.unlink()
        _settle(file.parent)
        made = self.personal(name)
        assert made is not None
        return made

    def destroy_personal(self, name: str) -> None:
        file = self._personal_file(name)
        file.unlink(missing_ok=True)
        if file.parent.is_dir():
            _settle(file.parent)

    def _personal_file(self, name: str) -> Path:
        # Not the name itself: a listing of the directory tells nobody who is in it. Spread, for it may hold a city.
        digest = hashlib.sha256(name.encode()).hexdigest()
        return self._personal / digest[:2] / f"{digest[2:]}.key"

    def _read(self, name: str) -> bytes:
        file = self.directory / f"{name}.key"
        if not file.exists():
            raise BadSetting(
                f"the key {file} is missing. Make missing keys with `motcua keys create {self.directory}`."
            )
        try:
            key = bytes.fromhex(_private_text(file).strip())
        except ValueError:
            key = b""
        if len(key) != 32:
            raise BadSetting(f"{file} must hold 32 bytes as 64 hexadecimal digits.")
        if len(set(key)) < 8:
            raise BadSetting(f"{file} is not random. Make a new one with `motcua keys create` in an empty directory.")
        return key

    def _read_signing(self) -> "dict[str, SigningKey]":
        from cryptography.hazmat.primitives import serialization

        found: dict[str, SigningKey] = {}
        for file in sorted((self.directory / "signing").glob("*.pem")):
            key = serialization.load_pem_private_key(_private_text(file).encode(), None)
            if not _signs(key):
                raise BadSetting(f"{file} is no private key of P-256, Ed25519, or RSA of {_RSA_BITS} bits or more.")
            found[file.stem] = key
        if not found:
            raise BadSetting(f"no signing key in {self.directory / 'signing'}. Make one with `motcua keys create`.")
        return found


KINDS: tuple[SigningKind, ...] = ("ES256", "EdDSA", "RS256")
_RSA_BITS = 2048


def _signs(key: object) -> "TypeGuard[SigningKey]":
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    match key:
        case ec.EllipticCurvePrivateKey():
            return isinstance(key.curve, ec.SECP256R1)
        case rsa.RSAPrivateKey():
            return key.key_size >= _RSA_BITS
        case _:
            return isinstance(key, ed25519.Ed25519PrivateKey)


def _kind(key: "SigningKey") -> SigningKind:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, ec.EllipticCurvePrivateKey):
        return "ES256"
    return "RS256" if isinstance(key, rsa.RSAPrivateKey) else "EdDSA"


def _new(kind: SigningKind) -> "SigningKey":
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    match kind:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        case "RS256":
            return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)


def create(directory: Path) -> list[Path]:
    """Makes each missing key, mode 0600 in a directory of mode 0700; never overwrites. Returns what it made."""
    made: list[Path] = []
    (directory / "signing").mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    (directory / "signing").chmod(0o700)
    for name in NAMED:
        file = directory / f"{name}.key"
        if not file.exists():
            made.append(_write_private(file, secrets.token_bytes(32).hex() + "\n"))
    if not any((directory / "signing").glob("*.pem")):
        pem = _pem(_new("ES256"))
        made.append(_write_private(directory / "signing" / f"es256-{secrets.token_hex(4)}.pem", pem))
    return made


PUBLISHED_FIRST = timedelta(minutes=10)
"""A new key is shown before it signs, for longer than anybody keeps a copy of what is shown."""
_KEPT = timedelta(days=100)
"""After it was followed, a key still verifies for longer than the longest sign-in lasts."""

_FIRST = datetime.min.replace(tzinfo=UTC)
_STAMP = "%Y%m%dT%H%M%SZ"


def rotate(directory: Path, at: datetime, *, start: SigningKind | None = None) -> tuple[list[Path], list[Path]]:
    """Makes the next signing key of each kind there is, and of one to `start` with; removes those followed long ago. What it made and
    what it removed.

    Raises BadSetting where there are no keys to follow. Processes read keys at their start.
    """
    signing = directory / "signing"
    held = {kid: _kind(key) for kid, key in FileKeys(directory).signing_keys().items()}
    made: list[Path] = []
    old: list[Path] = []
    for kind in KINDS:
        if kind != start and kind not in held.values():
            continue
        # The underscore sorts after the hyphen of first keys, and stamps sort by time: the newest of a kind is last.
        kid = f"{kind.lower()}_{at.strftime(_STAMP)}"
        made.append(_write_private(signing / f"{kid}.pem", _pem(_new(kind))))
        kids = [*(one for one in held if held[one] == kind), kid]
        old += [signing / f"{one}.pem" for one, follower in pairwise(kids) if _FIRST < made_at(follower) < at - _KEPT]
    for file in old:
        file.unlink()
    return made, old


@cache
def made_at(kid: str) -> datetime:
    """When a key was made by rotation; the beginning of time for the first ones."""
    try:
        return datetime.strptime(kid.partition("_")[2], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return _FIRST


def signing_kid(kids: Sequence[str], at: datetime) -> str:
    """Which of the keys of one kind, oldest first, signs now: one that was shown for a while, or the only one."""
    return next((kid for kid in reversed(kids) if made_at(kid) <= at - PUBLISHED_FIRST), kids[0])


def _pem(key: "SigningKey") -> str:
    from cryptography.hazmat.primitives import serialization

    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _write_private(file: Path, text: str) -> Path:
    # Complete or absent: a process killed half-way must not leave half a key behind.
    part = file.with_suffix(f"{file.suffix}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.rename(file)
    return file


def _settle(directory: Path) -> None:
    """A file made or removed is so after a crash too."""
    held = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _private_text(file: Path) -> str:
    if file.stat().st_mode & 0o077:
        raise BadSetting(f"{file} can be read by others. Do `chmod 600 {file}`.")
    return file.read_text(encoding="utf-8")
