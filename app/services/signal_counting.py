"""Counting signals from the ledger that no rubric had before, some partners at a time.

Between two steps events keep arriving: a signal that is being counted has tallies, kept up by whoever
records, for the partners up to the last that is done, and none for those after it. A kill leaves it at that.
"""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection

from app import store
from app.scoring.signal import Signal, SignalSet, signals_of
from app.services.rescoring import recount
from app.services.rulebook import compiled_rubric, hold_rulebook

PARTNERS_AT_ONCE = 200
"""How many partners' ledgers are read while everybody else waits: about a tenth of a second."""


def missing_signals(connection: Connection, program: str, version: int) -> dict[int, str]:
    """The version's signals that are not counted, each with how far the counting came. Raises NotFound."""
    rubric, _ = compiled_rubric(connection, program, version)
    return store.rubrics.counting(connection, program, signals_of(rubric).keys())


def count_some(connection: Connection, program: str, version: int) -> bool:
    """Count the version's missing signals for the next partners; whether all are counted now."""
    rules = hold_rulebook(connection, program, alone=True)
    missing = missing_signals(connection, program, version)
    if not missing:
        return True
    # Those that came as far as the one that is furthest behind go on together.
    upto = min(missing.values())
    keys = {key for key, come in missing.items() if come == upto}
    partners = store.partners.page_of_ids(connection, program, after=upto, limit=PARTNERS_AT_ONCE)
    documents = store.rubrics.signal_documents(connection, program, keys)
    signals = SignalSet({key: Signal.from_document(document) for key, document in documents.items()})
    if partners:
        recount(connection, replace(rules, signals=signals, partial={}), partners, signals=keys, people=False)
    done = len(partners) < PARTNERS_AT_ONCE
    store.rubrics.note_counted(connection, program, keys, upto=None if done else partners[-1])
    return done and len(keys) == len(missing)


def progress(connection: Connection, program: str, uptos: Collection[str]) -> float:
    """How much of the counting is done, 0 to 1, given how far each signal came."""
    total = store.partners.count(connection, program)
    if not total or not uptos:
        return 1.0
    return store.partners.count(connection, program, upto=min(uptos)) / total
