"""Sources: platforms that post in their own format to a URL of their own."""

from sqlalchemy import JSON, Column, ForeignKey, LargeBinary, String, Table

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
