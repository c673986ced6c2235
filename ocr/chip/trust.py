"""The country signing certificates this city has decided to believe, and who they have revoked.

Nothing else makes an issuer known: a certificate that comes with a card is evidence, never trust.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from ocr.chip import certificates
from ocr.chip.certificates import Certificate
from ocr.chip.der import Rejected

Revocation = Literal["good", "revoked", "no-revocation-list", "revocation-list-out-of-date"]

_READ = {".cer", ".crt", ".der", ".pem", ".crl"}
_PASSED_OVER = {".md", ".txt"}
_WEAK = {"md5", "sha1"}


class BadTrustStore(ValueError):
    """The folder cannot be trusted as it is; it names the file, and the program does not start without it being mended."""


class RevocationList(msgspec.Struct, frozen=True):
    """One list, its signature verified; it speaks for every key of its issuer's name, as ICAO 9303-12 §7.1.4 has it."""

    issuer: bytes
    serials: frozenset[int]
    next_update: datetime | None


class TrustStore(msgspec.Struct, frozen=True):
    """Pinned country signing certificates (CSCA) and revocation lists; empty unless something was pinned."""

    authorities: tuple[Certificate, ...] = ()
    lists: tuple[RevocationList, ...] = ()

    @classmethod
    def from_directory(cls, path: Path) -> "TrustStore":
        """Every `.cer .crt .der .pem .crl` of the folder, DER or PEM; `.md` and `.txt` are notes to people.

        Raises BadTrustStore for anything else, for a certificate that is not an authority's, and for a revocation list
        that no pinned authority signed: a list that is quietly left out would let a revoked signer in.
        """
        if not path.is_dir():
            raise BadTrustStore(f"{path}: no such folder")
        authorities: list[Certificate] = []
        lists: list[tuple[Path, x509.CertificateRevocationList]] = []
        for file in sorted(path.iterdir()):
            if file.name.startswith(".") or file.suffix.lower() in _PASSED_OVER:
                continue
            if not file.is_file() or file.suffix.lower() not in _READ:
                raise BadTrustStore(f"{file}: neither a certificate nor a revocation list")
            found, revoked = _open(file)
            authorities += [_authority(file, certificate) for certificate in found]
            lists += [(file, one) for one in revoked]
        return cls(tuple(authorities), tuple(_revocation_list(file, one, authorities) for file, one in lists))

    def knows(self, country: str) -> bool:
        """Whether any authority of the country (two capital letters) is pinned."""
        return any(authority.subject_country == country for authority in self.authorities)

    def issuers_of(self, certificate: Certificate) -> list[Certificate]:
        """Pinned authorities that bear the issuer's name and, where both say one, its key identifier. No signature is
        checked here: one name may have several keys.
        """
        return [
            authority
            for authority in self.authorities
            if authority.subject == certificate.issuer
            and (
                certificate.authority_key_id is None
                or authority.subject_key_id is None
                or certificate.authority_key_id == authority.subject_key_id
            )
        ]

    def revocation(self, certificate: Certificate, at: datetime) -> Revocation:
        """What the lists of its issuer say. A serial number on any list is revoked, whatever day the list names: who
        takes a key also dates what is signed with it.
        """
        lists = [one for one in self.lists if one.issuer == certificate.issuer]
        if any(certificate.serial in one.serials for one in lists):
            return "revoked"
        if not lists:
            return "no-revocation-list"
        if all(one.next_update is not None and one.next_update < at for one in lists):
            return "revocation-list-out-of-date"
        return "good"


def _open(file: Path) -> tuple[list[bytes], list[x509.CertificateRevocationList]]:
    """Certificates (DER) and lists of one file; a list in DER is told by its name, `.crl`."""
    data = file.read_bytes()
    try:
        if b"-----BEGIN" in data:
            return _open_pem(data)
        if file.suffix.lower() == ".crl":
            return [], [x509.load_der_x509_crl(data)]
    except ValueError as bad:
        raise BadTrustStore(f"{file}: {bad}") from bad
    return [data], []


def _open_pem(data: bytes) -> tuple[list[bytes], list[x509.CertificateRevocationList]]:
    certificates_said, lists_said = data.count(b"-----BEGIN CERTIFICATE-----"), data.count(b"-----BEGIN X509 CRL-----")
    if lists_said > 1 or certificates_said + lists_said != data.count(b"-----BEGIN "):
        raise ValueError("more than certificates and one revocation list")
    found = x509.load_pem_x509_certificates(data) if certificates_said else []
    return (
        [one.public_bytes(Encoding.DER) for one in found],
        [x509.load_pem_x509_crl(data)] if lists_said else [],
    )


def _authority(file: Path, data: bytes) -> Certificate:
    try:
        certificate = certificates.read(data)
    except Rejected as rejected:
        raise BadTrustStore(f"{file}: {rejected.reason}") from rejected
    if not (certificate.is_authority and certificate.may_sign_certificates):
        raise BadTrustStore(f"{file}: not the certificate of a signing authority")
    return certificate


def _revocation_list(
    file: Path, found: x509.CertificateRevocationList, authorities: Sequence[Certificate]
) -> RevocationList:
    hash_algorithm = found.signature_hash_algorithm
    if hash_algorithm is None or hash_algorithm.name in _WEAK:
        raise BadTrustStore(f"{file}: signed with a digest that is not taken")
    for authority in authorities:
        if _name(authority) == found.issuer and _is_signed_by(found, authority):
            serials = frozenset(entry.serial_number for entry in found)
            return RevocationList(authority.subject, serials, found.next_update_utc)
    raise BadTrustStore(f"{file}: no pinned authority signed this revocation list")


def _name(authority: Certificate) -> x509.Name:
    return x509.load_der_x509_certificate(authority.raw).subject


def _is_signed_by(found: x509.CertificateRevocationList, authority: Certificate) -> bool:
    try:
        return found.is_signature_valid(authority.key)
    except (UnsupportedAlgorithm, TypeError):  # a list signed in a way, or by a kind of key, that is not taken
        return False
