"""Merging partners: whom an event was for stays in the ledger, whom it counts for follows the merge."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from app import store
from app.errors import Conflict
from app.services.parking import count_parked_of_domains
from app.services.partners import require_partner
from app.services.rescoring import recount, rescore
from app.services.rulebook import Rulebook, hold_rulebook
from app.services.taking_along import take_along


def merge(connection: Connection, program: str, partner: str, into: str, *, now: datetime) -> None:
    """Let all events of `partner` count for `into`. Raises NotFound, and Conflict if that makes no sense."""
    rules = hold_rulebook(connection, program, alone=True)
    moved, target = (require_partner(connection, program, each) for each in (partner, into))
    if moved.merged_into is not None:
        raise Conflict(f"{partner!r} is merged into {moved.merged_into!r} already; un-merge it first.")
    if target.counts_for == partner:
        raise Conflict(
            f"{into!r} counts for {partner!r} itself; a partner cannot be merged into its own part."
        )
    store.partners.set_merge(connection, program, partner, into, now=now)
    take_along(connection, rules, partner, target.counts_for, now=now)
    _resettle(connection, rules, {partner, target.counts_for}, now=now)


def unmerge(connection: Connection, program: str, partner: str, *, now: datetime) -> None:
    """Undo `merge`: scores are again as if it had never been. Raises NotFound and Conflict."""
    rules = hold_rulebook(connection, program, alone=True)
    row = require_partner(connection, program, partner)
    if row.merged_into is None:
        raise Conflict(f"{partner!r} is not merged into another partner.")
    store.partners.set_merge(connection, program, partner, None, now=now)
    _resettle(connection, rules, {partner, row.counts_for}, now=now)


def _resettle(connection: Connection, rules: Rulebook, roots: set[str], *, now: datetime) -> None:
    """Bring identities, tallies and scores of these partners to what the merges say now."""
    program, merges = rules.program, store.partners.merges(connection, rules.program)
    members = set(store.partners.members(connection, program, roots)) | roots
    for root in {root_of(member, merges) for member in members}:
        belonging = {member for member in members if root_of(member, merges) == root}
        store.partners.set_roots(connection, program, belonging, root)
    counts = recount(connection, rules, roots, signals=store.rubrics.tallied_signals(connection, program))
    # A merged partner keeps its standing, at nothing: an un-merge must find its armed flag and its sequence.
    rescore(connection, rules, roots, now=now, latest=counts.latest)
    # What two firms own is nobody's, until they are one.
    owned = store.partners.domains(connection, program, members)
    count_parked_of_domains(
        connection, rules, sorted({each for some in owned.values() for each in some}), now=now
    )


def root_of(partner: str, merges: Mapping[str, str]) -> str:
    """The partner at the end of the merges."""
    while partner in merges:
        partner = merges[partner]
    return partner
