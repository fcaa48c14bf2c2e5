"""How much is measured: how large, how long, which cases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.figures import Sheet


@dataclass(frozen=True)
class Run:
    """One run; 1 is full size and full time, 0.1 a tenth of both."""

    scale: float = 1.0
    quick: bool = False
    """Whether only the cases are measured that say most."""

    rounds: range = range(3)

    def seconds(self, full: float) -> float:
        """How long to send, given how long at full size."""
        return max(0.5, full * self.scale)

    def size(self, full: int) -> int:
        """How many, given how many at full size."""
        return max(1, int(full * self.scale))


Measure = Callable[[Run], Iterator[Sheet]]
