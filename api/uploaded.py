"""Uploaded files stay in memory until they are sealed: the framework would lay what is over a megabyte on a disk, in the clear."""

from typing import Any

from litestar import _multipart  # pyright: ignore[reportPrivateUsage]
from litestar.datastructures import UploadFile


class InMemoryFile(UploadFile):
    """A card, a selfie or a paper. How large it may be is each route's `request_max_body_size`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # 0 is no limit to a SpooledTemporaryFile: it never turns into a temporary file.
        super().__init__(*args, **kwargs | {"max_spool_size": 0})


def keep_in_memory() -> None:
    """For the process. Litestar has no setting for it; a test watches that its parser still asks for this class."""
    _multipart.UploadFile = InMemoryFile  # pyright: ignore[reportPrivateImportUsage]
