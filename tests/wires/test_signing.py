"""RFC 9421 with Ed25519, over RFC 9530 digests: the RFC's own vector, and everything that must not pass."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from kit import clock
from wires import signing
from wires.signing import COVERED, Message, NotSigned, Signer

BODY = '{"maHoSo": "bra_0", "ghiChu": "Đã tiếp nhận"}'.encode()
URL = "https://city.example/v1/wires/bhxh/statuses"


def message(**changed):
    headers = {"content-type": "application/json", "idempotency-key": "bhxh-0001", "message-sequence": "1"}
    return Message("POST", URL, headers | changed)


@pytest.fixture
def signer():
    return Signer(bytes(range(32)))


def check(signer, told, body=BODY, tag="t", **rest):
    return signing.check(told, body, tag=tag, keys={signer.key_id: signer.public}, **rest)


def test_what_was_signed_passes_and_names_its_key(signer):
    told = message()
    signer.sign(told, BODY, tag="t")
    assert check(signer, told) == signer.key_id
    digest = next(value for name, value in told.headers.items() if name.lower() == "content-digest")
    assert digest == f"sha-256=:{base64.b64encode(hashlib.sha256(BODY).digest()).decode()}:"


def test_the_rfc_s_own_ed25519_vector():
    """RFC 9421 B.2.6: signing a request with ed25519, key of B.1.4."""
    from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms

    key = Signer(base64.b64decode("n4Ni+HpISpVObnQMW0wOhCKROaIKqKtW/2ZYb2p9KcU="))
    told = Message(
        "POST",
        "https://example.com/foo?param=Value&Pet=dog",
        {
            "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "Content-Type": "application/json",
            "Content-Length": "18",
        },
    )
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={"test-key-ed25519": key._private}),
    )
    signer.sign(
        told, key_id="test-key-ed25519", created=datetime.fromtimestamp(1618884473, UTC), label="sig-b26", include_alg=False,
        covered_component_ids=("date", "@method", "@path", "@authority", "content-type", "content-length"),
    )  # fmt: skip
    assert told.headers["Signature"] == (
        "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"
    )


@pytest.mark.parametrize("header", ["content-type", "idempotency-key", "message-sequence", "content-digest"])
def test_a_changed_header_does_not_pass(signer, header):
    told = message()
    signer.sign(told, BODY, tag="t")
    told.headers[header] = "text/plain" if header == "content-type" else "2"
    with pytest.raises(NotSigned):
        check(signer, told)


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"url": URL.replace("bhxh", "other")},
        {"url": URL + "?x=1"},
        {"url": URL.replace("city.example", "evil.example")},
    ],
)
def test_another_method_or_address_does_not_pass(signer, change):
    told = message()
    signer.sign(told, BODY, tag="t")
    for name, value in change.items():
        setattr(told, name, value)
    with pytest.raises(NotSigned):
        check(signer, told)


def test_another_body_tag_or_key_does_not_pass(signer):
    told = message()
    signer.sign(told, BODY, tag="t")
    for wrong in (
        lambda: check(signer, told, BODY + b" "),
        lambda: check(signer, told, b""),
        lambda: check(signer, told, tag="other"),
        lambda: signing.check(told, BODY, tag="t", keys={signer.key_id: Signer(bytes(32)).public}),
        lambda: signing.check(told, BODY, tag="t", keys={}),
    ):
        with pytest.raises(NotSigned):
            wrong()


@pytest.mark.parametrize("left_out", [name for name in COVERED if name != "content-digest"])
def test_a_signature_that_leaves_something_out_does_not_pass(signer, left_out):
    told = message()
    signer.sign(told, BODY, tag="t", covered=[name for name in COVERED if name not in (left_out, "content-digest")])
    with pytest.raises(NotSigned):
        check(signer, told)


@pytest.mark.parametrize(("after", "passes"), [(timedelta(minutes=5), True), (timedelta(minutes=6, seconds=1), False)])
def test_an_old_signature_does_not_pass(signer, after, passes):
    told = message()
    signer.sign(told, BODY, tag="t")
    with clock.shifted(after):
        if passes:
            assert check(signer, told)
        else:
            with pytest.raises(NotSigned):
                check(signer, told)


def test_a_signature_from_the_future_does_not_pass(signer):
    told = message()
    with clock.shifted(timedelta(minutes=2)):
        signer.sign(told, BODY, tag="t")
    with pytest.raises(NotSigned):
        check(signer, told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("signature", ""),
        ("signature", "sig1=:AAAA:"),
        ("signature", "sig1=::"),
        ("signature", "x" * 20_000),
        ("signature", "sig1=(((((((((("),
        ("signature-input", ""),
        ("signature-input", "sig1=()"),
        ("signature-input", 'sig1=("@method" "@method");created=1;keyid="k";tag="t"'),
        ("signature-input", 'sig1=("@method");created="1";keyid="k";tag="t"'),
        ("signature-input", 'sig1=("\x00");tag="t"'),
        ("signature-input", "Đ"),
    ],
)
def test_malformed_signatures_are_refused_and_nothing_else_happens(signer, name, value):
    told = message()
    signer.sign(told, BODY, tag="t")
    # The library writes names its own way.
    told.headers = {key.lower(): told.headers[key] for key in told.headers} | {name: value}
    with pytest.raises(NotSigned):
        check(signer, told)


def test_no_signature_at_all_is_refused(signer):
    with pytest.raises(NotSigned):
        check(signer, message())
