"""What a folder must be before it is trusted; and our reading of certificates beside cryptography's."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ocr import chip
from ocr.chip import BadTrustStore, TrustStore, certificates
from tests.ocr.chip import issuing
from tests.ocr.chip.issuing import NOW, Issue, chain


def pem(anchor: bytes) -> bytes:
    return x509.load_der_x509_certificate(anchor).public_bytes(Encoding.PEM)


def pem_list(one: bytes) -> bytes:
    return x509.load_der_x509_crl(one).public_bytes(Encoding.PEM)


def verdict(folder: Path, made: issuing.Chain) -> chip.ChipReading:
    return chip.read_chip(issuing.files(Issue(chain=made)), TrustStore.from_directory(folder), at=NOW)


@pytest.mark.parametrize("name", ["csca.der", "csca.cer", "CSCA.CRT"])
def test_a_certificate_in_der(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(chain().anchor)
    assert verdict(tmp_path, chain()).verdict == "authentic"


def test_several_certificates_in_one_pem_and_notes_beside(tmp_path: Path) -> None:
    (tmp_path / "all.pem").write_bytes(pem(chain(country="UT").anchor) + pem(chain("rsa").anchor))
    (tmp_path / "README.md").write_text("where these come from")
    (tmp_path / ".gitkeep").write_text("")
    assert verdict(tmp_path, chain("rsa")).verdict == "authentic"
    assert verdict(tmp_path, chain()).check("issuer").reason == "issuer-not-pinned"


def test_an_empty_folder_knows_nobody(tmp_path: Path) -> None:
    assert verdict(tmp_path, chain()).verdict == "issuer_unknown"


@pytest.mark.parametrize("kind", ["p256", "brainpool256", "rsa"])
def test_a_revocation_list_of_the_folder_is_applied(tmp_path: Path, kind: issuing.KeyKind) -> None:
    made = chain(kind)
    (tmp_path / "csca.der").write_bytes(made.anchor)
    (tmp_path / "vn.crl").write_bytes(issuing.revocation_list(made.csca, (5,)))
    assert verdict(tmp_path, made).check("revocation").status == "pass"
    (tmp_path / "vn.crl").write_bytes(pem_list(issuing.revocation_list(made.csca, (5, made.dsc.serial))))
    assert verdict(tmp_path, made).check("revocation").reason == "signer-revoked"


def test_a_list_signed_with_the_authoritys_newer_key_counts_for_the_older(tmp_path: Path) -> None:
    old, new = chain(), chain(who="second key")
    (tmp_path / "old.der").write_bytes(old.anchor)
    (tmp_path / "new.der").write_bytes(new.anchor)
    (tmp_path / "vn.crl").write_bytes(issuing.revocation_list(new.csca, (old.dsc.serial,)))
    assert verdict(tmp_path, old).check("revocation").reason == "signer-revoked"


def refused(folder: Path, name: str, data: bytes, why: str) -> None:
    (folder / name).write_bytes(data)
    with pytest.raises(BadTrustStore, match=why) as bad:
        TrustStore.from_directory(folder)
    assert name in str(bad.value)
    (folder / name).unlink()


def test_a_folder_that_is_not_what_it_should_be_stops_the_start(tmp_path: Path) -> None:
    refused(tmp_path, "dsc.der", chain().signer, "not the certificate of a signing authority")
    refused(tmp_path, "csca.der", chain().anchor[:-1], "der-length-beyond-end")
    refused(tmp_path, "csca.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "csca.pem")
    refused(tmp_path, "key.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "more than")
    refused(tmp_path, "csca.p7b", b"", "neither a certificate nor a revocation list")
    refused(tmp_path, "vn.crl", b"\x30\x00", "vn.crl")
    (tmp_path / "sub").mkdir()
    with pytest.raises(BadTrustStore, match="sub"):
        TrustStore.from_directory(tmp_path)
    with pytest.raises(BadTrustStore, match="no such folder"):
        TrustStore.from_directory(tmp_path / "nowhere")


def test_a_list_nobody_pinned_has_signed_stops_the_start(tmp_path: Path) -> None:
    """Under the pinned name too, with another key."""
    (tmp_path / "csca.der").write_bytes(chain().anchor)
    why = "no pinned authority signed this revocation list"
    refused(tmp_path, "vn.crl", issuing.revocation_list(chain(who="evil").csca, ()), why)
    refused(tmp_path, "ut.crl", issuing.revocation_list(chain("rsa", country="UT").csca, ()), why)
    both = pem_list(issuing.revocation_list(chain().csca, ())) * 2
    refused(tmp_path, "two.pem", both, "one revocation list")


@pytest.mark.parametrize("kind", ["p256", "rsa", "brainpool384"])
def test_certificates_are_read_as_cryptography_reads_them(kind: issuing.KeyKind) -> None:
    for data in (chain(kind).anchor, chain(kind).signer):
        ours, theirs = certificates.read(data), x509.load_der_x509_certificate(data)
        key_ids = theirs.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        assert ours.serial == theirs.serial_number
        assert (ours.not_before, ours.not_after) == (theirs.not_valid_before_utc, theirs.not_valid_after_utc)
        assert (ours.issuer, ours.subject) == (theirs.issuer.public_bytes(), theirs.subject.public_bytes())
        assert (ours.signed, ours.signature) == (theirs.tbs_certificate_bytes, theirs.signature)
        assert ours.key == theirs.public_key()
        assert ours.subject_key_id == key_ids.digest
        assert ours.is_authority == (ours.subject == ours.issuer)
