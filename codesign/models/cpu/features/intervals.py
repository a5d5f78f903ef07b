"""A few intervals that stand for a whole program, with weights.

A program is cut into intervals of equal length. The one-pass recurrence of the whole on a few unlike cores gives each
interval its cycles on each of them. Intervals whose cycles are alike are put together (k-means); the one nearest to the
middle of each group is run, and counts as often as its group has members (SimPoint: Sherwood et al., ASPLOS 2002, with
cycles in place of basic blocks).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

Values = npt.NDArray[np.float64]
LENGTH = 2000
"""Instructions of an interval."""
GROUPS = 32


@dataclass(frozen=True)
class Intervals:
    """Intervals of a program.

    Attributes:
        begins: first instruction of each, counted from the end of the warm-up, ascending, shape (intervals,).
        weights: share of the program that each stands for; they sum to 1.
    """

    begins: npt.NDArray[np.int64]
    weights: Values


def chosen_intervals(cycles: Values, groups: int = GROUPS, length: int = LENGTH) -> Intervals:
    """Return intervals that stand for the whole.

    Args:
        cycles: of each interval on each of some cores, shape (intervals, cores).
        groups: how many are chosen, fewer where there are fewer intervals.
        length: instructions of an interval.
    """
    from sklearn.cluster import KMeans

    scaled = np.log(np.maximum(cycles, 1.0) / length)
    groups = min(groups, len(np.unique(scaled, axis=0)))
    with threadpool_limits(1):
        found = KMeans(groups, n_init=3, random_state=0).fit(scaled)
    away = np.sum((scaled - found.cluster_centers_[found.labels_]) ** 2, axis=1)
    order = np.lexsort((np.arange(len(away)), away, found.labels_))
    _, places, members = np.unique(found.labels_[order], return_index=True, return_counts=True)
    first, shares = order[places], members / len(cycles)
    by_place = np.argsort(first)
    return Intervals(first[by_place].astype(np.int64) * length, shares[by_place])
