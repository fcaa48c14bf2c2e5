"""The guard: no connection to a refused address whatever the name says, and TLS still checks the name."""

import asyncio
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.delivery.client import Client, Request
from app.delivery.reply import Answer, Failure, Reply
from app.services.addresses import Network, networks
from tests.delivery.certificate import certificate_for
from tests.support.receiver import Receiver

NOTHING = networks(())
LOOPBACK = networks(("127.0.0.0/8",))
REFUSED = Failure("the host has an address that webhooks may not reach")


class Names:
    """A resolver of our own, that remembers what it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0)


async def send(
    url: str, allowed: Sequence[Network], *, names: Names | None = None, tls: ssl.SSLContext | None = None
) -> Reply:
    resolve = {"resolve": names} if names else {}
    async with Client(allowed, timeout=5, connections=2, tls=tls, **resolve) as client:
        return await client.send(Request(url, {}, b"{}"))


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "[::ffff:127.0.0.1]",
    ],
)
async def test_every_spelling_of_a_refused_address(receiver: Receiver, scheme: str, host: str) -> None:
    # To httpx2 or to a resolver some of these are no hosts at all, which is as good.
    assert isinstance(await send(f"{scheme}://{host}:{receiver.port}/hook", NOTHING), Failure)
    assert receiver.connections == 0


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"]])
async def test_one_bad_address_is_enough(receiver: Receiver, answers: list[str]) -> None:
    names = Names(answers)
    assert await send(f"https://hooks.test:{receiver.port}/", NOTHING, names=names) == REFUSED
    assert receiver.connections == 0


async def test_metadata_stays_closed_where_its_network_is_allowed() -> None:
    everything = networks(("0.0.0.0/0",))
    assert await send("http://169.254.169.254/latest/meta-data/", everything) == REFUSED


async def test_the_name_is_resolved_once_and_that_address_dialled(receiver: Receiver) -> None:
    rebinding = Names(["127.0.0.1"], ["169.254.169.254"])
    assert await send(f"http://hooks.test:{receiver.port}/", LOOPBACK, names=rebinding) == Answer(200)
    assert rebinding.asked == ["hooks.test"]
    assert receiver.messages[0].headers["host"] == f"hooks.test:{receiver.port}"


async def test_plain_http_goes_only_to_allowed_networks() -> None:
    names = Names(["8.8.8.8"], ["127.0.0.1", "8.8.8.8"])
    assert await send("http://hooks.test/", LOOPBACK, names=names) == REFUSED
    assert await send("http://hooks.test/", LOOPBACK, names=names) == REFUSED


async def test_the_next_address_is_tried_when_one_does_not_answer(receiver: Receiver) -> None:
    names = Names(["127.0.0.2", "127.0.0.1"])
    assert await send(f"http://hooks.test:{receiver.port}/", LOOPBACK, names=names) == Answer(200)


async def test_a_name_that_does_not_resolve() -> None:
    assert await send("https://does-not-exist.invalid/", NOTHING) == Failure("the host name does not resolve")


async def test_resolvers_that_hang_hold_up_nobody_else(receiver: Receiver) -> None:
    """They go on after the attempt was given up. Shown to fail with a lookup for each attempt."""
    release = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        if host == "slow.test":
            release.wait()
        return ["127.0.0.1"]

    async with Client(LOOPBACK, timeout=1, connections=8, resolve=resolve) as client:
        slow, fast = (
            Request(f"http://{host}:{receiver.port}/", {}, b"{}") for host in ("slow.test", "hooks.test")
        )
        try:
            for _ in range(2):
                given_up = await asyncio.gather(*(client.send(slow) for _ in range(7)))
                assert not [reply for reply in given_up if isinstance(reply, Answer)]
            assert await client.send(fast) == Answer(200)
        finally:
            release.set()


@pytest.mark.parametrize(("host", "reply"), [("hooks.test", Answer(200)), ("other.test", None)])
async def test_the_certificate_must_be_the_names(tmp_path: Path, host: str, reply: Reply | None) -> None:
    server, client = certificate_for("hooks.test", tmp_path)
    async with Receiver("whsec_AAAA", tls=server) as receiver:
        sent = await send(
            f"https://{host}:{receiver.port}/", LOOPBACK, names=Names(["127.0.0.1"]), tls=client
        )
    if reply:
        assert sent == reply
    else:
        assert isinstance(sent, Failure)
        assert "certificate" in sent.error.lower()
        assert receiver.messages == []
