"""Refusals: what the house says no with, in one shape, for machines and for people."""

from typing import Any, ClassVar

import msgspec


class Words(msgspec.Struct, frozen=True):
    """One sentence in both languages."""

    vi: str
    en: str


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with one field of what was sent; `field` is a path such as `child.date_of_birth`."""

    field: str
    code: str
    message: Words


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every error (RFC 9457). `code` is stable and for machines; `message` is for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    message: Words
    instance: str | None = None
    faults: list[Fault] = []


class Refusal(Exception):
    """A no with a stable `code` and sentences saying what to do; becomes one RFC 9457 problem document.

    Subclasses set `status`, `code`, `vi`, `en`; the sentences are `str.format` templates filled from the keyword arguments.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    vi: ClassVar[str] = "Yêu cầu không được chấp nhận."
    en: ClassVar[str] = "The request was refused."

    def __init__(
        self,
        *,
        faults: list[Fault] | None = None,
        retry_after_seconds: int | None = None,
        headers: dict[str, str] | None = None,
        **fields: Any,
    ) -> None:
        self.fields = fields
        self.faults = faults or []
        self.retry_after_seconds = retry_after_seconds
        self.headers = headers or {}
        super().__init__(f"{self.code}: {self.message.en}")

    @property
    def message(self) -> Words:
        return Words(vi=self.vi.format(**self.fields), en=self.en.format(**self.fields))

    # Refusals cross from inference workers to the API by pickle; Exception's own pickling knows no keyword arguments.
    def __reduce__(self) -> tuple[Any, ...]:
        kwargs = {
            "faults": self.faults,
            "retry_after_seconds": self.retry_after_seconds,
            "headers": self.headers,
            **self.fields,
        }
        return (_rebuild, (type(self), kwargs))


def _rebuild(kind: type[Refusal], kwargs: dict[str, Any]) -> Refusal:
    return kind(**kwargs)


class NotFound(Refusal):
    """Another person's thing and a missing thing look the same."""

    status = 404
    code = "not-found"
    vi = "Không tìm thấy. Hãy kiểm tra lại mã hoặc địa chỉ."
    en = "Nothing was found here. Check the code or the address."


class Invalid(Refusal):
    """The request is well-formed but its content is not acceptable; every fault is named by field."""

    status = 422
    code = "invalid"
    vi = "Có {count} chỗ cần sửa. Hãy xem từng mục được nêu."
    en = "{count} things need correcting. See each field named."

    def __init__(self, *, faults: list[Fault], **fields: Any) -> None:
        fields.pop("count", None)
        super().__init__(faults=faults, count=len(faults), **fields)


def fault(field: str, code: str, vi: str, en: str) -> Fault:
    return Fault(field=field, code=code, message=Words(vi=vi, en=en))
