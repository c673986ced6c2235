"""An office's seal: the key it signs papers with and the certificate that says whose key it is. A seam, and files as its adapters; keys
that stay in a module are `kit.hsm`'s."""

import os
import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec

from kit import clock
from kit.refusal import Refusal
from kit.settings import BadSetting

_CITY = "city"
_CA_YEARS, _OFFICE_DAYS = 20, 5 * 365


class SealMissing(Refusal):
    """No seal is there for this office, or its certificate is not valid now."""

    status = 503
    code = "seal-missing"
    vi = "Cơ quan này chưa có chữ ký số còn hiệu lực, nên chưa phát hành được bản điện tử. Hãy thử lại sau."
    en = "This office has no valid seal, so the electronic paper cannot be issued yet. Try again later."


class Sessions(Protocol):
    """Where a key is that nobody can read: a PKCS #11 session at a time. Raises TokenAway."""

    def session(self) -> AbstractContextManager[Any]: ...


class KeptKey(Protocol):
    """A key that signs where it is, by its label there."""

    @property
    def token(self) -> Sessions: ...
    @property
    def label(self) -> str: ...


class Seal(msgspec.Struct, frozen=True):
    """`name` is whom the certificate names; certificates as DER, its own first, then the chain. The key is PKCS #8 as DER, or stays where it is."""

    name: str
    key: bytes | KeptKey
    chain: tuple[bytes, ...]
    valid_from: datetime
    valid_until: datetime


@runtime_checkable
class Seals(Protocol):
    """Where seals come from. An adapter with `development_only = True` is refused in production."""

    development_only: bool

    def of(self, office_id: str, office_name: str) -> Seal:
        """Reads files, or asks a module: call it by `asyncio.to_thread`. Raises SealMissing, BadSetting, TokenAway."""
        ...


class FileSeals:
    """`OFFICE.p12` (PKCS #12) for each office with a seal of its own, `city.p12` for all others; one password for all."""

    development_only = False

    def __init__(self, directory: Path, password: str | None) -> None:
        self.directory, self._password = directory, None if password is None else password.encode()
        self._held: dict[str, Seal] = {}

    def of(self, office_id: str, office_name: str) -> Seal:
        if (seal := self._held.get(office_id)) is None:
            file = next((f for f in (self._file(office_id), self._file(_CITY)) if f.exists()), None)
            if file is None:
                raise SealMissing
            seal = self._held[office_id] = self._read(file)
        if not seal.valid_from <= clock.now() <= seal.valid_until:
            raise SealMissing
        return seal

    def _file(self, name: str) -> Path:
        return self.directory / f"{name}.p12"

    def _read(self, file: Path) -> Seal:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.serialization import pkcs12

        if file.stat().st_mode & 0o077:
            raise BadSetting(f"{file} can be read by others. Do `chmod 600 {file}`.")
        try:
            key, certificate, more = pkcs12.load_key_and_certificates(file.read_bytes(), self._password)
        except ValueError as error:
            raise BadSetting(f"{file} is no PKCS #12 file of this password (key file seal-password).") from error
        if key is None or certificate is None:
            raise BadSetting(f"{file} holds no key with its certificate.")
        der, plain = serialization.Encoding.DER, serialization.NoEncryption()
        return named(key.private_bytes(der, serialization.PrivateFormat.PKCS8, plain), [certificate, *more])


def named(key: bytes | KeptKey, certificates: Sequence[Any]) -> Seal:
    """The seal of this key, by what the first of its certificates says."""
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    own = certificates[0]
    names = own.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Seal(
        name=str(names[0].value) if names else own.subject.rfc4514_string(),
        key=key,
        chain=tuple(one.public_bytes(Encoding.DER) for one in certificates),
        valid_from=own.not_valid_before_utc,
        valid_until=own.not_valid_after_utc,
    )


class SandboxSeals(FileSeals):
    """Makes an authority of the city's own and, at first need, a seal for each office: worth nothing to anybody outside."""

    development_only = True

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "sandbox")

    def of(self, office_id: str, office_name: str) -> Seal:
        if not self._file(office_id).exists():
            self._make(office_id, office_name)
        return super().of(office_id, office_name)

    def authority(self) -> bytes:
        """The authority's certificate as PEM, for whoever wants to trust it for a test."""
        from cryptography.hazmat.primitives import serialization

        _, certificate = self._authority()
        return certificate.public_bytes(serialization.Encoding.PEM)

    def _make(self, office_id: str, office_name: str) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec

        ca_key, ca = self._authority()
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        certificate = (
            _certificate(office_name, key.public_key(), ca.subject, timedelta(days=_OFFICE_DAYS))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .sign(ca_key, _sha256())
        )
        self._keep(office_id, key, certificate, [ca])

    def _authority(self) -> tuple[Any, Any]:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import pkcs12

        file = self.directory / "authority.p12"
        if not file.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            name = "Cơ quan chứng thực thử nghiệm (sandbox)"
            usage = x509.KeyUsage(
                digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
            )  # fmt: skip
            certificate = (
                _certificate(name, key.public_key(), None, timedelta(days=365 * _CA_YEARS))
                .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                .add_extension(usage, critical=True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
                .sign(key, _sha256())
            )
            self._keep("authority", key, certificate, [])
        key, certificate, _ = pkcs12.load_key_and_certificates(file.read_bytes(), self._password)
        return key, certificate

    def _keep(self, name: str, key: Any, certificate: Any, more: list[Any]) -> None:
        """Complete or absent, and of processes that make it at once the first one's."""
        from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

        assert self._password is not None
        data = pkcs12.serialize_key_and_certificates(
            name.encode(), key, certificate, more, BestAvailableEncryption(self._password)
        )
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self.directory / f".{name}.{secrets.token_hex(8)}"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(data)
        try:
            os.link(part, self._file(name))
        except FileExistsError:
            pass
        finally:
            part.unlink()


def _certificate(name: str, public_key: Any, issuer: Any, valid_for: timedelta) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    # A common name holds 64 bytes here; what stands above an office is then left out.
    short = name if len(name.encode()) <= 64 else name.partition(",")[0].encode()[:64].decode(errors="ignore")
    subject = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, short)]
    )
    now = clock.now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + valid_for)
    )


def _sha256() -> Any:
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()
