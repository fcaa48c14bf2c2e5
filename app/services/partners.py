"""Partners: create, replace, change, archive."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import store
from app.errors import FieldError, Invalid, NotFound
from app.scoring.fade import score_of
from app.services.handoffs import withdraw
from app.services.parking import count_parked_of_domains
from app.services.rescoring import refit
from app.services.rulebook import Rulebook, hold_rulebook, rulebook
from app.sources.event import properties_within_limits


class Partner(BaseModel):
    """A partner firm with where it stands today."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "acme",
                "name": "Acme GmbH",
                "domains": ["acme.example"],
                "owner": "rep@vendor.example",
                "attributes": {"employees": 40, "region": "EMEA"},
                "merged_into": None,
                "archived": False,
                "score": 22.187719,
                "band": "warm",
                "fit": 15,
                "grade": "A",
                "armed": True,
                "open_handoff": None,
                "last_event_at": "2026-03-12T15:00:00Z",
                "created_at": "2026-02-01T08:00:00Z",
                "updated_at": "2026-02-01T08:00:00Z",
            }
        }
    )

    id: str
    name: str | None
    domains: list[str]
    owner: str | None = Field(description="Whose name signs the partner's mails.")
    attributes: dict[str, Any]
    merged_into: str | None = Field(description="The partner that its events count for since a merge.")
    archived: bool
    score: float
    band: str | None
    fit: float
    grade: str | None
    armed: bool
    open_handoff: str | None
    last_event_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class PartnerData:
    """What a person or a CRM says about a partner."""

    id: str
    name: str | None = None
    domains: Sequence[str] = ()
    owner: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


def put_partners(
    connection: Connection, program: str, data: Sequence[PartnerData], *, now: datetime
) -> set[str]:
    """Create, replace or bring back partners, each id once; the ids that were new."""
    # Alone, because an event that is recorded at the same moment must not stay parked for ever.
    rules = hold_rulebook(connection, program, alone=True)
    new = _write(connection, rules, data, now=now)
    store.partners.unarchive(connection, program, [each.id for each in data])
    return new


def patch_partner(
    connection: Connection, program: str, partner: str, changes: dict[str, Any], *, now: datetime
) -> None:
    """Change the fields that `changes` names; attributes are merged, null removes one.

    Raises NotFound, and Invalid if the attributes grow over the limits.
    """
    rules = hold_rulebook(connection, program, alone=True)
    known = get_partner(connection, program, partner, now=now)
    merged = {**known.attributes, **(changes.get("attributes") or {})}
    changed = PartnerData(
        partner,
        name=changes.get("name", known.name),
        domains=changes.get("domains", known.domains) or (),
        owner=changes.get("owner", known.owner),
        attributes=_within_limits({key: value for key, value in merged.items() if value is not None}),
    )
    _write(connection, rules, [changed], now=now)


def _write(
    connection: Connection, rules: Rulebook, data: Sequence[PartnerData], *, now: datetime
) -> set[str]:
    program = rules.program
    rows = [(each.id, each.name, each.owner, each.attributes) for each in data]
    known = store.partners.get_many(connection, program, [each.id for each in data])
    if any(each.id in known and known[each.id].name != each.name for each in data):
        # Names are shown in the queue.
        store.programs.take_queue_positions(connection, program, 1)
    new = store.partners.put_many(connection, program, rows, now=now)
    domains = {each.id: [domain.strip().lower() for domain in each.domains] for each in data}
    given_up = store.partners.domains(connection, program, domains.keys())
    store.partners.set_domains(connection, program, domains)
    roots = store.partners.roots(connection, program, domains.keys())
    refit(connection, rules, {*roots, *roots.values()}, now=now)
    touched = {each for some in (*domains.values(), *given_up.values()) for each in some}
    count_parked_of_domains(connection, rules, sorted(touched), now=now)
    return new


def _within_limits(attributes: dict[str, Any]) -> dict[str, Any]:
    try:
        return properties_within_limits(attributes)
    except ValueError as error:
        raise Invalid(
            "The attributes are too much.", errors=[FieldError("attributes", str(error))]
        ) from error


def get_partner(connection: Connection, program: str, partner: str, *, now: datetime) -> Partner:
    """One partner. Raises NotFound."""
    rules = rulebook(connection, program)
    row = require_partner(connection, program, partner)
    return partner_views(connection, rules, [row], now=now)[0]


def archive_partner(connection: Connection, program: str, partner: str, *, now: datetime) -> None:
    """Take a partner out of lists; its events still count. Raises NotFound.

    A hand-off that nobody has claimed is withdrawn, and none opens until the partner is put again.
    """
    rules = hold_rulebook(connection, program, alone=True)
    require_partner(connection, program, partner)
    store.partners.archive(connection, program, partner, now=now)
    for row in store.handoffs.open_of_partners(connection, program, [partner]):
        if row.state != "claimed":
            withdraw(connection, rules, row, reason="the partner was archived", now=now)


def require_partner(connection: Connection, program: str, partner: str) -> Any:
    """The partner's row. Raises NotFound."""
    row = store.partners.get(connection, program, partner)
    if row is None:
        raise unknown_partner(partner)
    return row


def unknown_partner(partner: str) -> NotFound:
    """What is said of a partner that there is not."""
    return NotFound(f"There is no partner {partner!r} in this program.")


def partner_views(
    connection: Connection, rules: Rulebook, rows: Sequence[Any], *, now: datetime
) -> list[Partner]:
    """Partners' rows with their domains and standings; two statements."""
    ids = [row.id for row in rows]
    domains = store.partners.domains(connection, rules.program, ids)
    standings = store.standings.get_many(connection, rules.program, sorted({row.counts_for for row in rows}))
    today = rules.day_of(now)
    found = []
    for row in rows:
        standing = standings.get(row.counts_for, rules.newcomer)
        found.append(
            Partner(
                id=row.id,
                name=row.name,
                domains=domains.get(row.id, []),
                owner=row.owner,
                attributes=row.attributes,
                merged_into=row.merged_into,
                archived=row.archived_at is not None,
                score=score_of(rules.rubric, standing.stored, landmark=rules.landmark, today=today),
                band=standing.band,
                fit=standing.fit,
                grade=standing.grade,
                armed=standing.armed,
                open_handoff=standing.open_handoff,
                last_event_at=standing.last_event_at,
                created_at=row.created_at,
                updated_at=row.updated_at,
            )
        )
    return found
