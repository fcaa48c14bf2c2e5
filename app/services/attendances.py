"""Attendances: fragments are kept as they come, and one event at a time stands for all those of a key."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from app import store
from app.services.verdicts import Change, judge
from app.sources.attending import Fragment, attendance
from app.sources.event import NewEvent, contact_key
from app.store.fragments import FragmentRow
from app.store.ledger import LedgerEvent


@dataclass(frozen=True)
class Attended:
    """The event that a key's fragments come to now, and the ids of those that stood for them before."""

    event: NewEvent
    before: Collection[str] = ()


def keep_fragments(
    connection: Connection, program: str, source: str, fragments: Sequence[Fragment]
) -> dict[str, Attended]:
    """Keep those fragments that are new; what each key comes to with them.

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
        new = _new(before, [_row(program, source, fragment) for fragment in arrived[key]])
        event = attendance([_fragment(row) for row in (*before, *new)])
        attended[key] = Attended(event, {row.event for row in before} - {event.id} if new else ())
        rows += [row._replace(event=event.id) for row in new]
    if rows:
        store.fragments.add(connection, rows)
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
    last = standing[-1]
    said = {name: getattr(last, name) for name in ("verdict", "verdict_reason", "judged_by")}
    return [
        Change(current, current._replace(**said)),
        *(
            Change(each, each._replace(verdict="superseded", verdict_reason=reason, judged_by=None))
            for each in standing
        ),
    ]


def _new(before: Iterable[FragmentRow], rows: Iterable[FragmentRow]) -> list[FragmentRow]:
    known = {row.identity for row in before}
    return list({row.identity: row for row in rows if row.identity not in known}.values())


def _row(program: str, source: str, fragment: Fragment) -> FragmentRow:
    """As it is stored, but for the event, which it takes all fragments to tell."""
    facts = dict(fragment.facts)
    contact = facts.pop("contact", None)
    return FragmentRow(
        program=program,
        source=source,
        key=fragment.key,
        part=fragment.part,
        at=fragment.at,
        session=fragment.session,
        contact=contact_key(contact) if contact else None,
        facts=facts,
        event="",
    )


def _fragment(row: FragmentRow) -> Fragment:
    return Fragment(row.key, row.part, row.at, row.session, {**row.facts, "contact": row.contact})
