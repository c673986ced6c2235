"""GET /v1/offices: where things are done."""

from typing import Annotated, Any

from litestar import get
from litestar.params import Parameter

from identity.offices import service
from identity.offices.messages import Agency, Office
from kit.actor import ANYONE
from kit.db import Database


@get("/v1/offices", who=ANYONE, summary="Offices of the agencies", tags=["offices"])
async def list_offices(
    db: Database,
    agency: Annotated[Agency | None, Parameter(description="only this agency's")] = None,
    ward: Annotated[
        str | None, Parameter(pattern="^[0-9]{1,10}$", description="only in the ward with this code")
    ] = None,
) -> list[Office]:
    """By ward, then agency."""
    async with db.connect() as conn:
        return await service.all_offices(conn, agency=agency, ward_code=ward)


route_handlers: list[Any] = [list_offices]
