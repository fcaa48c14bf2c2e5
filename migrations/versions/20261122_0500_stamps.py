"""stamps: what events are counted by can be remembered for as long as a program's stamp is the same."""

import sqlalchemy as sa
from alembic import op

revision = "5e21c8d90b47"
down_revision = "5f7a1c93d0b8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "a new one whenever what events are counted by changes"
    stamp = sa.Column("stamp", sa.String(), nullable=False, server_default="", comment=comment)
    op.add_column("program", stamp)


def downgrade() -> None:
    op.drop_column("program", "stamp")
