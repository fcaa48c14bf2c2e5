"""Verdicts: every kind of reply, and how long to wait."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.delivery.judge import Dead, Delivered, Gone, RetryIn, Ruling, judge
from app.delivery.reply import Answer, Failure, Reply
from app.settings import RETRY_SCHEDULE

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = 86400
MIDDLE = 0.5


def ruling(
    reply: Reply, *, attempts: int = 1, schedule: tuple[float, ...] = RETRY_SCHEDULE, luck: float = MIDDLE
) -> Ruling:
    return judge(reply, attempts=attempts, schedule=schedule, luck=luck, now=NOW)


def wait(reply: Reply, *, attempts: int = 1, luck: float = MIDDLE) -> float:
    decided = ruling(reply, attempts=attempts, luck=luck)
    assert isinstance(decided, RetryIn)
    return decided.seconds


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_only_2xx_is_delivered(status: int) -> None:
    assert ruling(Answer(status)) == Delivered()


@pytest.mark.parametrize(
    "status", [101, 300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 415, 500, 503, 599]
)
def test_everything_else_is_tried_again(status: int) -> None:
    assert ruling(Answer(status)) == RetryIn(5)


def test_the_schedule_of_standard_webhooks() -> None:
    waits = [wait(Answer(500), attempts=n) for n in range(1, 10)]
    assert waits == [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
    assert sum(waits) == timedelta(hours=75, minutes=35, seconds=5).total_seconds()


@pytest.mark.parametrize(
    "reply", [Answer(500), Answer(429, retry_after="1"), Failure("reset"), Failure("slow", True)]
)
def test_after_the_last_attempt_it_is_dead(reply: Reply) -> None:
    assert ruling(reply, attempts=9) != Dead()
    assert ruling(reply, attempts=10) == Dead()


@pytest.mark.parametrize("answer", [Answer(410), Answer(500, directive="disable")])
@pytest.mark.parametrize("attempts", [1, 10])
def test_a_receiver_that_is_gone_gets_nothing_more(answer: Answer, attempts: int) -> None:
    assert isinstance(ruling(answer, attempts=attempts), Gone)


def test_a_receiver_may_refuse_one_message_for_good() -> None:
    assert ruling(Answer(422, directive="abort-message")) == Dead()


@pytest.mark.parametrize("reply", [Answer(429), Failure("no answer within 15 s", timed_out=True)])
def test_an_overloaded_receiver_gets_a_minute(reply: Reply) -> None:
    assert wait(reply) == 60
    assert wait(reply, attempts=2) == 300


def test_a_schedule_of_seconds_is_not_slowed_down_to_a_minute() -> None:
    assert ruling(Answer(429), schedule=(0, 1, 1)) == RetryIn(1)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("120.1", 120.1),
        ("0", 5),
        ("1", 5),
        ("1000000000", DAY),
        ("9" * 5000, DAY),
        ("Mon, 02 Mar 2026 12:10:00 GMT", 600),
        ("Monday, 02-Mar-26 12:10:00 GMT", 600),
        ("Mon Mar  2 12:10:00 2026", 600),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 5),
        ("Mon, 02 Mar 2037 12:00:00 GMT", DAY),
        ("Mon, 99 Mar 99999 12:00:00 GMT", 5),
        *(
            (garbage, 5)
            for garbage in ("", "soon", "-60", "+60", "nan", "inf", "1e9", "60s", "½", "٦٠", "60, 60")
        ),
    ],
)
@pytest.mark.parametrize("status", [429, 503, 404])
def test_retry_after(retry_after: str, seconds: float, status: int) -> None:
    least = 60 if status == 429 else 5
    assert wait(Answer(status, retry_after=retry_after)) == max(seconds, least)


@given(st.text(max_size=40))
def test_no_retry_after_breaks_the_schedule(retry_after: str) -> None:
    assert 5 <= wait(Answer(503, retry_after=retry_after)) <= DAY


@pytest.mark.parametrize(("luck", "seconds"), [(0.0, 240), (0.25, 270), (0.5, 300), (0.999999, 360)])
def test_retries_are_spread_by_a_fifth_either_way(luck: float, seconds: float) -> None:
    assert wait(Answer(500), attempts=2, luck=luck) == pytest.approx(seconds, rel=1e-5)
