"""Places in the score feed: whoever commits later has a later place, so that a reader skips nobody."""

import asyncio

from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from app.db import open_database
from app.services.programs import create_program
from app.store.programs import take_positions
from tests.support.play import NOON
from tests.support.service import settings_for


def take(connection: Connection) -> int:
    """Three places; the first of them."""
    return take_positions(connection, "acme", 3)


async def test_one_after_the_other(database_url: str) -> None:
    database = open_database(settings_for(database_url))
    await database.write(lambda c: create_program(c, "acme", "Acme", now=NOON))
    assert [await database.write(take) for _ in range(3)] == [1, 4, 7]
    assert sorted(await asyncio.gather(*(database.write(take) for _ in range(20)))) == list(range(10, 70, 3))
    await database.close()


async def test_a_place_is_not_given_while_an_earlier_one_may_still_appear(postgresql_url: str) -> None:
    """A sequence would give the second place at once, and its reader would never see the first."""
    database = open_database(settings_for(postgresql_url))
    await database.write(lambda c: create_program(c, "acme", "Acme", now=NOON))
    engine = create_async_engine(make_url(postgresql_url).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as slow:
        first = await slow.run_sync(take)
        second = asyncio.create_task(database.write(take))
        done, _ = await asyncio.wait([second], timeout=0.3)
        assert not done
        await slow.commit()
        assert (first, await second) == (1, 4)
    await engine.dispose()
    await database.close()
