"""The ledger: every event that came in, immutable but for its verdict and its attribution."""

from sqlalchemy import JSON, Column, Index, String, Table, text

from app.models.base import UtcDateTime, metadata

events = Table(
    "event",
    metadata,
    Column("program", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("partner", String, comment="the identity it came in for; null while parked"),
    Column("contact", String),
    Column("persona", String, comment="of the contact, as known when the event was counted"),
    Column("verdict", String, nullable=False),
    Column("verdict_reason", String),
    Column("properties", JSON, nullable=False),
    Column(
        "digest", String, nullable=False, comment="of the content as posted: tells a repeat from a conflict"
    ),
    Index("ix_event_partner", "program", "partner", "occurred_at"),
    Index("ix_event_newest", "program", "occurred_at"),
    Index(
        "ix_event_parked",
        "program",
        "partner",  # always null, but without it SQLite takes the other index and walks all that is parked
        "contact",
        postgresql_where=text("partner IS NULL"),
        sqlite_where=text("partner IS NULL"),
    ),
)
