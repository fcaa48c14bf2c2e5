"""A worker in a process of its own, to be killed: `python -m tests.delivery.lone_worker DATABASE_URL`."""

import asyncio
import sys

from app.db import open_database
from app.delivery.worker import Worker
from tests.delivery.owing import VAULT, quick

if __name__ == "__main__":
    asyncio.run(Worker(open_database(quick(database_url=sys.argv[1])), VAULT, quick()).run())
