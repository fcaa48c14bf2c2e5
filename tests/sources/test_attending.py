"""Comings and goings, in whatever order they arrive, are one attendance."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sources.agreeing import Facts
from app.sources.attending import Fragment, attendance

START = datetime(2026, 3, 12, 15, 0, tzinfo=UTC)
FACTS = {"type": "webinar.attended", "contact": "jo@acme.example", "properties": {"title": "Storage"}}
KEY = "webinar.attended|w-1|jo"

Parts = list[tuple[str, float, str]]


def fragments(parts: Parts) -> list[Fragment]:
    """From ("joined" or "left", minutes after the start, session)."""
    return [
        Fragment(KEY, "joined" if part == "joined" else "left", START + timedelta(minutes=at), session, FACTS)
        for part, at, session in parts
    ]


@pytest.mark.parametrize(
    ("parts", "minutes"),
    [
        ([("joined", 0, "")], None),
        ([("left", 30, "")], None),
        ([("joined", 0, ""), ("left", 42, "")], 42),
        ([("joined", 0, ""), ("left", 42.99, "")], 42),
        ([("joined", 0, "a"), ("left", 10, "a"), ("joined", 20, "b"), ("left", 45, "b")], 35),
        ([("joined", 0, "a"), ("left", 10, "a"), ("joined", 20, "b")], 10),
        (
            [
                ("joined", 0, "telephone"),
                ("joined", 5, "desk"),
                ("left", 40, "desk"),
                ("left", 45, "telephone"),
            ],
            45,
        ),
        ([("joined", 0, "a"), ("joined", 20, "b"), ("left", 30, "b")], 10),
        ([("joined", 0, "a"), ("left", 30, "other")], 30),
        ([("joined", 0, "a"), ("joined", 20, "b"), ("left", 30, "a")], 30),
        ([("left", 0, "a"), ("joined", 10, "b"), ("left", 20, "b")], 10),
        ([("joined", 0, "a"), ("left", 0.5, "a"), ("joined", 1, "b"), ("left", 1.5, "b")], 1),
    ],
)
def test_minutes_are_those_in_which_somebody_was_there(parts: Parts, minutes: int | None) -> None:
    event = attendance(fragments(parts))
    assert event.properties == {"title": "Storage"} | ({} if minutes is None else {"minutes": minutes})


def test_it_happened_when_they_first_came() -> None:
    event = attendance(fragments([("left", 42, ""), ("joined", 3, "")]))
    assert (event.occurred_at, event.type, event.contact) == (
        START + timedelta(minutes=3),
        "webinar.attended",
        "jo@acme.example",
    )


PARTS = st.lists(
    st.tuples(st.sampled_from(["joined", "left"]), st.integers(0, 90), st.sampled_from(["a", "b", ""])),
    min_size=1,
    max_size=6,
    unique=True,
)


@given(PARTS.flatmap(lambda parts: st.tuples(st.just(parts), st.permutations(parts))))
def test_the_order_of_arrival_does_not_matter(parts: tuple[Parts, Parts]) -> None:
    in_time, shuffled = parts
    assert attendance(fragments(in_time)) == attendance(fragments(shuffled))


WHO = st.fixed_dictionaries(
    {"properties": st.dictionaries(st.sampled_from("xy"), st.integers(0, 2))},
    optional={
        "contact": st.sampled_from(["zoom:r1", "zoom:r2", "Jo@acme.example", "jim@acme.example", None]),
        "partner": st.sampled_from(["p1", "p2"]),
    },
)


@given(st.lists(st.tuples(PARTS.map(lambda parts: parts[0]), WHO), min_size=1, max_size=4), st.data())
def test_who_it_was_does_not_depend_on_the_order(
    told: list[tuple[tuple[str, float, str], Facts]], data: st.DataObject
) -> None:
    """An address goes before another name; all facts that change, the id names."""
    known: Facts = {"type": "webinar.attended", "partner": "p3"}
    several = [replace(fragments([part])[0], facts={**known, **who}) for part, who in told]
    events = {attendance(data.draw(st.permutations(several))).model_dump_json() for _ in range(3)}
    assert len(events) == 1
    contacts = [who["contact"] for _, who in told if who.get("contact")]
    contact = attendance(several).contact
    assert ("@" in str(contact)) == any("@" in each for each in contacts)
    one, all_ = attendance(several[:1]), attendance(several)
    assert (one.id == all_.id) == (one == all_)


@given(PARTS)
def test_the_id_begins_with_the_key_and_names_all_that_changes(parts: Parts) -> None:
    grown = [attendance(fragments(parts[: n + 1])) for n in range(len(parts))]
    assert all(event.id.startswith(f"{KEY}|") for event in grown)
    assert all((one.id == other.id) == (one == other) for one, other in pairwise(grown))


@given(PARTS)
def test_nobody_attends_longer_than_from_first_to_last(parts: Parts) -> None:
    times = [at for _, at, _ in parts]
    assert attendance(fragments(parts)).properties.get("minutes", 0) <= max(times) - min(times)
