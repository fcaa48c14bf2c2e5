"""Many clients at once, in one process and in two: nothing depends on who was first."""

from contextlib import AsyncExitStack

from tests.proof.checkers import check
from tests.proof.storm import CLIENTS, Storm, prepare
from tests.support.server import serving
from tests.support.service import Service, settings_for


async def test_eight_clients(service: Service, key: str, database_url: str) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(service.client(key)) for _ in range(CLIENTS)]
        storm = Storm(seed=1)
        await storm.rages(clients)
        await check(storm, clients[0], database_url)


async def test_two_processes_on_one_postgresql(postgresql_url: str) -> None:
    async with serving(postgresql_url) as one, serving(postgresql_url) as two, AsyncExitStack() as stack:
        made = await Service(one.url, settings_for(postgresql_url)).program()
        clients = [await stack.enter_async_context((one, two)[n % 2].client(made)) for n in range(CLIENTS)]
        await prepare(clients[0])
        storm = Storm(seed=2)
        await storm.rages(clients)
        await check(storm, clients[1], postgresql_url)
