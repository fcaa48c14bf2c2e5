"""A storm: eight clients that send, repeat, judge, claim and close at once, and what must be true after."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import httpx2

from app import clock
from app.db import open_database
from app.scoring.reading import read_rubric
from app.services.verifying import Difference, verify
from app.settings import Settings
from tests.support import oracle

PARTNERS = 30
CLIENTS = 8
SIZES = (1, 1, 1, 10, 10, 200)
RUBRIC: dict[str, Any] = {
    "name": "Storm",
    "time_zone": "America/Denver",
    "rules": [
        {
            "id": "open",
            "on": "email.opened",
            "points": 1,
            "at_most": {"times": 1, "per": "day"},
            "group": "m",
        },
        {
            "id": "click",
            "on": "email.clicked",
            "points": 5,
            "at_most": {"times": 2, "per": "week"},
            "group": "m",
        },
        {"id": "deals", "on": "page.viewed", "points": 2.5, "where": {"path": {"starts_with": "/deals"}}},
        {"id": "webinar", "on": "webinar.attended", "points": 10, "where": {"minutes": {"at_least": 30}}},
        {"id": "opt-out", "on": "email.unsubscribed", "points": -15},
    ],
    "groups": {"m": {"at_most": {"points": 12, "per": "week"}}},
    "fade": {"half_life_days": 5},
    "bands": {"cold": 0, "warm": 10, "hot": 25},
    "handoff": {"at": 25, "rearm_below": 15, "rearm_after_days": {"default": 0}},
}
TYPES = ("email.opened", "email.clicked", "page.viewed", "webinar.attended", "email.unsubscribed")

Event = dict[str, Any]


@dataclass
class Storm:
    """What is sent, and what came back."""

    seed: int
    batches: int = 8
    now: datetime = field(default_factory=clock.now)
    events: dict[str, Event] = field(default_factory=dict)
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    verdicts: dict[str, str] = field(default_factory=dict)
    seen: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self._batches = [[self._batch() for _ in range(self.batches)] for _ in range(CLIENTS)]

    def _batch(self) -> list[Event]:
        return [self._event() for _ in range(self.dice.choice(SIZES))]

    def _event(self) -> Event:
        owner = self.dice.randrange(PARTNERS)
        person = f"jo{self.dice.randrange(3)}@firm{owner}.example"
        names = {"partner": f"p{owner}"} if self.dice.random() < 0.8 else {}
        minutes = self.dice.randrange(40 * 24 * 60) if self.dice.random() < 0.7 else 0
        event: Event = {
            "id": f"e{self.seed}-{len(self.events)}",
            "source": "storm",
            "type": self.dice.choices(TYPES, [6, 3, 6, 1, 1])[0],
            "occurred_at": (self.now - timedelta(minutes=minutes)).isoformat(),
            "contact": person,
            "properties": {
                "path": self.dice.choice(["/deals/1", "/jobs"]),
                "minutes": self.dice.randint(0, 60),
            },
            "verdict": self.dice.choices(["human", "machine"], [9, 1])[0],
            **names,
        }
        self.events[event["id"]] = event
        self.verdicts[event["id"]] = event["verdict"]
        return event

    async def rages(self, clients: list[httpx2.AsyncClient]) -> None:
        """Everything at once, over the given clients in turn."""
        calm = asyncio.Event()
        feed = asyncio.create_task(self._follow(clients[0], calm))
        async with asyncio.TaskGroup() as group:
            for n, batches in enumerate(self._batches):
                group.create_task(self._send_all(clients[n % len(clients)], batches))
            for client in clients:
                group.create_task(self._call(client))
            group.create_task(self._introduce(clients[-1]))
        calm.set()
        await feed

    async def _send_all(self, client: httpx2.AsyncClient, batches: list[list[Event]]) -> None:
        for n, batch in enumerate(batches):
            again = self.dice.sample(batch, len(batch) // 3) + self.dice.choice(batches[: n + 1])[:5]
            await self._post(client, batch + again)
            await self._judge(client, self.dice.choice(batch))

    async def _post(self, client: httpx2.AsyncClient, events: list[Event]) -> None:
        answer = await client.post("/v1/events", json=self.dice.sample(events, len(events)))
        assert answer.status_code == 200, answer.text
        self.statuses.update((each["id"], each["status"]) for each in answer.json()["results"])

    async def _judge(self, client: httpx2.AsyncClient, event: Event) -> None:
        """Two people have the same thought about an event at the same moment."""
        verdict = self.verdicts[event["id"]] = self.dice.choice(["human", "machine", "internal"])
        path = f"/v1/events/storm/{event['id']}"
        thought = {"verdict": verdict, "reason": "so it looks"}
        answers = await asyncio.gather(client.patch(path, json=thought), client.patch(path, json=thought))
        assert {answer.status_code for answer in answers} == {200}

    async def _call(self, client: httpx2.AsyncClient) -> None:
        """People at the desk: each call is taken by one of two, and closed."""
        for _ in range(15):
            listed = (await client.get("/v1/handoffs", params={"state": "open"})).json()["items"]
            for handoff in listed[:3]:
                path = f"/v1/handoffs/{handoff['id']}"
                claims = await asyncio.gather(*(client.post(f"{path}/claim", json={"by": by}) for by in "ab"))
                taken = [answer.status_code for answer in claims]
                assert taken.count(200) <= 1, taken
                if 200 in taken and self.dice.random() < 0.7:
                    await client.post(f"{path}/close", json={"outcome": "accepted"})
            await asyncio.sleep(0.02)

    async def _introduce(self, client: httpx2.AsyncClient) -> None:
        """Contacts and domains become known while their events come in."""
        for n in range(PARTNERS):
            firm = {"domains": [f"firm{n}.example"]} if n % 2 else {}
            (await client.put(f"/v1/partners/p{n}", json=firm)).raise_for_status()
            for jo in () if firm else range(3):
                path = f"/v1/contacts/jo{jo}@firm{n}.example"
                (await client.put(path, json={"partner": f"p{n}"})).raise_for_status()

    async def _follow(self, client: httpx2.AsyncClient, calm: asyncio.Event) -> None:
        """Read the feed until it has nothing more after the storm."""
        cursor, last = None, False
        while True:
            params = {"limit": 7} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/v1/scores", params=params)).json()
            self.seen.update({each["partner"]: each for each in page["items"]})
            cursor = page["next"]
            if not page["items"]:
                if last:
                    return
                last = calm.is_set()
                await asyncio.sleep(0.01)

    def expected(self, now: datetime) -> dict[str, float]:
        """The oracle's scores."""
        facts = [
            oracle.Fact(
                "p" + event["contact"].split("firm")[1].split(".")[0],
                event["type"],
                datetime.fromisoformat(event["occurred_at"]),
                event["properties"],
            )
            for event in self.events.values()
            if self.verdicts[event["id"]] == "human"
        ]
        nothing = {f"p{n}": 0.0 for n in range(PARTNERS)}
        return nothing | oracle.scores(read_rubric(RUBRIC), facts, now=now)


async def prepare(client: httpx2.AsyncClient) -> None:
    """Make RUBRIC active."""
    version = (await client.post("/v1/rubrics", json=RUBRIC)).json()["version"]
    (await client.post(f"/v1/rubrics/{version}/activate")).raise_for_status()


async def everything(client: httpx2.AsyncClient, path: str, **params: str) -> list[dict[str, Any]]:
    """All items of a list."""
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        place = {"cursor": cursor} if cursor else {}
        answer = await client.get(path, params={"limit": "200"} | params | place)
        answer.raise_for_status()
        items += answer.json()["items"]
        cursor = answer.json()["next"]
        if cursor is None:
            return items


async def differences(database_url: str, program: str = "acme") -> list[Difference]:
    """What live is and a rebuild from the ledger is not."""
    database, now = open_database(Settings(database_url=database_url)), clock.now()
    try:
        found: list[Difference] = []
        after: str | None = ""
        while after is not None:
            some, after = await database.read(partial(verify, program=program, after=after, now=now))
            found += some
        return found
    finally:
        await database.close()


async def waits_for_a_lock(connection: asyncpg.Connection) -> None:
    """Until somebody waits for what another transaction holds."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with asyncio.timeout(20):
        while not await connection.fetchval(waiting):
            pass
