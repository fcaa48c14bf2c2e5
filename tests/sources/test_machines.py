"""Machines are told from people by what they call themselves, and by clicks that come in a burst."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sources.machines import Click, burst, clicked, flagged, is_internal, judged

START = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120 Safari/537.36"


def clicks(*seconds_and_links: tuple[float, str]) -> list[Click]:
    """One each, its id the place in the list."""
    return [
        Click(str(n), link, START + timedelta(seconds=at)) for n, (at, link) in enumerate(seconds_and_links)
    ]


@pytest.mark.parametrize(
    ("type_", "agent"),
    [
        ("email.opened", "Mozilla/5.0"),
        ("email.clicked", "Mozilla/5.0 (compatible; Barracuda Sentinel)"),
        ("email.clicked", "python-requests/2.31.0"),
        ("email.clicked", "curl/8.1"),
        ("page.viewed", "Mozilla/5.0 (X11) HeadlessChrome/120.0"),
        ("page.viewed", "Slackbot-LinkExpanding 1.0"),
    ],
)
def test_a_machine_names_itself(type_: str, agent: str) -> None:
    judgement = judged(type_, agent)
    assert judgement["verdict"] == "machine"
    assert 10 < len(judgement["verdict_reason"]) <= 200


@pytest.mark.parametrize(
    ("type_", "agent"),
    [
        ("email.clicked", "Mozilla/5.0"),
        (
            "email.opened",
            "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        ),
        ("email.opened", CHROME),
        ("email.clicked", "Mozilla/5.0 (Linux; Android 10; CUBOT_NOTE_20) Chrome/120 Mobile"),
        ("email.clicked", "Mozilla/5.0 (Windows NT 10.0) Microsoft Outlook 16.0"),
        ("email.opened", ""),
        ("email.opened", None),
        ("email.opened", 7),
    ],
)
def test_anything_else_is_a_person(type_: str, agent: object) -> None:
    assert judged(type_, agent) == {}


def test_a_vendors_flag_is_taken_as_given() -> None:
    assert flagged("SendGrid", "x" * 300) == {
        "verdict": "machine",
        "verdict_reason": ("flagged by SendGrid: " + "x" * 300)[:200],
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ""),
        ([(0, "a")], ""),
        ([(0, "a"), (5, "b")], "01"),
        ([(0, "a"), (5.001, "b")], ""),
        ([(0, "a"), (1, "a")], ""),
        ([(0, "a"), (1, "a"), (2, "b")], "012"),
        ([(0, "a"), (3, "a"), (6, "b")], "12"),
        ([(0, "a"), (4, "b"), (8, "c"), (60, "d")], "012"),
        ([(0, "a"), (0, "b"), (0, "a")], "012"),
        ([(60, "b"), (0, "a"), (3, "c"), (62, "a")], "0123"),
        ([(0, "a"), (4, "b"), (4, "a"), (8, "a"), (9.5, "a")], "0123"),
    ],
)
def test_two_links_in_five_seconds_are_a_burst(given: list[tuple[float, str]], expected: str) -> None:
    assert burst(clicks(*given)) == set(expected)


@pytest.mark.parametrize(
    ("properties", "wanted"),
    [
        ({"url": "/a", "message": "m", "campaign": "c"}, ("m", "/a")),
        ({"url": "/a", "message": 7}, ("7", "/a")),
        ({"url": "/a", "campaign": "c"}, ("c", "/a")),
        ({"url": "/a"}, None),
        ({"message": "m"}, None),
        ({"url": ["/a"], "message": {}}, None),
    ],
    ids=["message", "number", "campaign", "no message", "no link", "neither text"],
)
def test_what_was_clicked(properties: dict[str, Any], wanted: tuple[str, str] | None) -> None:
    assert clicked("email.clicked", properties) == wanted
    assert clicked("email.opened", properties) is None


CLICKS = st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), max_size=12)


@given(CLICKS)
def test_a_burst_is_each_click_with_another_link_in_reach(given: list[tuple[float, str]]) -> None:
    assert burst(clicks(*given)) == {
        str(n)
        for n, (at, link) in enumerate(given)
        if any(other != link and abs(when - at) <= 5 for when, other in given)
    }


@pytest.mark.parametrize(
    ("contact", "internal"),
    [
        ("Jo@Vendor.example", True),
        ("jo@mail.vendor.example", True),
        ("agency@studio.example", True),
        ("jo@studio.example", False),
        ("jo@othervendor.example", False),
        ("jo@vendor.example.evil", False),
        ("vendor.example", True),
        ("u-1001", False),
        ("", False),
    ],
)
def test_who_is_of_the_house(contact: str, *, internal: bool) -> None:
    assert is_internal(contact, {"vendor.example", "agency@studio.example"}) is internal
