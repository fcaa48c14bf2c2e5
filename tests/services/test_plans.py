"""Whoever looks for some partners' events finds them by the ledger's index, on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from app.store import insights, ledger
from tests.support.play import NOON, Play

LOOKS: dict[str, Callable[[Connection], object]] = {
    "first": lambda c: insights.first_events(c, "acme", {"p1": "p1"}),
    "latest": lambda c: ledger.latest_human(c, "acme", ["p1"]),
    "recent": lambda c: ledger.recent_human(c, "acme", ["p1"], since=NOON, each=5),
    "all": lambda c: list(ledger.of_partners(c, "acme", ["p1"])),
}


def plans(connection: Connection, look: Callable[[Connection], object]) -> str:
    """How the database does what is looked for."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        found.append((statement, parameters))

    connection.execute(text("ANALYZE"))
    event.listen(connection, "before_cursor_execute", note)
    look(connection)
    event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    lines = [connection.exec_driver_sql(f"{explain} {each}", some).all() for each, some in found]
    return "\n".join(str(line) for some in lines for line in some)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_by_index(play: Play, look: Callable[[Connection], object]) -> None:
    """Shown to fail by partners' ids in another collation than the ledger's."""
    play.record(*(play.event(partner=f"p{n % 500}") for n in range(2_000)))
    plan = play.run(lambda c: plans(c, look))
    assert "ix_event_partner" in plan
    assert "partner=?" in plan or "((partner)::text = (r.partner)::text)" in plan
