"""Reading scores: explained, on any day and under any version, and their history."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import FieldError, Invalid
from app.scoring.days import date_of, day_number
from app.scoring.explain import Explanation, explain_each, history
from app.scoring.fit import band_of
from app.scoring.signal import SignalSet, signals_of
from app.scoring.tally import Adjustments, Tallies
from app.services.arithmetic import as_adjustments, as_tallies, numbered
from app.services.engagement import engaged_contacts
from app.services.facts import facts_of
from app.services.handoff_view import Line
from app.services.partners import require_partner, unknown_partner
from app.services.pruned import latest_human
from app.services.rescoring import counts_from_ledger
from app.services.rulebook import Rulebook, compiled_rubric, known_rulebook
from app.store.profiles import Profile

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
    found = scores_of_partners(connection, program, [partner], as_of=as_of, version=version, now=now)
    if partner not in found:
        raise unknown_partner(partner)
    return found[partner]


def scores_of_partners(
    connection: Connection,
    program: str,
    partners: Collection[str],
    *,
    as_of: date | None = None,
    version: int | None = None,
    now: datetime,
) -> dict[str, Score]:
    """`score_of_partner` for each of those that there are; many cost hardly more statements than one."""
    active = known_rulebook(connection, program)
    rules = _under(connection, active, version)
    day = day_number(as_of) if as_of else rules.day_of(now)
    known = store.profiles.of_partners(connection, program, partners)
    roots = {each.root: each for each in known.values()}
    tallies, adjusted = _facts(connection, rules, list(roots), is_active=rules is active)
    explanations = explain_each(
        rules.rubric, rules.prices, tallies, adjustments=adjusted, as_of=day, partners=len(roots)
    )
    contacts = _contacts(connection, rules, roots, day)
    latest = _last_events(connection, rules, roots, as_of)
    found = {
        root: _score(
            rules, profile, explanation, day, contacts=contacts[root], last_event_at=latest.get(root)
        )
        for (root, profile), explanation in zip(roots.items(), explanations, strict=True)
    }
    return {partner: found[each.root] for partner, each in known.items()}


def _score(
    rules: Rulebook,
    profile: Profile,
    explanation: Explanation,
    day: int,
    *,
    contacts: int,
    last_event_at: datetime | None,
) -> Score:
    fit = rules.fits.fit_of(profile.attributes)
    return Score(
        partner=profile.root,
        score=explanation.score,
        band=band_of(rules.rubric, explanation.score),
        grade=fit.grade,
        fit=fit.points,
        as_of=date_of(day),
        rubric_version=rules.version,
        armed=rules.newcomer.armed if profile.armed is None else profile.armed,
        contacts=contacts,
        last_event_at=last_event_at,
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
    rules = known_rulebook(connection, program)
    root = require_partner(connection, program, partner).counts_for
    end = day_number(last) if last else rules.day_of(now)
    start = day_number(first) if first else end - 29
    if not 0 <= end - start < LONGEST_HISTORY:
        message = f"must be on or after `from`, and at most {LONGEST_HISTORY} days later"
        raise Invalid("The period is not valid.", errors=[FieldError("to", message)])
    tallies, adjusted = facts_of(connection, program, [root])
    points = history(rules.rubric, rules.prices, tallies, adjustments=adjusted, first=start, last=end)
    return [DayScore(day=date_of(day), score=score) for day, score in points]


def _under(connection: Connection, active: Rulebook, version: int | None) -> Rulebook:
    if version is None or version == active.version:
        return active
    rubric, prices = compiled_rubric(connection, active.program, version)
    signals = SignalSet(signals_of(rubric))
    return replace(active, version=version, rubric=rubric, prices=prices, signals=signals, partial={})


def _facts(
    connection: Connection, rules: Rulebook, roots: Sequence[str], *, is_active: bool
) -> tuple[Tallies, Adjustments]:
    """All that scores are made of; a version that is not active may need signals nobody tallies."""
    if is_active:
        return facts_of(connection, rules.program, roots)
    counts, place = counts_from_ledger(connection, rules, roots), numbered(roots)
    return as_tallies(counts.tally_rows(), place), as_adjustments(counts.adjustment_rows(), place)


def _contacts(connection: Connection, rules: Rulebook, roots: Collection[str], day: int) -> Counter[str]:
    days = rules.rubric.handoff.gates.contacts_within_days if rules.rubric.handoff else CONTACT_DAYS
    return engaged_contacts(connection, rules.program, roots, first=day - days + 1, last=day)


def _last_events(
    connection: Connection, rules: Rulebook, roots: Mapping[str, Profile], as_of: date | None
) -> Mapping[str, datetime | None]:
    if as_of is None:
        return {root: profile.last_event_at for root, profile in roots.items()}
    end = datetime.combine(as_of + timedelta(days=1), time(), rules.zone).astimezone(UTC)
    return latest_human(connection, rules, roots, before=end)
