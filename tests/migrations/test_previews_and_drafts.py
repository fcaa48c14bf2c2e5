"""Migrations lead to what the models say, and back, with data in the tables."""

from sqlalchemy import select

from app.migrate import compare, downgrade, upgrade
from app.models import partners
from tests.support.play import Play, rows_of, sqlite_run

FIRST = "ae562e476e2f"


def test_up_down_and_up_again(database_url: str) -> None:
    """Shown to fail by a downgrade that leaves a table behind."""
    compare(database_url)
    downgrade(database_url, FIRST)
    upgrade(database_url)
    compare(database_url)
    downgrade(database_url, "base")
    upgrade(database_url)
    compare(database_url)


def test_data_survives(sqlite_url: str) -> None:
    """SQLite copies whole tables to change a column."""
    with sqlite_run(sqlite_url) as run:
        play = Play(run)
        play.activate()
        play.happens()
        downgrade(sqlite_url, FIRST)
        upgrade(sqlite_url)
        assert rows_of(run, select(partners.c.id)) == [("p1",)]
        assert play.happens().score == 2
        assert play.differences() == []
