"""Whose call it is: the owner's, else a rep's by turn or by load; who is switched off gives all back."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.services.assigning import choose
from app.services.claiming import claim
from app.services.reps import remove_rep
from app.store.reps import Rep
from tests.services.desk import crosses, moves, only, queue, rep, terms
from tests.support.play import NOON, Play

ANN, BOB, CEM = "ann@v.example", "bob@v.example", "cem@v.example"


def owners(play: Play, *partners: str) -> list[str | None]:
    """Who owns the hand-offs of partners that cross one after the other."""
    for partner in partners:
        crosses(play, partner)
    return [only(play, partner).owner for partner in partners]


def test_owner_of_the_partner(play: Play) -> None:
    terms(play, assign="round_robin")
    rep(play, ANN)
    play.put("a", owner="somebody@v.example")
    assert owners(play, "a") == ["somebody@v.example"]


def test_nobody_unless_the_rubric_says_how(play: Play) -> None:
    rep(play, ANN)
    assert owners(play, "a") == [None]


def test_nobody_without_reps(play: Play) -> None:
    terms(play, assign="least_loaded")
    assert owners(play, "a") == [None]


def test_one_after_the_other(play: Play) -> None:
    terms(play, assign="round_robin")
    rep(play, ANN)
    rep(play, BOB, weight=2)
    found = Counter(owners(play, *"abcdef"))
    assert found == {ANN: 2, BOB: 4}


def test_newcomer_does_not_catch_up(play: Play) -> None:
    terms(play, assign="round_robin")
    rep(play, ANN)
    owners(play, *"abcdef")
    rep(play, BOB)
    assert sorted(str(each) for each in owners(play, *"uvwx")) == [ANN, ANN, BOB, BOB]


def test_whoever_has_the_fewest(play: Play) -> None:
    terms(play, assign="least_loaded")
    for each in (ANN, BOB, CEM):
        rep(play, each)
    play.put("owned", owner=ANN)
    crosses(play, "owned")
    assert set(owners(play, "a", "b")) == {BOB, CEM}
    play.close(only(play, "owned").id)
    assert owners(play, "c") == [ANN]


def test_owner_who_is_switched_off_gets_nothing(play: Play) -> None:
    terms(play, assign="round_robin")
    rep(play, ANN, active=False)
    rep(play, BOB)
    play.put("a", owner=ANN)
    assert owners(play, "a") == [BOB]


def test_switched_off_gives_all_back(play: Play) -> None:
    terms(play, assign="round_robin")
    rep(play, ANN)
    owners(play, "claimed", "open")
    play.do(claim, only(play, "claimed").id, by=ANN)
    play.put("lent", owner="chef@v.example")
    crosses(play, "lent")
    play.do(claim, only(play, "lent").id, by=ANN)
    rep(play, BOB)
    rep(play, ANN, active=False)
    found = {each.partner.id: (each.state, each.owner, each.claimed_by) for each in queue(play)}
    assert found == {
        "claimed": ("open", BOB, None),
        "open": ("open", BOB, None),
        "lent": ("open", "chef@v.example", None),
    }
    assert moves(play, only(play, "claimed").id) == ["open", "claim", "release", "assign"]


def test_last_one_to_leave_gives_to_nobody(play: Play) -> None:
    terms(play, assign="round_robin")
    rep(play, ANN)
    owners(play, "a")
    play.do(remove_rep, ANN)
    assert only(play, "a").owner is None


@given(
    weights=st.lists(st.floats(0.1, 10), min_size=1, max_size=6),
    loaded=st.booleans(),
    times=st.integers(1, 60),
)
def test_shares_follow_the_weights(weights: list[float], loaded: bool, times: int) -> None:
    """No rep is ever more than one hand-off away from the fair share."""
    reps = {f"r{n}": Rep(f"r{n}", None, True, weight, 0.0, NOON, NOON) for n, weight in enumerate(weights)}
    chosen = choose(reps, {} if loaded else None)
    counts = Counter(next(chosen) for _ in range(times))
    for n, weight in enumerate(weights):
        fair = times * weight / sum(weights)
        # Stride scheduling with n reps stays within n - 1 of the ideal; with equal weights within 1.
        assert abs(counts[f"r{n}"] - fair) < max(2, len(weights))
