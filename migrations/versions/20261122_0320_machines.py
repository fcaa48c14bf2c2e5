"""machines: whose word a verdict is, clicks that settle, fragments of attendance, internal contacts."""

import sqlalchemy as sa
from alembic import op

revision = "b60f7d25c3ae"
down_revision = "5be0d2a47c16"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_CLICK = sa.text("type = 'email.clicked'")
_SETTLING = sa.text("verdict = 'settling'")


def upgrade() -> None:
    op.add_column(
        "program",
        sa.Column(
            "internal_contacts",
            sa.JSON(),
            nullable=False,
            server_default="[]",
            comment="addresses and domains of the house, whose events do not count",
        ),
    )
    op.add_column(
        "event",
        sa.Column(
            "judged_by",
            sa.String(),
            nullable=True,
            comment="the key of the person whose word the verdict is; null: nobody's",
        ),
    )
    op.add_column(
        "event",
        sa.Column("settles_at", _TIME, nullable=True, comment="when a click that has to wait is to count"),
    )
    op.create_index(
        "ix_event_click",
        "event",
        ["program", "contact", "occurred_at"],
        postgresql_where=_CLICK,
        sqlite_where=_CLICK,
    )
    op.create_index(
        "ix_event_settling",
        "event",
        ["program", "settles_at"],
        postgresql_where=_SETTLING,
        sqlite_where=_SETTLING,
    )
    _create_fragments()


def _create_fragments() -> None:
    op.create_table(
        "source_fragment",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False, comment="one person at one occasion"),
        sa.Column("part", sa.String(), nullable=False, comment="joined or left"),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("session", sa.String(), nullable=False, comment="what the platform calls this stay"),
        sa.Column("contact", sa.String(), nullable=True, comment="as in the ledger"),
        sa.Column("facts", sa.JSON(), nullable=False, comment="the other fields of the event"),
        sa.Column(
            "event",
            sa.String(),
            nullable=False,
            comment="id of the one event that all came to with this one",
        ),
        sa.PrimaryKeyConstraint(
            "program", "source", "key", "part", "at", "session", name=op.f("pk_source_fragment")
        ),
    )
    op.create_index("ix_source_fragment_program_contact", "source_fragment", ["program", "contact"])


def downgrade() -> None:
    # Verdicts that were not known before stay: like all but `human`, they do not count.
    op.drop_table("source_fragment")
    for index in ("settling", "click"):
        op.drop_index(f"ix_event_{index}", "event")
    for column in ("settles_at", "judged_by"):
        op.drop_column("event", column)
    op.drop_column("program", "internal_contacts")
