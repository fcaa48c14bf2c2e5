"""Receivers that do their worst: an attempt ends in time, keeps little, and is recorded (fault 22, 23)."""

import asyncio
import socket
import tracemalloc

import pytest

from app.db import Database
from app.delivery.client import KEPT_BYTES, Client, Request
from app.delivery.reply import Answer, Failure
from app.services.addresses import networks
from tests.delivery.owing import add_webhook, attempts_at, owe, quick, reaches, working
from tests.support.receiver import (
    Receiver,
    Reply,
    answer,
    drop,
    endless_headers,
    flood,
    gzip_bomb,
    hang,
    packed,
    reset,
    slow_headers,
    trickle,
)

LOOPBACK = networks(("127.0.0.0/8",))
TIMEOUT = 1.5
MEGABYTE = 1024 * 1024
AT_ONCE = 8

WORST: dict[str, Reply] = {
    "in time": answer(200, after=TIMEOUT - 1),
    "too late": answer(200, after=TIMEOUT + 1),
    "never": hang,
    "a byte at a time": trickle,
    "100 MB": flood,
    "gzip bomb": gzip_bomb,
    "endless headers": endless_headers,
    "slow headers": slow_headers,
    "reset after the answer": reset,
    "reset before it": drop,
}
ANSWERED = {"in time", "a byte at a time", "100 MB", "gzip bomb", "reset after the answer"}
SLOW = {"too late", "never", "slow headers"}


async def send(url: str) -> Answer | Failure:
    async with Client(LOOPBACK, timeout=TIMEOUT, connections=AT_ONCE) as client:
        return await client.send(Request(url, {"webhook-id": "msg_1"}, b"{}"))


@pytest.mark.parametrize("name", WORST)
async def test_an_attempt_ends_in_time_and_keeps_little(receiver: Receiver, name: str) -> None:
    """Fails if `_beginning` reads without `timeout_at`, or keeps every chunk."""
    receiver.always = WORST[name]
    packed()
    async with asyncio.timeout(TIMEOUT + 1):
        reply = await send(receiver.url)
    if name in ANSWERED:
        assert isinstance(reply, Answer)
        assert (reply.status, len(reply.text) <= KEPT_BYTES) == (200, True)
    else:
        assert isinstance(reply, Failure)
        assert reply.timed_out == (name in SLOW)


@pytest.mark.parametrize("name", ["100 MB", "gzip bomb", "endless headers"])
async def test_memory_stays_flat(receiver: Receiver, name: str) -> None:
    """Fails if `_beginning` keeps all that it reads, or with `auto_decompress`."""
    receiver.always = WORST[name]
    async with Client(LOOPBACK, timeout=TIMEOUT, connections=AT_ONCE) as client:
        await client.send(Request(receiver.url, {}, b"{}"))
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        await asyncio.gather(*(client.send(Request(receiver.url, {}, b"{}")) for _ in range(AT_ONCE)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak - before < AT_ONCE * MEGABYTE


async def test_what_nobody_keeps_is_not_read(receiver: Receiver) -> None:
    """Fails if `_beginning` reads on after READ_BYTES. Between the two, systems buffer some megabytes."""
    taken = 0

    async def count(writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n")
        while taken < 100_000_000:
            writer.write(bytes(1_000_000))
            await writer.drain()
            taken += 1_000_000

    receiver.always = count
    assert isinstance(await send(receiver.url), Answer)
    assert taken < 20_000_000


async def test_a_server_that_does_not_speak_tls(receiver: Receiver) -> None:
    reply = await send(receiver.url.replace("http:", "https:"))
    assert isinstance(reply, Failure)
    assert receiver.messages == []


async def test_a_tls_handshake_that_never_ends() -> None:
    """The system takes the connection, and nobody speaks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with asyncio.timeout(TIMEOUT + 1):
            reply = await send(f"https://127.0.0.1:{listener.getsockname()[1]}/")
    assert isinstance(reply, Failure)
    assert reply.timed_out


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_recorded_and_its_target_never_heard_of(
    database: Database, receiver: Receiver, status: int
) -> None:
    """Fails with `allow_redirects=True`."""
    async with Receiver(receiver.secret) as target:
        for each in (target.url, "http://169.254.169.254/latest/meta-data/"):
            receiver.replies.append(answer(status, headers={"Location": each}))
        receiver.always = answer(status, headers={"Location": target.url})
        await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)
        await owe(database, "w1", "msg_1")
        async with working(database):
            await reaches(database, "msg_1", "dead")
        assert target.connections == 0
    assert [each.status for each in await attempts_at(database, "msg_1")] == [status] * 3


@pytest.mark.parametrize("name", WORST)
async def test_the_worker_records_what_came(database: Database, receiver: Receiver, name: str) -> None:
    receiver.always = WORST[name]
    await add_webhook(database, "w1", url=receiver.url, secret=receiver.secret)
    await owe(database, "w1", "msg_1")
    settings = quick(webhook_timeout=TIMEOUT, webhook_retry_schedule=(0,))
    async with working(database, settings):
        row = await reaches(database, "msg_1", "delivered" if name in ANSWERED else "dead")
    [made] = await attempts_at(database, "msg_1")
    assert (row.attempts, made.status) == (1, 200 if name in ANSWERED else None)
    assert made.milliseconds < (TIMEOUT + 1) * 1000
    assert len(made.answer or "") <= KEPT_BYTES
