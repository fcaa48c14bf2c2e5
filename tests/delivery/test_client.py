"""One attempt at a real receiver: what counts as an answer, and that nothing takes longer than it may."""

import asyncio
import time

import pytest

from app.delivery.client import KEPT_BYTES, Client, Request
from app.delivery.reply import Answer, Failure
from app.services.addresses import networks
from tests.support.receiver import Receiver, Reply, answer, drop, endless_headers, hang, trickle

LOOPBACK = networks(("127.0.0.0/8",))
TIMEOUT = 0.5
MEGABYTE = b"x" * 1024 * 1024


async def send(url: str, *, within: float = TIMEOUT) -> Answer | Failure:
    async with Client(LOOPBACK, timeout=within, connections=4) as client:
        return await client.send(Request(url, {"webhook-id": "msg_1"}, b'{"a": 1}'))


async def test_the_bytes_arrive_as_they_are(receiver: Receiver) -> None:
    assert await send(receiver.url + "?key=a%20b") == Answer(200)
    [message] = receiver.messages
    assert (message.path, message.body, message.id) == ("/hook?key=a%20b", b'{"a": 1}', "msg_1")
    assert message.headers["content-type"] == "application/json"
    assert message.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (answer(204), Answer(204)),
        (answer(500, body=b"sorry"), Answer(500, "sorry")),
        (answer(429, headers={"Retry-After": "7"}), Answer(429, retry_after="7")),
        (answer(200, headers={"Webhook-Delivery": "disable"}), Answer(200, directive="disable")),
        (answer(200, body=MEGABYTE), Answer(200, "x" * KEPT_BYTES)),
        (answer(200, body=b"a\0\xff\xc3"), Answer(200, "a\ufffd\ufffd\ufffd")),
        (
            answer(200, body=b"\x1f\x8b not gzip", headers={"Content-Encoding": "gzip"}),
            Answer(200, "\x1f\ufffd not gzip"),
        ),
        (answer(200, headers={"content-length": "10"}, body=b"short"), Answer(200, "short")),
    ],
)
async def test_answers(receiver: Receiver, reply: Reply, outcome: Answer) -> None:
    receiver.replies.append(reply)
    assert await send(receiver.url) == outcome


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_never_followed(receiver: Receiver, status: int) -> None:
    receiver.replies.append(
        answer(status, headers={"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"})
    )
    assert await send(receiver.url) == Answer(status)
    assert [message.path for message in receiver.messages] == ["/hook"]


@pytest.mark.parametrize("reply", [hang, answer(200, after=TIMEOUT + 0.5)])
async def test_no_answer_in_time(receiver: Receiver, reply: Reply) -> None:
    receiver.replies.append(reply)
    start = time.monotonic()
    assert await send(receiver.url) == Failure("no answer within 0.5 s", timed_out=True)
    assert time.monotonic() - start < TIMEOUT + 1


async def test_a_body_that_trickles_is_cut_off_but_the_status_counts(receiver: Receiver) -> None:
    receiver.replies.append(trickle)
    start = time.monotonic()
    outcome = await send(receiver.url)
    assert isinstance(outcome, Answer)
    assert outcome.status == 200
    assert time.monotonic() - start < TIMEOUT + 1


@pytest.mark.parametrize("reply", [drop, endless_headers, answer(99)])
async def test_what_is_no_answer_is_a_failure(receiver: Receiver, reply: Reply) -> None:
    receiver.replies.append(reply)
    outcome = await send(receiver.url, within=5)
    assert isinstance(outcome, Failure)
    assert not outcome.timed_out


async def test_nobody_listens() -> None:
    async with Receiver("whsec_AAAA") as receiver:
        url = receiver.url
    outcome = await send(url)
    assert isinstance(outcome, Failure)
    assert not outcome.timed_out


async def test_a_connection_is_used_again(receiver: Receiver) -> None:
    async with Client(LOOPBACK, timeout=5, connections=4) as client:
        for _ in range(3):
            await client.send(Request(receiver.url, {}, b"{}"))
    assert (len(receiver.messages), receiver.connections) == (3, 1)


async def test_a_receiver_that_hangs_holds_up_nobody_else(receiver: Receiver) -> None:
    async with (
        Receiver("whsec_AAAA", always=hang) as dead,
        Client(LOOPBACK, timeout=5, connections=4) as client,
    ):
        stuck = [asyncio.create_task(client.send(Request(dead.url, {}, b"{}"))) for _ in range(3)]
        await dead.received(3)
        async with asyncio.timeout(2):
            assert await client.send(Request(receiver.url, {}, b"{}")) == Answer(200)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)


async def test_proxies_of_the_environment_are_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Receiver("whsec_AAAA") as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert await send(receiver.url) == Answer(200)
        assert (len(receiver.messages), proxy.connections) == (1, 0)
