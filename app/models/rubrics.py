"""Rubrics by version, and the signals that all rubrics of a program share."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, UniqueConstraint

from app.models.base import Big, UtcDateTime, metadata

rubrics = Table(
    "rubric",
    metadata,
    Column("program", ForeignKey("program.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", JSON, nullable=False),
    Column("digest", String, nullable=False, comment="SHA-256 of the canonical document, hex"),
    Column("note", String),
    Column("stored_by", String, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Column("activated_by", String),
    Column("activated_at", UtcDateTime),
    UniqueConstraint("program", "digest"),
)

signals = Table(
    "signal",
    metadata,
    Column("program", ForeignKey("program.id"), primary_key=True),
    Column("key", Big, primary_key=True, autoincrement=False),
    Column("document", JSON, nullable=False),
    Column("counted", Boolean, nullable=False, comment="whether its tallies exist and are kept up"),
    Column("counted_upto", String, comment="while counting: the last partner, in id order, that has tallies"),
    Column(
        "counted_from",
        UtcDateTime,
        comment="what was pruned before it was counted is missing; null: nothing is",
    ),
)
