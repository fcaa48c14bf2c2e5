"""the life of webhooks: secrets that overlap, limits, health, replays, deliveries that wait in order."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "c93e5b7f10a2"
down_revision = "7d1c0a52e9b4"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_OWED = sa.text("state = 'owed'")
_ORDERED = sa.text("state = 'owed' AND sequence IS NOT NULL")
_RUNNING = sa.text("finished_at IS NULL")


def _of_webhooks() -> list[sa.Column[Any]]:
    return [
        sa.Column(
            "format", sa.String(), nullable=False, server_default="json", comment="json, slack or teams"
        ),
        sa.Column(
            "headers",
            sa.JSON(),
            nullable=False,
            server_default="{}",
            comment="by name; values encrypted, in base64",
        ),
        sa.Column(
            "max_in_flight",
            sa.Integer(),
            nullable=False,
            server_default="10",
            comment="attempts at once, per worker",
        ),
        sa.Column(
            "per_second",
            sa.Integer(),
            nullable=False,
            server_default="50",
            comment="attempts per second, per worker",
        ),
        sa.Column(
            "ordered",
            sa.Boolean(),
            nullable=False,
            server_default=sa.false(),
            comment="a partner's messages one after the other",
        ),
        sa.Column("disabled_at", _TIME, nullable=True),
        sa.Column(
            "disabled_by", sa.String(), nullable=True, comment="the key's name; null when the service did it"
        ),
        sa.Column("enabled_at", _TIME, nullable=True, comment="when it was last enabled again"),
        sa.Column(
            "deleted_at",
            _TIME,
            nullable=True,
            comment="it is no more for anybody, and is forgotten bit by bit",
        ),
    ]


def _of_deliveries() -> list[sa.Column[Any]]:
    return [
        sa.Column(
            "sequence",
            _BIG,
            nullable=True,
            comment="among the partner's messages; only if it must wait for earlier ones",
        ),
        sa.Column(
            "uncounted",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="attempts that the retry schedule leaves out",
        ),
        sa.Column(
            "lost",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="attempts whose worker was never heard of again",
        ),
        sa.Column("claimed_at", _TIME, nullable=True),
        sa.Column("replayed_at", _TIME, nullable=True, comment="when a person had it sent again"),
        sa.Column(
            "replay_of", sa.String(), nullable=True, comment="the delivered message that this one repeats"
        ),
    ]


def upgrade() -> None:
    for column in _of_webhooks():
        op.add_column("webhook", column)
    for column in _of_deliveries():
        op.add_column("delivery", column)
    _create_secrets()
    _create_health()
    _create_replays()
    op.drop_index("ix_delivery_due", "delivery")
    op.drop_index("ix_delivery_webhook", "delivery")
    op.create_index(
        "ix_delivery_owed", "delivery", ["webhook", "due_at"], postgresql_where=_OWED, sqlite_where=_OWED
    )
    op.create_index(
        "ix_delivery_ordered",
        "delivery",
        ["webhook", "partner", "sequence"],
        postgresql_where=_ORDERED,
        sqlite_where=_ORDERED,
    )
    op.create_index("ix_delivery_state", "delivery", ["webhook", "state", "created_at", "id"])
    op.create_index("ix_attempt_started_at", "attempt", ["started_at"])


def _create_secrets() -> None:
    op.create_table(
        "webhook_secret",
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False, comment="encrypted"),
        sa.Column(
            "verification_key",
            sa.String(),
            nullable=True,
            comment="public half of a v1a key; null for v1",
        ),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column(
            "expires_at", _TIME, nullable=True, comment="it still signs until then; null: the current one"
        ),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhook.id"], name=op.f("fk_webhook_secret_webhook"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("webhook", "n", name=op.f("pk_webhook_secret")),
    )
    op.execute(
        "INSERT INTO webhook_secret (webhook, n, secret, created_at)"
        " SELECT id, 1, secret, created_at FROM webhook"
    )
    op.drop_column("webhook", "secret")


def _create_health() -> None:
    op.create_table(
        "webhook_health",
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column(
            "failing_since", _TIME, nullable=True, comment="the first failure after the latest success"
        ),
        sa.Column("failures", sa.Integer(), nullable=False, comment="since then"),
        sa.Column("last_failure_at", _TIME, nullable=True),
        sa.Column(
            "last_success_at", _TIME, nullable=True, comment="may lag by some seconds while all goes well"
        ),
        sa.Column(
            "warned_at", _TIME, nullable=True, comment="when it was told that the webhook keeps failing"
        ),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhook.id"], name=op.f("fk_webhook_health_webhook"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("webhook", name=op.f("pk_webhook_health")),
    )
    op.execute("INSERT INTO webhook_health (webhook, failures) SELECT id, 0 FROM webhook")


def _create_replays() -> None:
    op.create_table(
        "webhook_replay",
        sa.Column("webhook", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column(
            "state", sa.String(), nullable=False, comment="held, dead or delivered: what is sent again"
        ),
        sa.Column("types", sa.JSON(), nullable=True, comment="null: all"),
        sa.Column("since", _TIME, nullable=True),
        sa.Column("until", _TIME, nullable=False),
        sa.Column(
            "reached_at",
            _TIME,
            nullable=True,
            comment="with reached_id: the last delivery that was looked at",
        ),
        sa.Column("reached_id", sa.String(), nullable=True),
        sa.Column("replayed", _BIG, nullable=False, comment="deliveries owed again so far"),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column(
            "stopped",
            sa.Boolean(),
            nullable=False,
            comment="ended early, because the webhook was disabled",
        ),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhook.id"], name=op.f("fk_webhook_replay_webhook"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("webhook", "n", name=op.f("pk_webhook_replay")),
    )
    op.create_index(
        "ix_webhook_replay_running",
        "webhook_replay",
        ["webhook"],
        postgresql_where=_RUNNING,
        sqlite_where=_RUNNING,
    )


def downgrade() -> None:
    _forget_deleted()
    op.drop_index("ix_attempt_started_at", "attempt")
    for index in ("state", "ordered", "owed"):
        op.drop_index(f"ix_delivery_{index}", "delivery")
    op.create_index("ix_delivery_webhook", "delivery", ["webhook"])
    op.create_index("ix_delivery_due", "delivery", ["due_at"], postgresql_where=_OWED, sqlite_where=_OWED)
    op.add_column(
        "webhook",
        sa.Column("secret", sa.LargeBinary(), nullable=False, server_default="", comment="encrypted"),
    )
    op.execute(
        "UPDATE webhook SET secret = (SELECT s.secret FROM webhook_secret AS s"
        " WHERE s.webhook = webhook.id ORDER BY s.n DESC LIMIT 1)"
    )
    for table in ("webhook_replay", "webhook_health", "webhook_secret"):
        op.drop_table(table)
    for column in _of_deliveries():
        op.drop_column("delivery", column.name)
    for column in _of_webhooks():
        op.drop_column("webhook", column.name)


def _forget_deleted() -> None:
    webhook, delivery = (sa.table(name, sa.column("id")) for name in ("webhook", "delivery"))
    deleted = sa.select(webhook.c.id).where(sa.column("deleted_at").is_not(None))
    theirs = sa.select(delivery.c.id).where(sa.column("webhook").in_(deleted))
    op.execute(sa.delete(sa.table("attempt")).where(sa.column("delivery").in_(theirs)))
    for table in ("delivery", "webhook_replay", "webhook_health", "webhook_secret"):
        op.execute(sa.delete(sa.table(table)).where(sa.column("webhook").in_(deleted)))
    op.execute(sa.delete(webhook).where(sa.column("deleted_at").is_not(None)))
