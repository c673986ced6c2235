"""The API's description, made from the app; `openapi.json` beside this file is the promise a test holds the app to."""

from typing import Any

import msgspec
from litestar import Litestar

from kit.actor import Who
from kit.refusal import Problem


def description(app: Litestar) -> str:
    """JSON, sorted, so that a change of the API shows as a change of lines."""
    schema = app.openapi_schema.to_schema()
    _say_who_may_call(schema, app)
    _say_how_it_refuses(schema)
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted").decode(), indent=1) + "\n"


def _say_who_may_call(schema: dict[str, Any], app: Litestar) -> None:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", []):
            who: Who | None = handler.opt.get("who")
            if who is None or who.anyone:
                continue
            scopes = sorted({w.scope for w in (who, *who.alternatives) if w.scope})
            for method in handler.http_methods:
                operation = schema["paths"].get(route.path_format or "/", {}).get(method.lower())
                if operation is not None:
                    operation["security"] = [{"token": scopes}]


def _say_how_it_refuses(schema: dict[str, Any]) -> None:
    """Every refusal is a problem document; the framework's own 400 is never sent."""
    (problem,), parts = msgspec.json.schema_components([Problem], ref_template="#/components/schemas/{name}")
    schema["components"].setdefault("schemas", {}).update(parts)
    refusal = {
        "description": "Refused: a problem document (RFC 9457) with a stable code and sentences in both languages",
        "content": {"application/problem+json": {"schema": problem}},
    }
    for item in schema["paths"].values():
        for operation in item.values():
            operation["responses"].pop("400", None)
            operation["responses"].setdefault("4XX", refusal)
            operation["responses"].setdefault("5XX", refusal)
