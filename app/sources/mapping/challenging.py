"""Requests that bring no events: answered, or kept for a person to read."""

from collections.abc import Sequence
from typing import Any

from app.sources.adapter import Incoming, Reply
from app.sources.event import plain_text, properties_within_limits
from app.sources.mapping.document import HOLE, Challenge, Signed
from app.sources.mapping.expression import Finder, read_expression
from app.sources.mapping.signature import made
from app.sources.names import name_of
from app.sources.shared_secrets import as_bytes, same

MOST_TEXT = 1_000


def concerns(challenge: Challenge, incoming: Incoming, finder: Finder) -> bool:
    """Whether this challenge is the request's."""
    if challenge.methods is not None:
        return incoming.method in challenge.methods
    try:
        return incoming.method == "POST" and challenge.when is not None and finder.holds(challenge.when)
    except ValueError:
        return False


def answer(challenge: Challenge, finder: Finder, secrets: Sequence[str]) -> Reply | None:
    """What the platform wants to hear; None if its token is wrong, or there is nothing to sign with.

    Raises ValueError if the request does not have what the answer needs, or what no answer can carry.
    """
    if challenge.token is not None and not _is_known(finder.find(challenge.token), secrets):
        return None
    if challenge.signed is not None and not secrets:
        return None
    if challenge.text is not None:
        text = (name_of(finder.find(challenge.text)) or "")[:MOST_TEXT]
        return Reply(challenge.status, plain_text(text), {"content-type": "text/plain; charset=utf-8"})
    body: dict[str, Any] = {name: finder.find(each) for name, each in challenge.echo.items()}
    if challenge.signed is not None:
        body[challenge.signed.name] = _signature(challenge.signed, finder, secrets[0])
    return Reply(challenge.status, properties_within_limits(body) or challenge.body)


def told(sentence: str, finder: Finder) -> str:
    """The sentence with what its expressions give."""
    return HOLE.sub(lambda hole: _text(finder, hole[1]), sentence)


def _text(finder: Finder, expression: str) -> str:
    """Without what a database refuses: the sentence is kept."""
    try:
        text = name_of(finder.find(read_expression(expression))) or ""
    except ValueError:
        return ""
    return "".join(letter for letter in text[:MOST_TEXT] if letter.isprintable())


def _is_known(token: object, secrets: Sequence[str]) -> bool:
    return any(same(name_of(token) or "", each.strip()) for each in secrets)


def _signature(signed: Signed, finder: Finder, secret: str) -> str:
    message = as_bytes(name_of(finder.find(signed.text)) or "")
    return made(signed.algorithm, signed.encoding, key=as_bytes(secret.strip()), message=message)
