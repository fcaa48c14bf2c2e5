"""What becomes of a delivery after an attempt: a pure function of the reply and the schedule."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import assert_never

from app.delivery.reply import Answer, Failure, Reply

# A receiver that is overloaded gets at least this long, unless the whole schedule is quicker.
BREATHER = 60.0
LONGEST_WAIT = 24 * 3600.0
JITTER = 0.2

_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True)
class Delivered:
    """The receiver has it."""


@dataclass(frozen=True)
class RetryIn:
    """Try again after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Dead:
    """Not to be tried again by itself; it stays listed for a person."""


@dataclass(frozen=True)
class Gone:
    """The receiver wants nothing any more: the webhook is to be disabled."""

    reason: str


Ruling = Delivered | RetryIn | Dead | Gone


def judge(reply: Reply, *, attempts: int, schedule: Sequence[float], luck: float, now: datetime) -> Ruling:
    """The ruling after `attempts` attempts, this one included.

    `schedule` has the seconds before each attempt, so it also says how many there are; `luck`, in [0, 1),
    spreads retries by 20 percent either way; `now` is what a Retry-After date is counted from.
    """
    match reply:
        case Answer(status=status) if 200 <= status < 300:
            return Delivered()
        case Answer(status=410):
            return Gone("The receiver answered 410 Gone.")
        case Answer(directive="disable"):
            return Gone("The receiver answered with webhook-delivery: disable.")
        case Answer(directive="abort-message"):
            return Dead()
        case Answer() | Failure():
            if attempts >= len(schedule):
                return Dead()
            return RetryIn(_wait(reply, attempts=attempts, schedule=schedule, luck=luck, now=now))
        case _:
            assert_never(reply)


def _wait(reply: Reply, *, attempts: int, schedule: Sequence[float], luck: float, now: datetime) -> float:
    planned = schedule[attempts] * (1 - JITTER + 2 * JITTER * luck)
    # A schedule of seconds, as tests have it, is not slowed down to a minute.
    breather = min(BREATHER, max(schedule)) if _overloaded(reply) else 0.0
    return max(planned, breather, _asked_for(reply, now))


def _overloaded(reply: Reply) -> bool:
    return reply.timed_out if isinstance(reply, Failure) else reply.status == 429


def _asked_for(reply: Reply, now: datetime) -> float:
    """Seconds of the answer's Retry-After, at most a day; 0 without one, or with one that makes no sense."""
    if isinstance(reply, Failure) or reply.retry_after is None:
        return 0.0
    value = reply.retry_after.strip()
    seconds = float(value) if _SECONDS.fullmatch(value) else _seconds_until(value, now)
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _seconds_until(http_date: str, now: datetime) -> float:
    try:
        then = parsedate_to_datetime(http_date)
    except (ValueError, OverflowError):
        return 0.0
    # The obsolete forms name no zone; HTTP dates are in GMT.
    return ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds()
