"""What tests of the desk say again and again."""

from datetime import timedelta
from typing import Any

from app import store
from app.services.alarms import ring
from app.services.handoff_view import Handoff
from app.services.handoffs import Wanted, list_handoffs
from app.services.reps import put_rep
from app.services.waiting import fill_places
from tests.support.play import SIMPLE, Play


def crosses(play: Play, partner: str, *, webinars: int = 3) -> str | None:
    """The partner passes the threshold; its hand-off, unless it has to wait."""
    return play.record(*(play.event("webinar.attended", partner) for _ in range(webinars)))[-1].handoff


def terms(play: Play, **changes: Any) -> None:
    """Make SIMPLE with other hand-off terms the active rubric."""
    play.activate({"handoff": SIMPLE["handoff"] | changes})


def tend(play: Play, *, hours: float = 0) -> None:
    """Let time pass, and the service do whatever it is time for, until there is nothing left."""
    play.now += timedelta(hours=hours)
    while due := play.run(lambda c: store.handoffs.alarms(c, now=play.now, limit=100)):
        for _, handoff in due:
            play.do(ring, handoff)
    play.do(fill_places)


def queue(play: Play, state: str | None = None) -> list[Handoff]:
    """The hand-offs, as the list has them."""
    found: list[Handoff] = play.do(list_handoffs, Wanted(state), after=None, limit=1_000)[0]
    return found


def named(play: Play, state: str | None = None) -> list[str]:
    """The partners in the list, in its order."""
    return [each.partner.id for each in queue(play, state)]


def only(play: Play, partner: str) -> Handoff:
    """The one hand-off of a partner."""
    (found,) = [each for each in queue(play) if each.partner.id == partner]
    return found


def moves(play: Play, handoff: str) -> list[str]:
    """The names of a hand-off's moves."""
    return [each.move for each in play.handoff(handoff).history]


def rep(play: Play, email: str, *, active: bool = True, weight: float = 1.0) -> None:
    """Put a rep."""
    play.do(put_rep, email, name=None, active=active, weight=weight)
