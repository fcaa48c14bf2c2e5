"""Making a rubric active: its scores are built beside the live ones, then put over them in one transaction.

Whatever touches a partner meanwhile drops its draft, so a draft that is there is right. Every step may be
killed and repeated; the last one completes what is missing, so it is right even if nothing was built before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.scoring.days import day_of
from app.scoring.fade import ROUNDING, score_of, stored_for
from app.scoring.fit import band_of, grade_rank
from app.scoring.signal import Signal, SignalSet, signals_of
from app.services.announcing import Message, announce
from app.services.entries import FIRST
from app.services.publishing import shows
from app.services.rescoring import fits_of, hold_standings, recount, stored_from_tallies
from app.services.rubrics import StoredRubric, get_rubric
from app.services.rulebook import Rulebook, compiled_rubric, hold_rulebook
from app.services.signal_counting import count_some
from app.services.thresholds import publish_crossings
from app.store.drafts import Draft
from app.store.standings import Standing

PARTNERS_AT_ONCE = 500


@dataclass(frozen=True)
class Opening:
    """Whether partners that are past the new threshold get a hand-off, and how many at most, best first."""

    wanted: bool = False
    limit: int | None = None


def begin(connection: Connection, program: str, version: int, *, now: datetime) -> bool:
    """Start building a version's scores; False if it cannot be done beside the live ones. Raises NotFound.

    Where days begin at another time, every tally changes: all of that is left to `switch`.
    """
    live = hold_rulebook(connection, program, alone=True)
    rubric, _ = compiled_rubric(connection, program, version)
    if live.version is None or rubric.zone != live.zone:
        return False
    _build_for(connection, live, version, day=day_of(now, rubric.zone))
    return True


def build_some(
    connection: Connection, program: str, version: int, *, after: str, now: datetime
) -> str | None:
    """Draft the next partners' standings; the partner to go on after, or None when none is left."""
    live = hold_rulebook(connection, program, alone=True)
    if (live.building, live.build_day) != (version, live.day_of(now)):
        return None
    partners = store.drafts.missing(connection, program, after=after, limit=PARTNERS_AT_ONCE)
    _draft(connection, live, _candidate(connection, live, version, day=live.day_of(now)), partners, now=now)
    return partners[-1] if len(partners) == PARTNERS_AT_ONCE else None


def switch(
    connection: Connection,
    program: str,
    version: int,
    *,
    by: str,
    now: datetime,
    opening: Opening = Opening(),
) -> StoredRubric:
    """Let `version` price everything from now on, the past included. Raises NotFound.

    Opens no hand-off for what is past, unless `opening` says so.
    """
    live = hold_rulebook(connection, program, alone=True)
    rubric, _ = compiled_rubric(connection, program, version)
    day = day_of(now, rubric.zone)
    if live.version is None or rubric.zone != live.zone:
        _recount_all(connection, live, version)
    while not count_some(connection, program, version):
        pass
    _build_for(connection, live, version, day=day)
    new = _candidate(connection, live, version, day=day)
    while partners := store.drafts.missing(connection, program, after="", limit=PARTNERS_AT_ONCE):
        _draft(connection, live, new, partners, now=now)
    changed = store.drafts.count_changed(connection, program)
    first = store.programs.take_positions(connection, program, changed) if changed else 0
    store.programs.take_queue_positions(connection, program, 1)
    store.drafts.apply(connection, program, first_position=first)
    store.drafts.clear(connection, program)
    # What was recorded before there was any rubric has been worth its points since then.
    first_ever = live.version is None
    store.band_entries.add_standings(
        connection, program, but=new.newcomer.band, now=now, since_last_event=first_ever
    )
    # Not `day` if it can be helped: who is due to be armed again today is still for the settling to find.
    store.programs.activate(connection, program, version, landmark=day, settled_day=live.settled_day or day)
    ranks = {grade: grade_rank(rubric, grade) for grade in rubric.fit.grades}
    store.handoffs.reconsider(connection, program, ranks, now=now)
    store.rubrics.mark_activated(connection, program, version, by=by, now=now)
    if opening.wanted:
        _open_for_past(connection, hold_rulebook(connection, program, alone=True), opening.limit, now=now)
    stored = get_rubric(connection, program, version)
    announce(connection, program, [Message("rubric.activated", stored.model_dump(mode="json"))], now=now)
    return stored


def _build_for(connection: Connection, live: Rulebook, version: int, *, day: int) -> None:
    """Keep the drafts there are if they are for this version and day."""
    if (live.building, live.build_day) != (version, day):
        store.drafts.clear(connection, live.program)
        store.programs.build(connection, live.program, version, day=day)


def _candidate(connection: Connection, live: Rulebook, version: int, *, day: int) -> Rulebook:
    rubric, prices = compiled_rubric(connection, live.program, version)
    return replace(live, version=version, rubric=rubric, prices=prices, landmark=day, settled_day=day)


def _draft(
    connection: Connection, live: Rulebook, new: Rulebook, partners: Sequence[str], *, now: datetime
) -> None:
    if not partners:
        return
    held = hold_standings(connection, live, partners)
    stored = stored_from_tallies(connection, new, partners, today=new.landmark)
    fits = fits_of(connection, new, partners)
    drafts = []
    for partner in partners:
        score = score_of(new.rubric, stored[partner], landmark=new.landmark, today=new.landmark)
        columns = {"stored": stored[partner], "band": band_of(new.rubric, score), **fits[partner]}
        standing: Standing = held[partner]._replace(**columns)
        changed = standing.position == 0 or shows(new, [standing], now=now) != shows(
            live, [held[partner]], now=now
        )
        drafts.append(Draft(partner=partner, changed=changed, **columns))
    store.drafts.add(connection, new.program, drafts)


def _recount_all(connection: Connection, live: Rulebook, version: int) -> None:
    """Count every signal anew in the version's time zone, and contacts and adjustments too."""
    rubric, _ = compiled_rubric(connection, live.program, version)
    # Those that a preview is still counting as well: what is done of them was counted by the old days.
    keys = signals_of(rubric).keys() | store.rubrics.tallied_signals(connection, live.program).keys()
    documents = store.rubrics.signal_documents(connection, live.program, keys)
    signals = SignalSet({key: Signal.from_document(document) for key, document in documents.items()})
    rules = replace(live, rubric=rubric, signals=signals, partial={})
    after = ""
    while partners := store.partners.page_of_ids(
        connection, live.program, after=after, limit=PARTNERS_AT_ONCE
    ):
        recount(connection, rules, partners, signals=keys)
        after = partners[-1]
    store.rubrics.note_counted(connection, live.program, keys, upto=None)


def _open_for_past(connection: Connection, rules: Rulebook, limit: int | None, *, now: datetime) -> None:
    """Open hand-offs for partners that are past the threshold, best first, each on its latest human event."""
    terms = rules.rubric.handoff
    if terms is None:
        return
    least = stored_for(rules.rubric, terms.at - ROUNDING, landmark=rules.landmark, today=rules.day_of(now))
    opened, after = 0, None
    while limit is None or opened < limit:
        page = store.standings.past_threshold(
            connection, rules.program, least, after=after, limit=PARTNERS_AT_ONCE
        )
        if not page:
            return
        after = page[-1]
        held = {each.partner: each for each in page}
        latest = store.ledger.recent_human(connection, rules.program, held.keys(), since=FIRST, each=1)
        candidates = [(each, latest[each.partner][0]) for each in page if each.partner in latest]
        most = None if limit is None else limit - opened
        _, new = publish_crossings(connection, rules, held, dict(held), candidates, now=now, most=most)
        opened += len(new)
