"""The burst rule over what sources post: also the clicks that came earlier, and were taken for a person's."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from sqlalchemy import Connection

from app import store
from app.services.verdicts import Change, judge
from app.sources.machines import BURST, Click, burst, clicked
from app.store.clicks import Window
from app.store.ledger import LedgerEvent

REASON = f"in a burst: different links of one message within {BURST.seconds} seconds"


def judge_bursts(
    connection: Connection, program: str, source: str, new: Sequence[LedgerEvent]
) -> list[Change]:
    """Give all clicks the verdict `machine` that are in a burst with one of the `new` events of the source.

    What a person has said of a click stands, and those without a time of their own are left alone. Holds the
    contacts, so that of two clicks at the same moment the later sees the other.
    """
    clicks = [
        event for event in new if event.contact and event.has_time and clicked(event.type, event.properties)
    ]
    if not clicks:
        return []
    store.locks.hold(connection, program, "contact", {str(click.contact) for click in clicks})
    windows = list(_windows(clicks))
    near = [click for click in store.clicks.within(connection, program, source, windows) if click.has_time]
    suspects = _in_bursts(near) & {event.id for event in near if _is_open(event)}
    if not suspects:
        return []
    held = store.ledger.hold(connection, program, source, suspects).values()
    changes = [
        Change(event, event._replace(verdict="machine", verdict_reason=REASON))
        for event in held
        if _is_open(event)
    ]
    judge(connection, changes)
    return changes


def _is_open(event: LedgerEvent) -> bool:
    """Whether the rule may judge it: it counts or will count, and no person has said so."""
    return event.verdict in {"human", "settling"} and event.judged_by is None


def _windows(clicks: Iterable[LedgerEvent]) -> Iterator[Window]:
    """Where a click may be that makes a burst with one of these; windows that overlap become one."""
    ordered = sorted((str(click.contact), click.occurred_at) for click in clicks)
    for contact, times in groupby(ordered, key=lambda each: each[0]):
        first = last = None
        for _, at in times:
            if last is not None and first is not None and at - BURST > last:
                yield Window(contact, first, last)
                first = None
            first, last = first or at - BURST, at + BURST
        if first is not None and last is not None:
            yield Window(contact, first, last)


def _in_bursts(near: Iterable[LedgerEvent]) -> set[str]:
    """The ids of those that are in a burst."""
    messages: dict[tuple[str | None, str], list[Click]] = {}
    for event in near:
        if found := clicked(event.type, event.properties):
            message, link = found
            clicks = messages.setdefault((event.contact, message), [])
            clicks.append(Click(event.id, link, event.occurred_at))
    return {id_ for clicks in messages.values() for id_ in burst(clicks)}
