"""schemathesis reads what we promise and sends what it finds there, and what it does not: nothing may answer 5xx."""

import json
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.demo.people import Caller
from api.demo.server import Server
from web.sandbox import people

pytestmark = pytest.mark.slow

PROMISED: dict[str, Any] = json.loads((Path(__file__).parents[2] / "openapi/openapi.json").read_text(encoding="utf-8"))
SCHEMA = schemathesis.openapi.from_dict(PROMISED)
OPERATIONS = {f"{found.ok().method.upper()} {found.ok().path}": found.ok() for found in SCHEMA.get_all_operations()}


@pytest.fixture(scope="module")
def callers(server: Server) -> dict[str, Caller]:
    """Everybody a route may ask for, signed in for real."""
    city = people()
    parent = Caller(server.url, "citizen-app")
    parent.sign_in(city.citizens[0].phone)
    clerk = Caller(server.url, "desk-app")
    clerk.sign_in(next(o.email for o in city.officers if "civil_status" in o.roles))
    checker = Caller(server.url, "desk-app")
    checker.sign_in(next(o.email for o in city.officers if "identity_checker" in o.roles))
    return {"parent": parent, "clerk": clerk, "checker": checker}


def _who(path: str) -> str:
    if "/desk/" in path:
        return "clerk"
    return "checker" if "/checks/" in path else "parent"


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_the_promise_allows_breaks_the_server(name: str, server: Server, callers: dict[str, Caller]) -> None:
    operation, caller = OPERATIONS[name], callers[_who(name)]

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(data=st.data())
    def send(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy())
        url = server.url + case.formatted_path
        response = case.call(base_url=server.url, headers=caller.device.headers(case.method.upper(), url, caller.token))
        assert response.status_code < 500 or response.json().get("code") == "limits-unavailable", response.text
        if response.status_code >= 400 and "/oauth/" not in name:
            kind = response.headers.get("content-type", [""])
            assert "application/problem+json" in str(kind), (response.status_code, kind)

    send()
