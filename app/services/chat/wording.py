"""What is said about each type of message."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.services.chat.note import Note, fitted

LONGEST_NAME = 80
MOST_LINES = 5

Data = Mapping[str, Any]


def note_of(message_type: str, data: Data, *, public_url: str) -> Note:
    """The note for a message's `data`; `public_url` is where links begin."""
    link = (
        f"{public_url.rstrip('/')}/v1/handoffs/{data['id']}" if message_type.startswith("handoff.") else None
    )
    if message_type == "handoff.opened":
        return _card(data, link)
    return Note(SENTENCES[message_type](data), link=link)


def _card(data: Data, link: str | None) -> Note:
    facts = {
        "Score": f"{_number(data['score'])} of {_number(data['threshold'])}",
        "Band": data["band"],
        "Grade": data["grade"],
        "Owner": data["owner"],
        "Due": data["due_at"] and _moment(data["due_at"]),
    }
    return Note(
        f"{_partner(data)} has raised a hand",
        facts=[(label, value) for label, value in facts.items() if value],
        lists=[
            ("What to say", data["talking_points"][:MOST_LINES]),
            ("Where the score comes from", _reasons(data["lines"])),
        ],
        link=link,
    )


def _reasons(lines: Sequence[Data]) -> list[str]:
    """What weighs most, first."""
    heaviest = sorted(lines, key=lambda line: -line["faded_points"])[:MOST_LINES]
    return [
        f"{line['rule']}: {_number(line['faded_points'])} points, {_times(line['counted'])}"
        for line in heaviest
        if line["faded_points"] > 0
    ]


def _closed(data: Data) -> str:
    reason = f": {data['reason']}" if data["reason"] else ""
    return f"{_partner(data)} is closed as {data['outcome']}{reason}"


def _overdue(data: Data) -> str:
    return f"{_partner(data)} should have been called by {_moment(data['due_at'])}"


def _snoozed(data: Data) -> str:
    return f"{_partner(data)} sleeps until {_moment(data['snoozed_until'])}"


def _rebanded(data: Data) -> str:
    before, after = data["previous_band"] or "no band", data["band"] or "no band"
    return f"{_partner(data)} moved from {before} to {after}, with a score of {_number(data['score'])}"


def _disabled(data: Data) -> str:
    return f"{_webhook(data)} is disabled: {data['disabled_reason'] or 'by hand'}"


SENTENCES: Mapping[str, Callable[[Data], str]] = {
    "handoff.claimed": lambda data: f"{_name(data['claimed_by'])} has claimed {_partner(data)}",
    "handoff.released": lambda data: f"{_partner(data)} is free to be claimed again",
    "handoff.snoozed": _snoozed,
    "handoff.unsnoozed": lambda data: f"{_partner(data)} is awake again",
    "handoff.assigned": lambda data: f"{_partner(data)} is now with {_name(data['owner'] or 'nobody')}",
    "handoff.closed": _closed,
    "handoff.overdue": _overdue,
    "score.band_changed": _rebanded,
    "rubric.activated": lambda data: f"Version {data['version']} of the rubric is active: {data['name']}",
    "webhook.failing": lambda data: f"{_webhook(data)} has failed {_times(data['failures'])} in a row",
    "webhook.recovered": lambda data: f"{_webhook(data)} answers again",
    "webhook.disabled": _disabled,
    "test.ping": lambda _: "Handraiser can be heard here",
}
"""One for each type but `handoff.opened`, which gets a card."""


def _partner(data: Data) -> str:
    """By name if it has one; some messages know only the id."""
    partner = data["partner"]
    return _name(partner if isinstance(partner, str) else partner["name"] or partner["id"])


def _webhook(data: Data) -> str:
    # Not its URL: that of a chat is all that one needs to post there.
    return f"The webhook {_name(data['description'] or data['id'])}"


def _name(text: str) -> str:
    """Short enough that what is said about it is seen, too."""
    return fitted(text, LONGEST_NAME) or "?"


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n:,} times"


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
