"""Writing standings that changed: their place in the score feed, and the messages about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from app import store
from app.scoring.days import date_of
from app.scoring.fade import score_of
from app.services.announcing import Message, announce
from app.services.rulebook import Rulebook
from app.store.standings import Standing


class Published(NamedTuple):
    """Standings as they are now, and those of the partners of whom webhooks are told."""

    standings: list[Standing]
    told: Collection[str | None]


def publish(
    connection: Connection,
    rules: Rulebook,
    held: Mapping[str, Standing],
    new: Sequence[Standing],
    messages: Sequence[Message] = (),
    *,
    now: datetime,
) -> Published:
    """Save `new` over the standings that are `held`.

    A changed score, band, grade or armed flag takes the next place in the score feed. A changed band is
    announced too, before `messages` about it. A partner in the queue has changed that with its score.
    """
    today = rules.day_of(now)
    changed = _changed(rules, held, new, now=now)
    if _reorders_queue(held, new):
        store.programs.take_queue_positions(connection, rules.program, 1)
    places = _places(connection, rules.program, [each.partner for each in changed])
    rebanded = [each for each in changed if _rebanded(held, each)]
    told = [_band_message(rules, held[each.partner], each, today) for each in rebanded]
    numbered, sequences = _numbered([*told, *messages], {each.partner: each.sequence for each in new})
    final = [
        each._replace(position=places.get(each.partner, each.position), sequence=sequences[each.partner])
        for each in new
    ]
    dirty = [each for each in final if each != held[each.partner]]
    if dirty:
        store.standings.save(connection, rules.program, dirty)
    entries = [_entry(held, each, now) for each in new if each.band not in {None, held[each.partner].band}]
    if entries:
        store.band_entries.add(connection, rules.program, entries)
    if rules.building is not None:
        # Also where nothing shows: what changed may be worth something only to the version being built.
        store.drafts.forget(connection, rules.program, held.keys())
    return Published(final, announce(connection, rules.program, numbered, now=now))


def _reorders_queue(held: Mapping[str, Standing], new: Sequence[Standing]) -> bool:
    """Whether the score of a partner moved that was in the queue; who comes into it does so by a move.

    Stored scores give the order, and they move under a floor where nothing shows.
    """
    return any(
        each.open_handoff and was.open_handoff and each.stored != was.stored
        for each in new
        for was in [held[each.partner]]
    )


def _changed(
    rules: Rulebook, held: Mapping[str, Standing], new: Sequence[Standing], *, now: datetime
) -> list[Standing]:
    before = [held[each.partner] for each in new]
    shown = zip(shows(rules, before, now=now), shows(rules, new, now=now), strict=True)
    return [
        each for each, (was, is_now) in zip(new, shown, strict=True) if each.position == 0 or was != is_now
    ]


def shows(rules: Rulebook, standings: Sequence[Standing], *, now: datetime) -> list[tuple[object, ...]]:
    """What readers of the score feed see of standings."""
    scores = rules.scores_now([each.stored for each in standings], now=now)
    return [(score, each.band, each.grade, each.armed) for score, each in zip(scores, standings, strict=True)]


def _places(connection: Connection, program: str, partners: Sequence[str]) -> dict[str, int]:
    if not partners:
        return {}
    first = store.programs.take_positions(connection, program, len(partners))
    return {partner: first + place for place, partner in enumerate(partners)}


def _rebanded(held: Mapping[str, Standing], new: Standing) -> bool:
    before = held[new.partner]
    # A partner that was never in the feed has no band that could have changed.
    return before.position > 0 and before.band != new.band


def _entry(held: Mapping[str, Standing], new: Standing, now: datetime) -> tuple[str, str, datetime]:
    """The partner, the band it is in now, and since when: its latest event, unless nothing has happened."""
    event = new.last_event_at
    happened = event is not None and event != held[new.partner].last_event_at
    return new.partner, str(new.band), event if event is not None and happened else now


def _band_message(rules: Rulebook, before: Standing, new: Standing, today: int) -> Message:
    data: dict[str, Any] = {
        "partner": new.partner,
        "score": score_of(rules.rubric, new.stored, landmark=rules.landmark, today=today),
        "band": new.band,
        "previous_band": before.band,
        "grade": new.grade,
        "fit": new.fit,
        "as_of": date_of(today).isoformat(),
        "rubric_version": rules.version,
        "armed": new.armed,
    }
    return Message("score.band_changed", data, partner=new.partner)


def _numbered(messages: Sequence[Message], sequences: dict[str, int]) -> tuple[list[Message], dict[str, int]]:
    """Give each message the next number of its partner; the numbers used last."""
    last = dict(sequences)
    numbered = []
    for message in messages:
        sequence = None
        if message.partner in last:
            sequence = last[message.partner] = last[message.partner] + 1
        numbered.append(replace(message, sequence=sequence))
    return numbered, last
