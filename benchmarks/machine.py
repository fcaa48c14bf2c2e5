"""The machine that is measured on, and what its processes take; read from Linux's /proc."""

import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

CORES = sorted(os.sched_getaffinity(0))
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SYNCS = 300

# With one core there is nothing to keep apart.
GENERATOR = {CORES[-1]}
SERVERS = set(CORES[:-1]) or GENERATOR


@contextmanager
def generating() -> Iterator[None]:
    """Keep this thread on the load generator's core; servers that are started have the others."""
    os.sched_setaffinity(0, GENERATOR)
    try:
        yield
    finally:
        os.sched_setaffinity(0, CORES)


def describe() -> dict[str, Any]:
    """What a reader must know to compare figures with their own."""
    return {
        "processor": f"{len(CORES)} cores, {_model()}",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * PAGE / 2**30:.0f} GiB",
        "kernel": platform.release(),
        "load average before": f"{os.getloadavg()[0]:.2f}",
        "Python": sys.version.split()[0],
        "SQLite": f"{sqlite3.sqlite_version}, journal_mode=WAL, synchronous=FULL",
        "fdatasync of 8 KiB": f"{_sync_microseconds():.0f} us",
    }


def _model() -> str:
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def _sync_microseconds() -> float:
    """What one durable write to the disk of temporary files takes."""
    with tempfile.TemporaryFile() as file:
        file.write(bytes(8192))
        start = perf_counter()
        for _ in range(SYNCS):
            os.pwrite(file.fileno(), bytes(8192), 0)
            os.fdatasync(file.fileno())
    return (perf_counter() - start) / SYNCS * 1e6


class Theft:
    """The share of all processors' time that the host kept for itself since this was made."""

    def __init__(self) -> None:
        self._stolen, self._all = _stolen_and_all()

    def share(self) -> float:
        """0 to 1."""
        stolen, all_ = _stolen_and_all()
        return (stolen - self._stolen) / max(1, all_ - self._all)


def _stolen_and_all() -> tuple[int, int]:
    times = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return times[7], sum(times)


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children = (
        int(child)
        for task in Path(f"/proc/{pid}/task").glob("*/children")
        for child in task.read_text().split()
    )
    return [pid, *(member for child in children for member in family(child))]


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its descendants have taken, the ended ones too."""
    return sum(sum(map(int, _stat(member)[11:15])) for member in family(pid)) / TICKS


def memory_mib(pid: int) -> float:
    """Memory of a process and its descendants; what they share counts for each."""
    return sum(int(_stat(member)[21]) for member in family(pid)) * PAGE / 2**20


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; the second is a name that may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def peak_mib() -> float:
    """The most memory that this process has had."""
    # Not getrusage: its peak includes that of the process which started this one.
    (line,) = (each for each in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in each)
    return int(line.split()[1]) / 1024
