"""`docs/oracle.md` shows the listed differences between our issuer and another, and every one is of a request that is asked."""

from pathlib import Path

from tests.peers.oracle import differences
from tests.peers.oracle.requests import REQUESTS

_PAGE = Path(__file__).parents[2] / "docs/oracle.md"


def test_there_are_enough_requests() -> None:
    assert len(REQUESTS) >= 60


def test_every_difference_is_of_a_request() -> None:
    assert {one.request for one in differences.listed()} <= REQUESTS.keys()


def test_every_reason_is_somebody_elses_sentence() -> None:
    for one in differences.reasons():
        assert one.why.endswith("."), one.why
        assert one.says, one.why
        assert one.source, one.why


def test_the_page_is_made_from_the_list() -> None:
    assert _PAGE.read_text(encoding="utf-8") == differences.page(len(REQUESTS)), (
        "python -m tests.peers.oracle.differences"
    )
