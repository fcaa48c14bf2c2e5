"""`make bench`: each figure beside its yardstick from the same run; all of them, or those that are named."""

import argparse

from benchmarks import acknowledge, counting, delivering, preview, queue

MEASURES = {
    "acknowledge": acknowledge.measure,
    "preview": preview.measure,
    "counting": counting.measure,
    "queue": queue.measure,
    "delivering": delivering.measure,
}


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MEASURES)}; all if absent")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is full size, 0.1 a tenth")
    given = parser.parse_args()
    for name in given.names or MEASURES:
        MEASURES[name](given.scale)


if __name__ == "__main__":
    main()
