"""Files as they arrive: told apart by content, hashed, sealed on disk, shown re-encoded."""

from uploads.messages import Content, Upload
from uploads.refusals import UploadDamaged, UploadElsewhere
from uploads.service import claim, content, original, receive, release, upload
from uploads.vault import Vault

__all__ = [
    "Content",
    "Upload",
    "UploadDamaged",
    "UploadElsewhere",
    "Vault",
    "claim",
    "content",
    "original",
    "receive",
    "release",
    "upload",
]
