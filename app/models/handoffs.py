"""Hand-offs, at most one open per partner, and the history of their moves."""

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Integer, String, Table, text

from app.models.base import UtcDateTime, metadata

_NOT_CLOSED = text("state <> 'closed'")

handoffs = Table(
    "handoff",
    metadata,
    Column("id", String, primary_key=True),
    Column("program", ForeignKey("program.id"), nullable=False),
    Column("partner", String, nullable=False),
    Column("state", String, nullable=False),
    Column("owner", String),
    Column("claimed_by", String),
    Column("score", Float(53), nullable=False),
    Column("threshold", Float(53), nullable=False),
    Column("band", String),
    Column("grade", String),
    Column("grade_rank", Integer, nullable=False),
    Column("rubric_version", Integer, nullable=False),
    Column("trigger", JSON, nullable=False),
    Column("lines", JSON, nullable=False),
    Column("talking_points", JSON, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("outcome", String),
    Column("reason", String),
    Column("value", Float(53)),
    Column("note", String),
    Index(
        "uq_handoff_open",
        "program",
        "partner",
        unique=True,
        postgresql_where=_NOT_CLOSED,
        sqlite_where=_NOT_CLOSED,
    ),
    Index("ix_handoff_queue", "program", "state", "grade_rank", "score"),
    Index("ix_handoff_partner", "program", "partner"),
)

handoff_moves = Table(
    "handoff_move",
    metadata,
    Column("handoff", ForeignKey("handoff.id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String, nullable=False),
    Column("move", String, nullable=False),
    Column("state", String, nullable=False, comment="after the move"),
    Column("reason", String),
)
