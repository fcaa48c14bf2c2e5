"""Real servers to measure, each a process of its own, away from the load generator's core."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection, create_server

import httpx2

from benchmarks.load import Client
from benchmarks.machine import SERVERS

RUBRIC = (Path(__file__).parent.parent / "examples" / "rubrics" / "partner-nurture.yaml").read_bytes()
BIN = Path(sys.executable).parent
PROGRAM = "bench"
OPERATOR = "the-operator-of-the-benchmarks"
ENCRYPTION = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
SECONDS_TO_START = 60.0
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Server:
    """A process that serves; the key opens it."""

    url: str
    pid: int
    started_in: float
    """Seconds from its start until it took a connection."""
    key: str = ""

    def at(self, path: str, *others: str, **headers: str) -> Client:
        """A load generator for one path, or for several in turn."""
        first, *more = (f"{self.url}{each}" for each in (path, *others))
        return Client(first, {"authorization": f"Bearer {self.key}", **headers}, tuple(more))

    def client(self) -> httpx2.AsyncClient:
        """For what is not measured."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=60, trust_env=False)


@contextmanager
def echo() -> Iterator[Server]:
    """A bare echo on the same server software."""
    with _application("benchmarks.echo:app") as server:
        yield server


@contextmanager
def receiver() -> Iterator[Server]:
    """A receiver of webhooks that remembers when each came."""
    with _application("benchmarks.receiver:app") as server:
        yield server


@contextmanager
def obvious(database_url: str) -> Iterator[Server]:
    """What one would write first, on an empty database."""
    with _application("benchmarks.obvious:app", {"DATABASE_URL": database_url, "KEY": OPERATOR}) as server:
        yield Server(server.url, server.pid, server.started_in, OPERATOR)


@contextmanager
def _application(name: str, settings: Mapping[str, str] = NOTHING) -> Iterator[Server]:
    with _running(["uvicorn", name, "--log-level", "error", "--no-access-log"], settings) as server:
        yield server


@contextmanager
def handraiser(
    database_url: str,
    *,
    rubric: bytes = RUBRIC,
    workers: int = 1,
    settings: Mapping[str, str] = NOTHING,
) -> Iterator[Server]:
    """The service on a migrated database, with the program `bench`, its rubric and an admin key."""
    given = {
        "HANDRAISER_DATABASE_URL": database_url,
        "HANDRAISER_OPERATOR_KEY": OPERATOR,
        "HANDRAISER_SECRET_KEY": ENCRYPTION,
        "HANDRAISER_LOG_LEVEL": "error",
        **settings,
    }
    with _running(["handraiser", "serve", "--workers", str(workers)], given) as server:
        yield Server(server.url, server.pid, server.started_in, _key(server.url, rubric))


def _key(url: str, rubric: bytes) -> str:
    operator = {"Authorization": f"Bearer {OPERATOR}"}
    with httpx2.Client(base_url=url, headers=operator, timeout=60, trust_env=False) as client:
        if client.post("/v1/programs", json={"id": PROGRAM, "name": "Bench"}).status_code == 201:
            client.headers["X-Program"] = PROGRAM
            yaml = {"Content-Type": "application/yaml"}
            client.post("/v1/rubrics", content=rubric, headers=yaml).raise_for_status()
            client.post("/v1/rubrics/1/activate").raise_for_status()
        client.headers["X-Program"] = PROGRAM
        made = client.post("/v1/keys", json={"name": "bench", "scopes": ["admin"]})
        return str(made.raise_for_status().json()["secret"])


@contextmanager
def _running(command: list[str], settings: Mapping[str, str]) -> Iterator[Server]:
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program, *arguments = command
    command = [str(BIN / program), *arguments, "--host", "127.0.0.1", "--port", str(port)]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | settings)
    os.sched_setaffinity(process.pid, SERVERS)
    try:
        _wait(process, port)
        yield Server(f"http://127.0.0.1:{port}", process.pid, time.perf_counter() - start)
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    pause = threading.Event()
    while process.poll() is None and time.monotonic() < deadline:
        try:
            create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            pause.wait(0.01)
        else:
            return
    raise RuntimeError(f"the server on port {port} did not start")
