"""What was asked for: drafts, one submission, branches at several agencies, the officers' desk, finding it again."""

from dossiers.history import intact
from dossiers.receipt_codes import mask, parse

__all__ = ["intact", "mask", "parse"]
