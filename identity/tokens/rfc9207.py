"""The answer to an authorization request (RFC 6749 §4.1.2), which names its issuer (RFC 9207). Pure."""

from urllib.parse import urlencode

import msgspec

from identity.tokens.messages import ResponseMode
from identity.tokens.rfc6749 import OAuthError


class Answer(msgspec.Struct, frozen=True):
    """What is sent to the app through the browser: in the address, or by a form that posts itself."""

    redirect_uri: str
    mode: ResponseMode
    parameters: dict[str, str]

    @property
    def address(self) -> str:
        """`redirect_uri` with the parameters behind whatever query it has."""
        joint = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{joint}{urlencode(self.parameters)}"


def code_answer(redirect_uri: str, mode: ResponseMode, *, code: str, state: str | None, issuer: str) -> Answer:
    return Answer(redirect_uri, mode, {"code": code, **_common(state, issuer)})


def error_answer(redirect_uri: str, mode: ResponseMode, error: OAuthError, *, state: str | None, issuer: str) -> Answer:
    told = {"error": error.error, "error_description": error.description}
    return Answer(redirect_uri, mode, told | _common(state, issuer))


def _common(state: str | None, issuer: str) -> dict[str, str]:
    return {"iss": issuer} if state is None else {"state": state, "iss": issuer}
