"""Tables and constraints, no behaviour; importing this package fills `metadata`."""

from app.models.base import metadata
from app.models.handoffs import band_entries, handoff_moves, handoffs, reps
from app.models.ledger import events, fragments
from app.models.partners import contact_names, contacts, partner_domains, partners
from app.models.previews import preview_items, previews
from app.models.programs import feeds, idempotency, keys, programs
from app.models.pruned import pruned_adjustments, pruned_contact_tallies, pruned_spans, pruned_tallies
from app.models.rubrics import rubrics, signals
from app.models.scores import adjustments, contact_tallies, draft_standings, standings, tallies
from app.models.sources import source_requests, sources
from app.models.webhooks import (
    attempts,
    deliveries,
    webhook_health,
    webhook_replays,
    webhook_secrets,
    webhooks,
)

__all__ = [
    "adjustments",
    "attempts",
    "band_entries",
    "contact_names",
    "contact_tallies",
    "contacts",
    "deliveries",
    "draft_standings",
    "events",
    "feeds",
    "fragments",
    "handoff_moves",
    "handoffs",
    "idempotency",
    "keys",
    "metadata",
    "partner_domains",
    "partners",
    "preview_items",
    "previews",
    "programs",
    "pruned_adjustments",
    "pruned_contact_tallies",
    "pruned_spans",
    "pruned_tallies",
    "reps",
    "rubrics",
    "signals",
    "source_requests",
    "sources",
    "standings",
    "tallies",
    "webhook_health",
    "webhook_replays",
    "webhook_secrets",
    "webhooks",
]
