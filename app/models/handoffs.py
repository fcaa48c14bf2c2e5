"""Hand-offs, at most one unfinished per partner, the history of their moves, and who works them."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, text

from app.models.base import Big, UtcDateTime, metadata
from app.models.partners import PartnerId

_NOT_CLOSED = text("state <> 'closed'")
_ALARMED = text("alarm_at IS NOT NULL")
_EXTERNAL = text("external_id IS NOT NULL")

handoffs = Table(
    "handoff",
    metadata,
    Column("id", String, primary_key=True),
    Column("program", ForeignKey("program.id"), nullable=False),
    Column("partner", String, nullable=False),
    Column("state", String, nullable=False, comment="waiting, open, claimed, snoozed or closed"),
    Column("owner", String, comment="whose call it is; anybody's if null"),
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
    Column("crossed_at", UtcDateTime, nullable=False, comment="when the partner passed the threshold"),
    Column("opened_at", UtcDateTime, comment="null while it waits for a place at the desk"),
    Column("due_at", UtcDateTime),
    Column("overdue_at", UtcDateTime, comment="when it was told that it is overdue; told once"),
    Column("snoozed_until", UtcDateTime),
    Column("touched_at", UtcDateTime, comment="the latest move of a person"),
    Column("alarm_at", UtcDateTime, comment="when the service has to look at it by itself"),
    Column("closed_at", UtcDateTime),
    Column("outcome", String),
    Column("reason", String),
    Column("value", Float(53)),
    Column("note", String),
    Column("external_id", String, comment="what another system calls it"),
    Index(
        "uq_handoff_open",
        "program",
        "partner",
        unique=True,
        postgresql_where=_NOT_CLOSED,
        sqlite_where=_NOT_CLOSED,
    ),
    Index("ix_handoff_partner", "program", "partner"),
    Index("ix_handoff_state", "program", "state", "closed_at", "id"),
    Index("ix_handoff_crossed", "program", "crossed_at", "id"),
    Index("ix_handoff_opened", "program", "opened_at"),
    Index(
        "uq_handoff_external",
        "program",
        "external_id",
        unique=True,
        postgresql_where=_EXTERNAL,
        sqlite_where=_EXTERNAL,
    ),
    Index("ix_handoff_alarm", "alarm_at", postgresql_where=_ALARMED, sqlite_where=_ALARMED),
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
    Column("details", JSON, comment="what else the move brought: until, owner, outcome, value, note"),
    Column("program", ForeignKey("program.id"), nullable=False),
    Column("position", Big, nullable=False, comment="place among all changes to the program's queue"),
    Index("uq_handoff_move_position", "program", "position", unique=True),
)

reps = Table(
    "rep",
    metadata,
    Column("program", ForeignKey("program.id"), primary_key=True),
    Column("email", String, primary_key=True),
    Column("name", String),
    Column("active", Boolean, nullable=False),
    Column("weight", Float(53), nullable=False, comment="share of the hand-offs, relative to the others"),
    Column("turn", Float(53), nullable=False, comment="whose is the least gets the next; see assigning"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

band_entries = Table(
    "band_entry",
    metadata,
    Column("program", String, primary_key=True),
    Column("partner", PartnerId, primary_key=True),
    Column("band", String, primary_key=True),
    Column("entered_at", UtcDateTime, nullable=False, comment="for the first time"),
)
