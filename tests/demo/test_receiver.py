"""The demo's receiver takes what its secret signed, and nothing else."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest

from app.clock import now
from app.delivery.signing import signed_headers
from app.demo.receiver import Message, Receiver, listening

SECRET = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtMDAwMQ=="
BODY = json.dumps({"type": "handoff.opened", "data": {"id": "ho_1", "partner": {"id": "acme"}}})


def signed(*, secret: str = SECRET, id: str = "msg_1", age: timedelta = timedelta()) -> dict[str, str]:
    return signed_headers(id, now() - age, body=BODY.encode(), secrets=[secret])


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening() as running:
        running.secret = SECRET
        yield running


async def post(receiver: Receiver, headers: dict[str, str], body: str = BODY) -> int:
    async with httpx2.AsyncClient(trust_env=False) as client:
        return (await client.post(receiver.url, content=body.encode(), headers=headers)).status_code


async def test_a_signed_message_is_taken_and_remembered(receiver: Receiver) -> None:
    assert await post(receiver, signed()) == 204
    data = {"id": "ho_1", "partner": {"id": "acme"}}
    assert receiver.messages == {"msg_1": Message("msg_1", "handoff.opened", data)}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(secret="whsec_b3RoZXI="),
        signed() | {"webhook-id": "msg_2"},
        signed(age=timedelta(minutes=6)),
    ],
    ids=["unsigned", "other-secret", "other-id", "too-old"],
)
async def test_anything_else_is_refused(receiver: Receiver, headers: dict[str, str]) -> None:
    assert await post(receiver, headers) == 401
    assert (receiver.messages, receiver.refused) == ({}, 1)


async def test_a_tampered_body_is_refused(receiver: Receiver) -> None:
    assert await post(receiver, signed(), BODY.replace("acme", "evil")) == 401


async def test_without_a_secret_nothing_is_taken(receiver: Receiver) -> None:
    receiver.secret = None
    assert await post(receiver, signed()) == 401


async def test_a_message_that_comes_again_is_told_once(receiver: Receiver) -> None:
    told: list[Message] = []
    receiver.on_message = told.append
    assert [await post(receiver, signed()), await post(receiver, signed())] == [204, 204]
    assert [message.id for message in told] == ["msg_1"]


async def test_one_can_wait_for_hand_offs(receiver: Receiver) -> None:
    await post(receiver, signed())
    assert await receiver.handoffs_opened({"ho_1"}, seconds=5)


async def test_waiting_has_an_end(receiver: Receiver) -> None:
    assert not await receiver.handoffs_opened({"ho_2"}, seconds=0.01)
