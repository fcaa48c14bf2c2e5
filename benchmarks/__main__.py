"""`make bench`: each figure beside its yardstick from the same run; all of them, or those that are named.

python -m benchmarks [NAME ...] [--quick] [--scale X] [--json FILE]
python -m benchmarks table FILE ... > docs/explanation/figures.md
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter

from benchmarks import (
    acknowledge,
    batches,
    counting,
    delivering,
    growth,
    partitions,
    preview,
    queue,
    reaching,
    reads,
    recording,
    shapes,
    startup,
)
from benchmarks.databases import described, postgres
from benchmarks.figures import Sheet
from benchmarks.machine import Theft, describe
from benchmarks.report import Report, page, show, show_machine
from benchmarks.run import Measure, Run

MEASURES: dict[str, Measure] = {
    "acknowledge": acknowledge.measure,
    "batches": batches.measure,
    "recording": recording.measure,
    "shapes": shapes.measure,
    "reaching": reaching.measure,
    "delivering": delivering.measure,
    "reads": reads.measure,
    "queue": queue.measure,
    "preview": preview.measure,
    "counting": counting.measure,
    "growth": growth.measure,
    "partitions": partitions.measure,
    "startup": startup.measure,
}
QUICK = ("acknowledge", "batches", "reaching", "reads")
QUICK_SCALE = 0.15


def main() -> None:
    """Measure what the command line names, or print as Markdown what was measured earlier."""
    if sys.argv[1:2] == ["table"]:
        print(page(Report.read(Path(file)) for file in sys.argv[2:]))
        return
    given = _arguments()
    run = Run(given.scale or (QUICK_SCALE if given.quick else 1.0), given.quick)
    report = Report({}, [])
    for report in _measured(given.names or (QUICK if given.quick else MEASURES), run):
        # After each measure: who stops a long run early keeps what there is.
        if given.json:
            report.write(given.json)
    show_machine(report.machine)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MEASURES)}; all if absent")
    parser.add_argument("--quick", action="store_true", help="the most telling cases, in under two minutes")
    parser.add_argument("--scale", type=float, help="1 is full size and time, 0.1 a tenth")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round of every figure")
    return parser.parse_args()


def _measured(names: Iterable[str], run: Run) -> Iterator[Report]:
    """The report so far, after each measure."""
    with postgres() as server:
        machine = describe() | {"PostgreSQL": described(server)}
    machine["load generator"] = "benchmarks/load.py, asyncio, on a core that no server uses"
    theft, start = Theft(), perf_counter()
    sheets: list[Sheet] = []
    for name in names:
        for sheet in MEASURES[name](run):
            show(sheet)
            sheets.append(sheet)
        machine["run"] = f"scale {run.scale:g}, {len(run.rounds)} rounds, {perf_counter() - start:.0f} s"
        machine["time stolen by the host"] = f"{theft.share():.1%}"
        yield Report(machine, sheets)


if __name__ == "__main__":
    main()
