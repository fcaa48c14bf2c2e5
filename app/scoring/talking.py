"""What a caller can say aloud: who did what, when and with which asset, in plain sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.scoring.naming import asset_of, name_of

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


@dataclass(frozen=True)
class Fact:
    """A human event that mattered, and its faded points."""

    type: str
    occurred_at: datetime
    contact_name: str | None
    contact: str | None
    properties: Mapping[str, object]
    weight: float


@dataclass(frozen=True)
class TalkingPoint:
    """A sentence, and the contact that it is about, if known."""

    text: str
    contact: str | None


@dataclass(frozen=True)
class _Phrase:
    """How one type of event is told: with its asset named, without, and several at once."""

    named: str
    unnamed: str
    several: str
    small: bool = False  # many of them are one thing to say, whatever the assets


_PHRASES = {
    "email.opened": _Phrase("opened the mail", "opened a mail", "opened {} mails", small=True),
    "email.clicked": _Phrase(
        "clicked a link in", "clicked a link in a mail", "clicked {} links in our mails", small=True
    ),
    "page.viewed": _Phrase("looked at the page", "looked at a page", "looked at {} pages", small=True),
    "form.submitted": _Phrase("filled in the form", "filled in a form", "filled in {} forms"),
    "webinar.registered": _Phrase(
        "registered for the webinar", "registered for a webinar", "registered for {} webinars"
    ),
    "webinar.attended": _Phrase("attended the webinar", "attended a webinar", "attended {} webinars"),
    "tradeshow.attended": _Phrase("came to the trade show", "came to a trade show", "came to {} trade shows"),
    "meeting.booked": _Phrase("booked the meeting", "booked a meeting", "booked {} meetings"),
    "deal.registered": _Phrase("registered the deal", "registered a deal", "registered {} deals"),
    "score.adjusted": _Phrase("gave points for", "gave points", "gave points {} times"),
}


def talking_points(facts: Sequence[Fact], *, zone: ZoneInfo, limit: int = 7) -> list[TalkingPoint]:
    """At most `limit` sentences, by faded points and then the newest first; similar facts share a sentence.

    Days are days in `zone`, with the year where it is not that of the newest fact.
    """
    if not facts:
        return []
    this_year = max(fact.occurred_at for fact in facts).astimezone(zone).year
    folded = sorted(_folded(facts), key=_importance, reverse=True)
    return [
        TalkingPoint(_sentence(alike, zone=zone, this_year=this_year), alike[-1].contact)
        for alike in folded[:limit]
    ]


def _folded(facts: Sequence[Fact]) -> list[list[Fact]]:
    """Facts that share a sentence, each list with the newest last."""
    groups: dict[tuple[str | None, str, str], list[Fact]] = {}
    for fact in sorted(facts, key=lambda fact: fact.occurred_at):
        what = "" if _phrase_of(fact.type).small else asset_of(fact.properties)
        groups.setdefault((fact.contact or fact.contact_name, fact.type, what), []).append(fact)
    return list(groups.values())


def _importance(alike: list[Fact]) -> tuple[float, datetime]:
    return sum(fact.weight for fact in alike), alike[-1].occurred_at


def _sentence(alike: list[Fact], *, zone: ZoneInfo, this_year: int) -> str:
    last = alike[-1]
    who, when = name_of(last.contact_name, last.contact), _date(last.occurred_at.astimezone(zone), this_year)
    return f"{who} {_deed(alike)} on {when}."


def _deed(alike: list[Fact]) -> str:
    last, phrase = alike[-1], _phrase_of(alike[-1].type)
    assets = {asset_of(fact.properties) for fact in alike}
    asset = asset_of(last.properties)
    deed = f"{phrase.named} {asset}" if asset else phrase.unnamed
    match len(alike), len(assets):
        case 1, _:
            return deed + _duration(last.properties)
        case times, 1 if asset:
            return f"{deed} {'twice' if times == 2 else f'{times} times'}, last"
        case times, _:
            return f"{phrase.several.format(times)}, last {asset}".rstrip()


def _duration(properties: Mapping[str, object]) -> str:
    minutes = properties.get("minutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or round(minutes) < 1:
        return ""
    return f" for {round(minutes)} minute{'s' if round(minutes) > 1 else ''}"


def _date(local: datetime, this_year: int) -> str:
    year = "" if local.year == this_year else f" {local.year}"
    return f"{local.day} {_MONTHS[local.month - 1]}{year}"


def _phrase_of(event_type: str) -> _Phrase:
    """For a type that we have no words for, its own."""
    words = event_type.replace(".", " ").replace("_", " ")
    return _PHRASES.get(event_type) or _Phrase(
        f"is on record for “{words}” with",
        f"is on record for “{words}”",
        f"is on record {{}} times for “{words}”",
    )
