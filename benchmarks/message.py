"""The message that all of them post: a hand-off as webhooks get it, signed."""

import json
from typing import Any, cast

from app.delivery.signing import sign
from app.services.handoff_view import Handoff
from app.signatures.keys import new_secret

SECRET = new_secret()
_DATA = cast("dict[str, Any]", Handoff.model_config["json_schema_extra"])["example"]
TEXT = json.dumps(
    {"type": "handoff.opened", "timestamp": "2026-03-12T15:00:00Z", "data": _DATA},
    ensure_ascii=False,
    separators=(",", ":"),
)
BODY = TEXT.encode()
HEADERS = {
    "content-type": "application/json",
    "user-agent": "Handraiser",
    "accept": "*/*",
    "accept-encoding": "identity",
    "webhook-id": "msg_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
    "webhook-timestamp": "1773327600",
    "webhook-signature": sign("msg_01JCV7K8Q2W5X3Y9Z0A1B2C3D4", 1773327600, BODY, [SECRET]),
}
