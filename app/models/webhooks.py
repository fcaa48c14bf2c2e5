"""Webhooks, the deliveries owed to them, each attempt, and what is kept about how a webhook does."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from app.models.base import Big, UtcDateTime, metadata

_OWED = text("state = 'owed'")
_ORDERED = text("state = 'owed' AND sequence IS NOT NULL")
_RUNNING = text("finished_at IS NULL")

webhooks = Table(
    "webhook",
    metadata,
    Column("id", String, primary_key=True),
    Column("program", ForeignKey("program.id"), nullable=False, index=True),
    Column("url", String, nullable=False),
    Column("types", JSON, nullable=False),
    Column("description", String),
    Column("format", String, nullable=False, comment="json, slack or teams"),
    Column("headers", JSON, nullable=False, comment="by name; values encrypted, in base64"),
    Column("max_in_flight", Integer, nullable=False, comment="attempts at once, per worker"),
    Column("per_second", Integer, nullable=False, comment="attempts per second, per worker"),
    Column("ordered", Boolean, nullable=False, comment="a partner's messages one after the other"),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("disabled_by", String, comment="the key's name; null when the service did it"),
    Column("disabled_reason", String),
    Column("enabled_at", UtcDateTime, comment="when it was last enabled again"),
    Column("deleted_at", UtcDateTime, comment="it is no more for anybody, and is forgotten bit by bit"),
    Column("created_at", UtcDateTime, nullable=False),
)

webhook_secrets = Table(
    "webhook_secret",
    metadata,
    Column("webhook", ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("secret", LargeBinary, nullable=False, comment="encrypted"),
    Column("verification_key", String, comment="public half of a v1a key; null for v1"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, comment="it still signs until then; null: the current one"),
)

# Apart from the webhook, whose row is share-locked by everybody who owes it something.
webhook_health = Table(
    "webhook_health",
    metadata,
    Column("webhook", ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True),
    Column("failing_since", UtcDateTime, comment="the first failure after the latest success"),
    Column("failures", Integer, nullable=False, comment="since then"),
    Column("last_failure_at", UtcDateTime),
    Column("last_success_at", UtcDateTime, comment="may lag by some seconds while all goes well"),
    Column("warned_at", UtcDateTime, comment="when it was told that the webhook keeps failing"),
)

webhook_replays = Table(
    "webhook_replay",
    metadata,
    Column("webhook", ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("state", String, nullable=False, comment="held, dead or delivered: what is sent again"),
    Column("types", JSON, comment="null: all"),
    Column("since", UtcDateTime),
    Column("until", UtcDateTime, nullable=False),
    Column("reached_at", UtcDateTime, comment="with reached_id: the last delivery that was looked at"),
    Column("reached_id", String),
    Column("replayed", Big, nullable=False, comment="deliveries owed again so far"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("stopped", Boolean, nullable=False, comment="ended early, because the webhook was disabled"),
    Index("ix_webhook_replay_running", "webhook", postgresql_where=_RUNNING, sqlite_where=_RUNNING),
)

deliveries = Table(
    "delivery",
    metadata,
    Column("id", String, primary_key=True, comment="the webhook-id header, the same on every attempt"),
    Column("program", ForeignKey("program.id"), nullable=False),
    Column("webhook", ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("type", String, nullable=False),
    Column("partner", String),
    Column("sequence", Big, comment="among the partner's messages; only if it must wait for earlier ones"),
    Column("body", String, nullable=False, comment="frozen: its UTF-8 bytes are signed and sent"),
    Column("state", String, nullable=False, comment="owed, delivered, dead or held"),
    Column("attempts", Integer, nullable=False),
    Column("uncounted", Integer, nullable=False, comment="attempts that the retry schedule leaves out"),
    Column("lost", Integer, nullable=False, comment="attempts whose worker was never heard of again"),
    Column("due_at", UtcDateTime, nullable=False),
    Column("claimed_at", UtcDateTime),
    Column("leased_until", UtcDateTime),
    Column("fence", Big, nullable=False, comment="+1 per claim; every later write must match it"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("replayed_at", UtcDateTime, comment="when a person had it sent again"),
    Column("replay_of", String, comment="the delivered message that this one repeats"),
    Index("ix_delivery_owed", "webhook", "due_at", postgresql_where=_OWED, sqlite_where=_OWED),
    Index(
        "ix_delivery_ordered",
        "webhook",
        "partner",
        "sequence",
        postgresql_where=_ORDERED,
        sqlite_where=_ORDERED,
    ),
    Index("ix_delivery_state", "webhook", "state", "created_at", "id"),
    Index("ix_delivery_newest", "program", "created_at", "id"),
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
    Index("ix_attempt_started_at", "started_at"),
)
