"""A PDF signed with an office's seal: PAdES B-B, or B-T where a timestamp authority answers (ETSI EN 319 142-1). The only file that knows pyHanko."""

import io
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from kit import clock
from kit.refusal import Refusal
from kit.settings import BadSetting

if TYPE_CHECKING:
    from kit.seals import Seal

FIELD = "ChuKySo"


class TimestampsAway(Refusal):
    """The timestamp authority that the settings name does not answer: nothing leaves without the proof of time it should have."""

    status = 503
    code = "timestamps-away"
    vi = "Dịch vụ cấp dấu thời gian chưa trả lời, nên chưa phát hành được bản điện tử. Hãy thử lại sau ít phút."
    en = "The timestamp authority does not answer, so the electronic paper cannot be issued yet. Try again in a few minutes."


class Signed(msgspec.Struct, frozen=True):
    """What the paper itself says of its signature: who, and when."""

    by: str
    at: datetime

    def printed(self) -> dict[str, str]:
        """As papers print it: the city's time with its zone (ISO 8601), as NĐ 30/2020/NĐ-CP wants it beside an agency's signature."""
        at = self.at.astimezone(clock.CITY)
        zone = f"{at:%z}"
        return {"by": self.by, "at": f"{at:%d/%m/%Y %H:%M:%S} {zone[:3]}:{zone[3:]}"}


def sign(pdf: bytes, seal: "Seal", *, at: datetime, timestamps_url: str | None = None) -> bytes:
    """The paper with one certifying signature over all of it: any change afterwards shows. `at` is the time it states.

    Blocks, some tens of milliseconds, and as long as the timestamp authority takes: call it by `asyncio.to_thread`. The signature has no
    picture of its own, since the paper says in words who signed. Raises TimestampsAway; of a key in a module TokenAway, and BadSetting where it is
    not the key that the certificate names.
    """
    import asyncio

    from asn1crypto import x509
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko.sign.timestamps import TimestampRequestError

    class Dated(signers.PdfSigner):
        def init_signing_session(self, *args: Any, **rest: Any) -> Any:
            """By the house's own clock."""
            session = super().init_signing_session(*args, **rest)
            session.system_time = at
            return session

    chain = [x509.Certificate.load(one) for one in seal.chain]
    out = IncrementalPdfFileWriter(io.BytesIO(pdf))
    field = fields.SigFieldSpec(
        FIELD,
        readable_field_name="Chữ ký số của cơ quan",
        # Printed, as PDF/A wants, and outside of what is shown: there PDF/UA asks for no tag.
        invis_sig_settings=fields.InvisSigSettings(box_out_of_bounds=True),
    )
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        name=seal.name,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    stamper = None if timestamps_url is None else _stamper(timestamps_url)
    try:
        with _signer(seal, chain) as signer:
            signing = Dated(meta, signer, timestamper=stamper, new_field_spec=field).async_sign_pdf(out)
            signed = asyncio.run(signing).getvalue()
    except TimestampRequestError as error:
        raise TimestampsAway from error
    if not isinstance(seal.key, bytes):
        asyncio.run(_refuse_unsound(signed, seal))
    return signed


@contextmanager
def _signer(seal: "Seal", chain: Sequence[Any]) -> Generator[Any]:
    """With the key from memory, or where it stays: that one is held for as long as this is."""
    from asn1crypto import keys
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    if isinstance(seal.key, bytes):
        registry = SimpleCertificateStore.from_certs(chain)
        key = keys.PrivateKeyInfo.load(seal.key)
        yield signers.SimpleSigner(signing_cert=chain[0], signing_key=key, cert_registry=registry)
        return
    from pyhanko.sign.pkcs11 import PKCS11Signer

    with seal.key.token.session() as session:
        yield PKCS11Signer(
            session,
            signing_cert=chain[0],
            ca_chain=chain[1:],
            key_label=seal.key.label,
            # Few modules hash before ECDSA; all of them sign a digest.
            use_raw_mechanism=chain[0].public_key.algorithm == "ec",
        )


async def _refuse_unsound(signed: bytes, seal: "Seal") -> None:
    """A module signs with whatever key has the label: what does not fit the certificate would be kept for good. Raises BadSetting."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    (found,) = PdfFileReader(io.BytesIO(signed)).embedded_signatures
    # Whether anybody trusts the certificate is not asked here.
    own = ValidationContext(trust_roots=[found.signer_cert], allow_fetching=False)
    status = await async_validate_pdf_signature(found, own)
    if not (status.intact and status.valid):
        raise BadSetting(f"What the token signs for {seal.name} does not fit the certificate: the key is another one.")


def _stamper(url: str) -> Any:
    """RFC 3161 over HTTP, by the client the house has."""
    import httpx
    from asn1crypto import tsp
    from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError

    class HttpxStamper(TimeStamper):
        async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
            headers = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
            try:
                async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
                    reply = await client.post(url, content=req.dump(), headers=headers)
                reply.raise_for_status()
                return tsp.TimeStampResp.load(reply.content, strict=True)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                raise TimestampRequestError("no timestamp") from error

    return HttpxStamper()
