"""The load generators count every answer, and stop at the first that is none."""

from collections.abc import Iterator
from itertools import islice

import pytest

from benchmarks.bodies import NDJSON, events
from benchmarks.load import Client
from benchmarks.servers import Server, echo


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """An echo."""
    with echo() as server:
        yield server


def test_closed_loop(server: Server) -> None:
    load = server.at("/").post(events(), seconds=0.2, connections=4)
    assert load.answers > 4
    assert load.times == sorted(load.times)


def test_open_loop_sends_what_was_asked_for(server: Server) -> None:
    load = server.at("/").post_at(500, events(), seconds=0.2, connections=4)
    assert load.answers == 100


def test_an_error_ends_it(server: Server) -> None:
    wrong = Client(server.url + "/", {"transfer-encoding": "nonsense"})
    with pytest.raises(RuntimeError):
        wrong.post(events(), seconds=0.2, connections=1)


def test_no_event_comes_twice() -> None:
    bodies = [*islice(events(), 50), *islice(events(), 50)]
    assert len(set(bodies)) == 100


def test_a_body_of_several() -> None:
    assert next(events(3, content_type=NDJSON)).count(b"\n") == 2
    assert next(events(3)).startswith(b"[{")
