"""Pareto dominance: which rows of a cost table no other row beats.

A row ``a`` dominates a row ``b`` when ``a_i <= b_i`` for every objective i and ``a_i < b_i`` for at least one. Equal
rows don't dominate each other. All costs are to be minimised.
"""

from __future__ import annotations

from typing import Any

import moocore
import numpy as np
import numpy.typing as npt

from codesign.pareto.errors import FrontierError

Costs = npt.NDArray[np.float64]
MOST_OBJECTIVES = 31  # moocore's buffers hold no more, and it doesn't check


def non_dominated(costs: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return which rows of ``costs`` (n x m, to be minimised) no other row dominates.

    All copies of a non-dominated row are kept. A row with a NaN is never kept and dominates nothing. Infinities are
    compared as numbers; -0.0 equals 0.0. O(n log n) for m <= 3, O(n log^(m-2) n) beyond (Kung, Luccio, Preparata 1975,
    "On finding the maxima of a set of vectors", doi:10.1145/321906.321910, as implemented in moocore).

    Raises FrontierError when ``costs`` isn't a numeric n x m array with 1 <= m <= 31.
    """
    array = cost_array(costs)
    known = ~np.isnan(array).any(axis=1)
    mask = np.zeros(len(array), dtype=bool)
    if known.any():
        mask[known] = moocore.is_nondominated(_finite(array[known]), keep_weakly=True)
    return mask


def pareto_rank(costs: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the front that each row of ``costs`` (n x m, to be minimised) lies on; -1 for a row with a NaN.

    Rank 0 is the non-dominated set; rank k is the non-dominated set of what is left without ranks 0 ... k-1. Equal rows
    share a rank. O(n log n) for m = 2, O(n^2) and more beyond.

    Raises FrontierError as ``non_dominated`` does.
    """
    array = cost_array(costs)
    known = ~np.isnan(array).any(axis=1)
    rank = np.full(len(array), -1, dtype=np.int64)
    if known.any():
        rank[known] = moocore.pareto_rank(_finite(array[known]))
    return rank


def weakly_dominated_by(costs: npt.ArrayLike, others: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return for each row b of ``costs`` (n x m) whether a row a of ``others`` (k x m) has ``a_i <= b_i`` for every i.

    A NaN on either side compares as false. Raises FrontierError when the numbers of objectives differ.
    """
    return _beaten(costs, others, strictly=False)


def dominated_by(costs: npt.ArrayLike, others: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return for each row of ``costs`` (n x m) whether a row of ``others`` (k x m) dominates it.

    A NaN on either side compares as false. Raises FrontierError when the numbers of objectives differ.
    """
    return _beaten(costs, others, strictly=True)


def cost_array(costs: npt.ArrayLike) -> Costs:
    """Return ``costs`` as a C-ordered float64 n x m array; raises FrontierError when it isn't one, 1 <= m <= 31."""
    try:
        array = np.ascontiguousarray(costs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise FrontierError(f"costs must be an array of numbers, rows x objectives: {error}") from error
    if array.ndim != 2:
        raise FrontierError(f"costs must have two axes, rows x objectives; found the shape {np.shape(costs)}")
    if not 1 <= array.shape[1] <= MOST_OBJECTIVES:
        raise FrontierError(f"costs must have 1 to {MOST_OBJECTIVES} objectives; found {array.shape[1]}")
    return array


def _finite(costs: Costs) -> Costs:
    # moocore 0.3 misjudges rows with infinities from three objectives on and can crash on -inf. Dominance depends on
    # the order in each column only, so such a column may be replaced by the ranks of its values.
    infinite = np.flatnonzero(~np.isfinite(costs).all(axis=0))
    if not len(infinite):
        return costs
    result = costs.copy()
    for column in infinite:
        result[:, column] = np.unique(costs[:, column], return_inverse=True)[1]
    return result


def _beaten(costs: npt.ArrayLike, others: npt.ArrayLike, *, strictly: bool) -> npt.NDArray[np.bool_]:
    rows, rivals = same_width(costs, others)
    rivals = rivals[non_dominated(rivals)]
    result = np.zeros(len(rows), dtype=bool)
    rows_a_block = max(1, 4_000_000 // max(1, rivals.size))
    for start in range(0, len(rows), rows_a_block):
        block: Any = rows[start : start + rows_a_block, None, :]
        beats = (rivals[None] <= block).all(axis=2)
        if strictly:
            beats &= (rivals[None] < block).any(axis=2)
        result[start : start + rows_a_block] = beats.any(axis=1)
    return result


def same_width(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Costs, Costs]:
    """Return both as cost arrays; raises FrontierError when their numbers of objectives differ."""
    a, b = cost_array(first), cost_array(second)
    if a.shape[1] != b.shape[1]:
        raise FrontierError(f"two sets with different numbers of objectives, {a.shape[1]} and {b.shape[1]}")
    return a, b
