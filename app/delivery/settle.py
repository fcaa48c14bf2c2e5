"""The end of a claim, in one transaction: the attempt is recorded and the delivery moves as was judged."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

from sqlalchemy import Connection

from app.delivery.judge import Dead, Delivered, Gone, RetryIn, Ruling
from app.delivery.reply import Answer, Failure, Reply
from app.store import deliveries
from app.store.deliveries import DeliveryRow


@dataclass(frozen=True)
class Attempt:
    """An attempt that was made."""

    started_at: datetime
    milliseconds: int
    reply: Reply


def settle(connection: Connection, row: DeliveryRow, *, attempt: Attempt, ruling: Ruling) -> bool:
    """Write down what came of the claimed `row`; False if the claim was lost meanwhile.

    That a receiver is gone is so whoever heard it, so the webhook is disabled all the same.
    """
    now = deliveries.database_now(connection)
    if isinstance(ruling, Gone):
        deliveries.disable_webhook(connection, row.webhook, ruling.reason)
    return deliveries.settle(
        connection, row.id, row.fence, attempt=_recorded(attempt), changes=_changes(ruling, now)
    )


def _recorded(attempt: Attempt) -> dict[str, Any]:
    made = {"started_at": attempt.started_at, "milliseconds": attempt.milliseconds}
    match attempt.reply:
        case Answer(status=status, text=text):
            return {**made, "status": status, "answer": text}
        case Failure(error=error):
            return {**made, "error": error}
        case _:
            assert_never(attempt.reply)


def _changes(ruling: Ruling, now: datetime) -> dict[str, Any]:
    match ruling:
        case Delivered():
            return {"state": "delivered", "finished_at": now}
        case RetryIn(seconds=seconds):
            # The state stays: if the webhook was disabled meanwhile, the delivery is held by now.
            return {"due_at": now + timedelta(seconds=seconds)}
        case Dead():
            return {"state": "dead", "finished_at": now}
        case Gone():
            return {"state": "held"}
        case _:
            assert_never(ruling)
