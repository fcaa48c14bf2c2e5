"""Alembic's entry: runs migrations on the connection that app.migrate hands over."""

from typing import Literal

from alembic import context

from app.models import metadata
from app.models.base import UtcDateTime


def plain_types(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Migrations stand on SQLAlchemy's own types, so that they outlive the application's."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=plain_types,
    # One transaction for all steps: a kill in the middle leaves the old schema whole.
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
