"""What both issuers are asked."""

from tests.peers.oracle import by_browser, for_tokens, with_tokens
from tests.peers.oracle.registry import REQUESTS

__all__ = ["REQUESTS", "by_browser", "for_tokens", "with_tokens"]
