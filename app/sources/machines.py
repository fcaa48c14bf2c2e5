"""Machines are not people: what flags, user agents and bursts of clicks say; and who is of the house."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict

from app.sources.event import Verdict
from app.sources.names import name_of

BURST = timedelta(seconds=5)
"""Of event time. A scanner follows all links of a mail at once; a reader takes longer to come back to it."""

CLICKED = "email.clicked"

APPLE_PREFETCH = "Mozilla/5.0"
"""Apple's mail privacy fetches every image under this whole name, whether or not the mail is read."""

# What names itself. Gmail's image proxy (GoogleImageProxy) is not among them: it fetches when a person looks.
# Most scanners pass for ordinary browsers: them only a burst betrays. No bare "bot": Cubot makes telephones.
AGENTS = re.compile(
    r"barracuda|mimecast|proofpoint|symantec|ironport|fireeye|sophos|trend ?micro|forcepoint|zscaler"
    r"|googlebot|bingbot|bingpreview|yandexbot|applebot|ahrefsbot|semrushbot|duckduckbot"
    r"|slackbot|linkedinbot|twitterbot|telegrambot|discordbot|facebookexternalhit|skypeuripreview"
    r"|headlesschrome|phantomjs|python-requests|python-urllib|aiohttp|go-http-client|libwww-perl"
    r"|apache-httpclient|okhttp/|^curl/|^wget/|^java/",
    re.IGNORECASE,
)


class Judgement(TypedDict, total=False):
    """The verdict as fields of an event; nothing if it is human."""

    verdict: Verdict
    verdict_reason: str


def flagged(vendor: str, flag: str) -> Judgement:
    """The vendor itself says that it was a machine: taken as given."""
    return _machine(f"flagged by {vendor}: {flag}")


def judged(type_: str, user_agent: object) -> Judgement:
    """What the user agent says of who opened a mail, clicked a link, viewed a page."""
    agent = user_agent.strip() if isinstance(user_agent, str) else ""
    if type_ == "email.opened" and agent == APPLE_PREFETCH:
        return _machine("user agent of Apple's mail privacy prefetch: Mozilla/5.0")
    known = AGENTS.search(agent)
    return _machine(f"user agent of a machine: {known.group()}") if known else {}


def _machine(reason: str) -> Judgement:
    return {"verdict": "machine", "verdict_reason": reason[:200]}


@dataclass(frozen=True)
class Click:
    """A click of one contact in one message."""

    id: str
    link: str
    occurred_at: datetime


def clicked(type_: str, properties: Mapping[str, Any]) -> tuple[str, str] | None:
    """The message and the link that were clicked; None if it is no click, or does not tell both.

    What platforms call one sent mail is its `message`; where they do not tell, its `campaign` does as well,
    since nobody reads two mails of one campaign within seconds.
    """
    link = name_of(properties.get("url"))
    message = name_of(properties.get("message")) or name_of(properties.get("campaign"))
    return (message, link) if type_ == CLICKED and message and link else None


def burst(clicks: Iterable[Click]) -> set[str]:
    """The ids of the clicks, of one contact in one message, that have one on another link within 5 s."""
    ordered = sorted(clicks, key=lambda click: click.occurred_at)
    return _followed(ordered) | _followed(ordered[::-1])


def _followed(clicks: Sequence[Click]) -> set[str]:
    """The clicks that come in time after one on another link; only the nearest such one matters."""
    found = set()
    previous = other = None
    for click in clicks:
        if previous is not None and previous.link != click.link:
            other = previous
        if other is not None and abs(click.occurred_at - other.occurred_at) <= BURST:
            found.add(click.id)
        previous = click
    return found


def is_internal(contact: str, internal: Collection[str]) -> bool:
    """Whether the contact is one of the addresses, or at one of the domains or a domain below it."""
    if not internal:
        return False
    name = contact.strip().lower()
    _, at, domain = name.rpartition("@")
    labels = domain.split(".") if at else []
    return name in internal or any(".".join(labels[n:]) in internal for n in range(len(labels)))
