"""Whatever arrives first, events or what is told about people, the scores are the same."""

from collections.abc import Sequence
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.services.introducing import introduce
from app.services.recording import record
from app.sources.adapter import Introduction
from app.sources.event import NewEvent
from tests.support.play import Play

DOMAINS = {"p1": ["p1.example"], "p2": ["p2.example"], "p3": ["both.example"], "p4": ["both.example"]}
PEOPLE: dict[str | None, Sequence[tuple[str, ...]]] = {
    "p1": [("user-1", "anon-1", "mautic:1", "jo@p1.example"), ("user-2", "anon-2", "li@gmail.com")],
    "p2": [("user-3", "anon-3", "hubspot:3", "al@p2.example", "al@both.example")],
    None: [("user-4", "anon-4", "bo@both.example")],
}
"""The names of some people by the partner whom they work for; nobody knows the last one's."""

Fact = NewEvent | Introduction


@st.composite
def facts(draw: st.DrawFn) -> list[Fact]:
    """What happens and what is told, in any order; nothing is told twice, so nothing may get lost."""
    found: list[Fact] = []
    for partner, people in PEOPLE.items():
        for names in people:
            told = [
                draw(st.permutations([name, draw(st.sampled_from(names[:n]))]))
                for n, name in enumerate(names)
                if n
            ]
            some = draw(st.lists(st.sampled_from(told), min_size=2, unique_by=tuple))
            found += [Introduction(contact, (alias,)) for contact, alias in some]
            if partner and draw(st.booleans()):
                found.append(Introduction(draw(st.sampled_from(names)), partner=partner))
            for number, contact in enumerate(draw(st.lists(st.sampled_from(names), min_size=2, max_size=4))):
                found.append(
                    NewEvent(id=f"{contact}-{number}", type="page.viewed", contact=contact, source="s")
                )
    return draw(st.permutations(found))


def expected(facts_: Sequence[Fact]) -> dict[str, float]:
    """How many events count for each partner, by who is known to be whom once everything is told."""
    groups = [{name} for people in PEOPLE.values() for names in people for name in names]
    partners: dict[str, str] = {}
    for told in (fact for fact in facts_ if isinstance(fact, Introduction)):
        joined = [group for group in groups if group & {told.contact, *told.aliases}]
        groups = [group for group in groups if group not in joined] + [set().union(*joined)]
        if told.partner:
            partners[told.contact] = told.partner
    owners = {domain: partner for partner, (domain,) in DOMAINS.items() if domain != "both.example"}
    scores = dict.fromkeys(DOMAINS, 0.0)
    for event in (fact for fact in facts_ if isinstance(fact, NewEvent)):
        group = next(group for group in groups if event.contact in group)
        said = {partners[name] for name in group if name in partners}
        owning = {owners[domain] for name in group if (domain := name.partition("@")[2]) in owners}
        for partner in said or owning:
            scores[partner] += 1
    return scores


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arriving=facts(), size=st.sampled_from([2, 10]))
def test_in_any_order(faulty: Play, arriving: list[Fact], size: int) -> None:
    """In requests of so many items, whose introductions are learnt first."""
    play = Play(faulty.run, f"program-{uuid4().hex}")
    play.activate({"handoff": None})
    for partner, domains in DOMAINS.items():
        play.put(partner, domains=domains)
    for start in range(0, len(arriving), size):
        request = arriving[start : start + size]
        play.do(introduce, [each for each in request if isinstance(each, Introduction)])
        play.do(record, [each for each in request if isinstance(each, NewEvent)])
    assert play.scores() == expected(arriving)
    assert play.differences() == []
