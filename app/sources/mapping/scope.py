"""What an expression can see."""

from dataclasses import dataclass
from datetime import datetime

from app.sources.adapter import Incoming

# Expressions may put what they see into properties; a secret has no business there.
_HIDDEN = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(frozen=True)
class Scope:
    """The item at hand (`@`), and by functions such as root() what an expression could not see from there."""

    item: object
    root: object
    incoming: Incoming
    received_at: datetime
    outer: object = None
    key: str | None = None
    fan: object = None

    @property
    def headers(self) -> dict[str, str]:
        """The request's headers by their names in lower case, without credentials."""
        return {name: value for name, value in self.incoming.headers.items() if name not in _HIDDEN}

    @property
    def query(self) -> dict[str, str]:
        """The parameters of our URL, as it was called."""
        return dict(self.incoming.query)
