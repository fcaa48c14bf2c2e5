"""Bodies for chats: readable, within the providers' limits, and nobody's name is taken for markup."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.announcing import MessageType
from app.services.chat.note import fitted
from app.services.chat.render import ChatFormat, render
from app.services.chat.wording import SENTENCES
from app.services.handoff_view import Handoff

URL = "https://score.example"
HANDOFF: dict[str, Any] = {
    "id": "ho_01JCV7K8Q2W5X3Y9Z0A1B2C3D4",
    "partner": {"id": "acme", "name": "Acme & Söhne <GmbH>"},
    "owner": "dana@vendor.example",
    "claimed_by": "jo@vendor.example",
    "score": 27.25,
    "threshold": 25,
    "band": "hot",
    "grade": "A",
    "due_at": "2026-03-13T16:00:00+01:00",
    "snoozed_until": "2026-03-20T08:00:00Z",
    "lines": [
        {"rule": "open", "counted": 3, "faded_points": 2.5},
        {"rule": "webinar", "counted": 1, "faded_points": 10.0},
        {"rule": "opt-out", "counted": 1, "faded_points": -15.0},
    ],
    "talking_points": ['Jo attended the webinar "Storage in 2026" for 42 minutes on 12 March.'],
    "outcome": "rejected",
    "reason": "no budget",
}
LINK = f"{URL}/v1/handoffs/{HANDOFF['id']}"
WEBHOOK = {
    "id": "wh_1",
    "url": "https://hooks.slack.example/services/SECRET",
    "description": None,
    "failures": 1200,
    "disabled_reason": "The receiver answered 410 Gone.",
}
BAND = {"partner": "acme", "score": 12, "band": "warm", "previous_band": None}
RUBRIC = {"version": 3, "name": "Spring"}
DATA: dict[str, dict[str, Any]] = {
    **{each: HANDOFF for each in get_args(MessageType) if each.startswith("handoff.")},
    **{each: WEBHOOK for each in get_args(MessageType) if each.startswith("webhook.")},
    "score.band_changed": BAND,
    "rubric.activated": RUBRIC,
    "test.ping": {},
}


def texts(value: object) -> Iterator[str]:
    """Every text that a body shows."""
    match value:
        case {"text": str(text)}:
            yield text
        case dict():
            yield from (text for each in value.values() for text in texts(each))
        case list():
            yield from (text for each in value for text in texts(each))
        case _:
            pass


def shown(format_: ChatFormat, type_: str, data: dict[str, Any]) -> str:
    body = render(format_, type_, data, public_url=URL)
    return "\n".join(texts(body["blocks"] if format_ == "slack" else body))


def test_an_opened_handoff_in_slack() -> None:
    body = render("slack", "handoff.opened", HANDOFF, public_url=URL + "/")
    assert body["text"] == "Acme &amp; Söhne &lt;GmbH&gt; has raised a hand"
    header, facts, say, why, link = body["blocks"]
    assert header == {"type": "header", "text": {"type": "plain_text", "text": body["text"]}}
    assert [each["text"] for each in facts["fields"]] == [
        "Score: 27.2 of 25",
        "Band: hot",
        "Grade: A",
        "Owner: dana@vendor.example",
        "Due: 2026-03-13 15:00 UTC",
    ]
    assert say["text"]["text"] == f"What to say\n• {HANDOFF['talking_points'][0]}"
    assert why["text"]["text"] == (
        "Where the score comes from\n• webinar: 10 points, once\n• open: 2.5 points, 3 times"
    )
    assert link["text"] == {"type": "mrkdwn", "text": f"<{LINK}|Open the hand-off>", "verbatim": True}


def test_an_opened_handoff_in_teams() -> None:
    body = render("teams", "handoff.opened", HANDOFF, public_url=URL)
    [attachment] = body["attachments"]
    card = attachment["content"]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    lines = ["".join(run["text"] for run in paragraph["inlines"]) for paragraph in card["body"]]
    assert lines == [
        "Acme & Söhne <GmbH> has raised a hand",
        "Score: 27.2 of 25",
        "Band: hot",
        "Grade: A",
        "Owner: dana@vendor.example",
        "Due: 2026-03-13 15:00 UTC",
        "What to say",
        f"• {HANDOFF['talking_points'][0]}",
        "Where the score comes from",
        "• webinar: 10 points, once",
        "• open: 2.5 points, 3 times",
    ]
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open the hand-off", "url": LINK}]


def test_what_is_not_known_is_left_out() -> None:
    bare = HANDOFF | {
        "band": None,
        "grade": None,
        "owner": None,
        "due_at": None,
        "lines": [],
        "talking_points": [],
    }
    assert shown("slack", "handoff.opened", bare).count("\n") == 2


@pytest.mark.parametrize(
    ("type_", "sentence"),
    [
        ("handoff.claimed", "jo@vendor.example has claimed Acme & Söhne <GmbH>"),
        ("handoff.released", "Acme & Söhne <GmbH> is free to be claimed again"),
        ("handoff.snoozed", "Acme & Söhne <GmbH> sleeps until 2026-03-20 08:00 UTC"),
        ("handoff.unsnoozed", "Acme & Söhne <GmbH> is awake again"),
        ("handoff.assigned", "Acme & Söhne <GmbH> is now with dana@vendor.example"),
        ("handoff.closed", "Acme & Söhne <GmbH> is closed as rejected: no budget"),
        ("handoff.overdue", "Acme & Söhne <GmbH> should have been called by 2026-03-13 15:00 UTC"),
        ("score.band_changed", "acme moved from no band to warm, with a score of 12"),
        ("rubric.activated", "Version 3 of the rubric is active: Spring"),
        ("webhook.failing", "The webhook wh_1 has failed 1,200 times in a row"),
        ("webhook.recovered", "The webhook wh_1 answers again"),
        ("webhook.disabled", "The webhook wh_1 is disabled: The receiver answered 410 Gone."),
        ("test.ping", "Handraiser can be heard here"),
    ],
)
def test_everything_else_is_a_sentence(type_: str, sentence: str) -> None:
    assert shown("teams", type_, DATA[type_]) == sentence


@pytest.mark.parametrize("type_", [each for each in DATA if each.startswith("handoff.")])
def test_a_handoff_as_the_api_shows_it_has_all_that_is_needed(type_: str) -> None:
    example: Any = Handoff.model_config["json_schema_extra"]
    seen = Handoff.model_validate(example["example"]).model_dump(mode="json")
    moved = {"claimed_by": "jo", "snoozed_until": "2026-03-20T08:00:00Z"}
    assert "Acme GmbH" in shown("slack", type_, seen | moved)


def test_every_type_has_its_words() -> None:
    assert {"handoff.opened", *SENTENCES} == set(get_args(MessageType)) == set(DATA)


@pytest.mark.parametrize("format_", get_args(ChatFormat))
@pytest.mark.parametrize("type_", get_args(MessageType))
def test_no_webhooks_url_is_told(format_: ChatFormat, type_: str) -> None:
    assert "SECRET" not in json.dumps(render(format_, type_, DATA[type_], public_url=URL))


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("<!channel>", "&lt;!channel&gt;"),
        ("<https://evil.example|Acme>", "&lt;https://evil.example|Acme&gt;"),
        ("&lt;", "&amp;lt;"),
        ("*Acme* _x_ ~y~ `z`", "*Acme* _x_ ~y~ `z`"),
        ("Acme\nOwner: evil", "Acme Owner: evil"),
        ("Acme\u2028\0\u202eevil", "Acme evil"),
        ("   ", "?"),
    ],
)
def test_a_name_is_no_markup_in_slack(name: str, seen: str) -> None:
    body = render(
        "slack", "handoff.released", HANDOFF | {"partner": {"id": "x", "name": name}}, public_url=URL
    )
    assert body["blocks"][0]["text"] == {"type": "plain_text", "text": f"{seen} is free to be claimed again"}
    assert body["mrkdwn"] is False


def test_a_long_name_does_not_hide_what_is_said() -> None:
    long = HANDOFF | {"partner": {"id": "x", "name": "x" * 1000}}
    assert shown("teams", "handoff.unsnoozed", long) == "x" * 79 + "… is awake again"


HOSTILE = (
    st.text(max_size=4000)
    | st.text('<>&*_~`|\\"[]()\n\t\u202e', max_size=4000)
    | st.text("😀€", max_size=4000)
)
LINES = st.lists(
    st.fixed_dictionaries(
        {"rule": HOSTILE, "counted": st.integers(0, 10**9), "faded_points": st.floats(-1e12, 1e12)}
    ),
    max_size=30,
)
HOSTILE_HANDOFFS = st.fixed_dictionaries(
    {
        **dict.fromkeys(("owner", "claimed_by", "band", "grade", "outcome", "reason"), HOSTILE),
        "id": st.just(HANDOFF["id"]),
        "partner": st.fixed_dictionaries({"id": HOSTILE, "name": st.none() | HOSTILE}),
        "score": st.floats(-1e12, 1e12),
        "threshold": st.floats(-1e12, 1e12),
        "due_at": st.datetimes().map(lambda at: at.isoformat() + "+00:00"),
        "snoozed_until": st.just(HANDOFF["snoozed_until"]),
        "lines": LINES,
        "talking_points": st.lists(HOSTILE, max_size=30),
    }
)
HANDOFF_TYPES = st.sampled_from([each for each in DATA if each.startswith("handoff.")])


def within_slack(block: dict[str, Any]) -> bool:
    """docs.slack.dev: a header has 150 characters, a text 1 to 3,000, a section 10 fields of 2,000."""
    fields = [each["text"] for each in block.get("fields", [])]
    most = 150 if block["type"] == "header" else 3000
    return (
        len(fields) <= 10
        and all(1 <= _units(text) <= 2000 for text in fields)
        and all(1 <= _units(text) <= most for text in texts(block))
    )


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def enormous(char: str) -> dict[str, Any]:
    """Every text as long as can be, every list full."""
    text = char * 4000
    line = {"rule": text, "counted": 10**9, "faded_points": 1e12}
    texts = dict.fromkeys(("owner", "claimed_by", "band", "grade", "outcome", "reason"), text)
    partner = {"id": text, "name": text}
    return {**HANDOFF, **texts, "partner": partner, "lines": [line] * 30, "talking_points": [text] * 30}


@pytest.mark.parametrize("char", ["x", "&", '"', "\\", "€", "😀"])
def test_an_enormous_handoff_is_within_the_limits(char: str) -> None:
    slack = render("slack", "handoff.opened", enormous(char), public_url=URL)
    teams = render("teams", "handoff.opened", enormous(char), public_url=URL)
    assert all(within_slack(block) for block in slack["blocks"])
    assert len(json.dumps(teams, ensure_ascii=False).encode()) <= 28_000


@given(HANDOFF_TYPES, HOSTILE_HANDOFFS)
def test_slack_takes_whatever_is_in_it(type_: str, data: dict[str, Any]) -> None:
    body = render("slack", type_, data, public_url=URL)
    assert 1 <= len(body["blocks"]) <= 50
    assert all(within_slack(block) for block in body["blocks"])
    *others, link = texts(body["blocks"])
    assert link == f"<{LINK}|Open the hand-off>"
    assert not any({"<", ">"} & set(text) for text in [*others, body["text"]])


@given(HANDOFF_TYPES, HOSTILE_HANDOFFS)
def test_teams_takes_whatever_is_in_it(type_: str, data: dict[str, Any]) -> None:
    """28 KB, and no element that reads Markdown."""
    body = render("teams", type_, data, public_url=URL)
    assert len(json.dumps(body, ensure_ascii=False).encode()) <= 28_000
    assert '"TextBlock"' not in json.dumps(
        [each["type"] for each in body["attachments"][0]["content"]["body"]]
    )


@given(HOSTILE, st.integers(5, 200))
def test_a_cut_text_is_the_beginning_of_the_whole(text: str, most: int) -> None:
    whole, cut = fitted(text, 10**6), fitted(text, most)
    assert _units(cut) <= most
    assert cut == whole or (cut.endswith("…") and whole.startswith(cut[:-1]))


@pytest.mark.parametrize(("most", "cut"), [(5, "&amp;"), (6, "&amp;…"), (9, "&amp;…"), (10, "&amp;&amp;")])
def test_an_escape_is_never_cut_in_two(most: int, cut: str) -> None:
    text = "&" if most == 5 else "&&"
    assert fitted(text, most, escape=lambda part: part.replace("&", "&amp;")) == cut
