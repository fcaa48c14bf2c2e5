"""The checkers are worth something: each planted fault is found by the one that is meant for it."""

from collections.abc import Callable
from typing import Any

import pytest

from app import store
from app.scoring.explain import explain_each
from app.services import recording
from app.services.arithmetic import add_event
from tests.proof import checkers
from tests.proof.storm import Storm, prepare
from tests.support.service import running

Plant = Callable[[pytest.MonkeyPatch], None]


def counts_late_events_twice(patch: pytest.MonkeyPatch) -> None:
    """Points depend on when an event arrives."""

    def added(counts: Any, rules: Any, partner: str, event: Any, *, times: int = 1) -> Any:
        late = rules.day_of(event.occurred_at) < rules.day_of(event.received_at)
        return add_event(counts, rules, partner, event, times=times * (1 + late))

    patch.setattr("app.services.counting.add_event", added)


def forgets_who_is_parked(patch: pytest.MonkeyPatch) -> None:
    """What waits for a contact or domain goes on waiting."""
    patch.setattr(store.parked, "of_contact", lambda *_: [])


def gives_places_twice(patch: pytest.MonkeyPatch) -> None:
    """Every change takes the first place of the feed."""
    patch.setattr(store.programs, "take_positions", lambda *_: 1)


def says_accepted_always(patch: pytest.MonkeyPatch) -> None:
    """A repeat is told as if it were new."""
    patch.setattr(recording, "_status", lambda *_, **__: "accepted")


def explains_yesterday(patch: pytest.MonkeyPatch) -> None:
    """A hand-off's lines are those of another day."""

    def explained(*args: Any, as_of: int, **named: Any) -> Any:
        return explain_each(*args, as_of=as_of - 1, **named)

    patch.setattr("app.services.reasons.explain_each", explained)


FAULTS: list[tuple[Plant, Any]] = [
    (counts_late_events_twice, checkers.scores_are_the_oracles),
    (forgets_who_is_parked, checkers.scores_are_the_oracles),
    (gives_places_twice, checkers.the_feed_skipped_nobody),
    (says_accepted_always, checkers.each_was_taken_once),
    (explains_yesterday, checkers.each_call_is_explained),
]


@pytest.mark.parametrize(("fault", "checker"), FAULTS)
async def test_a_planted_fault_is_found(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, fault: Plant, checker: Any
) -> None:
    """Planted: each of FAULTS. Without any, test_concurrency finds nothing."""
    fault(monkeypatch)
    storm = Storm(seed=1, batches=3)
    async with running(sqlite_url) as service, service.client(await service.program()) as client:
        await prepare(client)
        await storm.rages([client])
        with pytest.raises(AssertionError):
            await checker(storm, client, sqlite_url)
