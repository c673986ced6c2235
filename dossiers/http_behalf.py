"""`On-Behalf-Of`: the mandate a request is made under."""

from typing import Annotated

from litestar.params import Parameter

OnBehalfOf = Annotated[
    str | None,
    Parameter(
        header="On-Behalf-Of",
        pattern="^[0-9a-z_]{1,60}$",
        description="a mandate of the caller's (`GET /v1/me/mandates`): the request is then of whom it is for",
    ),
]
