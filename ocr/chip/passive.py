"""Passive authentication (ICAO 9303-11 §5.1): are these groups the ones an issuer signed, and is that issuer known?"""

from collections.abc import Callable
from datetime import datetime
from typing import Final, ParamSpec, TypeVar

from cryptography.hazmat.primitives import hashes

from ocr.chip import certificates, security_object, signatures
from ocr.chip.certificates import Certificate
from ocr.chip.der import Rejected
from ocr.chip.reading import GROUPS, Check, CheckName, ChipFiles, Status
from ocr.chip.security_object import SecurityObject, SignedAttributes
from ocr.chip.trust import TrustStore

P = ParamSpec("P")
T = TypeVar("T")


class Checks:
    """The checks of one reading, by name; a check nobody comes to stays `not_checked`."""

    def __init__(self) -> None:
        self._said: dict[CheckName, Check] = {}

    def say(self, name: CheckName, status: Status, reason: str | None = None) -> None:
        self._said[name] = Check(name, status, reason)

    def attempt(self, name: CheckName, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What `work` returns, and a pass; or None, and a failure with the reason it was rejected for."""
        try:
            made = work(*args, **kwargs)
        except Rejected as rejected:
            self.say(name, "fail", rejected.reason)
            return None
        self.say(name, "pass")
        return made

    def status(self, name: CheckName) -> Status:
        return self._said[name].status if name in self._said else "not_checked"

    def listed(self, order: tuple[CheckName, ...]) -> tuple[Check, ...]:
        return tuple(self._said.get(name, Check(name, "not_checked", "earlier-check-failed")) for name in order)


def check_groups(checks: Checks, files: ChipFiles, sod: SecurityObject) -> None:
    """Every group in hand must be listed and hash to what is listed; a listed one that was not read is only not checked."""
    received = files.received()
    for name in GROUPS:
        number = int(name.removeprefix("dg"))
        data, listed = received.get(number), sod.hashes.get(number)
        if listed is None:
            checks.say(name, "not_present" if data is None else "fail", None if data is None else "not-in-sod")
        elif data is None:
            checks.say(name, "not_checked", "not-read")
        elif _hash(sod.digest, data) == listed:
            checks.say(name, "pass")
        else:
            checks.say(name, "fail", "hash-differs")


def _hash(digest: signatures.Digest, data: bytes) -> bytes:
    hashed = hashes.Hash(signatures.HASHES[digest])
    hashed.update(data)
    return hashed.finalize()


def check_signer(checks: Checks, sod: SecurityObject, trust: TrustStore, *, country: str | None, at: datetime) -> None:
    """Signature, signer, issuer, dates, revocation and country. `country` is DG1's, two letters; None when DG1 has none."""
    attributes = checks.attempt("signed_attributes", _attributes, sod)
    signer = checks.attempt("signer_certificate", _signer_certificate, sod)
    if signer is None:
        return
    if attributes is not None:
        checks.attempt("signature", _check_signature, sod, attributes, signer)
    issuer = _find_issuer(checks, signer, trust)
    signed_at = attributes.signing_time if attributes is not None else None
    checks.attempt("validity", _check_validity, signer, issuer, signed_at, at)
    _check_revocation(checks, signer, issuer, trust, at)
    checks.attempt("country", _check_country, signer, country)


def _attributes(sod: SecurityObject) -> SignedAttributes:
    attributes = security_object.signed_attributes(sod.signer)
    digest = signatures.digest(sod.signer.digest)
    if _hash(digest, sod.content) != attributes.message_digest:
        raise Rejected("message-digest-differs")
    return attributes


def _signer_certificate(sod: SecurityObject) -> Certificate:
    """The one certificate in the security object that the signer names (DSC). Others, a CSCA too, are passed over."""
    named: list[Certificate] = []
    for element in sod.certificates:
        certificate = certificates.decode(element)
        by_name = certificate.issuer == sod.signer.issuer and certificate.serial == sod.signer.serial
        by_key = sod.signer.key_id is not None and certificate.subject_key_id == sod.signer.key_id
        if by_name or by_key:
            named.append(certificate)
    if len(named) != 1:
        raise Rejected("signer-certificate-missing" if not named else "signer-certificate-ambiguous")
    signer = named[0]
    if signer.issuer == signer.subject:
        raise Rejected("signer-self-signed")
    if signer.is_authority:
        raise Rejected("signer-is-authority")
    if not signer.may_sign_documents:
        raise Rejected("signer-key-usage")
    signatures.scheme(signer.how_signed)  # refused here even where nobody is pinned to verify it
    return signer


def _check_signature(sod: SecurityObject, attributes: SignedAttributes, signer: Certificate) -> None:
    how = signatures.scheme(sod.signer.algorithm, of_signer=signatures.digest(sod.signer.digest))
    if not signatures.holds(signer.key, how, sod.signer.signature, attributes.signed):
        raise Rejected("signature-wrong")


def _find_issuer(checks: Checks, signer: Certificate, trust: TrustStore) -> Certificate | None:
    """The pinned authority whose signature the signer's certificate bears.

    Without any pinned authority of the country there is nobody to ask; with one, a signer it did not sign fails.
    """
    candidates = trust.issuers_of(signer)
    issuer = next((candidate for candidate in candidates if signer.is_signed_by(candidate)), None)
    if issuer is not None:
        checks.say("issuer", "pass")
    elif candidates:
        checks.say("issuer", "fail", "issuer-signature-wrong")
    elif trust.knows(signer.issuer_country):
        checks.say("issuer", "fail", "issuer-not-pinned")
    else:
        checks.say("issuer", "not_checked", "issuer-unknown")
    return issuer


# A signer's clock and ours may differ by as much.
_CLOCK_SECONDS: Final = 60


def _check_validity(signer: Certificate, issuer: Certificate | None, signed_at: datetime | None, at: datetime) -> None:
    """Both certificates must be valid when the security object was signed; when it does not say, when it is read."""
    if signed_at is not None and (signed_at - at).total_seconds() > _CLOCK_SECONDS:
        raise Rejected("signed-in-the-future")
    moment = signed_at or at
    for certificate, who in ((signer, "signer"), (issuer, "issuer")):
        if certificate is not None and moment < certificate.not_before:
            raise Rejected(f"{who}-not-yet-valid")
        if certificate is not None and moment > certificate.not_after:
            raise Rejected(f"{who}-expired")


def _check_revocation(
    checks: Checks, signer: Certificate, issuer: Certificate | None, trust: TrustStore, at: datetime
) -> None:
    if issuer is None:
        checks.say("revocation", "not_checked", "issuer-unknown")
        return
    said = trust.revocation(signer, at)
    if said == "good":
        checks.say("revocation", "pass")
    elif said == "revoked":
        checks.say("revocation", "fail", "signer-revoked")
    else:
        checks.say("revocation", "not_checked", said)


def _check_country(signer: Certificate, country: str | None) -> None:
    """One country in the signer's name, its issuer's (which names the authority octet by octet) and the zone."""
    if country is None:
        raise Rejected("country-not-readable")
    if signer.subject_country != signer.issuer_country or signer.issuer_country != country:
        raise Rejected("country-differs")
