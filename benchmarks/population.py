"""A population that is the same in the database and in arrays: partners with tallies of eight signals."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from sqlalchemy import Connection

from app.db import Database
from app.scoring.arrays import Ints
from app.scoring.days import day_of
from app.scoring.reading import read_rubric
from app.scoring.signal import signal_of
from app.services.activating import switch
from app.services.programs import create_program
from app.services.rubrics import store_rubric
from app.store import partners, tallies

PROGRAM = "bench"
NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
SIGNALS, DAYS, PER_PARTNER = 8, 90, 20
HALF_LIFE = 30
CAP = 2
"""Occurrences of a day that count."""


@dataclass(frozen=True)
class Population:
    """Tallies as arrays; a signal is its place among the rubric's rules."""

    size: int
    partner: Ints
    signal: Ints
    day: Ints
    count: Ints

    def one_by_one(self) -> "Population":
        """The events that were counted, day by day as a ledger has them: each a row that counts once."""
        rows = np.repeat(np.arange(len(self.count)), self.count)
        row = rows[np.argsort(self.day[rows], kind="stable")]
        return Population(self.size, self.partner[row], self.signal[row], self.day[row], np.ones_like(row))


def population(size: int) -> Population:
    """So many partners, with 20 tallies each on different days or of different signals."""
    random = np.random.default_rng(7)
    partner = np.repeat(np.arange(size), PER_PARTNER)
    # Steps of 7 through 720 places visit none twice.
    start = np.repeat(random.integers(0, SIGNALS * DAYS, size), PER_PARTNER)
    place = (start + 7 * np.tile(np.arange(PER_PARTNER), size)) % (SIGNALS * DAYS)
    count = random.integers(1, 10, len(partner))
    return Population(size, partner, place % SIGNALS, today() - place // SIGNALS, count)


def today() -> int:
    """The day that everything is measured on."""
    return day_of(NOW, read_rubric(document(0)).zone)


def points(version: int) -> list[int]:
    """What each signal is worth under the first rubric (0) and the second (1)."""
    return [1 + (signal + 3 * version) % SIGNALS for signal in range(SIGNALS)]


def document(version: int) -> dict[str, Any]:
    """A rubric with a cap on every rule, a half-life and a threshold."""
    rules = [
        {"id": f"r{n}", "on": f"type.{n}", "points": each, "at_most": {"times": CAP, "per": "day"}}
        for n, each in enumerate(points(version))
    ]
    return {
        "name": f"Rubric {version}",
        "rules": rules,
        "fade": {"half_life_days": HALF_LIFE},
        "bands": {"cold": 0, "warm": 30, "hot": 60},
        "handoff": {"at": 60, "rearm_below": 40},
    }


async def load(database: Database, people: Population) -> None:
    """Put the population, both rubrics and the tallies into a fresh database; the first rubric is active."""
    await database.write(_set_up)
    names = [name(n) for n in range(people.size)]
    for start in range(0, people.size, tallies.PAGE):
        await database.write(partial(_add_partners, names=names[start : start + tallies.PAGE]))
    for page in tallies.in_pages(_rows(people, names)):
        await database.write(partial(tallies.add, program=PROGRAM, rows=page))


def _set_up(connection: Connection) -> None:
    create_program(connection, PROGRAM, PROGRAM, now=NOW)
    for version in (0, 1):
        store_rubric(connection, PROGRAM, read_rubric(document(version)), by="bench", now=NOW)
    switch(connection, PROGRAM, 1, by="bench", now=NOW)


def _add_partners(connection: Connection, names: list[str]) -> None:
    partners.create_missing(connection, PROGRAM, names, now=NOW)


def name(partner: int) -> str:
    """The id of a partner."""
    return f"partner-{partner:07}"


def _rows(people: Population, names: list[str]) -> list[tallies.TallyRow]:
    keys = [signal_of(rule).key for rule in read_rubric(document(0)).rules]
    columns = zip(
        people.partner.tolist(),
        people.signal.tolist(),
        people.day.tolist(),
        people.count.tolist(),
        strict=True,
    )
    return [(names[partner], keys[signal], day, count) for partner, signal, day, count in columns]
