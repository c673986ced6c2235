"""Metadata of the issuer (RFC 8414, OpenID Connect Discovery §3): states exactly what answers.

The city's own apps may also get their codes from `POST /v1/sign-ins` and `POST /v1/proofing/sessions` in the manner of
draft-ietf-oauth-first-party-apps; they redeem them at the same token endpoint.
"""

from collections.abc import Sequence
from typing import Any

from identity.tokens import evidence, rfc7636, rfc9068
from identity.tokens.messages import Alg
from identity.tokens.rfc7515 import ALG
from identity.tokens.scopes import CLAIMS, SCOPES

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name of a grant
GRANTS = ["authorization_code", "refresh_token", "client_credentials", DEVICE_CODE, TOKEN_EXCHANGE]
_PROVEN = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
_ANYHOW = [*_PROVEN, "none"]


def metadata(issuer: str, algs: Sequence[Alg]) -> dict[str, Any]:
    """Every address begins with the configured public URL, whatever Host a request names; `algs` are those there is a key for."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/v1/oauth/authorize",
        "token_endpoint": f"{issuer}/v1/oauth/token",
        "pushed_authorization_request_endpoint": f"{issuer}/v1/oauth/par",
        "device_authorization_endpoint": f"{issuer}/v1/oauth/device_authorization",
        "introspection_endpoint": f"{issuer}/v1/oauth/introspect",
        "revocation_endpoint": f"{issuer}/v1/oauth/revoke",
        "userinfo_endpoint": f"{issuer}/v1/oauth/userinfo",
        "end_session_endpoint": f"{issuer}/v1/oauth/logout",
        "jwks_uri": f"{issuer}/v1/oauth/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "grant_types_supported": GRANTS,
        "code_challenge_methods_supported": [rfc7636.METHOD],
        "authorization_response_iss_parameter_supported": True,
        "token_endpoint_auth_methods_supported": _ANYHOW,
        "revocation_endpoint_auth_methods_supported": _ANYHOW,
        "introspection_endpoint_auth_methods_supported": _PROVEN,
        **{f"{name}_endpoint_auth_signing_alg_values_supported": [ALG] for name in ("token", "revocation", "introspection")},
        "dpop_signing_alg_values_supported": [ALG],
        "id_token_signing_alg_values_supported": list(algs),
        "subject_types_supported": ["pairwise"],
        "scopes_supported": list(SCOPES),
        "acr_values_supported": rfc9068.ACR_VALUES,
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid", *CLAIMS, "verified_claims",
        ],
        "ui_locales_supported": ["vi", "en"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claims_parameter_supported": True,
        **evidence.metadata(),
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }  # fmt: skip
