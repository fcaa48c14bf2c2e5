"""No connection is so much as tried to an address that webhooks may not reach (fault 30).

What is dialled is watched at the event loop, which every connection passes. That the watch sees one, and that
a listener hears it, are tests of their own.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app import clock
from app.db import Database
from app.delivery.client import Client, Request
from app.delivery.reply import Answer, Failure, Reply
from app.errors import Invalid
from app.services import webhooks
from app.services.addresses import check_url, networks
from tests.delivery.certificate import certificate_for
from tests.delivery.owing import add_webhook, attempts_at, owe, quick, reaches, working
from tests.delivery.vectors import METADATA, PUBLIC, REFUSED, SPELLINGS
from tests.support.receiver import Receiver

REFUSAL = Failure("the host has an address that webhooks may not reach")


class Dials(list[str]):
    """The addresses that were dialled at one port."""

    def __init__(self, port: int) -> None:
        self.port = port

    def watch(self, monkeypatch: pytest.MonkeyPatch, *, refuse: bool = False) -> None:
        """See every connection that the event loop makes; `refuse` them, so that none leaves this host."""
        loop = asyncio.get_running_loop()
        connect = loop.sock_connect

        async def dial(sock: Any, address: Any) -> None:
            if address[1] == self.port:
                self.append(address[0])
                if refuse:
                    raise ConnectionRefusedError
            await connect(sock, address)

        monkeypatch.setattr(loop, "sock_connect", dial)


@pytest.fixture
async def dials(monkeypatch: pytest.MonkeyPatch) -> Dials:
    dials = Dials(443)
    dials.watch(monkeypatch, refuse=True)
    return dials


async def send(url: str, *answers: Sequence[str], allow: Sequence[str] = ()) -> list[Reply]:
    """One attempt for each answer that the name server gives, or one if it is not to be asked."""
    left = list(answers)

    def resolve(host: str, port: int) -> Sequence[str]:
        # Text: a stub that compares names would not know one that came as bytes.
        assert isinstance(host, str)
        return left.pop(0)

    async with Client(networks(allow), timeout=5, connections=2, resolve=resolve) as client:
        return [await client.send(Request(url, {}, b"{}")) for _ in answers or [None]]


@pytest.mark.parametrize("address", REFUSED)
async def test_an_address_in_the_url(dials: Dials, address: str) -> None:
    """Fails if `Guard.socket` looks at nothing: aiohttp asks no resolver about an address."""
    host = f"[{address.replace('%', '%25')}]" if ":" in address else address
    [reply] = await send(f"https://{host}/")
    assert isinstance(reply, Failure)
    assert dials == []


@pytest.mark.parametrize("address", REFUSED)
async def test_an_address_from_the_name_server(dials: Dials, address: str) -> None:
    """Fails if `Guard.resolve` and `Guard.socket` look at nothing."""
    assert await send("https://hooks.test/", [address]) == [REFUSAL]
    assert dials == []


@pytest.mark.parametrize("address", METADATA)
async def test_metadata_whatever_is_allowed(dials: Dials, address: str) -> None:
    assert await send("https://hooks.test/", [address], allow=["0.0.0.0/0", "::/0"]) == [REFUSAL]
    assert dials == []


@pytest.mark.parametrize("bad", ["127.0.0.1", "::1", "169.254.169.254"])
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_one_bad_address_among_good_ones(dials: Dials, bad: str, place: int) -> None:
    """Fails if `Guard.resolve` refuses only when all are bad."""
    answer = ["8.8.8.8", "2606:4700:4700::1111"]
    assert await send("https://hooks.test/", [*answer[:place], bad, *answer[place:]]) == [REFUSAL]
    assert dials == []


@pytest.mark.parametrize("address", PUBLIC)
async def test_the_watch_sees_what_is_allowed(dials: Dials, address: str) -> None:
    await send("https://hooks.test/", [address])
    assert dials == [address]


async def test_a_name_server_that_changes_its_mind(dials: Dials) -> None:
    """Fails if the name is looked up once to check and once more to connect."""
    first, second = await send("https://hooks.test/", ["8.8.8.8"], ["127.0.0.1"])
    assert isinstance(first, Failure)
    assert second == REFUSAL
    assert dials == ["8.8.8.8"]


@pytest.mark.parametrize("host", SPELLINGS)
def test_on_create(host: str) -> None:
    """Whatever the route is given; `allowed` is empty. Fails if `_literal` lets numbers be names."""
    with pytest.raises(Invalid):
        check_url(f"https://{host}:8443/hook", ())


@pytest.mark.parametrize("host", SPELLINGS)
async def test_delivery_and_test_ping(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Of a webhook whose URL was stored before anybody looked at it. Fails if the guard looks at nothing."""
    dials = Dials(receiver.port)
    dials.watch(monkeypatch)
    url = f"https://{host}:{receiver.port}/hook"
    await add_webhook(database, "w1", url=url, secret=receiver.secret)
    await owe(database, "w1", "msg_1")
    ping = await database.write(lambda c: webhooks.ping(c, "acme", "w1", now=clock.now()))
    async with working(database, quick(webhook_allow_cidrs=(), webhook_retry_schedule=(0,))):
        for each in ("msg_1", ping):
            await reaches(database, each, "dead")
            [made] = await attempts_at(database, each)
            assert (made.status, receiver.secret in made.error) == (None, False)
    assert (dials, receiver.connections) == ([], 0)


async def test_the_watch_and_the_listener_hear_a_delivery(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    dials = Dials(receiver.port)
    dials.watch(monkeypatch)
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)
    await owe(database, "w1", "msg_1")
    async with working(database):
        await reaches(database, "msg_1", "delivered")
    assert (dials, receiver.connections) == (["127.0.0.1"], 1)


async def test_no_proxy_for_https_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails with `trust_env=True`."""
    server, trusted = certificate_for("hooks.test", tmp_path)
    async with Receiver("whsec_AAAA", tls=server) as receiver, Receiver("whsec_AAAA") as proxy:
        for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        loopback = networks(["127.0.0.0/8"])
        async with Client(
            loopback, timeout=5, connections=2, tls=trusted, resolve=lambda host, port: ["127.0.0.1"]
        ) as client:
            reply = await client.send(Request(f"https://hooks.test:{receiver.port}/", {}, b"{}"))
    assert (reply, proxy.connections) == (Answer(200), 0)
