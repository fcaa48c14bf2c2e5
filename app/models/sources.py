"""Sources: platforms that post their own format to a URL of their own, and every request they made."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from app.models.base import UtcDateTime, metadata

sources = Table(
    "source",
    metadata,
    Column("id", String, primary_key=True),
    Column("program", ForeignKey("program.id"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column(
        "key_digest", String, nullable=False, unique=True, comment="SHA-256 of the source key in its URL, hex"
    ),
    Column("previous_key_digest", String, index=True, comment="of the URL before the key was rotated"),
    Column("previous_key_until", UtcDateTime, comment="how long that URL is good"),
    Column("mapping", Text, comment="the user's own document; null for a native adapter or a preset"),
    Column("secrets", LargeBinary, nullable=False, comment="encrypted JSON list"),
    Column("settings", JSON, nullable=False),
    Column("requests", Integer, nullable=False, comment="how many there were: the number of the last one"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("unverified_at", UtcDateTime, comment="when a request last came that no secret vouched for"),
)

RECEIVED = text("status = 'received'")

source_requests = Table(
    "source_request",
    metadata,
    Column("source", ForeignKey("source.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("program", ForeignKey("program.id"), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("method", String, nullable=False),
    Column("path", String, nullable=False, comment="what followed the key in the URL"),
    Column("query", JSON, nullable=False, comment="by name; secrets are masked"),
    Column("headers", JSON, nullable=False, comment="by name in lower case; secrets are masked"),
    Column("body", LargeBinary, nullable=False, comment="the raw bytes"),
    Column("status", String, nullable=False, comment="received, taken, quarantined, unreadable or failed"),
    Column("items", Integer, nullable=False),
    Column("events", Integer, nullable=False, comment="items that became events"),
    Column("ignored", Integer, nullable=False, comment="items that mean nothing for a score"),
    Column("refused", JSON, nullable=False, comment="why, for each item that became no event"),
    Column("counted", JSON, nullable=False, comment="digests of the items that became events"),
    Column("heard", JSON, nullable=False, comment="digests of the items that only told of people"),
    Column("tries", Integer, nullable=False, comment="how often it was worked off, or begun to be"),
    Column("tried_at", UtcDateTime),
    Column("error", String, comment="why the last try failed as a whole"),
    Index("ix_source_request_status", "source", "status", "n"),
    Index("ix_source_request_received", "tried_at", postgresql_where=RECEIVED, sqlite_where=RECEIVED),
)
