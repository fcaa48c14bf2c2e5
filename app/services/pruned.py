"""What pruned events still count for: read beside the ledger wherever the ledger decides."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.services.arithmetic import Counts
from app.services.rulebook import Rulebook


def add_pruned(connection: Connection, rules: Rulebook, counts: Counts, roots: Collection[str]) -> None:
    """Add what pruned events of `roots` and of all that is merged into them came to."""
    if rules.kept_from is None:
        return
    members = store.partners.members(connection, rules.program, roots)
    for partner, signal, day, count in store.pruned.tallies_of(connection, rules.program, members):
        counts.tallies[members[partner], signal, day] += count
    for partner, contact, day, count in store.pruned.contacts_of(connection, rules.program, members):
        counts.contacts[members[partner], contact, day] += count
    for partner, day, millipoints, count in store.pruned.adjustments_of(connection, rules.program, members):
        counts.millipoints[members[partner], day] += millipoints
        counts.adjustments[members[partner], day] += count
    for partner, (_, last) in store.pruned.spans_of(connection, rules.program, members).items():
        root = members[partner]
        counts.latest[root] = max(counts.latest.get(root, last), last)


def latest_human(
    connection: Connection, rules: Rulebook, roots: Collection[str], *, before: datetime | None = None
) -> dict[str, datetime]:
    """When the latest human event of each of `roots` occurred; of what is pruned, only the end is known."""
    found = store.ledger.latest_human(connection, rules.program, roots, before=before)
    if rules.kept_from is None:
        return found
    members = store.partners.members(connection, rules.program, roots)
    for partner, (_, last) in store.pruned.spans_of(connection, rules.program, members).items():
        root = members[partner]
        if before is None or last < before:
            found[root] = max(found.get(root, last), last)
    return found


def first_human(connection: Connection, program: str, roots: Mapping[str, str]) -> dict[str, datetime]:
    """When the first human event of each root occurred, given the root of each identity."""
    found = store.insights.first_events(connection, program, roots)
    for partner, (first, _) in store.pruned.spans_of(connection, program, roots).items():
        root = roots[partner]
        found[root] = min(found.get(root, first), first)
    return found
