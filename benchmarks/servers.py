"""Real servers to measure, each a process of its own."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, create_server

import httpx2

RUBRIC = (Path(__file__).parent.parent / "examples" / "rubrics" / "partner-nurture.yaml").read_bytes()
BIN = Path(sys.executable).parent
OPERATOR = "the-operator-of-the-benchmarks"
ENCRYPTION = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
SECONDS_TO_START = 20.0


@contextmanager
def echo() -> Iterator[str]:
    """A bare echo on the same server software; its URL."""
    with _application("benchmarks.echo:app") as url:
        yield url


@contextmanager
def receiver() -> Iterator[str]:
    """A receiver of webhooks that remembers when each came; its URL."""
    with _application("benchmarks.receiver:app") as url:
        yield url


@contextmanager
def _application(name: str) -> Iterator[str]:
    with _running(["uvicorn", name, "--log-level", "error", "--no-access-log"], {}) as url:
        yield url


@contextmanager
def handraiser(database_url: str) -> Iterator[tuple[str, str]]:
    """The service on a fresh database, with a program and its rubric; the URL and an admin key."""
    settings = {
        "HANDRAISER_DATABASE_URL": database_url,
        "HANDRAISER_OPERATOR_KEY": OPERATOR,
        "HANDRAISER_SECRET_KEY": ENCRYPTION,
        "HANDRAISER_LOG_LEVEL": "error",
    }
    with _running(["handraiser", "serve"], settings) as url:
        yield url, _key(url)


def _key(url: str) -> str:
    with httpx2.Client(
        base_url=url, headers={"Authorization": f"Bearer {OPERATOR}"}, trust_env=False
    ) as client:
        client.post("/v1/programs", json={"id": "bench", "name": "Bench"}).raise_for_status()
        client.headers["X-Program"] = "bench"
        yaml = {"Content-Type": "application/yaml"}
        client.post("/v1/rubrics", content=RUBRIC, headers=yaml).raise_for_status()
        client.post("/v1/rubrics/1/activate").raise_for_status()
        made = client.post("/v1/keys", json={"name": "bench", "scopes": ["admin"]})
        return str(made.raise_for_status().json()["secret"])


@contextmanager
def _running(command: list[str], settings: dict[str, str]) -> Iterator[str]:
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program, *arguments = command
    command = [str(BIN / program), *arguments, "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=os.environ | settings)
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
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
            pause.wait(0.05)
        else:
            return
    raise RuntimeError(f"the server on port {port} did not start")
