"""Hearing that the process is told to stop, before the server waits for answers that are under way."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_stop(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` in this loop when a signal to stop comes, before whoever handled it so far.

    A server tells an application of its end only when all answers are out, and a stream has no end of its
    own. Does nothing in a thread, or where nobody handles the signals: there they end the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    handlers = {each: signal.getsignal(each) for each in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        if callable(handler := handlers[signal.Signals(number)]):
            handler(number, frame)

    handled = [each for each, handler in handlers.items() if callable(handler)]
    for each in handled:
        signal.signal(each, handle)
    try:
        yield
    finally:
        for each in handled:
            signal.signal(each, handlers[each])
