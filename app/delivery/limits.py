"""How much this worker may send to each webhook just now, and how room is shared between them."""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.store.claims import WebhookRow

BURST = 0.5
"""Seconds' worth of attempts that may go out at once after a pause; so no second has 1.5 times its limit."""


@dataclass
class _Bucket:
    per_second: int
    tokens: float
    at: float

    def fill(self, now: float) -> None:
        self.tokens = min(_most(self.per_second), self.tokens + (now - self.at) * self.per_second)
        self.at = now


@dataclass
class Limits:
    """In flight and lately sent, by webhook; `now` is the event loop's time, in seconds."""

    in_flight: Counter[str] = field(default_factory=Counter)
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def allowance(self, webhook: WebhookRow, *, now: float) -> int:
        """How many attempts may begin now."""
        bucket = self._buckets.get(webhook.id)
        if bucket is None:
            tokens = _most(webhook.per_second)
        else:
            bucket.per_second = webhook.per_second
            bucket.fill(now)
            tokens = bucket.tokens
        idle: int = webhook.max_in_flight - self.in_flight[webhook.id]
        return max(0, min(idle, int(tokens)))

    def begin(self, webhook: WebhookRow, *, now: float) -> None:
        """Count an attempt that begins."""
        self.in_flight[webhook.id] += 1
        most = _most(webhook.per_second)
        bucket = self._buckets.setdefault(webhook.id, _Bucket(webhook.per_second, most, now))
        bucket.fill(now)
        bucket.tokens -= 1

    def end(self, webhook: str) -> None:
        """Count an attempt that has ended."""
        self.in_flight[webhook] -= 1
        if not self.in_flight[webhook]:
            del self.in_flight[webhook]

    def refilled_in(self, *, now: float) -> float:
        """Seconds until a webhook that is at its rate may be sent to again; infinite if none is."""
        soonest = float("inf")
        for webhook, bucket in list(self._buckets.items()):
            bucket.fill(now)
            if bucket.tokens >= _most(bucket.per_second):
                del self._buckets[webhook]
            elif bucket.tokens < 1:
                soonest = min(soonest, (1 - bucket.tokens) / bucket.per_second)
        return soonest


def allot(
    webhooks: Sequence[WebhookRow], room: int, *, allowances: Mapping[str, int], dice: random.Random
) -> dict[str, int]:
    """Share `room` out, one by one: the programs take turns, and in each program its webhooks."""
    turns: dict[str, deque[str]] = defaultdict(deque)
    for each in dice.sample(webhooks, len(webhooks)):
        if allowances[each.id] > 0:
            turns[each.program].append(each.id)
    programs = deque(turns.values())
    quotas = Counter[str]()
    while programs and room:
        webhooks_left = programs.popleft()
        webhook = webhooks_left.popleft()
        quotas[webhook] += 1
        room -= 1
        if quotas[webhook] < allowances[webhook]:
            webhooks_left.append(webhook)
        if webhooks_left:
            programs.append(webhooks_left)
    return dict(quotas)


def _most(per_second: int) -> float:
    return max(1.0, BURST * per_second)
