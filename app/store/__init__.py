"""Named queries: functions taking a connection; they never begin, commit or roll back."""

from app.store import (
    contacts,
    deliveries,
    drafts,
    handoffs,
    idempotency,
    keys,
    ledger,
    partner_lists,
    partners,
    previews,
    programs,
    rubrics,
    sources,
    standings,
    tallies,
    webhooks,
)

__all__ = [
    "contacts",
    "deliveries",
    "drafts",
    "handoffs",
    "idempotency",
    "keys",
    "ledger",
    "partner_lists",
    "partners",
    "previews",
    "programs",
    "rubrics",
    "sources",
    "standings",
    "tallies",
    "webhooks",
]
