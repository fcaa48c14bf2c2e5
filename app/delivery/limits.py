"""How much this worker may send to each webhook just now, and how room is shared between them."""

import random
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.store.due import WebhookRow

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
    of_program: Counter[str] = field(default_factory=Counter)
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
        self.of_program[webhook.program] += 1
        most = _most(webhook.per_second)
        bucket = self._buckets.setdefault(webhook.id, _Bucket(webhook.per_second, most, now))
        bucket.fill(now)
        bucket.tokens -= 1

    def end(self, webhook: WebhookRow) -> None:
        """Count an attempt that has ended."""
        for counter, key in ((self.in_flight, webhook.id), (self.of_program, webhook.program)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]

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
    webhooks: Sequence[WebhookRow],
    room: int,
    *,
    allowances: Mapping[str, int],
    limits: Limits,
    dice: random.Random,
) -> dict[str, int]:
    """Share `room` out, one by one: the programs take turns, and in each program its webhooks.

    Whoever has much in flight gets no more while little is free, so that receivers that hang never have
    all the room: n such programs leave 1/(n + 1) of it to the others. (A dynamic threshold: A. Choudhury,
    E. Hahne, "Dynamic queue length thresholds for shared-memory packet switches", 1998.)
    """
    turns: dict[str, deque[WebhookRow]] = defaultdict(deque)
    for each in dice.sample(webhooks, len(webhooks)):
        if allowances[each.id] > 0:
            turns[each.program].append(each)
    programs = deque(turns.values())
    quotas, of_program = Counter[str](), Counter(limits.of_program)
    while programs and room:
        webhooks_left = programs.popleft()
        webhook = webhooks_left.popleft()
        if _may_have_more(
            limits.in_flight[webhook.id] + quotas[webhook.id], of_program[webhook.program], room
        ):
            quotas[webhook.id] += 1
            of_program[webhook.program] += 1
            room -= 1
            if quotas[webhook.id] < allowances[webhook.id]:
                webhooks_left.append(webhook)
        if webhooks_left:
            programs.append(webhooks_left)
    return dict(quotas)


def _may_have_more(of_webhook: int, of_program: int, free: int) -> bool:
    # A program has no more than is free; and of what it may still have, a webhook has no more than is left.
    return 2 * of_webhook <= free - of_program


def _most(per_second: int) -> float:
    return max(1.0, BURST * per_second)
