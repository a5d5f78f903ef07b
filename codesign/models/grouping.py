"""Which designs share a computation: distinct combinations of a few columns, in arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from codesign.models.columns import FloatArray, IntArray

LARGEST_KEY = 2**62


@dataclass(frozen=True)
class Distinct:
    """The distinct rows of some columns.

    Attributes:
        which: for each design the distinct row that it has; of length 1 where all designs have the same.
        rows: one array for each column: its value in each distinct row.
    """

    which: IntArray
    rows: tuple[IntArray, ...]

    @property
    def size(self) -> int:
        """Number of distinct rows."""
        return len(self.rows[0])


def distinct_rows(columns: Sequence[IntArray]) -> Distinct:
    """Return the distinct rows of columns of whole numbers >= 0, each of one length or of length 1 (constant).

    The columns become one integer key in mixed radix; where that would overflow, what is there is numbered first.
    """
    key = np.zeros(1, dtype=np.int64)
    radices: list[int] = []
    size = 1
    for position, column in enumerate(columns):
        radix = int(column.max()) + 1
        if size * radix > LARGEST_KEY:
            first = distinct_rows(columns[:position])
            rest = distinct_rows([first.which, *columns[position:]])
            earlier = tuple(values[rest.rows[0]] for values in first.rows)
            return Distinct(rest.which, (*earlier, *rest.rows[1:]))
        key = key * radix + column
        radices.append(radix)
        size *= radix
    which, keys = pd.factorize(key)
    rows: list[IntArray] = []
    for radix in reversed(radices):
        keys, value = np.divmod(keys, radix)
        rows.append(value)
    return Distinct(which.astype(np.int64, copy=False), tuple(reversed(rows)))


def numbered(values: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return for each value its number among the distinct ones, and these."""
    which, distinct = pd.factorize(values)
    return which.astype(np.int64, copy=False), np.asarray(distinct, dtype=np.float64)
