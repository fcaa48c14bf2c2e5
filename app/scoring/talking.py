"""What a caller can say aloud: who did what, when and with which asset, in plain sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from app.scoring.naming import asset_of, name_of, place_of, title_of
from app.scoring.phrases import UNSAID, phrase_of

_MINUTES_A_DAY = 24 * 60
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


def talking_points(facts: Sequence[Fact], *, zone: ZoneInfo, limit: int = 7) -> list[TalkingPoint]:
    """At most `limit` sentences, by faded points and then the newest first; similar facts share a sentence.

    A sentence weighs as much as the weightiest of its facts: two hundred opened mails are many, but no
    reason to keep quiet about a webinar, and caps take from repeats what they seem to be worth.
    Days are days in `zone`, with the year where it is not that of the newest fact.
    """
    deeds = [fact for fact in facts if fact.type not in UNSAID]
    if not deeds:
        return []
    this_year = max(fact.occurred_at for fact in deeds).astimezone(zone).year
    folded = sorted(_folded(deeds), key=_importance, reverse=True)
    return [
        TalkingPoint(_sentence(alike, zone=zone, this_year=this_year), alike[-1].contact)
        for alike in folded[:limit]
    ]


def _folded(facts: Sequence[Fact]) -> list[list[Fact]]:
    """Facts that share a sentence, each list with the newest last."""
    groups: dict[tuple[str | None, str, str], list[Fact]] = {}
    for fact in sorted(facts, key=lambda fact: fact.occurred_at):
        what = "" if phrase_of(fact.type).small else asset_of(fact.properties)
        groups.setdefault((fact.contact or fact.contact_name, fact.type, what), []).append(fact)
    return list(groups.values())


def _importance(alike: list[Fact]) -> tuple[float, datetime]:
    return max(fact.weight for fact in alike), alike[-1].occurred_at


def _sentence(alike: list[Fact], *, zone: ZoneInfo, this_year: int) -> str:
    last = alike[-1]
    who, when = name_of(last.contact_name, last.contact), _date(last.occurred_at.astimezone(zone), this_year)
    return f"{who} {_deed(alike)} on {when}."


def _deed(alike: list[Fact]) -> str:
    last, asset = alike[-1], asset_of(alike[-1].properties)
    assets = {asset_of(fact.properties) for fact in alike}
    match len(alike), len(assets):
        case 1, _:
            return _once(last) + _duration(last.properties)
        case times, 1 if asset:
            return f"{_once(last)} {'twice' if times == 2 else f'{times} times'}, last"
        case times, _:
            return f"{phrase_of(last.type).several.format(times)}, last {asset}".rstrip()


def _once(fact: Fact) -> str:
    phrase = phrase_of(fact.type)
    if title := title_of(fact.properties):
        return f"{phrase.named} {title}"
    if place := place_of(fact.properties):
        return f"{phrase.placed or phrase.named} {place}"
    return phrase.unnamed


def _duration(properties: Mapping[str, object]) -> str:
    minutes = properties.get("minutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int | float):
        return ""
    if not 1 <= minutes <= _MINUTES_A_DAY:  # whatever it is, nobody sat there for so long
        return ""
    return f" for {round(minutes)} minute{'s' if round(minutes) > 1 else ''}"


def _date(local: datetime, this_year: int) -> str:
    year = "" if local.year == this_year else f" {local.year}"
    return f"{local.day} {_MONTHS[local.month - 1]}{year}"
