"""What is left of events that were pruned from the ledger: sums, by the identity that they came in for.

Together with the ledger they decide; a merge moves them along, and an un-merge takes them apart again.
"""

from sqlalchemy import Column, Integer, String, Table

from app.models.base import Big, UtcDateTime, metadata

pruned_tallies = Table(
    "pruned_tally",
    metadata,
    Column("program", String, primary_key=True),
    Column("partner", String, primary_key=True),
    Column("signal", Big, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)

pruned_contact_tallies = Table(
    "pruned_contact_tally",
    metadata,
    Column("program", String, primary_key=True),
    Column("partner", String, primary_key=True),
    Column("contact", String, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)

pruned_adjustments = Table(
    "pruned_adjustment",
    metadata,
    Column("program", String, primary_key=True),
    Column("partner", String, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("millipoints", Big, nullable=False),
    Column("count", Integer, nullable=False),
)

pruned_spans = Table(
    "pruned_span",
    metadata,
    Column("program", String, primary_key=True),
    Column("partner", String, primary_key=True),
    Column("first_event_at", UtcDateTime, nullable=False, comment="the first human event that was pruned"),
    Column("last_event_at", UtcDateTime, nullable=False, comment="the last one"),
)
