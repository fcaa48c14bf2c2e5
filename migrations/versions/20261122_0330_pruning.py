"""pruning: what is left of events that are too old for the ledger, and from when on it is kept."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "5f7a1c93d0b8"
down_revision = "b60f7d25c3ae"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "program",
        sa.Column("kept_from", _TIME, nullable=True, comment="events before it are pruned, and refused"),
    )
    op.add_column(
        "signal",
        sa.Column(
            "counted_from",
            _TIME,
            nullable=True,
            comment="what was pruned before it was counted is missing; null: nothing is",
        ),
    )
    _create("pruned_tally", [sa.Column("signal", _BIG, nullable=False, autoincrement=False)])
    _create("pruned_contact_tally", [sa.Column("contact", sa.String(), nullable=False)])
    _create("pruned_adjustment", [], [sa.Column("millipoints", _BIG, nullable=False)])
    op.create_table(
        "pruned_span",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("first_event_at", _TIME, nullable=False, comment="the first human event that was pruned"),
        sa.Column("last_event_at", _TIME, nullable=False, comment="the last one"),
        sa.PrimaryKeyConstraint("program", "partner", name=op.f("pk_pruned_span")),
    )


def _create(name: str, keys: list[sa.Column[Any]], sums: Sequence[sa.Column[Any]] = ()) -> None:
    """A table of sums by program, partner, perhaps more, and day."""
    op.create_table(
        name,
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        *keys,
        sa.Column("day", sa.Integer(), nullable=False, autoincrement=False),
        *sums,
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "program", "partner", *(key.name for key in keys), "day", name=op.f(f"pk_{name}")
        ),
    )


def downgrade() -> None:
    for table in ("pruned_span", "pruned_adjustment", "pruned_contact_tally", "pruned_tally"):
        op.drop_table(table)
    op.drop_column("signal", "counted_from")
    op.drop_column("program", "kept_from")
