"""The Segment adapter: its set-up, its answers, and whole requests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.sources.adapter import Adapter, Incoming, Reply, Translation
from app.sources.reading import translated
from app.sources.segment.calls import calls_of
from app.sources.segment.item import Reader
from app.sources.segment.key import is_vouched_for
from app.sources.segment.settings import SegmentSettings
from app.sources.shared_secrets import check_shared

# Pages of any site may post: it is the write key that lets them.
ANY_ORIGIN = {"access-control-allow-origin": "*"}
PREFLIGHT = {
    **ANY_ORIGIN,
    "access-control-allow-methods": "POST, OPTIONS",
    "access-control-allow-headers": "authorization, content-encoding, content-type, x-write-key",
    "access-control-max-age": "86400",
}

STEPS = """\
An SDK: give it the write key that is this source's secret, and as host: {url}
It adds /v1/batch, /v1/track and so on itself; a browser library wants the same without https:// and with /v1.
Segment itself: add the destination Webhooks, paste the same URL, and as Shared Secret this source's secret.
The partner is groupId: call group() when you know whom somebody works for, or set context.groupId.
Track "Deal Registered", "Webinar Attended" and the like; other names become track.<name>.
"""


class Segment(Adapter):
    """Reads Segment's HTTP API and its webhooks."""

    kind = "segment"
    title = "Segment"
    settings_model: type[BaseModel] = SegmentSettings
    taken = Reply(200, {"success": True}, ANY_ORIGIN)
    unreadable = Reply(400, {"success": False, "message": "malformed JSON, or too large"}, ANY_ORIGIN)

    def steps(self, url: str) -> list[str]:
        """What an SDK or a destination is told."""
        return STEPS.format(url=url).splitlines()

    def check_secrets(self, secrets: Sequence[str]) -> None:
        """A secret is a write key, which you may choose, or the webhook destination's shared secret."""
        check_shared(secrets, what="a write key, or the shared secret of Segment's webhook destination,")

    def verify(self, incoming: Incoming, secrets: Sequence[str], *, received_at: datetime) -> bool:
        """Whether the request shows a write key or is signed."""
        return is_vouched_for(incoming, secrets)

    def handshake(self, incoming: Incoming, secrets: Sequence[str]) -> Reply | None:
        """A browser asks first whether it may post."""
        return Reply(headers=PREFLIGHT) if incoming.method == "OPTIONS" else None

    def translate(
        self, incoming: Incoming, settings: Mapping[str, Any], *, received_at: datetime
    ) -> Translation:
        """The calls of a batch, or one; a bad one is refused alone."""
        calls = calls_of(incoming)
        known = SegmentSettings.model_validate(settings)
        return translated(calls.items, Reader(known, incoming, calls.sent_at, received_at).read)
