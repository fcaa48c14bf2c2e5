"""Adjustments: points that a person gives or takes, as an event of the ledger like any other."""

from datetime import datetime

from sqlalchemy import Connection

from app.services.arithmetic import ADJUSTED
from app.services.partners import require_partner
from app.services.recording import Result, record
from app.sources.event import NewEvent

SOURCE = "adjustment"


def adjust(
    connection: Connection,
    program: str,
    partner: str,
    *,
    id_: str,
    points: float,
    reason: str,
    by: str,
    now: datetime,
) -> Result:
    """Add `points` to a partner's score from today. Raises NotFound."""
    require_partner(connection, program, partner)
    event = NewEvent(
        id=id_,
        type=ADJUSTED,
        partner=partner,
        source=SOURCE,
        properties={"points": points, "reason": reason, "by": by},
    )
    return record(connection, program, [event], now=now)[0]
