"""Messages for people: what a webhook whose format is a chat gets instead of the JSON body."""

from collections.abc import Mapping
from typing import Any, Literal, assert_never

from app.services.chat import slack, teams
from app.services.chat.wording import note_of

ChatFormat = Literal["slack", "teams"]


def render(
    format_: ChatFormat, message_type: str, data: Mapping[str, Any], *, public_url: str
) -> dict[str, Any]:
    """The body, for JSON: a hand-off that was opened is a card, everything else a sentence."""
    note = note_of(message_type, data, public_url=public_url)
    match format_:
        case "slack":
            return slack.body(note)
        case "teams":
            return teams.body(note)
        case _:
            assert_never(format_)
