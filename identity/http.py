"""What the routes of identity share."""

from typing import Annotated

from litestar.params import Parameter

PathId = Annotated[str, Parameter(pattern="^[0-9a-z_]{1,60}$", description="an id as this API gave it")]
"""Anything else names nothing, and a NUL must not reach the database."""

OnBehalfOf = Annotated[
    str | None,
    Parameter(
        header="On-Behalf-Of",
        pattern="^[0-9a-z_]{1,60}$",
        description="a mandate of the caller's (`GET /v1/me/mandates`): the request is then of whom it is for",
    ),
]
"""The mandate a request is made under."""
