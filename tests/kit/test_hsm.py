"""Keys in a security module: Debian's SoftHSM holds them, pyHanko signs by them, a foreign reader finds it good; what does not fit is not kept."""

import asyncio
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from api import wiring
from kit import clock, pades
from kit.hsm import Token, TokenAway, TokenSeals
from kit.keys import FileKeys, create
from kit.seals import SandboxSeals, SealMissing, _certificate
from kit.settings import BadSetting, Settings
from tests.kit.test_pades import AT, NAME, judged, paper, pdfsig  # noqa: F401 - the paper is a fixture

pytestmark = pytest.mark.anyio

PIN, LABEL = "123456", "city of the test"
USAGE = x509.KeyUsage(
    digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
)  # fmt: skip
MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")


def softhsm(*asked: str) -> None:
    subprocess.run(["softhsm2-util", *asked], check=True, capture_output=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> SandboxSeals:
    return SandboxSeals(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, authority) -> Iterator[Path]:
    """Certificates as PEM, their keys in a token; under the label `off_other` lies another key than its certificate names."""
    pytest.importorskip("pkcs11", reason="python-pkcs11 (extra pkcs11) is not installed")
    if shutil.which("softhsm2-util") is None:
        pytest.skip("softhsm2 is not installed")
    folder, tokens = tmp_path_factory.mktemp("seals"), tmp_path_factory.mktemp("tokens")
    (tokens / "softhsm2.conf").write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(tokens / "softhsm2.conf")
    softhsm("--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "654321")
    keys: dict[str, Any] = {
        "city": ec.generate_private_key(ec.SECP256R1()),
        "off_rsa": rsa.generate_private_key(65537, 2048),
        "off_other": ec.generate_private_key(ec.SECP256R1()),
        "off_unkept": ec.generate_private_key(ec.SECP256R1()),
    }
    ca_key, ca = authority._authority()
    for number, (name, key) in enumerate(keys.items(), 1):
        made = (
            _certificate(NAME, key.public_key(), ca.subject, timedelta(days=30))
            .add_extension(USAGE, critical=True)
            .sign(ca_key, hashes.SHA256())
        )
        (folder / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM) + ca.public_bytes(Encoding.PEM))
        if name == "off_unkept":
            continue
        kept = ec.generate_private_key(ec.SECP256R1()) if name == "off_other" else key
        file = tokens / "key.pem"
        file.write_bytes(kept.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        softhsm("--import", str(file), "--token", LABEL, "--label", name, "--id", f"{number:02d}", "--pin", PIN)
        file.unlink()
    yield folder
    os.environ.pop("SOFTHSM2_CONF")
    if before is not None:
        os.environ["SOFTHSM2_CONF"] = before


@pytest.fixture
def token() -> Iterator[Token]:
    token = Token(MODULE, LABEL, PIN)
    yield token
    token.close()


@pytest.mark.parametrize("office", ["off_1", "off_rsa"])
async def test_a_paper_is_signed_by_a_key_that_stays_in_the_token(paper, folder, authority, token, office, tmp_path):  # noqa: F811
    """Elliptic (the city's, of an office without one of its own) as well as RSA, several by one session."""
    seal = TokenSeals(folder, token).of(office, NAME)
    for _ in range(2):
        signed = await asyncio.to_thread(pades.sign, paper, seal, at=AT)
    said = pdfsig(signed, tmp_path)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert f"Signer Certificate Common Name: {NAME}" in said
    _, status = await judged(signed, authority)
    assert status.bottom_line
    assert status.trusted


def test_a_key_that_the_certificate_does_not_name_signs_nothing_that_is_kept(paper, folder, token):  # noqa: F811
    seal = TokenSeals(folder, token).of("off_other", NAME)
    with pytest.raises(BadSetting, match="the key is another one"):
        pades.sign(paper, seal, at=AT)


def test_a_key_that_is_not_there_and_a_seal_that_has_ended(folder, token, tmp_path):
    seals = TokenSeals(folder, token)
    with pytest.raises(BadSetting, match="one private key labelled off_unkept"):
        seals.of("off_unkept", NAME)
    with clock.shifted(timedelta(days=31)), pytest.raises(SealMissing):
        seals.of("off_1", NAME)
    with pytest.raises(SealMissing):
        TokenSeals(tmp_path, token).of("off_1", NAME)
    (tmp_path / "city.pem").write_text("moon")
    with pytest.raises(BadSetting, match=r"city\.pem"):
        TokenSeals(tmp_path, token).of("off_1", NAME)


def test_a_wrong_pin_is_tried_once(folder, monkeypatch):
    """A job that asks again every minute would else shut the token for good."""
    token = Token(MODULE, LABEL, "000000")
    seals = TokenSeals(folder, token)
    with pytest.raises(BadSetting, match="seal-pin"):
        seals.of("off_1", NAME)
    monkeypatch.setattr(token, "_pin", PIN)
    with pytest.raises(BadSetting, match="seal-pin"):
        seals.of("off_1", NAME)


# python-pkcs11 prints what it cannot tidy up of a session that is gone.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_token_that_is_away_is_asked_again(paper, folder, token):  # noqa: F811
    seal = TokenSeals(folder, token).of("off_1", NAME)
    token._session.close()
    with pytest.raises(TokenAway):
        pades.sign(paper, seal, at=AT)
    assert pades.sign(paper, seal, at=AT)
    with pytest.raises(TokenAway):
        TokenSeals(folder, Token(MODULE, "another", PIN)).of("off_1", NAME)
    with pytest.raises(BadSetting, match="no PKCS #11 module"):
        TokenSeals(folder, Token(folder / "none.so", LABEL, PIN)).of("off_1", NAME)


def test_several_at_once_take_turns(paper, folder, token):  # noqa: F811
    seal, signed = TokenSeals(folder, token).of("off_1", NAME), list[bytes]()
    threads = [threading.Thread(target=lambda: signed.append(pades.sign(paper, seal, at=AT))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(signed) == 4


def test_the_settings_name_module_token_and_certificates(folder, tmp_path):
    create(tmp_path / "keys")
    asked: dict[str, Any] = {"result_seals": "pkcs11", "seals": folder, "home": tmp_path}
    keys = FileKeys(tmp_path / "keys")
    for missing in ({}, {"seals_module": MODULE}, {"seals_module": MODULE, "seals_token": LABEL}):
        with pytest.raises(BadSetting, match="seal-pin"):
            wiring.seals(Settings(**asked, **missing), keys)
    pin = tmp_path / "keys" / "seal-pin.txt"
    pin.write_text(f"{PIN}\n")
    pin.chmod(0o600)
    found = wiring.seals(Settings(**asked, seals_module=MODULE, seals_token=LABEL), keys)
    assert isinstance(found, TokenSeals)
    assert found.of("off_1", NAME).name == NAME
    found._token.close()
