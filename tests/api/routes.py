"""Every route of the OpenAPI document, with the scope it needs: a new route is in the tests by itself."""

from dataclasses import dataclass
from typing import Any

from app.main import create_app
from app.settings import Settings

DOCUMENT: dict[str, Any] = create_app(Settings()).openapi()

# Routes that are not for `read` if they are read, and not for `admin` if they write.
_SCOPES = {
    "POST /v1/events": "events:write",
    "POST /v1/rubrics/check": "read",
    "POST /v1/sources/test": "read",
    "POST /v1/handoffs/next": "handoffs:write",
    "POST /v1/handoffs/{handoff}/claim": "handoffs:write",
    "POST /v1/handoffs/{handoff}/release": "handoffs:write",
    "POST /v1/handoffs/{handoff}/snooze": "handoffs:write",
    "POST /v1/handoffs/{handoff}/unsnooze": "handoffs:write",
    "POST /v1/handoffs/{handoff}/assign": "handoffs:write",
    "POST /v1/handoffs/{handoff}/notes": "handoffs:write",
    "POST /v1/handoffs/{handoff}/close": "handoffs:write",
    "POST /v1/handoffs/import": "handoffs:write",
    "GET /v1/keys": "admin",
    "POST /v1/programs": "operator",
}

ENDLESS = {"GET /v1/handoffs/stream"}
"""Routes whose answer has no end; test_stream.py is about them."""


@dataclass(frozen=True)
class Route:
    """One operation under /v1."""

    method: str
    path: str
    parameters: tuple[str, ...]

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.method} {self.path}"

    @property
    def scope(self) -> str:
        """What a key needs to be let in."""
        return _SCOPES.get(self.name, "read" if self.method == "GET" else "admin")

    def filled(self, **ids: str) -> str:
        """The path with ids in the place of parameters; 1 where none is given."""
        return self.path.format(**{name: ids.get(name, "1") for name in self.parameters})


def _routes() -> list[Route]:
    """All but those whose answer has no end."""
    found = []
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            named = (each["name"] for each in operation.get("parameters", ()) if each["in"] == "path")
            found.append(Route(method.upper(), path, tuple(named)))
    return [route for route in found if route.path.startswith("/v1/") and route.name not in ENDLESS]


ROUTES = _routes()
PUBLIC = [route for route in ROUTES if route.path == "/v1/rubrics/schema"]
