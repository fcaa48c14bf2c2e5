"""What is derived from the ledger, keyed by program and partner first; all of it can be rebuilt."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table

from app.models.base import Big, UtcDateTime, metadata
from app.models.partners import PartnerId

tallies = Table(
    "tally",
    metadata,
    Column("program", String, primary_key=True),
    Column("partner", String, primary_key=True),
    Column("signal", Big, primary_key=True, autoincrement=False),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)

contact_tallies = Table(
    "contact_tally",
    metadata,
    Column("program", String, primary_key=True),
    Column("partner", String, primary_key=True),
    Column("contact", String, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False, comment="human events of this contact on this day"),
)

adjustments = Table(
    "adjustment",
    metadata,
    Column("program", String, primary_key=True),
    Column("partner", String, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("millipoints", Big, nullable=False),
    Column("count", Integer, nullable=False),
)

standings = Table(
    "standing",
    metadata,
    Column("program", String, primary_key=True),
    Column("partner", String, primary_key=True),
    Column("stored", Float(53), nullable=False, comment="the score, weighted to the program's landmark"),
    Column("band", String),
    Column("fit", Float(53), nullable=False),
    Column("grade", String),
    Column("grade_rank", Integer, nullable=False, comment="0 is the best grade"),
    Column("armed", Boolean, nullable=False),
    Column("rearm_on", Integer, comment="day number from which time alone re-arms"),
    Column("open_handoff", String),
    Column("last_event_at", UtcDateTime, comment="the latest human event"),
    Column("sequence", Integer, nullable=False, comment="messages sent about this partner"),
    Column("position", Big, nullable=False, comment="place of the latest change in the score feed"),
    Index("ix_standing_rank", "program", "stored", "partner"),
    Index("ix_standing_feed", "program", "position"),
)

draft_standings = Table(
    "draft_standing",
    metadata,
    Column("program", String, primary_key=True),
    Column("partner", PartnerId, primary_key=True),
    Column("stored", Float(53), nullable=False),
    Column("band", String),
    Column("fit", Float(53), nullable=False),
    Column("grade", String),
    Column("grade_rank", Integer, nullable=False),
    Column("changed", Boolean, nullable=False, comment="whether readers will see a difference"),
)
