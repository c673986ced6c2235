"""openssl, a reader of CMS that is not ours, is asked the same about every vector.

Whatever we take, it must take. What it takes and we refuse must have its reason written in the vector, and no vector may
claim to be stricter where openssl refuses as well.
"""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from ocr import chip
from ocr.chip import TrustStore
from tests.ocr.chip import vectors
from tests.ocr.chip.vectors import Vector

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, the oracle, is not installed")

# The question openssl answers; hashes of the groups and countries are beyond it.
_SIGNATURE = ("security_object", "signed_attributes", "signer_certificate", "signature")
_CHAIN = (*_SIGNATURE, "issuer", "validity")


def _ask(folder: Path, vector: Vector, *, chained: bool) -> bool:
    """`openssl cms -verify` of the object without its outer tag 77."""
    signed, pinned = folder / "signed.der", folder / "pinned.pem"
    outer = vector.files.sod
    signed.write_bytes(outer[2 + (outer[1] & 0x7F) :] if outer[1] & 0x80 else outer[2:])
    pinned.write_text(
        "".join(ssl.DER_cert_to_PEM_cert(anchor) for anchor in vector.anchors)
        + "".join(_pem_list(one) for one in vector.lists)
    )
    command = [
        "openssl",
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        str(signed),
        "-out",
        str(folder / "out"),
    ]
    if chained:
        command += ["-CAfile", str(pinned), "-no-CApath", "-no-CAstore", "-purpose", "any"]
        command += ["-attime", str(int(vector.moment.timestamp()))]
        command += ["-crl_check"] if vector.lists else []
    else:
        command += ["-noverify"]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0


def _pem_list(der: bytes) -> str:
    return ssl.DER_cert_to_PEM_cert(der).replace("CERTIFICATE", "X509 CRL")


def _ours(vector: Vector, trust: TrustStore, names: tuple[str, ...]) -> bool:
    checks = chip.read_chip(vector.files, trust, at=vector.at).checks
    revoked = any(check.name == "revocation" and check.status == "fail" for check in checks)
    return all(check.status == "pass" for check in checks if check.name in names) and not (
        revoked and "issuer" in names
    )


@pytest.mark.parametrize("name", vectors.NAMES)
def test_what_we_say_of_the_signature_openssl_says_too(name: str, tmp_path: Path) -> None:
    vector = vectors.vector(name)
    ours, theirs = _ours(vector, TrustStore(), _SIGNATURE), _ask(tmp_path, vector, chained=False)
    if vector.check in ("security_object", "signed_attributes", "signature") and vector.stricter is None:
        assert theirs == ours
    else:
        assert theirs or not ours


@pytest.mark.parametrize("name", vectors.NAMES)
def test_what_we_say_of_the_chain_openssl_says_too(name: str, tmp_path: Path) -> None:
    vector = vectors.vector(name)
    ours, theirs = _ours(vector, vector.trust(), _CHAIN), _ask(tmp_path, vector, chained=True)
    if vector.stricter is None:
        assert theirs == ours
    else:
        assert theirs, "openssl refuses it as well: the vector claims too much"
