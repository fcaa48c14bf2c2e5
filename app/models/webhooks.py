"""Webhooks, the deliveries owed to them and each attempt."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from app.models.base import Big, UtcDateTime, metadata

_OWED = text("state = 'owed'")

webhooks = Table(
    "webhook",
    metadata,
    Column("id", String, primary_key=True),
    Column("program", ForeignKey("program.id"), nullable=False, index=True),
    Column("url", String, nullable=False),
    Column("types", JSON, nullable=False),
    Column("description", String),
    Column("secret", LargeBinary, nullable=False, comment="encrypted"),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", String),
    Column("created_at", UtcDateTime, nullable=False),
)

deliveries = Table(
    "delivery",
    metadata,
    Column("id", String, primary_key=True, comment="the webhook-id header, the same on every attempt"),
    Column("program", ForeignKey("program.id"), nullable=False),
    Column("webhook", ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("type", String, nullable=False),
    Column("partner", String),
    Column("body", String, nullable=False, comment="frozen: its UTF-8 bytes are signed and sent"),
    Column("state", String, nullable=False, comment="owed, delivered, dead or held"),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("leased_until", UtcDateTime),
    Column("fence", Big, nullable=False, comment="+1 per claim; every later write must match it"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Index("ix_delivery_due", "due_at", postgresql_where=_OWED, sqlite_where=_OWED),
    Index("ix_delivery_newest", "program", "created_at", "id"),
    Index("ix_delivery_webhook", "webhook"),
)

attempts = Table(
    "attempt",
    metadata,
    Column("delivery", ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("status", Integer, comment="HTTP status; null when there was no answer"),
    Column("error", String),
    Column("answer", String, comment="the first bytes of the answer's body"),
)
