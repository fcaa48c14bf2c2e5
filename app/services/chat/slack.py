"""A note as a Slack message in Block Kit.

Only the link is in Slack's markup. All else is `plain_text`, since markup cannot say a literal `*`; what
begins a mention or a link (`<!channel>`) is escaped all the same, as Slack asks for any text.
"""

from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import quote

from app.services.chat.note import Note, fitted

# Of Block Kit: 150 characters for a header, 3,000 for a text, 10 fields of 2,000, 50 blocks.
HEADER = 150
LINE = 500
"""With the few lines of a note, no text comes near its limit."""


def body(note: Note) -> dict[str, Any]:
    """What an incoming webhook takes; `text` is what notifications show."""
    return {"text": _text(note.title, LINE), "mrkdwn": False, "blocks": list(_blocks(note))}


def _blocks(note: Note) -> Iterator[dict[str, Any]]:
    if note.facts:
        yield {"type": "header", "text": _plain(_text(note.title, HEADER))}
        fields = [_plain(_text(f"{label}: {value}", LINE)) for label, value in note.facts]
        yield {"type": "section", "fields": fields}
    else:
        yield {"type": "section", "text": _plain(_text(note.title, LINE))}
    for heading, lines in note.lists:
        if lines:
            bullets = [f"• {_text(line, LINE)}" for line in lines]
            yield {"type": "section", "text": _plain("\n".join([heading, *bullets]))}
    if note.link:
        # Not a button: Slack asks the app about each click on one, and warns if nobody answers.
        link = f"<{quote(note.link, safe=':/?&=%')}|Open the hand-off>".replace("&", "&amp;")
        yield {"type": "section", "text": {"type": "mrkdwn", "text": link, "verbatim": True}}


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def _text(text: str, most: int) -> str:
    return fitted(text, most, escape=lambda part: escape(part, quote=False))
