"""first schema."""

import sqlalchemy as sa
from alembic import op

revision = "ae562e476e2f"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "adjustment",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("millipoints", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("program", "partner", "day", name=op.f("pk_adjustment")),
    )
    op.create_table(
        "contact",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("partner", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("persona", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("program", "id", name=op.f("pk_contact")),
        sa.UniqueConstraint("program", "email", name=op.f("uq_contact_program_email")),
    )
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contact_program_partner"), ["program", "partner"], unique=False)

    op.create_table(
        "contact_tally",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("contact", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False, comment="human events of this contact on this day"),
        sa.PrimaryKeyConstraint("program", "partner", "contact", "day", name=op.f("pk_contact_tally")),
    )
    op.create_table(
        "event",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "partner", sa.String(), nullable=True, comment="the identity it came in for; null while parked"
        ),
        sa.Column("contact", sa.String(), nullable=True),
        sa.Column(
            "persona",
            sa.String(),
            nullable=True,
            comment="of the contact, as known when the event was counted",
        ),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("verdict_reason", sa.String(), nullable=True),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column(
            "digest",
            sa.String(),
            nullable=False,
            comment="of the content as posted: tells a repeat from a conflict",
        ),
        sa.PrimaryKeyConstraint("program", "source", "id", name=op.f("pk_event")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("ix_event_newest", ["program", "occurred_at"], unique=False)
        batch_op.create_index(
            "ix_event_parked",
            ["program", "partner", "contact"],
            unique=False,
            postgresql_where=sa.text("partner IS NULL"),
            sqlite_where=sa.text("partner IS NULL"),
        )
        batch_op.create_index("ix_event_partner", ["program", "partner", "occurred_at"], unique=False)

    op.create_table(
        "idempotency",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column(
            "fingerprint", sa.String(), nullable=False, comment="SHA-256 of method, path and body, hex"
        ),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True, comment="encrypted: it may show a secret"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("program", "key", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_created_at"), ["created_at"], unique=False)

    op.create_table(
        "partner",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True, comment="whose name signs the partner's mails"),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.Column(
            "counts_for",
            sa.String(),
            nullable=False,
            comment="the partner at the end of the merges; itself if none",
        ),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("program", "id", name=op.f("pk_partner")),
    )
    with op.batch_alter_table("partner", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_partner_program_counts_for"), ["program", "counts_for"], unique=False
        )

    op.create_table(
        "partner_domain",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("program", "domain", "partner", name=op.f("pk_partner_domain")),
    )
    with op.batch_alter_table("partner_domain", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_partner_domain_program_partner"), ["program", "partner"], unique=False
        )

    op.create_table(
        "program",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "active_rubric", sa.Integer(), nullable=True, comment="version; null until the first is activated"
        ),
        sa.Column(
            "landmark", sa.Integer(), nullable=True, comment="day number that stored scores are weighted to"
        ),
        sa.Column(
            "settled_day",
            sa.Integer(),
            nullable=True,
            comment="day number up to which fading has been settled",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_program")),
    )
    op.create_table(
        "standing",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column(
            "stored",
            sa.Float(precision=53),
            nullable=False,
            comment="the score, weighted to the program's landmark",
        ),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("fit", sa.Float(precision=53), nullable=False),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("grade_rank", sa.Integer(), nullable=False, comment="0 is the best grade"),
        sa.Column("armed", sa.Boolean(), nullable=False),
        sa.Column(
            "rearm_on", sa.Integer(), nullable=True, comment="day number from which time alone re-arms"
        ),
        sa.Column("open_handoff", sa.String(), nullable=True),
        sa.Column(
            "last_event_at", sa.DateTime(timezone=True), nullable=True, comment="the latest human event"
        ),
        sa.Column("sequence", sa.Integer(), nullable=False, comment="messages sent about this partner"),
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="place of the latest change in the score feed",
        ),
        sa.PrimaryKeyConstraint("program", "partner", name=op.f("pk_standing")),
    )
    with op.batch_alter_table("standing", schema=None) as batch_op:
        batch_op.create_index("ix_standing_feed", ["program", "position"], unique=False)
        batch_op.create_index("ix_standing_rank", ["program", "stored", "partner"], unique=False)

    op.create_table(
        "tally",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column(
            "signal",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("program", "partner", "signal", "day", name=op.f("pk_tally")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False, comment="SHA-256 of the key, hex"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_api_key_program")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_key_digest")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_program"), ["program"], unique=False)

    op.create_table(
        "feed",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_feed_program")),
        sa.PrimaryKeyConstraint("program", name=op.f("pk_feed")),
    )
    op.create_table(
        "handoff",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("score", sa.Float(precision=53), nullable=False),
        sa.Column("threshold", sa.Float(precision=53), nullable=False),
        sa.Column("band", sa.String(), nullable=True),
        sa.Column("grade", sa.String(), nullable=True),
        sa.Column("grade_rank", sa.Integer(), nullable=False),
        sa.Column("rubric_version", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("talking_points", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_handoff_program")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff")),
    )
    with op.batch_alter_table("handoff", schema=None) as batch_op:
        batch_op.create_index("ix_handoff_partner", ["program", "partner"], unique=False)
        batch_op.create_index("ix_handoff_queue", ["program", "state", "grade_rank", "score"], unique=False)
        batch_op.create_index(
            "uq_handoff_open",
            ["program", "partner"],
            unique=True,
            postgresql_where=sa.text("state <> 'closed'"),
            sqlite_where=sa.text("state <> 'closed'"),
        )

    op.create_table(
        "rubric",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False, comment="SHA-256 of the canonical document, hex"),
        sa.Column("stored_by", sa.String(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_by", sa.String(), nullable=True),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_rubric_program")),
        sa.PrimaryKeyConstraint("program", "version", name=op.f("pk_rubric")),
        sa.UniqueConstraint("program", "digest", name=op.f("uq_rubric_program_digest")),
    )
    op.create_table(
        "signal",
        sa.Column("program", sa.String(), nullable=False),
        sa.Column(
            "key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column(
            "counted", sa.Boolean(), nullable=False, comment="whether its tallies exist and are kept up"
        ),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_signal_program")),
        sa.PrimaryKeyConstraint("program", "key", name=op.f("pk_signal")),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "key_digest", sa.String(), nullable=False, comment="SHA-256 of the source key in its URL, hex"
        ),
        sa.Column("secrets", sa.LargeBinary(), nullable=False, comment="encrypted JSON list"),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_source_program")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("key_digest", name=op.f("uq_source_key_digest")),
    )
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_source_program"), ["program"], unique=False)

    op.create_table(
        "webhook",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="encrypted"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_webhook_program")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    with op.batch_alter_table("webhook", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_program"), ["program"], unique=False)

    op.create_table(
        "delivery",
        sa.Column(
            "id", sa.String(), nullable=False, comment="the webhook-id header, the same on every attempt"
        ),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("partner", sa.String(), nullable=True),
        sa.Column("body", sa.String(), nullable=False, comment="frozen: its UTF-8 bytes are signed and sent"),
        sa.Column("state", sa.String(), nullable=False, comment="owed, delivered, dead or held"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "fence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="+1 per claim; every later write must match it",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_delivery_program")),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhook.id"], name=op.f("fk_delivery_webhook"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_due",
            ["due_at"],
            unique=False,
            postgresql_where=sa.text("state = 'owed'"),
            sqlite_where=sa.text("state = 'owed'"),
        )
        batch_op.create_index("ix_delivery_newest", ["program", "created_at", "id"], unique=False)
        batch_op.create_index("ix_delivery_webhook", ["webhook"], unique=False)

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
    op.create_table(
        "source_request",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the raw bytes"),
        sa.Column("refused", sa.JSON(), nullable=False, comment="why, for each item that became no event"),
        sa.ForeignKeyConstraint(["program"], ["program.id"], name=op.f("fk_source_request_program")),
        sa.ForeignKeyConstraint(["source"], ["source.id"], name=op.f("fk_source_request_source")),
        sa.PrimaryKeyConstraint("source", "n", name=op.f("pk_source_request")),
    )
    op.create_table(
        "attempt",
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column(
            "status", sa.Integer(), nullable=True, comment="HTTP status; null when there was no answer"
        ),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True, comment="the first bytes of the answer's body"),
        sa.ForeignKeyConstraint(
            ["delivery"], ["delivery.id"], name=op.f("fk_attempt_delivery"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery", "n", name=op.f("pk_attempt")),
    )


def downgrade() -> None:
    op.drop_table("attempt")
    op.drop_table("source_request")
    op.drop_table("handoff_move")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_webhook")
        batch_op.drop_index("ix_delivery_newest")
        batch_op.drop_index(
            "ix_delivery_due",
            postgresql_where=sa.text("state = 'owed'"),
            sqlite_where=sa.text("state = 'owed'"),
        )

    op.drop_table("delivery")
    with op.batch_alter_table("webhook", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_webhook_program"))

    op.drop_table("webhook")
    with op.batch_alter_table("source", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_source_program"))

    op.drop_table("source")
    op.drop_table("signal")
    op.drop_table("rubric")
    with op.batch_alter_table("handoff", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_handoff_open",
            postgresql_where=sa.text("state <> 'closed'"),
            sqlite_where=sa.text("state <> 'closed'"),
        )
        batch_op.drop_index("ix_handoff_queue")
        batch_op.drop_index("ix_handoff_partner")

    op.drop_table("handoff")
    op.drop_table("feed")
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_key_program"))

    op.drop_table("api_key")
    op.drop_table("tally")
    with op.batch_alter_table("standing", schema=None) as batch_op:
        batch_op.drop_index("ix_standing_rank")
        batch_op.drop_index("ix_standing_feed")

    op.drop_table("standing")
    op.drop_table("program")
    with op.batch_alter_table("partner_domain", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_partner_domain_program_partner"))

    op.drop_table("partner_domain")
    with op.batch_alter_table("partner", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_partner_program_counts_for"))

    op.drop_table("partner")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_created_at"))

    op.drop_table("idempotency")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("ix_event_partner")
        batch_op.drop_index(
            "ix_event_parked",
            postgresql_where=sa.text("partner IS NULL"),
            sqlite_where=sa.text("partner IS NULL"),
        )
        batch_op.drop_index("ix_event_newest")

    op.drop_table("event")
    op.drop_table("contact_tally")
    with op.batch_alter_table("contact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contact_program_partner"))

    op.drop_table("contact")
    op.drop_table("adjustment")
