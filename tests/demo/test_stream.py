"""The fortnight is in order and comes to the same number of hand-offs whenever it is played."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demo.run import RUBRIC, SEED
from app.demo.stories import HOT_PARTNERS
from app.demo.stream import STRANGERS, Batch, fortnight
from app.demo.world import make_partners
from app.scoring.crossing import is_fresh
from app.scoring.days import day_of
from app.scoring.explain import explain
from app.scoring.price import PriceList
from app.scoring.reading import read_rubric
from app.scoring.signal import SignalSet, signals_of
from app.scoring.tally import Adjustments, Tallies
from app.sources.adapter import Incoming
from app.sources.event import NewEvent
from app.sources.sendgrid.adapter import SendGrid

NOW = datetime(2026, 3, 12, 15, 30, tzinfo=UTC)
MINUTES = st.integers(0, 5 * 365 * 24 * 60)
PARTNERS = make_partners(SEED)
PARTNER_OF = {contact.email: partner.id for partner in PARTNERS for contact in partner.contacts}
BATCHES = fortnight(PARTNERS, now=NOW, seed=SEED)
READ = read_rubric(RUBRIC)
PRICES = PriceList(READ)
SIGNALS = SignalSet(signals_of(READ))
THRESHOLD = 25

History = list[NewEvent]


def events_of(batch: Batch) -> list[NewEvent]:
    if batch.feed == "events":
        return [NewEvent.model_validate(item) for item in batch.items]
    incoming = Incoming({}, json.dumps(batch.items).encode(), {})
    return SendGrid().translate(incoming, {}, received_at=batch.at).events


def histories(batches: Iterable[Batch]) -> dict[str, History]:
    """The human events of each partner, as the service would have them."""
    once = {event.id: event for batch in batches for event in events_of(batch) if event.verdict == "human"}
    found: dict[str, History] = {}
    for event in once.values():
        partner = event.partner or PARTNER_OF.get(event.contact or "")
        if partner:
            found.setdefault(partner, []).append(event)
    return found


def keys(event: NewEvent) -> list[int]:
    return SIGNALS.matching(event.type, event.properties, None)


def score(history: History, now: datetime) -> float:
    days = [(day_of(event.occurred_at or now, READ.zone), event) for event in history]
    tallies = Tallies.of((0, key, day, 1) for day, event in days for key in keys(event))
    today = day_of(now, READ.zone)
    return explain(READ, PRICES, tallies, adjustments=Adjustments.of([]), as_of=today).score


def uncut(history: History) -> float:
    """Points as if nothing faded and no cap held."""
    return sum(PRICES.earns(keys(event)) for event in history) / 1000


def test_the_same_seed_and_now_make_the_same_stream() -> None:
    assert fortnight(PARTNERS, now=NOW, seed=SEED) == BATCHES


def test_it_is_in_order_and_ends_by_now() -> None:
    times = [batch.at for batch in BATCHES]
    assert times == sorted(times)
    assert NOW - timedelta(days=14) < times[0] < times[-1] <= NOW


def test_it_happens_on_working_days() -> None:
    assert {batch.at.weekday() for batch in BATCHES} <= {0, 1, 2, 3, 4}


def test_only_whole_batches_come_twice() -> None:
    distinct = [batch for number, batch in enumerate(BATCHES) if batch not in BATCHES[:number]]
    ids = [event.id for batch in distinct for event in events_of(batch)]
    assert len(ids) == len(set(ids))
    assert {batch.feed for batch in BATCHES if BATCHES.count(batch) > 1} == {"events", "sendgrid"}


def test_every_item_of_sendgrids_is_one_the_adapter_takes() -> None:
    for batch in BATCHES:
        assert len(events_of(batch)) == len(batch.items)


def test_every_kind_of_event_happens() -> None:
    events = [event for batch in BATCHES for event in events_of(batch)]
    assert {event.verdict for event in events} == {"human", "machine"}
    assert {event.type for event in events} >= {
        "email.delivered",
        "email.opened",
        "email.clicked",
        "email.bounced",
        "email.unsubscribed",
        "page.viewed",
        "webinar.attended",
        "tradeshow.attended",
    }


def test_mails_name_the_partner_only_where_the_sender_did() -> None:
    named = {
        event.partner is None for batch in BATCHES if batch.feed == "sendgrid" for event in events_of(batch)
    }
    assert named == {True, False}


def test_somebody_nobody_knows_opens_a_mail() -> None:
    contacts = {event.contact for batch in BATCHES for event in events_of(batch)}
    assert contacts >= set(STRANGERS)
    assert contacts <= {*STRANGERS, *PARTNER_OF}


@settings(max_examples=15)
@given(MINUTES)
def test_as_many_cross_whenever_it_is_played(minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    found = histories(fortnight(PARTNERS, now=now, seed=SEED))
    hot = {partner: history for partner, history in found.items() if score(history, now) >= THRESHOLD}
    assert len(hot) == HOT_PARTNERS
    for history in hot.values():
        assert any(is_fresh(READ, event.occurred_at or now, now) for event in history if keys(event))


@pytest.mark.parametrize("seed", range(5))
def test_the_others_do_not_even_if_nothing_fades(seed: int) -> None:
    found = histories(fortnight(PARTNERS, now=NOW, seed=seed))
    assert sum(uncut(history) >= THRESHOLD for history in found.values()) == HOT_PARTNERS


def test_most_partners_hardly_react() -> None:
    found = histories(BATCHES)
    cold = [partner for partner in PARTNERS if uncut(found.get(partner.id, [])) < 10]
    assert len(cold) > 0.75 * len(PARTNERS)
