"""Seals whose keys never leave a hardware security module: PKCS #11. The only file that opens a token (extra `pkcs11`)."""

import importlib
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from kit.refusal import Refusal
from kit.seals import FileSeals, Seal, named
from kit.settings import BadSetting


class TokenAway(Refusal):
    """The module does not answer, or not as it should: nothing leaves unsigned, and who asks later is served."""

    status = 503
    code = "seal-away"
    vi = "Thiết bị giữ khoá ký của cơ quan chưa trả lời, nên chưa phát hành được bản điện tử. Hãy thử lại sau ít phút."
    en = "The device that keeps the office's key does not answer, so the electronic paper cannot be issued yet. Try again in a few minutes."


class Token:
    """One token of a PKCS #11 module, logged in to once by a process and used by one signature at a time."""

    def __init__(self, module: Path, label: str, pin: str) -> None:
        self._module, self._label, self._pin = module, label, pin
        self._lock = threading.Lock()
        self._session: Any = None
        self._lost = False
        self._shut: BadSetting | None = None

    @contextmanager
    def session(self) -> Generator[Any]:
        """A `pkcs11.Session`, alone for as long as it is held; blocks. Raises TokenAway for what passes and for what the token refuses meanwhile,
        BadSetting for what no later try mends."""
        errors = _pkcs11().PKCS11Error
        with self._lock:
            try:
                if self._session is None:
                    self._session = self._open()
                yield self._session
            except errors as error:
                self._lost = True
                self.close()
                raise TokenAway from error

    def _open(self) -> Any:
        # A token shuts for good after a few wrong PINs: a job that tries again every minute must not be who does that.
        if self._shut is not None:
            raise self._shut
        if not self._module.is_file():
            raise BadSetting(f"There is no PKCS #11 module {self._module} (MOTCUA_SEALS_MODULE).")
        pkcs11 = _pkcs11()
        lib = pkcs11.lib(str(self._module))
        if self._lost:
            # What came back since knows nothing of who was there before.
            lib.reinitialize()
        try:
            return lib.get_token(token_label=self._label).open(user_pin=self._pin)
        except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid, pkcs11.PinLocked) as error:
            self._shut = BadSetting(
                f"The token {self._label} does not take the PIN of the key file seal-pin. It was tried once and is not tried again; mend the file and start anew."
            )
            raise self._shut from error

    def close(self) -> None:
        """Logs out; the next signature logs in again."""
        session, self._session = self._session, None
        if session is not None:
            with suppress(_pkcs11().PKCS11Error):
                session.close()


class TokenKey(msgspec.Struct, frozen=True):
    """A private key by the label it has in its token."""

    token: Token
    label: str


class TokenSeals(FileSeals):
    """A key for each office with a seal of its own, labelled as the office is called here, and `city` for all others; beside them the
    certificates, as `OFFICE.pem` and `city.pem`: the key's own first, then what it chains to."""

    def __init__(self, directory: Path, token: Token) -> None:
        super().__init__(directory, None)
        self._token = token

    def _file(self, name: str) -> Path:
        return self.directory / f"{name}.pem"

    def _read(self, file: Path) -> Seal:
        from cryptography import x509

        try:
            certificates = x509.load_pem_x509_certificates(file.read_bytes())
        except ValueError as error:
            raise BadSetting(f"{file} holds no certificates as PEM.") from error
        pkcs11 = _pkcs11()
        with self._token.session() as session:
            try:
                session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=file.stem)
            except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned) as error:
                raise BadSetting(
                    f"The token must hold one private key labelled {file.stem}, as {file} names."
                ) from error
        return named(TokenKey(self._token, file.stem), certificates)


def _pkcs11() -> Any:
    try:
        # By name: a city without a module has not got it.
        return importlib.import_module("pkcs11")
    except ImportError as error:
        raise BadSetting("MOTCUA_RESULT_SEALS=pkcs11 needs python-pkcs11: install motcua[pkcs11].") from error
