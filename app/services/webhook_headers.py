"""Headers of the user's own that go with every message: which may be set, and how they are kept."""

import base64
import re
from collections.abc import Mapping

from app.errors import FieldError, Invalid
from app.vault import Vault

MOST_HEADERS = 20
LONGEST_VALUE = 4_000

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
# Set by us, or by the connection.
_TAKEN = {
    *("accept", "accept-encoding", "connection", "expect", "host", "keep-alive", "proxy-authenticate"),
    *("proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    "user-agent",
}
_OURS = ("content-", "webhook-")


def sealed(
    vault: Vault, changes: Mapping[str, str | None], kept: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The headers to store: those that are `kept`, changed; null takes one away. Raises Invalid.

    Values are encrypted, since most are somebody's token; what is kept stays as it is.
    """
    errors = [
        FieldError(f"headers.{name}", fault)
        for name, value in changes.items()
        if (fault := _fault(name, value))
    ]
    merged = {name.lower(): (name, value) for name, value in (kept or {}).items()}
    for name, value in changes.items():
        merged.pop(name.lower(), None)
        if value is not None:
            merged[name.lower()] = (name, base64.b64encode(vault.seal(value)).decode())
    if len(merged) > MOST_HEADERS:
        errors.append(FieldError("headers", f"there may be {MOST_HEADERS} at most"))
    if errors:
        raise Invalid("These headers cannot be sent.", errors=errors)
    return dict(merged.values())


def _fault(name: str, value: str | None) -> str | None:
    if not _NAME.fullmatch(name):
        return "is not the name of a header"
    if name.lower() in _TAKEN or name.lower().startswith(_OURS):
        return "is set by Handraiser or by the connection"
    if value is None:
        return None
    if len(value) > LONGEST_VALUE or not _VALUE.fullmatch(value):
        return f"must be 1 to {LONGEST_VALUE} visible ASCII characters"
    return None
