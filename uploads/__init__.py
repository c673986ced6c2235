"""Files as they arrive: told apart by content, hashed, sealed on disk, shown re-encoded."""

from uploads import http_tus
from uploads.examining import warm
from uploads.messages import Content, Upload
from uploads.refusals import UploadDamaged, UploadElsewhere
from uploads.scanning import ClamdScanner, SandboxScanner, Scanner
from uploads.service import Keeper, claim, content, original, receive, release, tied, upload
from uploads.splitting import pages_of
from uploads.vault import Vault

__all__ = [
    "ClamdScanner",
    "Content",
    "Keeper",
    "SandboxScanner",
    "Scanner",
    "Upload",
    "UploadDamaged",
    "UploadElsewhere",
    "Vault",
    "claim",
    "content",
    "http_tus",
    "original",
    "pages_of",
    "receive",
    "release",
    "tied",
    "upload",
    "warm",
]
