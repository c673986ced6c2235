"""What a page's form sent, read once: for pages whose inputs are not all known beforehand."""

from typing import Any

import msgspec
from litestar.datastructures import UploadFile

from web.signing_in import HttpRequest


class Sent(msgspec.Struct, frozen=True):
    """The inputs in their order. Nobody has looked at its token yet."""

    items: list[tuple[str, Any]]

    def one(self, name: str) -> str:
        return next((value for key, value in self.items if key == name and isinstance(value, str)), "")

    def many(self, name: str) -> list[str]:
        return [value for key, value in self.items if key == name and isinstance(value, str)]

    def file(self, name: str) -> UploadFile | None:
        return next((value for key, value in self.items if key == name and isinstance(value, UploadFile)), None)

    @property
    def texts(self) -> dict[str, str]:
        """Of a name sent twice the first: a button pressed stands before none."""
        return {key: value for key, value in reversed(self.items) if isinstance(value, str)}

    @property
    def version(self) -> int | None:
        """Of what the page showed; None for what is no version."""
        seen = self.one("version")
        return int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else None


async def read(request: HttpRequest) -> Sent:
    """A NUL, which no keyboard types and no column holds, is left out."""
    form = await request.form()
    return Sent([(str(key), _typed(value)) for key, value in form.multi_items()])


def _typed(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value
