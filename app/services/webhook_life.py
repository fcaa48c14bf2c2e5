"""The life of a webhook: it fails, it is warned about, it recovers, it is disabled and enabled."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy import Connection

from app import store
from app.services.announcing import Message, announce, rfc3339
from app.services.failing import after, consequence
from app.services.webhook_view import get_webhook
from app.store.webhook_health import Health
from app.store.webhooks import WebhookRow

log = structlog.get_logger()

HELD_AT_ONCE = 500
"""Deliveries that are held in the transaction that disables; the rest follows in the background."""

TurnType = Literal["webhook.failing", "webhook.recovered", "webhook.disabled"]


@dataclass(frozen=True)
class Results:
    """What attempts at one webhook came to: whether any succeeded, and how many failed."""

    succeeded: bool
    failures: int


@dataclass(frozen=True)
class Turn:
    """Something that a person should hear about a webhook."""

    type: TurnType
    program: str
    webhook: str
    reason: str | None = None


def tell(turns: Iterable[Turn]) -> None:
    """Log what happened, once it is committed."""
    for turn in turns:
        event = turn.type.replace(".", "_")
        log.warning(event, program=turn.program, webhook=turn.webhook, reason=turn.reason)


def disable(
    connection: Connection, webhook: WebhookRow, *, reason: str | None, by: str | None, now: datetime
) -> Turn | None:
    """Send a locked webhook nothing more, hold what it is owed, tell the others; None if it was disabled."""
    if not webhook.enabled:
        return None
    ended = {"enabled": False, "disabled_at": now, "disabled_by": by, "disabled_reason": reason}
    store.webhooks.change(connection, webhook.id, ended)
    store.replays.stop(connection, webhook.id, now=now)
    store.held.hold(connection, webhook.id, limit=HELD_AT_ONCE)
    document = get_webhook(connection, webhook.program, webhook.id, now=now)
    message = Message("webhook.disabled", document.model_dump(mode="json"))
    announce(connection, webhook.program, [message], beside=webhook.id, now=now)
    return Turn("webhook.disabled", webhook.program, webhook.id, reason)


def lock_turning(
    connection: Connection,
    gone: Iterable[str],
    results: Mapping[str, Results],
    known: Mapping[str, Health],
    *,
    patience: timedelta,
    now: datetime,
) -> dict[str, WebhookRow]:
    """Lock the webhooks of every program that will hear of something, before any other row; by id."""
    turning = {
        each
        for each, health in known.items()
        if _turns(health, _after(health, results[each], now), patience=patience, now=now)
    }
    if not (turning := turning.union(gone)):
        return {}
    programs = store.webhooks.programs_of(turning)
    return {row.id: row for row in store.webhooks.lock_all(connection, programs)}


def disable_gone(connection: Connection, gone: Mapping[str, str], *, now: datetime) -> list[Turn]:
    """Disable locked webhooks whose receivers want nothing more, each for its reason."""
    turns = [_disable_by_id(connection, each, gone[each], now) for each in sorted(gone)]
    return [turn for turn in turns if turn]


def _disable_by_id(connection: Connection, webhook: str, reason: str, now: datetime) -> Turn | None:
    row = store.webhooks.find(connection, webhook)
    return None if row is None else disable(connection, row, reason=reason, by=None, now=now)


def note_results(
    connection: Connection,
    results: Mapping[str, Results],
    known: Mapping[str, Health],
    *,
    locked: Collection[str],
    patience: timedelta,
    now: datetime,
) -> list[Turn]:
    """Keep the webhooks' health, which was `known` a moment ago, and do what follows from it.

    If more follows for one than could be known when the locks were taken, its next attempt brings it about.
    """
    moved = [
        each
        for each, health in known.items()
        if each in results and _after(health, results[each], now) != health
    ]
    if not moved:
        return []
    before = store.webhook_health.of(connection, moved, lock=True)
    new = {each: _after(health, results[each], now) for each, health in before.items()}
    for each in [each for each in new if each not in locked]:
        if _turns(before[each], new[each], patience=patience, now=now):
            del new[each]
    turns = []
    for each, health in new.items():
        if turn := _turn(connection, each, before[each], health, patience=patience, now=now):
            turns.append(turn)
            if turn.type == "webhook.failing":
                new[each] = health._replace(warned_at=now)
    if new:
        store.webhook_health.save(connection, new)
    return turns


def _after(health: Health, results: Results, now: datetime) -> Health:
    return after(health, succeeded=results.succeeded, failures=results.failures, now=now)


def _turns(before: Health, health: Health, *, patience: timedelta, now: datetime) -> bool:
    if health.failing_since is None:
        return before.warned_at is not None
    return consequence(health, patience=patience, now=now) is not None


def _turn(
    connection: Connection,
    webhook: str,
    before: Health,
    health: Health,
    *,
    patience: timedelta,
    now: datetime,
) -> Turn | None:
    if health.failing_since is None:
        return _announced("webhook.recovered", connection, webhook, health, now) if before.warned_at else None
    match consequence(health, patience=patience, now=now):
        case "warn":
            warned = health._replace(warned_at=now)
            return _announced("webhook.failing", connection, webhook, warned, now)
        case "disable":
            days = patience / timedelta(days=1)
            reason = f"It has answered nothing but failures for {days:g} days."
            return _disable_by_id(connection, webhook, reason, now)
        case None:
            return None


def _announced(
    type_: TurnType, connection: Connection, webhook: str, health: Health, now: datetime
) -> Turn | None:
    row = store.webhooks.find(connection, webhook)
    if row is None:
        return None
    data = {
        "id": row.id,
        "url": row.url,
        "description": row.description,
        "failing_since": health.failing_since and rfc3339(health.failing_since),
        "failures": health.failures,
    }
    announce(connection, row.program, [Message(type_, data)], beside=row.id, now=now)
    return Turn(type_, row.program, row.id)
