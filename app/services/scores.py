"""Reading scores: one explained, its history, and the feed of changes."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import FieldError, Invalid
from app.scoring.days import date_of, day_number
from app.scoring.explain import explain, history
from app.scoring.fade import score_of
from app.scoring.fit import FitTable, band_of
from app.scoring.signal import SignalSet, signals_of
from app.scoring.tally import Adjustments, Tallies
from app.services.arithmetic import as_adjustments, as_tallies
from app.services.engagement import engaged_contacts
from app.services.handoff_view import Line
from app.services.partners import require_partner
from app.services.pruned import latest_human
from app.services.rescoring import counts_from_ledger
from app.services.rulebook import Rulebook, compiled_rubric, rulebook
from app.store.standings import Standing

LONGEST_HISTORY = 3_660
CONTACT_DAYS = 30


class Score(BaseModel):
    """A partner's score and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner": "acme",
                "score": 22.187719,
                "band": "warm",
                "grade": "B",
                "fit": 10,
                "as_of": "2026-03-12",
                "rubric_version": 1,
                "armed": True,
                "contacts": 2,
                "last_event_at": "2026-03-12T15:00:00Z",
                "lines": [
                    {
                        "rule": "click",
                        "occurrences": 3,
                        "counted": 2,
                        "points": 10,
                        "faded_points": 8.029765,
                        "first_day": "2026-03-02",
                        "last_day": "2026-03-03",
                    }
                ],
            }
        }
    )

    partner: str
    score: float
    band: str | None
    grade: str | None
    fit: float
    as_of: date
    rubric_version: int | None
    armed: bool = Field(description="Whether the next crossing would open a hand-off; as of now.")
    contacts: int = Field(description="Distinct contacts with a human event in the days the gates look at.")
    last_event_at: datetime | None
    lines: list[Line] = Field(description="One per rule that has occurrences; faded points sum to the score.")


class DayScore(BaseModel):
    """The score on one day."""

    model_config = ConfigDict(json_schema_extra={"example": {"day": "2026-03-12", "score": 22.187719}})

    day: date
    score: float


class ChangedScore(BaseModel):
    """A partner in the change feed, as it stands now."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner": "acme",
                "score": 22.187719,
                "band": "warm",
                "grade": "B",
                "fit": 10,
                "armed": True,
                "open_handoff": None,
                "last_event_at": "2026-03-12T15:00:00Z",
            }
        }
    )

    partner: str
    score: float
    band: str | None
    grade: str | None
    fit: float
    armed: bool
    open_handoff: str | None
    last_event_at: datetime | None


def score_of_partner(
    connection: Connection,
    program: str,
    partner: str,
    *,
    as_of: date | None,
    version: int | None,
    now: datetime,
) -> Score:
    """The score on a day (today if None) under a version (the active one if None). Raises NotFound."""
    active = rulebook(connection, program)
    rules = _under(connection, active, version)
    row = require_partner(connection, program, partner)
    root = row.counts_for
    day = day_number(as_of) if as_of else rules.day_of(now)
    tallies, adjusted = _facts(connection, rules, root, is_active=rules is active)
    explanation = explain(rules.rubric, rules.prices, tallies, adjustments=adjusted, as_of=day)
    standing = store.standings.get_many(connection, program, [root]).get(root) or rules.newcomer
    attributes = row.attributes if root == partner else require_partner(connection, program, root).attributes
    fit = FitTable(rules.rubric).fit_of(attributes)
    return Score(
        partner=root,
        score=explanation.score,
        band=band_of(rules.rubric, explanation.score),
        grade=fit.grade,
        fit=fit.points,
        as_of=date_of(day),
        rubric_version=rules.version,
        armed=standing.armed,
        contacts=_contacts(connection, rules, root, day),
        last_event_at=_last_event(connection, rules, standing, root, as_of),
        lines=[Line.model_validate(line.document()) for line in explanation.lines],
    )


def score_history(
    connection: Connection,
    program: str,
    partner: str,
    *,
    first: date | None,
    last: date | None,
    now: datetime,
) -> list[DayScore]:
    """The score on every day, both ends included; else the last 30. Raises NotFound and Invalid."""
    rules = rulebook(connection, program)
    root = require_partner(connection, program, partner).counts_for
    end = day_number(last) if last else rules.day_of(now)
    start = day_number(first) if first else end - 29
    if not 0 <= end - start < LONGEST_HISTORY:
        message = f"must be on or after `from`, and at most {LONGEST_HISTORY} days later"
        raise Invalid("The period is not valid.", errors=[FieldError("to", message)])
    tallies, adjusted = _facts(connection, rules, root, is_active=True)
    points = history(rules.rubric, rules.prices, tallies, adjustments=adjusted, first=start, last=end)
    return [DayScore(day=date_of(day), score=score) for day, score in points]


def changed_scores(
    connection: Connection, program: str, *, after: int, limit: int, now: datetime
) -> tuple[list[ChangedScore], int]:
    """The next partners that changed after a position, in commit order, and the position to go on from."""
    rules = rulebook(connection, program)
    standings = store.standings.changed_since(connection, program, after, limit)
    return [_changed(rules, each, now) for each in standings], standings[-1].position if standings else after


def _under(connection: Connection, active: Rulebook, version: int | None) -> Rulebook:
    if version is None or version == active.version:
        return active
    rubric, prices = compiled_rubric(connection, active.program, version)
    signals = SignalSet(signals_of(rubric))
    return replace(active, version=version, rubric=rubric, prices=prices, signals=signals, partial={})


def _facts(
    connection: Connection, rules: Rulebook, root: str, *, is_active: bool
) -> tuple[Tallies, Adjustments]:
    """All that a partner's score is made of; a version that is not active may need signals nobody tallies."""
    place = {root: 0}
    if not is_active:
        counts = counts_from_ledger(connection, rules, [root])
        return as_tallies(counts.tally_rows(), place), as_adjustments(counts.adjustment_rows(), place)
    return (
        as_tallies(store.tallies.of_partners(connection, rules.program, [root]), place),
        as_adjustments(store.tallies.adjustments_of(connection, rules.program, [root]), place),
    )


def _contacts(connection: Connection, rules: Rulebook, root: str, day: int) -> int:
    days = rules.rubric.handoff.gates.contacts_within_days if rules.rubric.handoff else CONTACT_DAYS
    return engaged_contacts(connection, rules.program, [root], first=day - days + 1, last=day)[root]


def _last_event(
    connection: Connection, rules: Rulebook, standing: Standing, root: str, as_of: date | None
) -> datetime | None:
    if as_of is None:
        return standing.last_event_at
    end = datetime.combine(as_of + timedelta(days=1), time(), rules.zone).astimezone(UTC)
    return latest_human(connection, rules, [root], before=end).get(root)


def _changed(rules: Rulebook, standing: Standing, now: datetime) -> ChangedScore:
    return ChangedScore(
        partner=standing.partner,
        score=score_of(rules.rubric, standing.stored, landmark=rules.landmark, today=rules.day_of(now)),
        band=standing.band,
        grade=standing.grade,
        fit=standing.fit,
        armed=standing.armed,
        open_handoff=standing.open_handoff,
        last_event_at=standing.last_event_at,
    )
