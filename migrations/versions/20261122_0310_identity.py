"""identity: a person has many names, and what platforms tell is kept apart from what was put."""

import sqlalchemy as sa
from alembic import op

revision = "5be0d2a47c16"
down_revision = "4e8a1d6b2f57"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, comment in (
        ("learnt_partner", "what platforms told, which holds where nobody has put a partner"),
        ("learnt_name", "likewise"),
    ):
        op.add_column("contact", sa.Column(name, sa.String(), nullable=True, comment=comment))
    op.add_column(
        "contact",
        sa.Column(
            "learnt",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="known only from what platforms told; nobody has put it",
        ),
    )
    op.create_table(
        "contact_name",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column(
            "name", sa.String(), nullable=False, comment="the contact's id, e-mail address or an alias"
        ),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=True, comment="of an e-mail address"),
        sa.PrimaryKeyConstraint("program", "name", name=op.f("pk_contact_name")),
    )
    op.create_index(op.f("ix_contact_name_program_contact"), "contact_name", ["program", "contact"])
    op.create_index(op.f("ix_contact_name_program_domain"), "contact_name", ["program", "domain"])
    _name_those_known()


def _name_those_known() -> None:
    contact = sa.table("contact", *map(sa.column, ("program", "id", "email")))
    name = sa.table("contact_name", *map(sa.column, ("program", "name", "contact", "domain")))
    find = sa.func.strpos if op.get_bind().dialect.name == "postgresql" else sa.func.instr
    # What was one contact's address and another's id was the former's name until now, too.
    shadowed = contact.alias("other")
    owned = sa.exists().where(shadowed.c.program == contact.c.program, shadowed.c.email == contact.c.id)
    for column, kept in ((contact.c.email, contact.c.email.is_not(None)), (contact.c.id, ~owned)):
        at_sign = find(column, "@")
        domain = sa.case((at_sign > 0, sa.func.substr(column, at_sign + 1)))
        rows = sa.select(contact.c.program, column, contact.c.id, domain).where(kept)
        op.execute(sa.insert(name).from_select(["program", "name", "contact", "domain"], rows))


def downgrade() -> None:
    op.drop_table("contact_name")
    # Somebody whom nobody has put was not known by anything else.
    op.execute("DELETE FROM contact WHERE learnt")
    for name in ("learnt", "learnt_name", "learnt_partner"):
        op.drop_column("contact", name)
