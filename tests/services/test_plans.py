"""Whoever looks for some events finds them by an index of the ledger, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from app.sources.event import NewEvent
from app.store import clicks, due, insights, ledger, profiles, standings, tallies
from app.store.clicks import Window
from tests.support.play import NOON, Play

NEWCOMER = standings.fresh("", band=None, fit=0.0, grade=None, grade_rank=0)

LOOKS: dict[str, Callable[[Connection], object]] = {
    "first": lambda c: insights.first_events(c, "acme", {"p1": "p1"}),
    "latest": lambda c: ledger.latest_human(c, "acme", ["p1"]),
    "recent": lambda c: ledger.recent_human(c, "acme", ["p1"], since=NOON, each=5),
    "all": lambda c: list(ledger.of_partners(c, "acme", ["p1"])),
}


def plans(connection: Connection, look: Callable[[Connection], object], *, analyzed: bool = True) -> str:
    """How the database does what is looked for, when it has counted its rows or not."""
    found: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        found.append((statement, parameters))

    if analyzed:
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


@pytest.mark.parametrize("analyzed", [True, False], ids=["analyzed", "fresh"])
def test_tallies_by_their_key(play: Play, analyzed: bool) -> None:
    """Shown to fail by an inner join, for which a fresh SQLite walks all tallies."""
    play.record(*(play.event(partner=f"p{n % 500}") for n in range(2_000)))
    plan = play.run(lambda c: plans(c, lambda c: tallies.packed_of(c, "acme", ["p1"]), analyzed=analyzed))
    assert "sqlite_autoindex_tally_1 (program=? AND partner=?)" in plan or "pk_tally" in plan


SPAN = ("p1", 1, 0, 9_000)
KEY_LOOKS: dict[str, tuple[Callable[[Connection], object], str]] = {
    "held": (lambda c: standings.hold(c, "acme", ["p1", "p2"], newcomer=NEWCOMER), "standing"),
    "standings": (lambda c: standings.get_many(c, "acme", ["p1", "p2"]), "standing"),
    "spans": (lambda c: tallies.within(c, "acme", [SPAN]), "tally"),
}


@pytest.mark.parametrize("analyzed", [True, False], ids=["analyzed", "fresh"])
@pytest.mark.parametrize(("look", "table"), KEY_LOOKS.values(), ids=KEY_LOOKS)
def test_each_by_its_key(
    play: Play, look: Callable[[Connection], object], table: str, analyzed: bool
) -> None:
    """Shown to fail by `= ANY` and by a join, for which a fresh PostgreSQL walks all of the program's."""
    play.record(*(play.event(partner=f"p{n % 500}") for n in range(2_000)))
    plan = play.run(lambda c: plans(c, look, analyzed=analyzed))
    assert f"pk_{table}" in plan or f"sqlite_autoindex_{table}_1 (program=? AND partner=?" in plan
    assert "((partner)::text = (r.partner)::text)" in plan or "sqlite" in plan


MANY = [f"p{n}" for n in range(64)]
SCORE_LOOKS: dict[str, tuple[Callable[[Connection], object], list[str], list[str]]] = {
    "profiles": (
        lambda c: profiles.of_partners(c, "acme", MANY),
        ["autoindex_partner_1 (program=? AND id=?)", "autoindex_standing_1 (program=? AND partner=?)"],
        ["Index Scan using pk_partner", "Index Scan using pk_standing"],
    ),
    "facts": (
        lambda c: tallies.of_partners(c, "acme", MANY),
        ["autoindex_tally_1 (program=? AND partner=?)", "autoindex_adjustment_1 (program=? AND partner=?)"],
        ["pk_tally", "pk_adjustment"],
    ),
    "engaged": (
        lambda c: tallies.engaged_contacts(c, "acme", MANY, first=0, last=99_999),
        [
            "autoindex_contact_tally_1 (program=? AND partner=?)",
            "autoindex_contact_name_1 (program=? AND name=?)",
        ],
        ["pk_contact_tally", "pk_contact_name"],
    ),
    "feed": (
        lambda c: standings.changed_since(c, "acme", 1, 50),
        ["ix_standing_feed (program=? AND position>?)"],
        ["ix_standing_feed"],
    ),
}


@pytest.mark.parametrize(("look", "sqlite", "postgresql"), SCORE_LOOKS.values(), ids=SCORE_LOOKS)
def test_scores_by_their_keys(
    play: Play, look: Callable[[Connection], object], sqlite: list[str], postgresql: list[str]
) -> None:
    """Without statistics. Shown to fail by joins, for which PostgreSQL reads all standings of a program."""
    play.record(*(play.event(partner=f"p{n}", contact=f"jo{n}") for n in range(2_000)))
    plan = play.run(lambda c: plans(c, look, analyzed=False))
    assert all(each in plan for each in sqlite) or all(each in plan for each in postgresql)


@pytest.mark.parametrize("analyzed", [True, False], ids=["analyzed", "fresh"])
def test_what_to_talk_about_by_partner(play: Play, analyzed: bool) -> None:
    """Shown to fail by a join, for which a fresh PostgreSQL walks all that happened since."""
    play.record(*(play.event(partner=f"p{n % 500}") for n in range(2_000)))
    plan = play.run(lambda c: plans(c, LOOKS["recent"], analyzed=analyzed))
    assert any(
        each in plan
        for each in (
            "(program=? AND partner=? AND occurred_at>?)",
            "((partner)::text = (r.partner)::text) AND",
        )
    )


@pytest.mark.parametrize("analyzed", [True, False], ids=["analyzed", "fresh"])
def test_what_is_due_first_once_for_each_webhook(play: Play, analyzed: bool) -> None:
    """Shown to fail by a subquery, which a fresh PostgreSQL evaluates for each pair of webhooks."""
    plan = play.run(lambda c: plans(c, lambda c: due.due_webhooks(c, now=NOON), analyzed=analyzed))
    assert "CTE found" in plan or "MATERIALIZE found" in plan


SECONDS = timedelta(seconds=5)
NEAR = Window("jo7@firm.example", NOON - SECONDS, NOON + SECONDS)
IDS = ["e1", "e2"]
CLICK_LOOKS: dict[str, tuple[Callable[[Connection], object], str, str]] = {
    "near": (
        lambda c: clicks.within(c, "acme", "test", [NEAR]),
        "ix_event_click (program=? AND contact=? AND occurred_at>? AND occurred_at<?)",
        "ix_event_click",
    ),
    "programs": (
        lambda c: clicks.programs_due(c, now=NOON + SECONDS),
        "ix_event_settling",
        "ix_event_settling",
    ),
    "due": (
        lambda c: clicks.due(c, "acme", now=NOON + SECONDS, limit=10),
        "ix_event_settling (program=? AND settles_at<?)",
        "ix_event_settling",
    ),
    "held": (
        lambda c: ledger.hold(c, "acme", "test", IDS),
        "sqlite_autoindex_event_1 (program=? AND source=? AND id=?)",
        "pk_event",
    ),
}


@pytest.mark.parametrize(("look", "sqlite", "postgresql"), CLICK_LOOKS.values(), ids=CLICK_LOOKS)
def test_clicks_by_index(
    play: Play, look: Callable[[Connection], object], sqlite: str, postgresql: str
) -> None:
    """However many others click in the same seconds. Shown to fail by a type that is a parameter."""
    play.record(*(click(play, n) for n in range(2_000)))
    play.posts(*(click(play, n) for n in range(2_000, 2_100)), settle=60)
    plan = play.run(lambda c: plans(c, look))
    assert sqlite in plan or postgresql in plan


def click(play: Play, n: int) -> NewEvent:
    """One of many at the same moment."""
    return play.event("email.clicked", contact=f"jo{n}@firm.example", url="/", message="m")
