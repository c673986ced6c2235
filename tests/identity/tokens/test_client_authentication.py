"""RFC 6749 §2.3, §3.2: the form and the client's credentials, before any database."""

import base64

import pytest

from identity.tokens import rfc6749
from identity.tokens.rfc6749 import OAuthError

FORM = rfc6749.FORM


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def error(*args: object) -> OAuthError:
    with pytest.raises(OAuthError) as caught:
        rfc6749.form(*args) if isinstance(args[1], bytes) else rfc6749.credentials(*args)  # type: ignore[arg-type]
    return caught.value


def test_a_form_is_read_and_empty_values_count_as_absent() -> None:
    assert rfc6749.form(FORM, b"grant_type=authorization_code&code=a%2Bb&scope=") == {
        "grant_type": "authorization_code",
        "code": "a+b",
    }
    assert rfc6749.form(f"{FORM}; charset=UTF-8", b"a=b") == {"a": "b"}
    assert rfc6749.form(FORM, b"") == {}


@pytest.mark.parametrize(
    "kind", [None, "", "application/json", "text/plain", "multipart/form-data", f"{FORM}; charset=utf-16"]
)
def test_TOK_1_only_a_form(kind: str | None) -> None:
    assert error(kind, b"a=b").status == 415


@pytest.mark.parametrize(
    "body", [b"a=1&a=2", b"a=1&a=", b"a", b"a=%ff", b"\xff=1", b"&".join(b"k%d=1" % n for n in range(40))]
)
def test_TOK_1_forms_that_are_none(body: bytes) -> None:
    assert error(FORM, body).error == "invalid_request"


def test_credentials_by_basic_are_form_decoded() -> None:
    found = rfc6749.credentials(basic("my%2Dapp:s%3Acret%25+x"), {})
    assert (found.client_id, found.secret, found.by_basic) == ("my-app", "s:cret% x", True)


def test_TOK_3_what_is_no_basic_is_told_so() -> None:
    for header in (
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"nocolon").decode(),
        "Bearer x",
        basic(":x"),
        basic("é:x"),
    ):
        refused = error(header, {})
        assert refused.error == "invalid_client"
        assert refused.status == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic ")


def test_TOK_4_basic_and_body_at_once() -> None:
    assert error(basic("a:b"), {"client_secret": "b"}).error == "invalid_request"


def test_TOK_6_another_client_in_the_body() -> None:
    assert error(basic("a:b"), {"client_id": "c"}).error == "invalid_request"
    assert rfc6749.credentials(basic("a:b"), {"client_id": "a"}).client_id == "a"


def test_nobody_at_all() -> None:
    refused = error(None, {})
    assert (refused.error, refused.status) == ("invalid_client", 401)
