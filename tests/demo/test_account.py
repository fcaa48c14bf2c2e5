"""The account says who raised a hand, why, what to say, and what the receiver got."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from typing import Any

from rich.console import Console

from app.demo.account import Account, print_account, print_next_steps
from app.demo.receiver import Message
from app.demo.stream import Batch

HANDOFF: dict[str, Any] = {
    "id": "ho_1",
    "partner": {"id": "acme", "name": "Acme [EMEA]"},
    "owner": "dana@vendor.example",
    "score": 27.25,
    "threshold": 25,
    "grade": "A",
    "due_at": "2026-03-13T15:30:00Z",
    "lines": [
        {
            "rule": "open",
            "occurrences": 1,
            "counted": 1,
            "points": 1,
            "faded_points": 0.9,
            "last_day": "2026-03-09",
        },
        {
            "rule": "show",
            "occurrences": 1,
            "counted": 1,
            "points": 10,
            "faded_points": 8.5,
            "last_day": "2026-03-04",
        },
    ],
    "talking_points": ['Jo came to the trade show "Channel Days" on 4 March.'],
}
ACCOUNT = Account(
    partners=200,
    contacts=384,
    batches=[Batch(datetime(2026, 3, 9, tzinfo=UTC), "sendgrid", ({"sg_machine_open": True}, {}))],
    statuses=Counter(accepted=114, duplicate=8),
    parked=2,
    handoffs=[HANDOFF],
    close_behind=[{"id": "birch", "name": None, "score": 19.21}],
    messages=[Message("msg_1", "handoff.opened", HANDOFF)],
    refused=0,
)


def printed(account: Account = ACCOUNT) -> str:
    console = Console(file=StringIO(), width=120, color_system=None, record=True)
    print_account(console, account)
    return console.export_text()


def test_it_counts_what_went_in() -> None:
    text = printed()
    assert "1 signed SendGrid batches with 2 items" in text
    assert "8 of our own events came twice" in text


def test_it_says_who_raised_a_hand_and_why_weightiest_first() -> None:
    assert "1 of 200 partners raised a hand" in printed()
    (row,) = [line.split() for line in printed().splitlines() if "show 8.5, open 0.9" in line]
    assert row[:5] == ["Acme", "[EMEA]", "A", "27.2", "dana"]


def test_it_gives_the_caller_something_to_say() -> None:
    assert '- Jo came to the trade show "Channel Days" on 4 March.' in printed()


def test_it_names_who_is_close_behind() -> None:
    assert "birch 19.2" in printed()


def test_it_says_what_the_receiver_got() -> None:
    assert "1 messages whose signature verified" in printed()
    assert "Not announced" not in printed()


def test_it_says_what_the_receiver_missed() -> None:
    assert "Not announced in time: ho_1" in printed(replace(ACCOUNT, messages=[]))


def test_with_nobody_to_call_there_is_still_an_account() -> None:
    assert "0 of 200 partners raised a hand" in printed(replace(ACCOUNT, handoffs=[], messages=[]))


def test_the_next_steps_can_be_pasted_however_narrow_the_terminal() -> None:
    console = Console(file=StringIO(), width=40, color_system=None, record=True)
    print_next_steps(console, ACCOUNT, base_url="http://127.0.0.1:8000", key="hr_key")
    lines = console.export_text().splitlines()
    assert any(
        line.endswith("URL=http://127.0.0.1:8000 AUTH='Authorization: Bearer hr_key'") for line in lines
    )
    assert any(
        line.endswith("""'{"by": "you@vendor.example"}' $URL/v1/handoffs/ho_1/claim""") for line in lines
    )
