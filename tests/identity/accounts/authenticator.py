"""A software authenticator: makes and uses passkeys as Web Authentication level 3 has it, and lies on request."""

import base64
import hashlib
import json
import secrets
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def new_key(alg: int) -> Key:
    match alg:
        case -7:
            return ec.generate_private_key(ec.SECP256R1())
        case -8:
            return ed25519.Ed25519PrivateKey.generate()
        case _:
            return rsa.generate_private_key(65537, 2048)


def cose(key: Key, alg: int) -> dict[int, Any]:
    """COSE_Key (RFC 9053 §7, RFC 8230 §4)."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_numbers()
        return {1: 2, 3: alg, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: alg, -1: 6, -2: key.public_key().public_bytes_raw()}
    numbers = key.public_key().public_numbers()
    return {1: 3, 3: alg, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}


class Authenticator:
    """One phone or security key with one passkey. `counts` False: its counter stays nought, as on phones that sync."""

    def __init__(self, *, alg: int = -7, counts: bool = True, synced: bool = False) -> None:
        self.alg, self.counts = alg, counts
        self.key = new_key(alg)
        self.id = secrets.token_bytes(32)
        self.counter = 0
        self.flags = UP | UV | (BE | BS if synced else 0)
        self.handle = b""

    def _client(self, kind: str, options: dict[str, Any], lies: dict[str, Any]) -> bytes:
        said = {
            "type": lies.get("type", kind),
            "challenge": lies.get("challenge", options["challenge"]),
            "origin": lies.get("origin", "http://127.0.0.1:8000"),
        }
        return json.dumps(said | lies.get("client", {})).encode()

    def _data(self, rp_id: str, flags: int, lies: dict[str, Any], attested: bytes = b"") -> bytes:
        if self.counts:
            self.counter += 1
        hashed = hashlib.sha256(lies.get("rp_id", rp_id).encode()).digest()
        return hashed + struct.pack(">BI", flags, lies.get("counter", self.counter)) + attested

    def create(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """`navigator.credentials.create`, as `toJSON` gives it."""
        self.handle = unb64(options["user"]["id"])
        public = cose(self.key, lies.get("alg", self.alg))
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(public)
        data = self._data(options["rp"]["id"], lies.get("flags", self.flags) | AT, lies, attested)
        statement = {"fmt": lies.get("fmt", "none"), "attStmt": {}, "authData": data}
        return {
            "id": lies.get("id", b64(self.id)),
            "rawId": b64(self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64(self._client("webauthn.create", options, lies)),
                "attestationObject": b64(lies.get("attestation", cbor2.dumps(statement))),
                "transports": ["internal", "hybrid", "telepathy"],
            },
            "clientExtensionResults": {},
        }

    def get(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """`navigator.credentials.get`, as `toJSON` gives it."""
        client = self._client("webauthn.get", options, lies)
        data = self._data(options["rpId"], lies.get("flags", self.flags), lies)
        signature = lies.get("signature", self._sign(data + hashlib.sha256(client).digest()))
        return {
            "id": b64(lies.get("id", self.id)),
            "rawId": b64(lies.get("id", self.id)),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64(client),
                "authenticatorData": b64(data),
                "signature": b64(signature),
                "userHandle": b64(lies.get("handle", self.handle)),
            },
            "clientExtensionResults": {},
        }

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(data)
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
