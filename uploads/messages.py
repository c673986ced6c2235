"""What is known of a file, and what is served of it."""

from datetime import datetime

import msgspec


class Upload(msgspec.Struct, frozen=True):
    """A file as it was received; `sha256` is of the original, in hexadecimal."""

    id: str
    sha256: str
    size_bytes: int
    media_type: str
    pages: int | None
    uploaded_at: datetime


class Resumable(msgspec.Struct, frozen=True):
    """A file on its way: `received` of its `length` bytes are on the disk. Whole, it is an upload of the same id."""

    id: str
    length: int
    received: int
    expires_at: datetime


class Content(msgspec.Struct, frozen=True):
    """What a person is shown of a file: a re-encoded picture, or the PDF to save. Never the original picture."""

    upload_id: str
    media_type: str
    data: bytes

    @property
    def headers(self) -> dict[str, str]:
        """A stranger's file: not guessed at, not run, not kept by anyone in between."""
        is_pdf = self.media_type == "application/pdf"
        name = f"{self.upload_id}.{'pdf' if is_pdf else 'jpg'}"
        return {
            "Content-Disposition": f'{"attachment" if is_pdf else "inline"}; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, no-store",
        }


class Examined(msgspec.Struct, frozen=True):
    """What the content says the file is; `shown` is the picture re-encoded, None for a PDF."""

    media_type: str
    shown: bytes | None
    pages: int | None
