"""The two ceremonies of Web Authentication: what a browser or phone is asked, and whether what it answers holds.

`webauthn` (py_webauthn) checks type, challenge, origin, RP id, presence, verification and signature (§7.1, §7.2); what it
leaves to the caller is here: embedded pages, the user handle, the sign counter after the signature and not before.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kit.settings import Settings

TIMEOUT_SECONDS = 300
# ES256 is what platforms make; EdDSA and RS256 are what security keys and Windows Hello make besides (§5.8.5).
_ALGORITHMS = (-7, -8, -257)
# Others say who made the authenticator, which is asked of nobody and proves a citizen nothing.
_FORMATS = frozenset({"none", "packed"})


class RelyingParty(msgspec.Struct, frozen=True):
    """Whose passkeys they are: the domain they are bound to, and the pages and apps that may ask for them."""

    id: str
    name: str
    origins: tuple[str, ...]


def relying_party(settings: Settings) -> RelyingParty:
    """From the settings; the public URL is always among the origins."""
    parts = urlsplit(settings.public_url)
    return RelyingParty(
        id=settings.passkey_domain or parts.hostname or "localhost",
        name=settings.city,
        origins=(f"{parts.scheme}://{parts.netloc}", *settings.passkey_origins),
    )


class BadCeremony(Exception):
    """The answer does not hold; the sentence is for developers, callers refuse with one body whatever it says."""


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """A new passkey. `synced`: it may be on other devices of the person too (backup eligible, §6.1.3)."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: str
    synced: bool


class Asserted(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey was used; the signature over everything holds, the counter has not been looked at."""

    sign_count: int
    synced: bool


def creation_options(
    party: RelyingParty, *, challenge: bytes, handle: bytes, name: str, has: Sequence[bytes]
) -> dict[str, Any]:
    """`PublicKeyCredentialCreationOptionsJSON`: discoverable, verified by the user, unattested, not one of those they have."""
    import webauthn
    from webauthn.helpers import structs
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.options_to_json_dict import options_to_json_dict

    return options_to_json_dict(
        webauthn.generate_registration_options(
            rp_id=party.id,
            rp_name=party.name,
            user_id=handle,
            user_name=name,
            challenge=challenge,
            timeout=TIMEOUT_SECONDS * 1000,
            attestation=structs.AttestationConveyancePreference.NONE,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=one) for one in has],
            supported_pub_key_algs=[COSEAlgorithmIdentifier(one) for one in _ALGORITHMS],
        )
    )


def request_options(party: RelyingParty, *, challenge: bytes) -> dict[str, Any]:
    """`PublicKeyCredentialRequestOptionsJSON` naming no credential: the person picks one, and nobody learns who has any."""
    import webauthn
    from webauthn.helpers import structs
    from webauthn.helpers.options_to_json_dict import options_to_json_dict

    return options_to_json_dict(
        webauthn.generate_authentication_options(
            rp_id=party.id,
            challenge=challenge,
            timeout=TIMEOUT_SECONDS * 1000,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
    )


def registered(party: RelyingParty, credential: dict[str, Any], *, challenge: bytes) -> Registered:
    """§7.1. Raises BadCeremony."""
    import webauthn
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.structs import CredentialDeviceType

    try:
        found = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(one) for one in _ALGORITHMS],
        )
        _refuse_embedded(credential)
    except Exception as error:  # what strangers send fails in the ways of four libraries; each means the same
        raise BadCeremony(str(error)) from error
    if found.fmt not in _FORMATS:
        raise BadCeremony(f"attestation {found.fmt} was not asked for")
    if len(found.credential_id) > 1023:
        raise BadCeremony("the credential id is longer than 1023 bytes")
    return Registered(
        credential_id=found.credential_id,
        public_key=found.credential_public_key,
        sign_count=found.sign_count,
        aaguid=found.aaguid,
        synced=found.credential_device_type == CredentialDeviceType.MULTI_DEVICE,
    )


def asserted(
    party: RelyingParty, credential: dict[str, Any], *, challenge: bytes, public_key: bytes, handle: bytes
) -> Asserted:
    """§7.2, but for the counter: compared before the signature it would let a stranger pretend a clone. Raises BadCeremony."""
    import webauthn
    from webauthn.helpers.structs import CredentialDeviceType

    try:
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=list(party.origins),
            credential_public_key=public_key,
            # Py_webauthn would compare counters before the signature; the caller does after.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        _refuse_embedded(credential)
        # A discoverable credential tells whose it is (§7.2 step 6).
        shown = webauthn.base64url_to_bytes(credential["response"]["userHandle"])
    except Exception as error:  # as above
        raise BadCeremony(str(error)) from error
    if shown != handle:
        raise BadCeremony("the user handle is another account's")
    return Asserted(
        sign_count=found.new_sign_count, synced=found.credential_device_type == CredentialDeviceType.MULTI_DEVICE
    )


def credential_id(credential: dict[str, Any]) -> bytes:
    """What it says it is, to look its key up by. Raises BadCeremony."""
    import webauthn

    try:
        return webauthn.base64url_to_bytes(credential["rawId"])
    except Exception as error:  # as above
        raise BadCeremony("no credential id") from error


def _refuse_embedded(credential: dict[str, Any]) -> None:
    """No page of ours asks from inside another's frame (§5.8.1 crossOrigin, topOrigin)."""
    import webauthn

    said = msgspec.json.decode(webauthn.base64url_to_bytes(credential["response"]["clientDataJSON"]))
    if said.get("crossOrigin") or "topOrigin" in said:
        raise BadCeremony("asked from inside another site's page")
