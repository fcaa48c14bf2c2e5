"""What the caller is given to say."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.scoring.naming import asset_of, name_of
from app.scoring.talking import Fact, TalkingPoint, talking_points

UTC = ZoneInfo("UTC")
JO = "jo@acme.example"
NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)


def fact(
    event_type: str, weight: float = 1.0, *, days_ago: float = 0, who: str = JO, **properties: Any
) -> Fact:
    when = NOON - timedelta(days=days_ago)
    return Fact(event_type, when, contact_name=None, contact=who, properties=properties, weight=weight)


def said(*facts: Fact, zone: ZoneInfo = UTC, limit: int = 7) -> list[str]:
    return [point.text for point in talking_points(facts, zone=zone, limit=limit)]


@pytest.mark.parametrize(
    ("event_type", "properties", "sentence"),
    [
        (
            "webinar.attended",
            {"title": "Storage in 2026", "minutes": 42},
            'Jo attended the webinar "Storage in 2026" for 42 minutes on 12 March.',
        ),
        ("webinar.attended", {"minutes": 1}, "Jo attended a webinar for 1 minute on 12 March."),
        ("webinar.attended", {"minutes": True}, "Jo attended a webinar on 12 March."),
        ("webinar.registered", {"title": "X"}, 'Jo registered for the webinar "X" on 12 March.'),
        ("email.opened", {"subject": "Spring"}, 'Jo opened the mail "Spring" on 12 March.'),
        ("email.opened", {}, "Jo opened a mail on 12 March."),
        ("email.clicked", {"campaign": "spring"}, 'Jo clicked a link in "spring" on 12 March.'),
        (
            "page.viewed",
            {"url": "https://me@vendor.example/deals?utm=1#top"},
            "Jo looked at the page vendor.example/deals on 12 March.",
        ),
        ("page.viewed", {"path": "/partners/deals"}, "Jo looked at the page /partners/deals on 12 March."),
        ("form.submitted", {"name": "Request a demo"}, 'Jo filled in the form "Request a demo" on 12 March.'),
        ("tradeshow.attended", {"name": "CeBIT"}, 'Jo came to the trade show "CeBIT" on 12 March.'),
        ("meeting.booked", {"subject": "Intro"}, 'Jo booked the meeting "Intro" on 12 March.'),
        ("deal.registered", {"name": "Bank"}, 'Jo registered the deal "Bank" on 12 March.'),
        ("content.was_downloaded", {}, "Jo is on record for “content was downloaded” on 12 March."),
        ("quiz.taken", {"title": "X"}, 'Jo is on record for “quiz taken” with "X" on 12 March.'),
    ],
)
def test_one_kind_of_sentence_for_each_type(
    event_type: str, properties: dict[str, Any], sentence: str
) -> None:
    assert said(fact(event_type, **properties)) == [sentence]


def test_small_things_of_one_person_share_a_sentence() -> None:
    opened = [fact("email.opened", days_ago=n, subject=f"No. {n}") for n in range(3)]
    assert said(*opened) == ['Jo opened 3 mails, last "No. 0" on 12 March.']
    assert said(fact("email.opened"), fact("email.opened", days_ago=1)) == [
        "Jo opened 2 mails, last on 12 March."
    ]


def test_the_same_thing_again_shares_a_sentence() -> None:
    viewed = [fact("form.submitted", days_ago=n, title="Demo") for n in range(3)]
    assert said(*viewed[1:]) == ['Jo filled in the form "Demo" twice, last on 11 March.']
    assert said(*viewed) == ['Jo filled in the form "Demo" 3 times, last on 12 March.']


def test_different_webinars_and_different_people_each_have_their_sentence() -> None:
    assert len(said(fact("webinar.attended", title="A"), fact("webinar.attended", title="B"))) == 2
    assert len(said(fact("email.opened"), fact("email.opened", who="max@acme.example"))) == 2


def test_the_weightiest_come_first_then_the_newest() -> None:
    facts = [fact("a", 1, days_ago=2), fact("b", 5, days_ago=9), fact("c", 1, days_ago=1), fact("d", 0.2)]
    assert [text.split("“")[1][0] for text in said(*facts)] == ["b", "c", "a", "d"]


def test_at_most_so_many() -> None:
    facts = [fact("webinar.attended", n, title=str(n)) for n in range(20)]
    assert len(said(*facts)) == 7
    assert said(*facts, limit=1) == ['Jo attended the webinar "19" on 12 March.']


def test_days_are_the_programs_and_other_years_are_named() -> None:
    late = fact("meeting.booked", days_ago=-0.5)
    assert said(late, zone=ZoneInfo("America/Denver")) == ["Jo booked a meeting on 12 March."]
    assert said(late, fact("deal.registered", days_ago=100))[1] == "Jo registered a deal on 2 December 2025."


def test_a_point_names_its_contact() -> None:
    anonymous = Fact("deal.registered", NOON, None, None, {}, weight=1.0)
    assert talking_points([anonymous], zone=UTC) == [
        TalkingPoint("Someone registered a deal on 12 March.", None)
    ]
    assert talking_points([fact("a")], zone=UTC)[0].contact == "jo@acme.example"


def test_nothing_to_say() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("contact_name", "contact", "called"),
    [
        ("Jo Smith", "x@y.example", "Jo Smith"),
        ("  Jo\n\u202eSmith\x00 ", None, "Jo Smith"),
        ("x" * 100, None, "x" * 59 + "…"),
        (None, "jo.van_der-berg+news@acme.example", "Jo Van Der Berg"),
        ("", "jo42@acme.example", "Jo"),
        (None, "42@acme.example", "Someone"),
        (None, "crm-4711", "Someone"),
        (None, None, "Someone"),
    ],
)
def test_names(contact_name: str | None, contact: str | None, called: str) -> None:
    assert name_of(contact_name, contact) == called


@pytest.mark.parametrize(
    ("properties", "asset"),
    [
        ({"title": 'The "best"', "url": "https://x.example"}, "\"The 'best'\""),
        ({"title": "", "subject": 5, "campaign": "c"}, '"c"'),
        ({"url": "https://[broken"}, "https://[broken"),
        ({"url": "?q=1"}, "?q=1"),
        ({"path": "/x"}, "/x"),
        ({"other": "x"}, ""),
    ],
)
def test_assets(properties: dict[str, object], asset: str) -> None:
    assert asset_of(properties) == asset
