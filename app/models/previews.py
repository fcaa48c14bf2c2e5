"""Previews: what a rubric would change, kept with the version, and who would pass the threshold."""

from sqlalchemy import JSON, Column, Float, ForeignKeyConstraint, Index, Integer, String, Table

from app.models.base import UtcDateTime, metadata

previews = Table(
    "preview",
    metadata,
    Column("program", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("as_of", Integer, primary_key=True, autoincrement=False, comment="day number"),
    Column("state", String, nullable=False, comment="running or done"),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("result", JSON),
    ForeignKeyConstraint(["program", "version"], ["rubric.program", "rubric.version"], ondelete="CASCADE"),
)

preview_items = Table(
    "preview_item",
    metadata,
    Column("program", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("as_of", Integer, primary_key=True, autoincrement=False),
    Column("side", String, primary_key=True, comment="entering or leaving"),
    Column("partner", String, primary_key=True),
    Column("name", String),
    Column("before", Float(53), nullable=False),
    Column("after", Float(53), nullable=False),
    Column("score", Float(53), nullable=False, comment="the one that puts it past the threshold"),
    ForeignKeyConstraint(
        ["program", "version", "as_of"],
        ["preview.program", "preview.version", "preview.as_of"],
        ondelete="CASCADE",
    ),
    Index("ix_preview_item_rank", "program", "version", "as_of", "side", "score", "partner"),
)
