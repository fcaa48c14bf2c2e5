"""A note as an Adaptive Card, in the envelope that a workflow of Microsoft Teams takes.

Texts are runs of rich text, which know no Markdown: the escapes of the other kind, TextBlock, are not
understood by all of Microsoft's own apps (microsoft/AdaptiveCards#5590). A message may have 28 KB.
"""

from collections.abc import Iterator
from typing import Any

from app.services.chat.note import Note, fitted

LINE = 400
"""With the few lines of a note, at most 3 bytes to each, the message stays below its limit."""


def body(note: Note) -> dict[str, Any]:
    """A message with one card."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": list(_paragraphs(note)),
        "actions": _actions(note),
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _paragraphs(note: Note) -> Iterator[dict[str, Any]]:
    title = fitted(note.title, LINE)
    yield _paragraph(_run(title, size="large", weight="bolder") if note.facts else _run(title))
    for label, value in note.facts:
        yield _paragraph(_run(f"{label}: ", weight="bolder"), _run(fitted(value, LINE)))
    for heading, lines in note.lists:
        if lines:
            yield _paragraph(_run(heading, weight="bolder")) | {"spacing": "medium"}
            yield from (_paragraph(_run(f"• {fitted(line, LINE)}")) for line in lines)


def _actions(note: Note) -> list[dict[str, str]]:
    return [{"type": "Action.OpenUrl", "title": "Open the hand-off", "url": note.link}] if note.link else []


def _paragraph(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **looks: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **looks}
