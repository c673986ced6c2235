"""Every request by the name the page and the differences know it by."""

from collections.abc import Callable

import httpx

from tests.peers.oracle.asking import Issuer

Request = Callable[[Issuer], httpx.Response]
REQUESTS: dict[str, Request] = {}
TOKEN, PAR, ASK, REVOKE = (
    "token_endpoint",
    "pushed_authorization_request_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
)
DEVICES, PERSON, LEAVE = "device_authorization_endpoint", "userinfo_endpoint", "end_session_endpoint"
OWN = "client_credentials"


def request(name: str) -> Callable[[Request], Request]:
    def kept(asked: Request) -> Request:
        assert name not in REQUESTS, name
        REQUESTS[name] = asked
        return asked

    return kept
