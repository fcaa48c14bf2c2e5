"""Whose call it is: the partner's owner, or else one of the reps, as the rubric says."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from app import store
from app.errors import Conflict
from app.scoring.rubric import Handoff as Terms
from app.store.reps import Rep


def assigned(
    connection: Connection, program: str, terms: Terms, owners: Sequence[str | None]
) -> list[str | None]:
    """Whose the next hand-offs are, given each partner's owner; somebody who is switched off owns none."""
    if not owners or (terms.assign == "none" and not any(owners)):
        # Nobody's, whoever the reps are.
        return list(owners)
    reps = store.reps.hold_all(connection, program)
    off = {rep.email for rep in reps if not rep.active}
    wanted = [None if owner in off else owner for owner in owners]
    active = {rep.email: rep for rep in reps if rep.active}
    if terms.assign == "none" or not active or None not in wanted:
        return wanted
    load = store.handoffs.count_owned(connection, program) if terms.assign == "least_loaded" else None
    chosen = choose(active, load)
    found: list[str | None] = [owner if owner is not None else next(chosen) for owner in wanted]
    store.reps.save_turns(connection, program, active.values())
    return found


def require_active(connection: Connection, program: str, person: str) -> None:
    """Raise Conflict for a rep who is switched off; people who are in no list may have hand-offs, too."""
    rep = store.reps.get(connection, program, person)
    if rep is not None and not rep.active:
        raise Conflict(f"{person} is switched off; PUT /v1/reps/{person} with active: true to change that.")


def choose(reps: dict[str, Rep], load: dict[str, int] | None) -> Iterator[str]:
    """One rep after the other, for ever, in proportion to their weights; `reps` and `load` are kept up.

    Without `load`, whoever's turn comes first: each call moves a rep's turn on by 1 / weight (stride
    scheduling, Waldspurger and Weihl 1995). With it, whoever has the fewest hand-offs for their weight.
    """
    while True:
        email = min(reps, key=lambda each: (_burden(reps[each], load), reps[each].turn, each))
        reps[email] = reps[email]._replace(turn=reps[email].turn + 1 / reps[email].weight)
        if load is not None:
            load[email] = load.get(email, 0) + 1
        yield email


def _burden(rep: Rep, load: dict[str, int] | None) -> float:
    return 0.0 if load is None else load.get(rep.email, 0) / rep.weight
