"""What looking into one item may cost, so that no document and no payload can keep the service busy."""


class Exhausted(ValueError):
    """The work has become too much."""


class Budget:
    """Steps that may still be taken: one for each node of an expression visited, each value put together."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take so many steps. Raises Exhausted."""
        self.left -= steps
        if self.left < 0:
            raise Exhausted("takes more work than is allowed")

    def spend_on(self, value: object) -> None:
        """As many steps as the value would be long if it were written out. Raises Exhausted.

        What several places of it share counts at each of them: `[@,@] | [@,@] | ...` is small in memory and
        endless on paper.
        """
        waiting = [value]
        while waiting:
            part = waiting.pop()
            match part:
                case str():
                    self.spend(1 + len(part) // 64)
                case dict():
                    self.spend(1 + len(part))
                    waiting.extend(part.values())
                case list():
                    self.spend(1 + len(part))
                    waiting.extend(part)
                case _:
                    self.spend(1)
