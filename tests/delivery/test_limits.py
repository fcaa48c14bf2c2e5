"""How room is shared, and how fast one webhook may be sent to."""

import random
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.delivery.limits import Limits, allot

DICE = random.Random(1)


def hook(name: str, *, program: str = "acme", max_in_flight: int = 10, per_second: int = 50) -> Any:
    return SimpleNamespace(id=name, program=program, max_in_flight=max_in_flight, per_second=per_second)


@given(
    st.dictionaries(st.sampled_from([f"w{n}" for n in range(12)]), st.integers(0, 10)),
    st.integers(0, 64),
)
def test_nobody_gets_more_than_allowed_and_nobody_less_than_another(
    allowances: dict[str, int], room: int
) -> None:
    hooks = [hook(each) for each in allowances]
    quotas = allot(hooks, room, allowances=allowances, limits=Limits(), dice=DICE)
    assert sum(quotas.values()) <= room
    assert bool(quotas) == bool(room and any(allowances.values()))
    assert all(0 < quota <= allowances[each] for each, quota in quotas.items())
    # Nobody has two more than another who could still have had one.
    left = [quotas.get(each, 0) for each, most in allowances.items() if quotas.get(each, 0) < most]
    assert max(quotas.values(), default=0) <= min(left, default=room) + 1


def test_a_program_with_many_webhooks_gets_no_more_than_one_with_one() -> None:
    many = [hook(f"a{n}", program="a") for n in range(50)]
    allowances = {each.id: 5 for each in many} | {"b": 5}
    quotas = allot([*many, hook("b")], 30, allowances=allowances, limits=Limits(), dice=DICE)
    assert quotas["b"] == 5


@pytest.mark.parametrize("programs", [1, 2, 7])
def test_programs_that_hang_leave_their_share_to_another(programs: int) -> None:
    """Shown to fail by shares that do not look at what is in flight."""
    limits, room = Limits(), 64
    hooks = [hook(f"w{n}", program=f"p{n % programs}", max_in_flight=100) for n in range(21)]
    allowances = {each.id: 100 for each in hooks}
    while quotas := allot(hooks, room, allowances=allowances, limits=limits, dice=DICE):
        for each in hooks:
            for _ in range(quotas.get(each.id, 0)):
                limits.begin(each, now=0)
        room = 64 - limits.in_flight.total()
    assert room >= 64 // (programs + 1) - programs
    assert allot([hook("new", program="new")], room, allowances={"new": 1}, limits=limits, dice=DICE)


def test_a_webhook_that_hangs_leaves_room_to_its_neighbour() -> None:
    limits, hooks = Limits(), [hook("hangs", max_in_flight=100), hook("well")]
    hanging = allot(hooks[:1], 64, allowances={"hangs": 100}, limits=limits, dice=DICE)
    assert hanging == {"hangs": 17}
    limits.in_flight["hangs"] = limits.of_program["acme"] = 17
    assert allot(hooks, 47, allowances={"hangs": 83, "well": 10}, limits=limits, dice=DICE)["well"] >= 7


def test_when_there_is_not_room_for_all_each_has_its_turn() -> None:
    hooks = [hook(f"w{n}") for n in range(20)]
    served = Counter[str]()
    for _ in range(200):
        allowances = {each.id: 1 for each in hooks}
        served.update(allot(hooks, 2, allowances=allowances, limits=Limits(), dice=DICE))
    assert len(served) == 20


@given(st.integers(1, 200), st.lists(st.floats(0, 0.5), min_size=1, max_size=60))
def test_no_second_has_twice_the_limit(per_second: int, pauses: list[float]) -> None:
    limits, webhook, now = Limits(), hook("w", max_in_flight=10_000, per_second=per_second), 0.0
    sent: list[float] = []
    for pause in pauses:
        now += pause
        for _ in range(limits.allowance(webhook, now=now)):
            limits.begin(webhook, now=now)
            sent.append(now)
    for first in sent:
        assert len([each for each in sent if first <= each < first + 1]) <= 2 * per_second


def test_what_is_spent_comes_back() -> None:
    limits, webhook = Limits(), hook("w", per_second=2)
    limits.begin(webhook, now=0)
    assert limits.allowance(webhook, now=0) == 0
    assert limits.refilled_in(now=0) == 0.5
    assert limits.allowance(webhook, now=0.5) == 1
    assert limits.refilled_in(now=0.5) == float("inf")
