"""The ledger: every event that came in, immutable but for its verdict and its attribution; and fragments."""

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
    Column("judged_by", String, comment="the key of the person whose word the verdict is; null: nobody's"),
    Column("settles_at", UtcDateTime, comment="when a click that has to wait is to count"),
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
    Index(
        "ix_event_click",
        "program",
        "contact",
        "occurred_at",
        postgresql_where=text("type = 'email.clicked'"),
        sqlite_where=text("type = 'email.clicked'"),
    ),
    Index(
        "ix_event_settling",
        "program",
        "settles_at",
        postgresql_where=text("verdict = 'settling'"),
        sqlite_where=text("verdict = 'settling'"),
    ),
)

fragments = Table(
    "source_fragment",
    metadata,
    Column("program", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("key", String, primary_key=True, comment="one person at one occasion"),
    Column("part", String, primary_key=True, comment="joined or left"),
    Column("at", UtcDateTime, primary_key=True),
    Column("session", String, primary_key=True, comment="what the platform calls this stay"),
    Column("contact", String, comment="as in the ledger"),
    Column("facts", JSON, nullable=False, comment="the other fields of the event"),
    Column("event", String, nullable=False, comment="id of the one event that all came to with this one"),
    Index(None, "program", "contact"),
)
