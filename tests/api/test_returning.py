"""A commit waits for those who come back, and gives up where nobody does."""

import asyncio

import pytest

from app.api import returning
from app.api.returning import MOST_SKIPPED, Returning

SECONDS = 20
LONG = 600.0


@pytest.fixture
def parts() -> list[int]:
    """What waits."""
    return []


@pytest.fixture
def patient(parts: list[int], monkeypatch: pytest.MonkeyPatch) -> Returning:
    """One that waits for longer than any test takes."""
    for name in ("LONGEST_WAIT", "MOMENT"):
        monkeypatch.setattr(returning, name, LONG)
    return Returning(parts)


async def in_vain(waiting: Returning, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it wait for somebody who does not come."""
    with monkeypatch.context() as impatient:
        impatient.setattr(returning, "MOMENT", 0)
        await at_once(waiting, expected=2)


async def at_once(waiting: Returning, *, expected: int) -> None:
    """It does not wait."""
    async with asyncio.timeout(SECONDS):
        await waiting.wait(expected, took=LONG)


async def begun(waiting: Returning, *, expected: int) -> asyncio.Task[None]:
    """A wait that lasts."""
    task = asyncio.create_task(waiting.wait(expected, took=LONG))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    return task


async def ended(task: asyncio.Task[None]) -> None:
    """A wait that has lasted."""
    async with asyncio.timeout(SECONDS):
        await task


async def test_until_all_are_there(patient: Returning, parts: list[int]) -> None:
    task = await begun(patient, expected=3)
    for number in range(3):
        assert not task.done()
        parts.append(number)
        patient.arrived()
    await ended(task)


async def test_not_for_those_who_are_there(patient: Returning, parts: list[int]) -> None:
    parts += [1, 2]
    await at_once(patient, expected=2)


async def test_less_and_less_where_nobody_comes(
    patient: Returning, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And as before, once somebody does."""
    skips = [1, 3, 7, 15, 31, MOST_SKIPPED, MOST_SKIPPED]
    for skipped in skips:
        await in_vain(patient, monkeypatch)
        for _ in range(skipped):
            await at_once(patient, expected=2)
    task = await begun(patient, expected=2)
    parts += [1, 2]
    patient.arrived()
    await ended(task)
    parts.clear()
    (await begun(patient, expected=2)).cancel()
