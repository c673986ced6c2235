"""The room's numbers, and what they decide."""

from datetime import timedelta

import pytest

from identity.accounts import history
from identity.accounts.policy import policy


@pytest.mark.parametrize(
    ("failed", "seconds"),
    [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (11, 1920), (12, 3600), (99, 3600), (100, 86_400), (10**6, 86_400)],
)
def test_waits_grow_from_half_a_minute_to_an_hour(failed: int, seconds: int) -> None:
    for pace in (policy().throttling.own_device, policy().throttling.address):
        assert pace.wait(failed) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("address", "network"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::/64", "2001:db8:1::/48"), ("testclient", None)],
)
def test_of_an_address_its_network_is_kept(address: str, network: str | None) -> None:
    assert history.network_of(address) == network
