"""A receiver of webhooks that remembers when each message came first; at /hang it never answers."""

import json
from time import monotonic

from starlette.types import Receive, Scope, Send

arrivals: dict[str, float] = {}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Take a message by POST; tell, and forget, what came, by GET: seconds of the system's clock by id."""
    if scope["type"] != "http":
        return
    body = b"{}"
    if scope["method"] == "GET":
        body = json.dumps(arrivals).encode()
        arrivals.clear()
    else:
        arrivals.setdefault(dict(scope["headers"])[b"webhook-id"].decode(), monotonic())
        while (await receive()).get("more_body"):
            pass
        if scope["path"] == "/hang":
            await receive()  # until the sender hangs up
            return
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})
