"""Attendances: fragments are kept as they come, and one event at a time stands for all those of a key."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from app import store
from app.services.verdicts import Change, judge
from app.sources.agreeing import agreed
from app.sources.attending import Fragment, attendance
from app.sources.event import NewEvent
from app.store.fragments import FragmentRow, Identity
from app.store.ledger import LedgerEvent


@dataclass(frozen=True)
class Attended:
    """The event that a key's fragments come to now, and the ids of those that stood for them before."""

    event: NewEvent
    before: Collection[str] = ()


def keep_fragments(
    connection: Connection, program: str, source: str, fragments: Sequence[Fragment]
) -> dict[str, Attended]:
    """Keep what the fragments tell that is new; what each key comes to with it.

    Holds the keys, so that of two fragments at the same moment the later sees the other.
    """
    if not fragments:
        return {}
    arrived: dict[str, list[Fragment]] = {}
    for fragment in fragments:
        arrived.setdefault(fragment.key, []).append(fragment)
    store.locks.hold(connection, program, "attendance", arrived)
    known: dict[str, list[FragmentRow]] = {key: [] for key in arrived}
    for row in store.fragments.of_keys(connection, program, source, arrived):
        known[row.key].append(row)
    attended, rows = {}, []
    for key, before in known.items():
        told = _told(before, [_row(program, source, fragment) for fragment in arrived[key]])
        stored = {row.identity: row for row in before}
        new = [row for identity, row in told.items() if stored.get(identity) != row]
        event = attendance([_fragment(row) for row in told.values()])
        stood = {row.event for row in before}
        # Without anything new it is another event if the person was erased in between.
        is_other = bool(new) or event.id not in stood
        attended[key] = Attended(event, stood - {event.id} if is_other else ())
        rows += [row._replace(event=event.id) for row in new]
    if rows:
        store.fragments.save(connection, rows)
    return attended


def supersede(
    connection: Connection, program: str, source: str, attended: Iterable[Attended]
) -> list[Change]:
    """Let each attendance's event stand alone: it takes over the verdict of the one before.

    So what a person has said of an attendance holds however long it becomes.
    """
    replacing = [each for each in attended if each.before]
    if not replacing:
        return []
    ids = {id_ for each in replacing for id_ in (each.event.id, *each.before)}
    held = store.ledger.hold(connection, program, source, ids)
    changes = [change for each in replacing for change in _replacement(each, held)]
    judge(connection, changes)
    return changes


def _replacement(attended: Attended, held: Mapping[str, LedgerEvent]) -> list[Change]:
    current = held.get(attended.event.id)
    before = [held[id_] for id_ in sorted(attended.before) if id_ in held]
    standing = [event for event in before if event.verdict != "superseded"]
    if current is None or not standing:
        return []
    reason = f"replaced by {current.id}"
    # What a person said of this very event, when it stood before, goes before what holds for the others.
    last = next((each for each in (current, *reversed(standing)) if each.judged_by), standing[-1])
    said = {name: getattr(last, name) for name in ("verdict", "verdict_reason", "judged_by")}
    return [
        Change(current, current._replace(**said)),
        *(
            Change(each, each._replace(verdict="superseded", verdict_reason=reason, judged_by=None))
            for each in standing
        ),
    ]


def _told(before: Iterable[FragmentRow], arrived: Iterable[FragmentRow]) -> dict[Identity, FragmentRow]:
    """The fragments with what has arrived: one that is told again has all that was ever told of it."""
    found = {row.identity: row for row in before}
    for row in arrived:
        known = found.setdefault(row.identity, row)
        found[row.identity] = _with_facts(known, agreed([_facts(known), _facts(row)]))
    return found


def _row(program: str, source: str, fragment: Fragment) -> FragmentRow:
    """As it is stored, but for the event, which it takes all fragments to tell."""
    row = FragmentRow(
        program=program,
        source=source,
        key=fragment.key,
        part=fragment.part,
        at=fragment.at,
        session=fragment.session,
        contact=None,
        facts={},
        event="",
    )
    return _with_facts(row, fragment.facts)


def _with_facts(row: FragmentRow, facts: Mapping[str, Any]) -> FragmentRow:
    others = {name: value for name, value in facts.items() if name != "contact"}
    return row._replace(contact=facts.get("contact"), facts=others)


def _facts(row: FragmentRow) -> dict[str, Any]:
    return {**row.facts, "contact": row.contact}


def _fragment(row: FragmentRow) -> Fragment:
    return Fragment(row.key, row.part, row.at, row.session, _facts(row))
