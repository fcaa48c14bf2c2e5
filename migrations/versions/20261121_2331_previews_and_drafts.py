"""previews and drafts."""

import sqlalchemy as sa
from alembic import op

revision = "02c4a7c78711"
down_revision = "ae562e476e2f"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # Long work goes through partners in id order, and Python must agree with the database on that order.
        op.execute('ALTER TABLE partner ALTER COLUMN id TYPE VARCHAR COLLATE "C"')
    op.create_table(
        "draft_standing",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column(
            "partner", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False
        ),
        sa.Column("stored", sa.Float(precision=53), nullable=False),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("fit", sa.Float(precision=53), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("grade_rank", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False, comment="whether readers will see a difference"),
        sa.PrimaryKeyConstraint("program", "partner", name=op.f("pk_draft_standing")),
    )
    op.create_table(
        "preview",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Integer(), autoincrement=False, nullable=False, comment="day number"),
        sa.Column("state", sa.String(), nullable=False, comment="running or done"),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["program", "version"],
            ["rubric.program", "rubric.version"],
            name=op.f("fk_preview_program_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("program", "version", "as_of", name=op.f("pk_preview")),
    )
    op.create_table(
        "preview_item",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("side", sa.String(), nullable=False, comment="entering or leaving"),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("before", sa.Float(precision=53), nullable=False),
        sa.Column("after", sa.Float(precision=53), nullable=False),
        sa.Column(
            "score", sa.Float(precision=53), nullable=False, comment="the one that puts it past the threshold"
        ),
        sa.ForeignKeyConstraint(
            ["program", "version", "as_of"],
            ["preview.program", "preview.version", "preview.as_of"],
            name=op.f("fk_preview_item_program_version_as_of"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "program", "version", "as_of", "side", "partner", name=op.f("pk_preview_item")
        ),
    )
    with op.batch_alter_table("preview_item", schema=None) as batch_op:
        batch_op.create_index(
            "ix_preview_item_rank", ["program", "version", "as_of", "side", "score", "partner"], unique=False
        )

    with op.batch_alter_table("program", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "building",
                sa.Integer(),
                nullable=True,
                comment="version whose scores are being built beside the live ones",
            )
        )
        batch_op.add_column(
            sa.Column(
                "build_day", sa.Integer(), nullable=True, comment="day number that those are weighted to"
            )
        )

    with op.batch_alter_table("rubric", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.String(), nullable=True))

    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "counted_upto",
                sa.String(),
                nullable=True,
                comment="while counting: the last partner, in id order, that has tallies",
            )
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE partner ALTER COLUMN id TYPE VARCHAR COLLATE "default"')
    # Not in batches: those copy the table and drop the old one, to which others refer.
    op.drop_column("signal", "counted_upto")
    op.drop_column("rubric", "note")
    op.drop_column("program", "build_day")
    op.drop_column("program", "building")
    with op.batch_alter_table("preview_item", schema=None) as batch_op:
        batch_op.drop_index("ix_preview_item_rank")

    op.drop_table("preview_item")
    op.drop_table("preview")
    op.drop_table("draft_standing")
