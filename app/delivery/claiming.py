"""A claim: deliveries leased for a while, with all that is needed to send them."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.delivery.limits import Limits, allot
from app.store import claims, deliveries, due
from app.store.claims import Claimed
from app.store.deliveries import DeliveryRow
from app.store.due import WebhookRow

MOST_LOST = 5
"""As many workers may be lost over one delivery; the next claim leaves it to a person."""

LOST = "The worker that sent it was lost, so whether it arrived is not known."

# Of our own: the module's shared state is for whoever seeds it.
_dice = random.Random()


@dataclass(frozen=True)
class Claim:
    """One delivery that is ours to send, its webhook, and the sealed secrets that sign it, newest first."""

    delivery: DeliveryRow
    webhook: WebhookRow
    secrets: Sequence[bytes]

    @property
    def claimed(self) -> Claimed:
        """By what the claim is known: the delivery and the fence."""
        return self.delivery.id, self.delivery.fence


@dataclass(frozen=True)
class Claiming:
    """What was claimed, what was given up, and whether there is surely more to be had.

    `cut_short`: there may be more, but only for whom some attempt must end first.
    """

    claims: Sequence[Claim]
    given_up: Sequence[DeliveryRow]
    more: bool
    cut_short: bool


def claim(
    connection: Connection, room: int, *, limits: Limits, lease: timedelta, loop_time: float
) -> Claiming:
    """Lease at most `room` deliveries, fairly, within the limits of their webhooks."""
    now = deliveries.database_now(connection)
    secrets: dict[str, list[bytes]] = defaultdict(list)
    hooks: dict[str, WebhookRow] = {}
    for each in due.due_webhooks(connection, now=now):
        hooks[each.id] = each
        secrets[each.id].append(each.secret)
    allowances = {each.id: limits.allowance(each, now=loop_time) for each in hooks.values()}
    quotas = allot(list(hooks.values()), room, allowances=allowances, limits=limits, dice=_dice)
    if not quotas:
        return Claiming([], [], more=False, cut_short=bool(hooks))
    found = due.candidates(connection, quotas, now=now)
    given_up, leased = _sorted_out(connection, found, now=now, until=now + lease)
    taken = Counter(row.webhook for row in found)
    # Those put off were in the way of others, who have their turn at the next look.
    put_off = any(row.waits_until is not None for row in found)
    return Claiming(
        [Claim(row, hooks[row.webhook], secrets[row.webhook]) for row in leased],
        given_up,
        # What one webhook left of its share may be another's.
        more=put_off
        or bool(given_up)
        or (
            len(found) < sum(quotas.values())
            and any(taken[each] == quota < allowances[each] for each, quota in quotas.items())
        ),
        # Of one that something is due to and nothing can be had for, another worker has the first.
        cut_short=any(taken[each] in {0, quotas.get(each, 0)} for each in hooks),
    )


def _sorted_out(
    connection: Connection, found: Sequence[DeliveryRow], *, now: datetime, until: datetime
) -> tuple[Sequence[DeliveryRow], Sequence[DeliveryRow]]:
    """Which of the candidates are given up, and which are leased; the rest waits for its turn."""
    waiting = [row for row in found if row.waits_until is not None]
    free = [row for row in found if row.waits_until is None]
    lost = [row for row in free if row.leased_until is not None]
    given_up = [row for row in lost if row.lost + 1 >= MOST_LOST]
    hopeless = {row.id for row in given_up}
    if waiting:
        claims.put_off(connection, [(row.id, row.waits_until) for row in waiting])
    if lost:
        claims.record(connection, [_lost(row, now) for row in lost])
    if given_up:
        claims.give_up(connection, hopeless, now=now)
        through = [(row.webhook, row.partner, row.sequence) for row in given_up if row.sequence is not None]
        if through:
            claims.next_in_order(connection, through, now=now)
    ids = [row.id for row in free if row.id not in hopeless]
    return given_up, claims.lease(connection, ids, now=now, until=until) if ids else []


def _lost(row: DeliveryRow, now: datetime) -> dict[str, object]:
    started_at = row.claimed_at or row.leased_until
    milliseconds = round((now - started_at).total_seconds() * 1000)
    return {
        "delivery": row.id,
        "n": row.attempts + 1,
        "started_at": started_at,
        "milliseconds": min(milliseconds, 2**31 - 1),
        "error": LOST,
    }
