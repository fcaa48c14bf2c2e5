"""The end of claims, many in one transaction: attempts are recorded, deliveries move as was judged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, assert_never

from sqlalchemy import Connection

from app.delivery.claiming import Claim
from app.delivery.judge import Dead, Delivered, Gone, RetryIn, Ruling
from app.delivery.reply import Answer, Failure, Reply
from app.services.webhook_life import Results, Turn, disable_gone, lock_turning, note_results
from app.store import claims, deliveries, webhook_health
from app.store.claims import Claimed, Ending
from app.store.deliveries import PING, DeliveryRow
from app.store.due import WebhookRow


@dataclass(frozen=True)
class Attempt:
    """An attempt that was made."""

    started_at: datetime
    milliseconds: int
    reply: Reply


@dataclass(frozen=True)
class Outcome:
    """What came of a claim."""

    claim: Claim
    attempt: Attempt
    ruling: Ruling


@dataclass(frozen=True)
class Settled:
    """Which claims were still ours, and what their results mean for webhooks."""

    kept: frozenset[Claimed]
    turns: Sequence[Turn]


def settle(connection: Connection, outcomes: Sequence[Outcome], *, patience: timedelta) -> Settled:
    """Write down what came of claims; the statements do not grow with their number.

    That a receiver is gone is so whoever heard it, so its webhook is disabled even if the claim was lost.
    """
    now = deliveries.database_now(connection)
    gone = set(_gone(outcomes))
    results = _results(outcomes)
    known = webhook_health.of(connection, list(results))
    locked = lock_turning(connection, gone, results, known, patience=patience, now=now)
    outcomes = [_corrected(each, locked) for each in outcomes]
    by_claim = {each.claim.claimed: each for each in outcomes}
    kept = {
        (row.id, row.fence): row
        for row in claims.settle(connection, [_ending(each, now) for each in by_claim.values()], now=now)
    }
    if kept:
        claims.record(connection, [_recorded(by_claim[key], row) for key, row in kept.items()])
        _let_follow(connection, kept.values(), now)
    turns = disable_gone(connection, _gone(outcomes), now=now)
    results = _results(by_claim[key] for key in kept)
    turns += note_results(connection, results, known, locked=locked, patience=patience, now=now)
    return Settled(frozenset(kept), turns)


def _corrected(outcome: Outcome, hooks: Mapping[str, WebhookRow]) -> Outcome:
    """Who wants nothing more speaks for the URL that was asked, until somebody enables the webhook."""
    hook = hooks.get(outcome.claim.webhook.id)
    if hook is None or not isinstance(outcome.ruling, Gone):
        return outcome
    is_since = hook.enabled_at is not None and outcome.attempt.started_at < hook.enabled_at
    if is_since or hook.url != outcome.claim.webhook.url:
        return replace(outcome, ruling=RetryIn(0))
    return outcome


def _ending(outcome: Outcome, now: datetime) -> Ending:
    claimed = outcome.claim.claimed
    match outcome.ruling:
        case Delivered():
            return Ending(*claimed, "delivered")
        case RetryIn(seconds=seconds):
            # The state stays: if the webhook was disabled meanwhile, the delivery is held by now.
            return Ending(*claimed, due_at=now + timedelta(seconds=seconds))
        case Dead():
            return Ending(*claimed, "dead")
        case Gone():
            return Ending(*claimed, "dead" if _is_ping(outcome) else "held")
        case _:
            assert_never(outcome.ruling)


def _recorded(outcome: Outcome, row: DeliveryRow) -> dict[str, Any]:
    attempt = outcome.attempt
    made = {
        "delivery": row.id,
        "n": row.attempts,
        "started_at": attempt.started_at,
        "milliseconds": attempt.milliseconds,
    }
    match attempt.reply:
        case Answer(status=status, text=text):
            return {**made, "status": status, "answer": text}
        case Failure(error=error):
            return {**made, "error": error}
        case _:
            assert_never(attempt.reply)


def _let_follow(connection: Connection, rows: Any, now: datetime) -> None:
    through = [
        (row.webhook, row.partner, row.sequence)
        for row in rows
        if row.sequence is not None and row.state in {"delivered", "dead"}
    ]
    if through:
        claims.next_in_order(connection, through, now=now)


def _gone(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Why, by webhook."""
    return {each.claim.webhook.id: each.ruling.reason for each in outcomes if isinstance(each.ruling, Gone)}


def _results(outcomes: Any) -> dict[str, Results]:
    succeeded, failed = Counter[str](), Counter[str]()
    for each in outcomes:
        (succeeded if isinstance(each.ruling, Delivered) else failed)[each.claim.webhook.id] += 1
    return {each: Results(succeeded[each] > 0, failed[each]) for each in sorted({*succeeded, *failed})}


def _is_ping(outcome: Outcome) -> bool:
    return bool(outcome.claim.delivery.type == PING)
