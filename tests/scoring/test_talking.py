"""What the caller is given to say."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.scoring.naming import asset_of, name_of
from app.scoring.phrases import UNSAID
from app.scoring.talking import Fact, TalkingPoint, talking_points

RUBRICS = Path(__file__).parents[2] / "examples" / "rubrics"
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
        ("webinar.attended", {"minutes": 1439.6}, "Jo attended a webinar for 1440 minutes on 12 March."),
        ("webinar.attended", {"minutes": 0.9}, "Jo attended a webinar on 12 March."),
        ("webinar.attended", {"minutes": 1441}, "Jo attended a webinar on 12 March."),
        ("webinar.attended", {"minutes": True}, "Jo attended a webinar on 12 March."),
        ("webinar.registered", {"title": "X"}, 'Jo registered for the webinar "X" on 12 March.'),
        ("email.opened", {"subject": "Spring"}, 'Jo opened the mail "Spring" on 12 March.'),
        ("email.opened", {}, "Jo opened a mail on 12 March."),
        (
            "email.clicked",
            {"campaign": "spring", "path": "/deals"},
            'Jo clicked a link in "spring" on 12 March.',
        ),
        (
            "email.clicked",
            {"url": "https://vendor.example/deals?x=1", "path": "/deals"},
            "Jo clicked the link to vendor.example/deals on 12 March.",
        ),
        ("email.clicked", {}, "Jo clicked a link in a mail on 12 March."),
        (
            "email.resubscribed",
            {"campaign": "spring"},
            'Jo asked for our mails again through "spring" on 12 March.',
        ),
        (
            "page.viewed",
            {"url": "https://me@vendor.example/deals?utm=1#top"},
            "Jo looked at the page vendor.example/deals on 12 March.",
        ),
        ("page.viewed", {"path": "/partners/deals"}, "Jo looked at the page /partners/deals on 12 March."),
        ("form.submitted", {"name": "Request a demo"}, 'Jo filled in the form "Request a demo" on 12 March.'),
        ("form.submitted", {"form": "contact-me"}, 'Jo filled in the form "contact-me" on 12 March.'),
        ("document.downloaded", {"title": "Prices"}, 'Jo downloaded "Prices" on 12 March.'),
        ("lesson.finished", {"title": "Backups"}, 'Jo finished the lesson "Backups" on 12 March.'),
        ("portal.logged_in", {}, "Jo logged in to the portal on 12 March."),
        ("portal.searched", {}, "Jo searched the portal on 12 March."),
        ("profile.completed", {}, "Jo completed the profile on 12 March."),
        ("tradeshow.attended", {"name": "CeBIT"}, 'Jo came to the trade show "CeBIT" on 12 March.'),
        ("meeting.booked", {"subject": "Intro"}, 'Jo booked the meeting "Intro" on 12 March.'),
        ("deal.registered", {"name": "Bank"}, 'Jo registered the deal "Bank" on 12 March.'),
        ("badge.was_earned", {}, "Jo is on record for “badge was earned” on 12 March."),
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


def test_many_small_things_do_not_hide_a_great_one() -> None:
    opened = [fact("email.opened", 1, days_ago=n / 10) for n in range(200)]
    assert said(*opened, fact("webinar.attended", 2, days_ago=60)) == [
        "Jo attended a webinar on 11 January.",
        "Jo opened 200 mails, last on 12 March.",
    ]


def test_of_repeats_the_weightiest_speaks_for_all() -> None:
    webinars = [fact("webinar.attended", weight, days_ago=weight) for weight in (1, 9, 2)]
    assert said(fact("deal.registered", 8), *webinars)[0] == "Jo attended 3 webinars, last on 11 March."


@pytest.mark.parametrize("event_type", ["email.unsubscribed", "email.bounced", "webinar.no_show"])
def test_what_is_no_deed_is_not_said_whatever_it_is_worth(event_type: str) -> None:
    later = fact(event_type, 99, days_ago=-400)
    assert said(later, fact("meeting.booked")) == ["Jo booked a meeting on 12 March."]
    assert said(later) == []


def test_every_type_in_our_examples_has_words_of_its_own() -> None:
    files = sorted(RUBRICS.glob("*.events.ndjson"))
    types = {json.loads(line)["type"] for file in files for line in file.read_text("utf-8").splitlines()}
    told = [text for event_type in sorted(types) for text in said(fact(event_type))]
    assert len(told) == len(types - UNSAID) > 10
    assert not [text for text in told if "on record" in text]


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("Storage\nin\t2026\x00", "Storage in 2026"),
        ("\u202eegarotS\u2066 in\u2069\u200b 2026\ufeff", "egarotS in 2026"),
        ("\u2028Storage\u2029", "Storage"),
        ("אחסון", "אחסון"),
        ('"; DROP TABLE', "'; DROP TABLE"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("word " * 1000, "word " * 15 + "word…"),
        ("\ud83d", None),
        ("\u202e\u200b \n", None),
    ],
)
def test_a_title_is_one_line_that_can_be_read_aloud(title: str, sentence: str | None) -> None:
    webinar = f'the webinar "{sentence}"' if sentence else "a webinar"
    assert said(fact("webinar.attended", title=title)) == [f"Jo attended {webinar} on 12 March."]


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
        (None, "info@acme.example", "Someone"),
        (None, "Sales.EMEA@acme.example", "Someone"),
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
        ({"path": "/x", "title": "X"}, '"X"'),
        ({"form": "contact-me"}, '"contact-me"'),
        ({"other": "x"}, ""),
    ],
)
def test_assets(properties: dict[str, object], asset: str) -> None:
    assert asset_of(properties) == asset
