"""Authlib, unmodified, against a running server: code with PKCE, refresh, revocation, and a client that signs for itself."""

import httpx
import pytest
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives import serialization
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tests.peers.oracle.asking import APPS, Issuer

pytestmark = pytest.mark.slow

_SCOPE = "openid profile offline_access"


def test_code_refresh_and_revocation(ours: Issuer) -> None:
    told, verifier, nonce = ours.metadata, generate_token(48), generate_token(20)
    with OAuth2Client(
        client_id="web", client_secret=ours.secrets["web"], token_endpoint_auth_method="client_secret_basic", scope=_SCOPE,
        redirect_uri=APPS["web"].redirects[0], code_challenge_method="S256",
    ) as client:  # fmt: skip
        asked, _ = client.create_authorization_url(told["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
        back = ours.follow(ours.signed_in, ours.signed_in.get(asked)).headers["location"]
        held = client.fetch_token(told["token_endpoint"], authorization_response=back, code_verifier=verifier)
        keys = KeySet.import_key_set(httpx.get(told["jwks_uri"]).json())
        said = jwt.decode(held["id_token"], keys, algorithms=["ES256"]).claims
        rules = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": told["issuer"]},
            aud={"essential": True, "value": "web"},
            nonce={"essential": True, "value": nonce},
        )
        rules.validate(said)
        assert client.get(told["userinfo_endpoint"]).json()["sub"] == said["sub"]
        again = client.refresh_token(told["token_endpoint"])
        assert again["refresh_token"] != held["refresh_token"]
        assert client.introspect_token(told["introspection_endpoint"], token=again["access_token"]).json()["active"]
        assert client.revoke_token(told["revocation_endpoint"], token=again["refresh_token"]).status_code == 200
        assert client.introspect_token(told["introspection_endpoint"], token=again["access_token"]).json() == {
            "active": False
        }


def test_a_client_that_signs_for_itself(ours: Issuer) -> None:
    pem = ours.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    endpoint = ours.metadata["token_endpoint"]
    with OAuth2Client(
        client_id="signer", client_secret=ECKey.import_key(pem), token_endpoint_auth_method="private_key_jwt"
    ) as client:
        client.register_client_auth_method(PrivateKeyJWT(endpoint, alg="ES256", headers={"kid": "k"}))
        held = client.fetch_token(endpoint, grant_type="client_credentials", scope="cards:read")
    assert (held["token_type"], held["scope"]) == ("Bearer", "cards:read")
