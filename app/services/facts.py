"""The facts that a score is made of, as arrays to price."""

from collections.abc import Sequence

from sqlalchemy import Connection

from app import store
from app.scoring.tally import Adjustments, Tallies
from app.services.arithmetic import as_adjustments, as_tallies, numbered


def facts_of(connection: Connection, program: str, partners: Sequence[str]) -> tuple[Tallies, Adjustments]:
    """All tallies and adjustments of these partners, each partner by its place among them; one statement."""
    tallied, adjusted = store.tallies.of_partners(connection, program, partners)
    place = numbered(partners)
    return as_tallies(tallied, place), as_adjustments(adjusted, place)
