"""The few array operations that pricing is made of."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def ints(values: Sequence[int]) -> Ints:
    """An int64 array, also of nothing."""
    return np.array(values, dtype=np.int64)


def columns(rows: Sequence[Sequence[int]], width: int) -> list[Ints]:
    """Rows turned into `width` columns, also of no rows."""
    table = np.array(rows, dtype=np.int64).reshape(-1, width)
    return [np.ascontiguousarray(table[:, column]) for column in range(width)]


def packed(major: Ints, minor: Ints) -> Ints:
    """One sort key: by `major` (from 0), then by `minor`; the product of their ranges must fit in 63 bits."""
    low, high = int(minor.min()), int(minor.max())
    return major * (high - low + 1) + (minor - low)


def changes(*keys: Ints) -> Flags:
    """Where a row begins a new run, that is, differs in any key from the row before."""
    fresh = np.zeros(len(keys[0]), dtype=np.bool_)
    fresh[:1] = True
    for key in keys:
        fresh[1:] |= key[1:] != key[:-1]
    return fresh


def first_come(amounts: Ints, limits: Ints, fresh: Flags) -> Ints:
    """What each amount's limit still allows after the earlier rows of its run; `fresh` begins runs."""
    before = np.cumsum(amounts) - amounts
    run = np.cumsum(fresh) - 1
    left: Ints = np.maximum(limits - (before - before[fresh][run]), 0)
    return np.minimum(amounts, left)


def summed(keys: Sequence[Ints], values: Sequence[Ints]) -> list[Ints]:
    """Rows of equal keys added up, sorted by the keys in turn; rows that come to zero are dropped."""
    if not len(keys[0]):
        return [*keys, *values]
    order = np.lexsort(tuple(reversed(keys)))
    keys = [key[order] for key in keys]
    fresh = changes(*keys)
    starts = np.flatnonzero(fresh)
    totals = [np.add.reduceat(value[order], starts) for value in values]
    kept = totals[0] != 0
    for total in totals[1:]:
        kept = kept | (total != 0)
    return [key[starts][kept] for key in keys] + [total[kept] for total in totals]
