"""Reading: scores, the score feed, and the queue of hand-offs that has not changed, beside a bare echo."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice, product

import httpx2

from benchmarks.bodies import events
from benchmarks.databases import postgresql, sqlite
from benchmarks.figures import Sheet
from benchmarks.load import Client
from benchmarks.run import Run
from benchmarks.servers import Server, echo, handraiser

CONNECTIONS = 32
SECONDS = 3.0
FILLED = 20_000
BARE = "bare echo"


def measure(run: Run) -> Iterator[Sheet]:
    """On both databases."""
    sheet = Sheet(f"Reads, {CONNECTIONS} connections", "requests/s", (BARE,))
    with ExitStack() as stack:
        bare = stack.enter_context(echo())
        servers = {
            "SQLite": stack.enter_context(handraiser(stack.enter_context(sqlite()))),
            "PostgreSQL": stack.enter_context(handraiser(stack.enter_context(postgresql()))),
        }
        reads = {name: {BARE: bare.at("/")} | _reads(server) for name, server in servers.items()}
        for _, (name, some) in product(run.rounds, reads.items()):
            for what, client in some.items():
                load = client.get(seconds=run.seconds(SECONDS), connections=CONNECTIONS)
                sheet.add(name, what, {"requests/s": load.per_second, **load.milliseconds()})
    yield sheet


def _reads(server: Server) -> dict[str, Client]:
    """What is read of a service, which is given something to read first."""
    headers = {"authorization": f"Bearer {server.key}"}
    with httpx2.Client(base_url=server.url, headers=headers, timeout=60, trust_env=False) as client:
        for body in islice(events(1_000), FILLED // 1_000):
            json = {"content-type": "application/json"}
            client.post("/v1/events", content=body, headers=json).raise_for_status()
        tag = client.get("/v1/handoffs?state=open").raise_for_status().headers["etag"]
        end = _end(client)
    return {
        "scores of 1,000 partners": server.at(*(f"/v1/partners/partner-{n:07}/score" for n in range(1_000))),
        "score feed, 50": server.at("/v1/scores?limit=50"),
        "score feed, nothing new": server.at(f"/v1/scores?cursor={end}"),
        "open hand-offs, 304": server.at("/v1/handoffs?state=open", **{"if-none-match": tag}),
    }


def _end(client: httpx2.Client) -> str:
    """The cursor of whoever has read all of the feed."""
    cursor = ""
    while True:
        page = client.get("/v1/scores", params={"limit": 200, "cursor": cursor}).raise_for_status().json()
        if not page["items"]:
            return str(page["next"])
        cursor = page["next"]
