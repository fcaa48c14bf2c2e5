"""the desk: snoozing, waiting, deadlines, reps, and the queue's own count of changes."""

import sqlalchemy as sa
from alembic import op

revision = "7d1c0a52e9b4"
down_revision = "02c4a7c78711"
branch_labels = None
depends_on = None

_PARTNER_ID = sa.String().with_variant(sa.String(collation="C"), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ALARMED = sa.text("alarm_at IS NOT NULL")
_EXTERNAL = sa.text("external_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "rep",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column(
            "weight",
            sa.Float(precision=53),
            nullable=False,
            comment="share of the hand-offs, relative to the others",
        ),
        sa.Column(
            "turn",
            sa.Float(precision=53),
            nullable=False,
            comment="whose is the least gets the next; see assigning",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_rep_program")),
        sa.PrimaryKeyConstraint("program", "email", name=op.f("pk_rep")),
    )
    op.create_table(
        "band_entry",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("partner", _PARTNER_ID, nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False, comment="for the first time"),
        sa.PrimaryKeyConstraint("program", "partner", "band", name=op.f("pk_band_entry")),
    )
    # The latest moment at which they can have come into it; when exactly was not kept.
    op.execute(
        """
        INSERT INTO band_entry (program, partner, band, entered_at)
        SELECT program, partner, band, last_event_at FROM standing
        WHERE band IS NOT NULL AND last_event_at IS NOT NULL
        """
    )
    op.add_column(
        "feed",
        sa.Column(
            "queue",
            _BIG,
            nullable=False,
            server_default="0",
            comment="of the latest change to the queue of hand-offs",
        ),
    )
    op.execute("CREATE TABLE old_move AS SELECT * FROM handoff_move")
    # Away while SQLite copies the table that it refers to.
    op.drop_table("handoff_move")
    _extend_handoffs()
    _create_moves()
    _number_moves()
    op.drop_table("old_move")


def _extend_handoffs() -> None:
    for name, comment in (
        ("crossed_at", "when the partner passed the threshold"),
        ("overdue_at", "when it was told that it is overdue; told once"),
        ("snoozed_until", None),
        ("touched_at", "the latest move of a person"),
        ("alarm_at", "when the service has to look at it by itself"),
    ):
        op.add_column("handoff", sa.Column(name, sa.DateTime(timezone=True), nullable=True, comment=comment))
    op.add_column(
        "handoff",
        sa.Column("external_id", sa.String(), nullable=True, comment="what another system calls it"),
    )
    # Hand-offs that are under way have their deadline watched from now on.
    op.execute("UPDATE handoff SET crossed_at = opened_at")
    op.execute("UPDATE handoff SET alarm_at = due_at WHERE state IN ('open', 'claimed')")
    op.drop_index("ix_handoff_queue", "handoff")
    with op.batch_alter_table("handoff") as batch:
        batch.alter_column("state", comment="waiting, open, claimed, snoozed or closed")
        batch.alter_column("owner", comment="whose call it is; anybody's if null")
        batch.alter_column("crossed_at", nullable=False)
        batch.alter_column("opened_at", nullable=True, comment="null while it waits for a place at the desk")
    op.create_index("ix_handoff_state", "handoff", ["program", "state", "closed_at", "id"])
    op.create_index("ix_handoff_crossed", "handoff", ["program", "crossed_at", "id"])
    op.create_index("ix_handoff_opened", "handoff", ["program", "opened_at"])
    op.create_index(
        "ix_handoff_alarm", "handoff", ["alarm_at"], postgresql_where=_ALARMED, sqlite_where=_ALARMED
    )
    op.create_index(
        "uq_handoff_external",
        "handoff",
        ["program", "external_id"],
        unique=True,
        postgresql_where=_EXTERNAL,
        sqlite_where=_EXTERNAL,
    )


def _create_moves() -> None:
    op.create_table(
        "handoff_move",
        sa.Column("handoff", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("move", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="after the move"),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column(
            "details",
            sa.JSON(),
            nullable=True,
            comment="what else the move brought: until, owner, outcome, value, note",
        ),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("position", _BIG, nullable=False, comment="place among all changes to the program's queue"),
        sa.ForeignKeyConstraint(["handoff"], ["handoff.id"], name=op.f("fk_handoff_move_handoff")),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_handoff_move_program")),
        sa.PrimaryKeyConstraint("handoff", "n", name=op.f("pk_handoff_move")),
    )
    op.create_index("uq_handoff_move_position", "handoff_move", ["program", "position"], unique=True)


def _number_moves() -> None:
    """What happened before is numbered by when it happened."""
    op.execute(
        """
        INSERT INTO handoff_move (handoff, n, at, "by", move, state, reason, program, position)
        SELECT m.handoff, m.n, m.at, m."by", m.move, m.state, m.reason, h.program,
               row_number() OVER (PARTITION BY h.program ORDER BY m.at, m.handoff, m.n)
        FROM old_move AS m JOIN handoff AS h ON h.id = m.handoff
        """
    )
    op.execute(
        "UPDATE feed SET queue = (SELECT count(*) FROM handoff_move AS m WHERE m.program = feed.program)"
    )


def downgrade() -> None:
    op.execute("CREATE TABLE old_move AS SELECT * FROM handoff_move")
    op.drop_table("handoff_move")
    op.execute("UPDATE handoff SET opened_at = crossed_at WHERE opened_at IS NULL")
    # There was no waiting then, and nobody would have woken a sleeper.
    op.execute("UPDATE handoff SET state = 'open' WHERE state IN ('waiting', 'snoozed')")
    for index in ("alarm", "opened", "crossed", "state"):
        op.drop_index(f"ix_handoff_{index}", "handoff")
    op.drop_index("uq_handoff_external", "handoff")
    with op.batch_alter_table("handoff") as batch:
        batch.alter_column("state", comment=None)
        batch.alter_column("owner", comment=None)
        batch.alter_column("opened_at", nullable=False, comment=None)
        for column in ("crossed_at", "overdue_at", "snoozed_until", "touched_at", "alarm_at", "external_id"):
            batch.drop_column(column)
    op.create_index("ix_handoff_queue", "handoff", ["program", "state", "grade_rank", "score"])
    op.create_table(
        "handoff_move",
        sa.Column("handoff", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("move", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False, comment="after the move"),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["handoff"], ["handoff.id"], name=op.f("fk_handoff_move_handoff")),
        sa.PrimaryKeyConstraint("handoff", "n", name=op.f("pk_handoff_move")),
    )
    op.execute(
        """
        INSERT INTO handoff_move (handoff, n, at, "by", move, state, reason)
        SELECT handoff, n, at, "by", move, state, reason FROM old_move
        """
    )
    op.drop_table("old_move")
    op.drop_column("feed", "queue")
    op.drop_table("band_entry")
    op.drop_table("rep")
