"""sources: mappings, keys that overlap, and every request with its outcome, to be worked off again."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "4e8a1d6b2f57"
down_revision = "c93e5b7f10a2"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_RECEIVED = sa.text("status = 'received'")


def _of_sources() -> list[sa.Column[Any]]:
    return [
        sa.Column(
            "previous_key_digest", sa.String(), nullable=True, comment="of the URL before the key was rotated"
        ),
        sa.Column("previous_key_until", _TIME, nullable=True, comment="how long that URL is good"),
        sa.Column(
            "mapping",
            sa.Text(),
            nullable=True,
            comment="the user's own document; null for a native adapter or a preset",
        ),
        sa.Column(
            "requests",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="how many there were: the number of the last one",
        ),
        sa.Column(
            "unverified_at",
            _TIME,
            nullable=True,
            comment="when a request last came that no secret vouched for",
        ),
    ]


def _of_requests() -> list[sa.Column[Any]]:
    def number(name: str, comment: str | None = None, default: str = "0") -> sa.Column[Any]:
        return sa.Column(name, sa.Integer(), nullable=False, server_default=default, comment=comment)

    def text(name: str, default: str, comment: str | None = None) -> sa.Column[Any]:
        return sa.Column(name, sa.String(), nullable=False, server_default=default, comment=comment)

    def document(name: str, comment: str, default: str = "{}") -> sa.Column[Any]:
        return sa.Column(name, sa.JSON(), nullable=False, server_default=default, comment=comment)

    return [
        text("method", "POST"),
        text("path", "", "what followed the key in the URL"),
        document("query", "by name; secrets are masked"),
        document("headers", "by name in lower case; secrets are masked"),
        text("status", "quarantined", "received, taken, quarantined, unreadable or failed"),
        number("items"),
        number("events", "items that became events"),
        number("ignored", "items that mean nothing for a score"),
        document("counted", "digests of the items that became events", default="[]"),
        document("heard", "digests of the items that only told of people", default="[]"),
        number("tries", "how often it was worked off, or begun to be", default="1"),
        sa.Column("tried_at", _TIME, nullable=True),
        sa.Column("error", sa.String(), nullable=True, comment="why the last try failed as a whole"),
    ]


def upgrade() -> None:
    for column in _of_sources():
        op.add_column("source", column)
    for column in _of_requests():
        op.add_column("source_request", column)
    op.create_index("ix_source_previous_key_digest", "source", ["previous_key_digest"])
    op.create_index("ix_source_request_status", "source_request", ["source", "status", "n"])
    op.create_index(
        "ix_source_request_received",
        "source_request",
        ["tried_at"],
        postgresql_where=_RECEIVED,
        sqlite_where=_RECEIVED,
    )
    _tell_items_apart()
    op.execute(
        "UPDATE source SET requests ="
        " (SELECT coalesce(max(n), 0) FROM source_request AS r WHERE r.source = source.id)"
    )


_REQUEST = sa.table(
    "source_request", *(sa.column(name) for name in ("source", "n", "items")), sa.column("refused", sa.JSON())
)


def _tell_items_apart() -> None:
    """A reason gets the item it is about, which nobody kept."""
    for source, n, reasons in _all_refused():
        refused = [{"reason": reason, "item": None} for reason in reasons]
        _change(source, n, refused=refused, items=len(refused))


def _list_reasons_alone() -> None:
    for source, n, refused in _all_refused():
        _change(source, n, refused=[each["reason"] for each in refused])


def _all_refused() -> Sequence[Any]:
    query = sa.select(_REQUEST.c.source, _REQUEST.c.n, _REQUEST.c.refused)
    return op.get_bind().execute(query).all()


def _change(source: str, n: int, **values: object) -> None:
    chosen = sa.update(_REQUEST).where(_REQUEST.c.source == source, _REQUEST.c.n == n)
    op.get_bind().execute(chosen.values(**values))


def downgrade() -> None:
    for index in ("received", "status"):
        op.drop_index(f"ix_source_request_{index}", "source_request")
    op.drop_index("ix_source_previous_key_digest", "source")
    # Before, only what was not fully understood was kept, with a list of reasons.
    op.execute("DELETE FROM source_request WHERE status NOT IN ('quarantined', 'failed')")
    _list_reasons_alone()
    for column in reversed(_of_requests()):
        op.drop_column("source_request", column.name)
    for column in reversed(_of_sources()):
        op.drop_column("source", column.name)
