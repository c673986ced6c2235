"""The same routes in FastAPI on uvicorn: the same verbs of ours, the same checks of the caller, another framework around them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from fastapi import Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from api.wiring import House, open_house
from benchmarks.floors import bare
from dossiers import finding, submitting
from dossiers.messages import LookUp
from kit import settings as kit_settings
from kit.actor import Actor
from kit.refusal import Refusal


class Words(BaseModel):
    vi: str
    en: str


class Branch(BaseModel):
    name: str
    title: Words
    state: str
    label: Words
    national_status: int | None
    due_at: datetime | None
    overdue: bool
    result: bool


class Procedure(BaseModel):
    code: str
    version: str
    name: Words


class Line(BaseModel):
    seq: int
    at: datetime
    kind: str
    branch: str | None
    before: str | None
    after: str | None
    message: Words


class Status(BaseModel):
    receipt_code: str
    procedure: Procedure
    status: str
    submitted_at: datetime | None
    promised_at: datetime | None
    branches: list[Branch]
    timeline: list[Line]


class Promise(BaseModel):
    due_at: datetime
    due_on: date
    steps: list[Words]


class Submitted(BaseModel):
    id: str
    receipt_code: str
    submitted_at: datetime
    promised: Promise
    branches: list[Branch]


class Asked(BaseModel):
    receipt_code: str
    date_of_birth: date


class Written(BaseModel):
    receipt_code: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    settings, _ = kit_settings.load()
    async with open_house(settings) as house:
        house.limits._scale = 1_000_000
        app.state.house, app.state.bare = house, bare.App()
        yield


app = FastAPI(lifespan=lifespan)


@app.exception_handler(Refusal)
async def refused(request: Request, error: Refusal) -> JSONResponse:
    return JSONResponse({"code": error.code}, status_code=error.status)


def house_of(request: Request) -> House:
    return request.app.state.house


async def actor_of(request: Request, house: Annotated[House, Depends(house_of)]) -> Actor:
    return await house.issuer.actor(
        house.db,
        authorization=request.headers.getlist("authorization"),
        dpop=request.headers.getlist("dpop"),
        method=request.method,
        path=request.url.path,
    )


@app.post("/v1/lookups", response_model=Status)
async def look_up(asked: Asked, request: Request, house: Annotated[House, Depends(house_of)]) -> Any:
    address = request.client.host if request.client else "unknown"
    found = await finding.by_receipt_code(house.stand, house.limits, address, LookUp(**asked.model_dump()))
    return msgspec.to_builtins(found)


@app.post("/v1/dossiers/{dossier_id}/submission", response_model=Submitted, status_code=201)
async def submit(
    dossier_id: str,
    request: Request,
    house: Annotated[House, Depends(house_of)],
    actor: Annotated[Actor, Depends(actor_of)],
    idempotency_key: Annotated[str | None, Header()] = None,
    alone: Annotated[str | None, Header()] = None,
) -> Any:
    """With the header `alone` no submission goes together with others, as a service would have it that has no such door."""
    wish = submitting.wished(actor, dossier_id, key=idempotency_key, version=None, body=await request.body())
    (done,) = await submitting.take_in(house.stand, [wish]) if alone else [await house.intake.ask(wish)]
    if isinstance(done, Exception):
        raise done
    return msgspec.to_builtins(done)


@app.post("/v1/plain/{draft_id}/submission", response_model=Written)
async def write_plainly(draft_id: str, request: Request) -> Any:
    """The floor's own statement: no check, nobody known. What is left beside a bare application is the framework."""
    floor: bare.App = request.app.state.bare
    return msgspec.json.decode(await floor.submit(await floor.opened(), draft_id))
