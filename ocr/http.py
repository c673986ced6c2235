"""POST /v1/cards/readings: photos of a card in, its fields with their evidence out."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, Dependency, Parameter

from kit.actor import Actor, citizen, client, either
from kit.db import Database
from kit.limits import Limits
from kit.pool import InferencePool
from kit.valkey import Valkey
from ocr import service
from ocr.chip import TrustStore
from ocr.messages import Challenge
from ocr.reading import CardReading

# Two photos of 12 MB, a chip's files in base64, and the multipart envelope around them.
_CHIP_BYTES = 400_000
_BODY_BYTES = 2 * 12_000_000 + _CHIP_BYTES + 64 * 1024
# The two photos; a few parts more are an app's mistake, thousands are an attack.
_PARTS = 8

IdempotencyKey = Annotated[
    str | None, Parameter(header="Idempotency-Key", max_length=1000, description="random; the same one when you retry")
]


@dataclass
class ReadingForm:
    """Photos of one card: JPEG, PNG, WebP or HEIC. Either may show either side; one photo may show both.

    `chip` is JSON, a form field without a file name: the files a phone read from the card's chip, in base64 (`sod`, `dg1`, `dg2`, `dg13`, `dg14`, `dg15`), and
    `active`, the chip's answer to a challenge of ours (`nonce`, `signature`).
    """

    front: UploadFile
    back: UploadFile | None = None
    chip: str | None = None


@post(
    "/v1/cards/readings",
    who=either(citizen("cards:read"), client("cards:read")),
    status_code=200,
    request_max_body_size=_BODY_BYTES,
    summary="Read an identity card",
    tags=["cards"],
)
async def read_card(
    data: Annotated[ReadingForm, Body(media_type=RequestEncodingType.MULTI_PART, multipart_form_part_limit=_PARTS)],
    db: Database,
    valkey: Valkey,
    pool: InferencePool,
    limits: Limits,
    chip_trust: Annotated[TrustStore, Dependency(skip_validation=True)],
    actor: Actor,
    idempotency_key: IdempotencyKey = None,
) -> CardReading:
    """Every field with its sources and verdict. A photo no reading can be made of is refused with advice on taking it again.

    For a citizen's app and for partners acting for themselves, both by the scope cards:read: reading a card costs a
    second of a processor, so nobody unknown is given one. Whoever has no account yet reads their card in a proofing
    session, which keeps what it proves. Here photos are never kept, and a reading only for a retry: with an
    Idempotency-Key the same photos get the same answer for seven days, and it lies sealed under the photos themselves.
    """
    caller = _caller(actor)
    await limits.hit("card" if actor.kind == "citizen" else "card-of-client", caller)
    sent = service.Sent(
        front=await data.front.read(),
        back=None if data.back is None else await data.back.read(),
        chip=None if data.chip is None else data.chip.encode(),
    )
    desk = service.Desk(db=db, valkey=valkey, pool=pool, trust=chip_trust)
    return await service.read_card(desk, caller=caller, sent=sent, key=idempotency_key)


@post(
    "/v1/cards/challenges",
    who=either(citizen("cards:read"), client("cards:read")),
    summary="Ask for a nonce for a card's chip",
    tags=["cards"],
)
async def challenge_chip(valkey: Valkey, limits: Limits, actor: Actor) -> Challenge:
    """Eight random bytes for the chip to sign (active authentication, ICAO 9303-11 §6.1): good once, for a minute.

    Without it a chip's data can be shown to be its issuer's, but not that this chip is the original.
    """
    caller = _caller(actor)
    await limits.hit("card" if actor.kind == "citizen" else "card-of-client", caller)
    return await service.challenge_chip(valkey, caller=caller)


def _caller(actor: Actor) -> str:
    caller = actor.account_id if actor.kind == "citizen" else f"client {actor.client_id}"
    assert caller is not None
    return caller


route_handlers: list[Any] = [read_card, challenge_chip]
