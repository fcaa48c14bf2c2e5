"""Sources: platforms that post their own format to a URL of their own, and requests not fully understood."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, String, Table

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
    Column("secrets", LargeBinary, nullable=False, comment="encrypted JSON list"),
    Column("settings", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
)

source_requests = Table(
    "source_request",
    metadata,
    Column("source", ForeignKey("source.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("program", ForeignKey("program.id"), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the raw bytes"),
    Column("refused", JSON, nullable=False, comment="why, for each item that became no event"),
)
