"""Partners, their e-mail domains, their contacts and all names of these."""

from sqlalchemy import JSON, Boolean, Column, Index, String, Table, UniqueConstraint, false

from app.models.base import UtcDateTime, metadata

# Long work goes through partners in id order and notes how far it came; Python must agree on that order.
PartnerId = String().with_variant(String(collation="C"), "postgresql")

partners = Table(
    "partner",
    metadata,
    Column("program", String, primary_key=True),
    Column("id", PartnerId, primary_key=True),
    Column("name", String),
    Column("owner", String, comment="whose name signs the partner's mails"),
    Column("attributes", JSON, nullable=False),
    Column("merged_into", String),
    Column(
        "counts_for", String, nullable=False, comment="the partner at the end of the merges; itself if none"
    ),
    Column("archived_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "program", "counts_for"),
)

partner_domains = Table(
    "partner_domain",
    metadata,
    Column("program", String, primary_key=True),
    Column("domain", String, primary_key=True),
    Column("partner", String, primary_key=True),
    Index(None, "program", "partner"),
)

contacts = Table(
    "contact",
    metadata,
    Column("program", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("email", String),
    Column("partner", String),
    Column("name", String),
    Column("persona", String),
    Column(
        "learnt_partner", String, comment="what platforms told, which holds where nobody has put a partner"
    ),
    Column("learnt_name", String, comment="likewise"),
    Column(
        "learnt",
        Boolean,
        nullable=False,
        server_default=false(),
        comment="known only from what platforms told; nobody has put it",
    ),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("program", "email"),
    Index(None, "program", "partner"),
)

contact_names = Table(
    "contact_name",
    metadata,
    Column("program", String, primary_key=True),
    Column("name", String, primary_key=True, comment="the contact's id, e-mail address or an alias"),
    Column("contact", String, nullable=False),
    Column("domain", String, comment="of an e-mail address"),
    Index(None, "program", "contact"),
    Index(None, "program", "domain"),
)
