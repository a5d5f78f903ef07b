"""Products of tables and small matrices in which a row doesn't depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit

Singles = npt.NDArray[np.float32]


def products(rows: Singles, weights: Singles) -> Singles:
    """Return rows @ weights, shapes (n, m) and (m, outputs), summed in the order of m."""
    found = np.empty((len(rows), weights.shape[1]), dtype=np.float32)
    _compiled()(rows, weights, found)
    return found


@cache
def _compiled() -> Callable[..., None]:
    @njit(nogil=True, cache=True)
    def run(rows, weights, found):  # type: ignore[no-untyped-def]
        for row in range(len(rows)):
            found[row] = 0.0
            for m in range(len(weights)):
                for output in range(weights.shape[1]):
                    found[row, output] += rows[row, m] * weights[m, output]

    return run
