"""RFC 9449 §4.3, rows DPO of the checklist; the replay store is asked in `test_token_endpoint.py`."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from identity.tokens import rfc7515, rfc7638, rfc9449
from identity.tokens.rfc7515 import BadJws
from identity.tokens.rfc9449 import BadProof
from tests.identity.tokens.forging import KEY, OTHER_KEY, proof, token

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
NOW = AT.timestamp()
URL = "http://127.0.0.1:8000/v1/oauth/token"


def check(*proofs: str, method: str = "POST", url: str = URL, access_token: str | None = None) -> rfc9449.Proof:
    return rfc9449.check(proofs, method=method, url=url, at=AT, access_token=access_token)


def refused(*proofs: str, access_token: str | None = None) -> None:
    with pytest.raises(BadProof):
        check(*proofs, access_token=access_token)


def test_DPO_1_a_good_proof_names_its_key() -> None:
    found = check(proof(at=NOW, access_token="a"), access_token="a")
    assert found == rfc9449.Proof(jkt=rfc7638.thumbprint(KEY.public_key()), jti="j-1")


def test_the_thumbprint_is_the_one_others_compute() -> None:
    numbers = KEY.public_key().public_numbers()
    x, y = (rfc7515.b64url(n.to_bytes(32, "big")) for n in (numbers.x, numbers.y))
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    assert rfc7638.thumbprint(KEY.public_key()) == rfc7515.b64url(hashlib.sha256(canonical.encode()).digest())
    back = jwt.PyJWK(rfc7638.public_jwk(KEY.public_key())).key
    assert back.public_numbers() == KEY.public_key().public_numbers()


def test_DPO_2_none_two_and_what_is_no_jwt() -> None:
    refused()
    refused(proof(at=NOW), proof(at=NOW, jti="j-2"))
    refused("not a jwt")
    refused("")


@pytest.mark.parametrize("member", ["typ", "alg", "jwk", "jti", "htm", "htu", "iat", "ath"])
def test_DPO_2_a_member_missing(member: str) -> None:
    refused(proof(at=NOW, access_token="a", without=member), access_token="a")


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "DPOP+JWT ", "", None])
def test_DPO_3_typ(typ: str | None) -> None:
    refused(proof(at=NOW, header={"typ": typ}))


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES384", "EdDSA"])
def test_DPO_3_alg(alg: str) -> None:
    refused(proof(at=NOW, header={"alg": alg}))


def test_DPO_3_keys_that_may_not_sign() -> None:
    public = rfc7638.public_jwk(KEY.public_key())
    private = public | {"d": rfc7515.b64url(KEY.private_numbers().private_value.to_bytes(32, "big"))}
    symmetric = {"kty": "oct", "k": "AAAA"}
    off_the_curve = public | {"y": rfc7515.b64url(bytes(31) + b"\x01")}
    wrong: list[Any] = [
        private, symmetric, off_the_curve, {}, None, "jwk", [public], public | {"crv": "P-384"}, public | {"kty": "RSA"},
        public | {"x": public["x"][:-2]}, public | {"x": 1}, public | {"x": "AAAA" + public["x"]},
    ]  # fmt: skip
    for jwk in wrong:
        refused(proof(at=NOW, header={"jwk": jwk}))
    with pytest.raises(BadJws):
        rfc7638.key_of(off_the_curve)


def test_DPO_3_an_rsa_key_with_our_alg() -> None:
    numbers = rsa.generate_private_key(65537, 2048).public_key().public_numbers()
    jwk = {"kty": "RSA", "n": rfc7515.b64url(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    refused(proof(at=NOW, header={"jwk": jwk}))


def test_DPO_3_a_bad_signature() -> None:
    refused(proof(at=NOW)[:-4] + "AAAA")
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": rfc7638.public_jwk(KEY.public_key())}
    refused(token(head, {"jti": "j", "htm": "POST", "htu": URL, "iat": int(NOW)}, OTHER_KEY))


@pytest.mark.parametrize(
    "wrong",
    [
        {"htm": "PUT"},
        {"htm": "post"},
        {"htu": "http://127.0.0.1:8000/v1/oauth/revoke"},
        {"htu": "https://127.0.0.1:8000/v1/oauth/token"},
        {"htu": "http://127.0.0.1:8001/v1/oauth/token"},
        {"htu": "http://127.0.0.1:8000@evil.test/v1/oauth/token"},
        {"htu": "http://u@127.0.0.1:8000/v1/oauth/token"},
        {"htu": "/v1/oauth/token"},
        {"htu": "http://127.0.0.1:port/v1/oauth/token"},
        {"htu": "http://[::1"},
        {"htu": 1},
        {"jti": ""},
        {"jti": "j" * 257},
        {"jti": 1},
        {"iat": "now"},
        {"iat": None},
        {"iat": True},
    ],
)
def test_DPO_4_another_request(wrong: dict[str, Any]) -> None:
    refused(proof(at=NOW, **wrong))


def test_DPO_4_another_token() -> None:
    refused(proof(at=NOW, access_token="a"), access_token="b")
    refused(proof(at=NOW, ath=1), access_token="b")
    refused(proof(at=NOW, ath="é"), access_token="b")


@pytest.mark.parametrize(
    ("htu", "url"),
    [
        (URL + "?a=1", URL),
        (URL + "#f", URL),
        ("HTTP://127.0.0.1:8000/v1/oauth/token", URL),
        ("https://MOTCUA.example/v1/me", "https://motcua.example/v1/me"),
        ("https://motcua.example:443/v1/me", "https://motcua.example/v1/me"),
        ("http://motcua.example/", "http://motcua.example:80"),
        ("http://motcua.example/h%c3%a9/%7Ea", "http://motcua.example/h%C3%A9/~a"),
    ],
)
def test_DPO_5_other_spellings_of_the_same_address(htu: str, url: str) -> None:
    assert check(proof(at=NOW, url=htu), url=url)


def test_an_escaped_slash_is_not_a_slash() -> None:
    with pytest.raises(BadProof):
        check(proof(at=NOW, url="http://motcua.example/a/b"), url="http://motcua.example/a%2Fb")


@pytest.mark.parametrize("member", ["jti", "ath", "htu"])
def test_half_a_surrogate_pair_is_no_text(member: str) -> None:
    """A proof with "\\ud800" in jti or ath was a 500: JSON can say it, nothing can encode it."""
    refused(proof(at=NOW, **{member: "x\ud800"}), access_token="a")


@pytest.mark.parametrize("digits", [20, 400, 2000])
def test_an_iat_of_many_digits_is_no_time(digits: int) -> None:
    """A proof whose iat has 400 digits was a 500: it does not fit into a float."""
    refused(proof(at=NOW, iat=10**digits))
    refused(proof(at=NOW, iat=-(10**digits)))


@pytest.mark.parametrize("away", [-60, -10, 0, 10, 60])
def test_DPO_6_a_clock_a_little_off(away: int) -> None:
    assert check(proof(at=NOW + away))


@pytest.mark.parametrize("away", [-3600, -61, 61, 3600, 1e400])
def test_DPO_6_a_clock_far_off(away: float) -> None:
    made = token(
        {"typ": "dpop+jwt", "alg": "ES256", "jwk": rfc7638.public_jwk(KEY.public_key())},
        f'{{"jti":"j","htm":"POST","htu":"{URL}","iat":{"1e400" if away == 1e400 else int(NOW + away)}}}',
    )
    refused(made)


def test_DPO_11_more_members_are_passed_over_but_not_those_that_change_the_reading() -> None:
    assert check(proof(at=NOW, header={"kid": "x", "jku": "https://evil.test", "x5u": "https://evil.test"}, foo="bar"))
    refused(proof(at=NOW, header={"crit": ["x"], "x": 1}))
    refused(proof(at=NOW, header={"b64": False}))


def test_a_proof_made_by_pyjwt_is_good() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    made = jwt.encode(
        {"jti": "x", "htm": "POST", "htu": URL, "iat": NOW},
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        "ES256",
        headers={"typ": "dpop+jwt", "jwk": jwk},
    )  # fmt: skip
    assert check(made).jkt == rfc7638.thumbprint(key.public_key())
