"""Misses of a program under every set of caches of the space, from some of them.

For each rate, a regression on the levels of the settings and on all pairs of levels,

    rate(c) = mean + w_0 + sum_i w_i[c_i] + sum_(i<j) w_ij[c_i, c_j],        w = argmin |rate - ...|^2 + RIDGE |w|^2

evaluated once for every combination; to look a core up costs one index.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import ModelInputError
from codesign.models.cpu.design import SPACE

Values = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
CACHES = ("l1i_kib", "l1d_kib", "l1d_prefetcher", "prefetch_degree", "l2_kib", "l2_prefetcher", "llc_mib")
"""Settings that misses depend on; ``prefetch_degree`` only with the prefetcher ``stride``."""
SHAPE = tuple(len(SPACE[name]) for name in CACHES)
RIDGE = 0.01


def cache_numbers(cores: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Return the number of each core's combination of ``CACHES``, shape (cores,).

    Raises:
        ModelInputError: a value isn't one of the space.
    """
    places = [places_in_space(name, cores) for name in CACHES]
    found: npt.NDArray[np.int64] = np.ravel_multi_index(places, SHAPE).astype(np.int64)
    return found


def places_in_space(name: str, cores: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return which of the space's values of a parameter each core has, shape (cores,).

    Raises:
        ModelInputError: a value isn't one of them.
    """
    places = pd.Index(SPACE[name]).get_indexer(pd.Index(cores[name]))
    if (places < 0).any():
        row = int(np.flatnonzero(places < 0)[0])
        allowed = ", ".join(map(str, SPACE[name]))
        raise ModelInputError(f"core {cores.index[row]}: {name} is {cores[name].iloc[row]}; allowed: {allowed}")
    return places


def rates_everywhere(known: npt.NDArray[np.int64], rates: Values) -> Singles:
    """Return the rates of all combinations, shape (combinations, rates), at least 0.

    Args:
        known: numbers of combinations, shape (n,).
        rates: of these, shape (n, rates).
    """
    numbers, first = np.unique(known, return_index=True)
    terms = _terms(np.arange(int(np.prod(SHAPE))))
    mean = rates[first].mean(axis=0)
    own = terms[numbers]
    weights = np.linalg.solve(own.T @ own + RIDGE * np.eye(own.shape[1]), own.T @ (rates[first] - mean))
    found: Singles = np.maximum(mean + terms @ weights, 0.0).astype(np.float32)
    return found


def _terms(numbers: npt.NDArray[np.int64]) -> Values:
    """Return the indicators of levels and pairs of levels of combinations, shape (combinations, terms)."""
    places = dict(zip(CACHES, np.unravel_index(numbers, SHAPE), strict=True))
    kinds = SPACE["l1d_prefetcher"]
    degree = np.where(places["l1d_prefetcher"] == kinds.index("stride"), places["prefetch_degree"], 0)
    ahead = places["l1d_prefetcher"] + degree * len(kinds)
    factors = [places[name] for name in CACHES if name not in ("l1d_prefetcher", "prefetch_degree")] + [ahead]
    levels = [(factor[:, None] == np.unique(factor)).astype(np.float64) for factor in factors]
    pairs = [(a[:, :, None] * b[:, None, :]).reshape(len(numbers), -1) for a, b in combinations(levels, 2)]
    return np.concatenate((np.ones((len(numbers), 1)), *levels, *pairs), axis=1)
