"""Versions of what is shown, as entity tags (RFC 9110 §8.8.3): sent as ETag, asked for by If-Match."""

from typing import Annotated, TypeVar

from litestar import Response
from litestar.params import Parameter

from dossiers.refusals import VersionMissing

T = TypeVar("T")

IfMatch = Annotated[
    str | None, Parameter(header="If-Match", max_length=40, description='the version seen, such as "3" in quotes')
]


def asked_version(if_match: str | None, *, required: bool = False) -> int | None:
    """The version a caller saw; None when any will do. Raises VersionMissing when one is needed and none, or none of ours, is named."""
    if if_match is None or if_match.strip() == "*":
        if required and if_match is None:
            raise VersionMissing
        return None
    tag = if_match.strip().removeprefix("W/").strip('"')
    if not tag.isascii() or not tag.isdecimal() or len(tag) > 9:
        raise VersionMissing
    return int(tag)


def tagged(content: T, version: int, status_code: int = 200) -> Response[T]:
    """An answer that names its version and is kept by nobody in between."""
    return Response(
        content, status_code=status_code, headers={"ETag": f'"{version}"', "Cache-Control": "private, no-cache"}
    )
