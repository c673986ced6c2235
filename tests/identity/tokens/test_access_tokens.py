"""Reading an access token back: RFC 9068 §4, RFC 8725, rows RS of the checklist."""

import hashlib
import hmac
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from identity.tokens import oidc, rfc7515, rfc9068
from identity.tokens.rfc7515 import BadJws
from identity.tokens.rfc9068 import AccessClaims, Expired
from identity.tokens.verifier import Verifier
from kit import clock
from tests.identity.tokens.forging import KEY, OTHER_KEY, part, token

ISSUER = "https://motcua.example"
AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
NOW = int(AT.timestamp())
KID = "es256-1"
KEYS = {KID: KEY.public_key()}
HEADER = {"typ": "at+jwt", "alg": "ES256", "kid": KID}
CLAIMS: dict[str, Any] = {
    "iss": ISSUER, "aud": ISSUER, "exp": NOW + 600, "iat": NOW, "jti": "jti_1", "client_id": "citizen-app", "sub": "acc_1",
    "gid": "grt_1", "kind": "citizen", "scope": "profile", "acr": "urn:motcua:loa:1",
}  # fmt: skip


def read(text: str) -> AccessClaims:
    return rfc9068.read(text, KEYS, issuer=ISSUER, audience=ISSUER, at=AT)


def refused(text: str) -> None:
    with pytest.raises((BadJws, Expired)):
        read(text)


def test_RS_1_what_is_signed_is_read_back_and_lasts_ten_minutes() -> None:
    claims = AccessClaims(
        iss=ISSUER, aud=ISSUER, exp=NOW + 600, iat=NOW, jti="jti_1", client_id="citizen-app", sub="acc_1", gid="grt_1",
        kind="citizen", acr="urn:motcua:loa:2", amr=("otp", "sms"), cnf=rfc9068.Confirmation(jkt="x"),
    )  # fmt: skip
    made = rfc9068.sign(claims, KID, KEY)
    assert read(made) == claims
    assert read(made).level == 2
    header = jwt.get_unverified_header(made)
    assert header == {"typ": "at+jwt", "alg": "ES256", "kid": KID}
    # A foreign library reads it too.
    foreign = jwt.decode(
        made, KEY.public_key(), ["ES256"], audience=ISSUER, issuer=ISSUER, options={"verify_exp": False, "verify_iat": False}
    )  # fmt: skip
    assert {"iss", "aud", "exp", "iat", "jti", "client_id", "sub"} <= set(foreign)
    assert timedelta(minutes=15) >= rfc9068.PROOFING_LIFETIME >= rfc9068.LIFETIME


def test_a_good_token_made_by_hand_is_good() -> None:
    assert read(token(HEADER, CLAIMS)).sub == "acc_1"


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "HS256", "es256", "ES384", "RS256", "", None, 1, ["ES256"]])
def test_RS_2_other_algorithms(alg: Any) -> None:
    refused(token(HEADER | {"alg": alg}, CLAIMS))


def test_RS_2_hs256_with_our_public_key() -> None:
    pem = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signing_input = f"{part(HEADER | {'alg': 'HS256'})}.{part(CLAIMS)}"
    refused(f"{signing_input}.{part(hmac.digest(pem, signing_input.encode(), hashlib.sha256))}")


def test_RS_2_no_signature() -> None:
    refused(f"{part(HEADER | {'alg': 'none'})}.{part(CLAIMS)}.")
    refused(f"{part(HEADER)}.{part(CLAIMS)}.")
    refused(f"{part(HEADER)}.{part(CLAIMS)}.{part(bytes(64))}")


@pytest.mark.parametrize("kid", ["../../dev/null", "' OR 1=1", "unknown", "", "k" * 10_000, 1, None, ["es256-1"]])
def test_RS_3_kids_that_name_nothing(kid: Any) -> None:
    refused(token(HEADER | {"kid": kid}, CLAIMS))


def test_RS_3_no_kid() -> None:
    refused(token({"typ": "at+jwt", "alg": "ES256"}, CLAIMS))


@pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c", "x5t"])
def test_RS_4_keys_the_token_brings_along(member: str) -> None:
    refused(token(HEADER | {member: "https://evil.test/keys"}, CLAIMS, OTHER_KEY))
    refused(token(HEADER | {member: "https://evil.test/keys"}, CLAIMS))


@pytest.mark.parametrize(
    "more", [{"crit": ["x"], "x": 1}, {"crit": []}, {"b64": False}, {"b64": False, "crit": ["b64"]}]
)
def test_RS_5_members_that_change_the_reading(more: dict[str, Any]) -> None:
    refused(token(HEADER | more, CLAIMS))


def test_RS_2_the_algorithm_is_the_keys() -> None:
    """A token signed by one of our keys says the algorithm of another of our keys."""
    edwards = ed25519.Ed25519PrivateKey.generate()
    both = {KID: KEY.public_key(), "eddsa-1": edwards.public_key()}
    good = rfc7515.sign({"typ": "at+jwt", "kid": "eddsa-1"}, CLAIMS, edwards)
    assert rfc9068.read(good, both, issuer=ISSUER, audience=ISSUER, at=AT).sub
    for header, key in (
        (HEADER | {"kid": "eddsa-1", "alg": "ES256"}, edwards),
        (HEADER | {"alg": "EdDSA"}, KEY),
        (HEADER | {"alg": "RS256"}, KEY),
        (HEADER | {"kid": "eddsa-1", "alg": "EdDSA"}, KEY),
    ):
        with pytest.raises(BadJws):
            rfc9068.read(token(header, CLAIMS, key), both, issuer=ISSUER, audience=ISSUER, at=AT)  # type: ignore[arg-type]


def test_RS_6_an_id_token_is_no_access_token() -> None:
    identity = oidc.id_token(
        KID, KEY, issuer=ISSUER, client_id=ISSUER, subject="x", level=1, amr=["otp"], auth_time=AT, nonce=None,
        access_token="a", at=AT,
    )  # fmt: skip
    refused(identity)
    refused(token(HEADER | {"typ": "JWT"}, CLAIMS))
    refused(token(HEADER | {"typ": "dpop+jwt"}, CLAIMS))
    refused("mc_ac_x")


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://other.example"},
        {"aud": [ISSUER]},
        {"aud": [ISSUER, ISSUER]},
        {"aud": ["https://other.example", "https://third.example"]},
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"exp": NOW},
        {"exp": NOW - 1},
        {"exp": str(NOW + 600)},
        {"exp": None},
        {"exp": True},
        {"nbf": NOW + 300},
        {"iat": NOW + 300},
        {"sub": 1},
        {"kind": "emperor"},
        {"cnf": {"jkt": 1}},
    ],
)
def test_RS_7_claims_that_do_not_hold(wrong: dict[str, Any]) -> None:
    refused(token(HEADER, CLAIMS | wrong))


@pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat", "jti", "client_id", "sub", "gid", "kind"])
def test_RS_7_claims_that_are_missing(name: str) -> None:
    refused(token(HEADER, {key: value for key, value in CLAIMS.items() if key != name}))


def test_RS_7_the_boundary_second() -> None:
    assert read(token(HEADER, CLAIMS | {"exp": NOW + 1}))
    with pytest.raises(Expired):
        read(token(HEADER, CLAIMS | {"exp": NOW}))


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(CLAIMS).replace(str(NOW + 600), "1e400"),
        json.dumps(CLAIMS).replace(str(NOW + 600), f"{NOW + 600}.0"),
        json.dumps(CLAIMS).replace(str(NOW + 600), "NaN"),
        json.dumps(CLAIMS)[:-1] + ', "sub": "acc_2"}',
        "[" * 2000 + "]" * 2000,
        "{" + json.dumps(CLAIMS),
        json.dumps([CLAIMS]),
        b"\xff\xfe",
        "",
    ],
)
def test_RS_7_payloads_that_are_not_one_object(payload: Any) -> None:
    refused(token(HEADER, payload))


def test_RS_7_a_header_member_twice() -> None:
    refused(token('{"alg":"ES256","typ":"at+jwt","kid":"es256-1","kid":"es256-1"}', CLAIMS))


@pytest.mark.parametrize("long", ["header", "payload", "dots", "letters"])
def test_RS_8_a_long_token_is_refused_unread(long: str) -> None:
    """The reason shows that nothing of it was decoded: length is looked at first."""
    made = {
        "header": part("x" * 256_000) + "." + part(CLAIMS) + ".x",
        "payload": token(HEADER, CLAIMS | {"scope": "x" * 1_000_000}),
        "dots": "." * 1_000_000,
        "letters": "a" * 1_000_000,
    }
    with pytest.raises(BadJws, match="too long"):
        read(made[long])


def test_RS_9_an_encrypted_token_is_not_read() -> None:
    header = {"alg": "PBES2-HS256+A128KW", "enc": "A128CBC-HS256", "p2c": 10**9, "zip": "DEF", "typ": "at+jwt"}
    refused(f"{part(header)}.AAAA.AAAA.AAAA.AAAA")
    refused(token(header | {"kid": KID}, CLAIMS))


def test_one_token_has_one_spelling() -> None:
    good = token(HEADER, CLAIMS)
    head, body, signature = good.split(".")
    for changed in (f"{good}=", f" {good}", f"{good}\n", f"{head}.{body}.{signature}.", f"{head}.{body}", good + "é"):
        refused(changed)
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = last[last.index(signature[-1]) ^ 1]
    refused(f"{head}.{body}.{signature[:-1]}{twin}")


def test_a_flipped_bit_anywhere_is_refused() -> None:
    good = token(HEADER, CLAIMS)
    for place in random.Random(7).sample(range(len(good)), 60):
        for letter in ("A", "b", "9"):
            if good[place] not in (letter, "."):
                refused(good[:place] + letter + good[place + 1 :])


def test_signatures_that_are_no_point() -> None:
    signing_input = f"{part(HEADER)}.{part(CLAIMS)}"
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for r, s in ((0, 0), (0, 1), (1, 0), (order, 1), (1, order), (order, order), (2**256 - 1, 2**256 - 1)):
        refused(f"{signing_input}.{part(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}")
    good = token(HEADER, CLAIMS).rsplit(".", 1)[1]
    for size in (0, 1, 63, 65, 96, 128):
        refused(f"{signing_input}.{part((rfc7515.unb64url(good) * 2)[:size])}")


def test_a_key_that_has_left_no_longer_verifies() -> None:
    with pytest.raises(BadJws):
        rfc9068.read(token(HEADER, CLAIMS), {"other": KEY.public_key()}, issuer=ISSUER, audience=ISSUER, at=AT)
    with pytest.raises(BadJws):
        rfc9068.read(token(HEADER, CLAIMS, OTHER_KEY), KEYS, issuer=ISSUER, audience=ISSUER, at=AT)


def test_an_expired_token_can_still_be_given_back() -> None:
    old = token(HEADER, CLAIMS | {"exp": NOW - 3600})
    assert rfc9068.signed_claims(old, KEYS, issuer=ISSUER).gid == "grt_1"


def test_a_signature_is_looked_at_once_and_all_else_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    now = [AT]

    def signed_claims(text: str, *args: Any, **kwargs: Any) -> AccessClaims:
        looked.append(text)
        return really(text, *args, **kwargs)

    really = rfc9068.signed_claims
    monkeypatch.setattr(rfc9068, "signed_claims", signed_claims)
    monkeypatch.setattr(clock, "now", lambda: now[0])
    verifier = Verifier(ISSUER, KEYS, None)  # type: ignore[arg-type] - no proofs here
    good, bad = token(HEADER, CLAIMS), token(HEADER, CLAIMS, OTHER_KEY)
    assert [verifier.claims_in_force(good) for _ in range(2)] == [read(good)] * 2
    assert [verifier.claims_in_force(bad) for _ in range(2)] == [None] * 2
    assert verifier.claims_in_force(good[:-2] + ("AA" if good[-2:] != "AA" else "BB")) is None
    assert looked.count(good) == 2, "by `read` above, and once before it"
    assert looked.count(bad) == 2, "what is not good is not remembered"
    elsewhere = token(HEADER, CLAIMS | {"aud": "https://elsewhere.example"})
    assert verifier.claims_in_force(elsewhere, for_anybody=True) is not None
    assert verifier.claims_in_force(elsewhere) is None, "it is for somebody else still"
    now[0] += timedelta(minutes=10)
    assert verifier.claims_in_force(good) is None, "it has expired meanwhile"
