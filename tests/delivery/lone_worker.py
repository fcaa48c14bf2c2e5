"""A worker in a process of its own, to be killed: `python -m tests.delivery.lone_worker URL [WHEN]`.

With WHEN it kills itself: `before_post`, `after_post` or `before_commit` of the first result.
"""

import asyncio
import os
import signal
import sys
from typing import Any
from unittest.mock import patch

from app import log
from app.db import open_database
from app.delivery import settle, settler
from app.delivery.client import Client
from app.delivery.worker import Worker
from tests.delivery.owing import VAULT, quick

_send, _settle = Client.send, settle.settle


def die(*_: Any, **__: Any) -> None:
    """SIGKILL: nothing is finished, nothing is closed."""
    os.kill(os.getpid(), signal.SIGKILL)


async def send_and_die(client: Client, request: Any) -> Any:
    """Die when the receiver has answered."""
    await _send(client, request)
    die()


def settle_and_die(*args: Any, **named: Any) -> Any:
    """Die inside the transaction, when all of it is written and nothing is committed."""
    _settle(*args, **named)
    die()


DEATHS = {
    "before_post": (Client, "send", die),
    "after_post": (Client, "send", send_and_die),
    "before_commit": (settler, "settle", settle_and_die),
}

if __name__ == "__main__":
    settings = quick(database_url=sys.argv[1], log_format="json")
    log.configure(settings)
    for when in sys.argv[2:]:
        patch.object(*DEATHS[when]).start()
    asyncio.run(Worker(open_database(settings), VAULT, settings).run())
