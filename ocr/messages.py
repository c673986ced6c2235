"""What the card room takes and gives over HTTP besides readings. Bytes travel as base64."""

import msgspec


class ActiveAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the chip signed: a nonce of ours, and the signature."""

    nonce: bytes
    signature: bytes


class ChipUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Elementary files as the phone read them; the security object and DG1 at least."""

    sod: bytes
    dg1: bytes
    dg2: bytes | None = None
    dg13: bytes | None = None
    dg14: bytes | None = None
    dg15: bytes | None = None
    active: ActiveAnswer | None = None


class Challenge(msgspec.Struct, frozen=True):
    """Eight random bytes, good once, for `expires_in` seconds."""

    nonce: bytes
    expires_in: int
