"""What is scored beside the reading is scored in order, and what goes wrong there is not lost."""

import threading
from collections.abc import Iterator

import pytest

from app.services.comparing import beside


def test_the_next_is_read_while_one_is_worked_on() -> None:
    """Shown to fail by work that is done before the next is read."""
    second_is_read = threading.Event()
    done: list[int] = []

    def read() -> Iterator[int]:
        yield 1
        second_is_read.set()
        yield 2

    def work(thing: int) -> None:
        assert second_is_read.wait(timeout=10)
        done.append(thing)

    beside(work, read())
    assert done == [1, 2]


@pytest.mark.parametrize("wrong", [1, 3], ids=["the first", "the last"])
def test_a_failure_is_raised(wrong: int) -> None:
    """Shown to fail by results that nobody asks for."""

    def work(thing: int) -> None:
        if thing == wrong:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        beside(work, [1, 2, 3])
