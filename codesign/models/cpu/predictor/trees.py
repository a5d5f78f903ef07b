"""Boosted regression trees as flat arrays, evaluated by compiled code: to predict needs no library and no pickle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit
from threadpoolctl import threadpool_limits

LEAF = -1


@dataclass(frozen=True)
class Trees:
    """A sum of trees.

    A node sends a row to ``left`` where its feature is at most ``threshold``, else to ``right``; ``feature`` is
    ``LEAF`` at leaves, whose ``threshold`` is the value.

    Attributes:
        base: added to the sum.
        roots: node where each tree begins.
        feature, left, right: per node (int32).
        threshold: per node (float64).
    """

    base: float
    roots: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float64]

    def values(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Return the sum for each row, rows of shape (rows, features)."""
        found = np.empty(len(rows))
        _compiled()(self.base, self.roots, self.feature, self.left, self.right, self.threshold, rows, found)
        return found


def grown(
    rows: npt.NDArray[np.float32], target: npt.NDArray[np.float64], trees: int, leaves: int, rate: float, least: int
) -> Trees:
    """Return trees grown by scikit-learn's histogram gradient boosting on squared error.

    Args:
        rows: features, shape (rows, features), no NaN.
        target: shape (rows,).
        trees, leaves, rate, least: number of trees, most leaves of one, learning rate, fewest rows in a leaf.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        max_iter=trees, max_leaf_nodes=leaves, learning_rate=rate, min_samples_leaf=least, early_stopping=False,
        l2_regularization=1.0, random_state=0,
    )  # fmt: skip
    with threadpool_limits(1):
        model.fit(rows, target)
    nodes = [stage[0].nodes for stage in model._predictors]
    starts = np.cumsum([0, *(len(one) for one in nodes)])
    joined = np.concatenate(nodes)
    offset = np.repeat(starts[:-1], [len(one) for one in nodes])
    leaf = joined["is_leaf"].astype(bool)
    return Trees(
        base=float(model._baseline_prediction.ravel()[0]),
        roots=starts[:-1].astype(np.int32),
        feature=np.where(leaf, LEAF, joined["feature_idx"]).astype(np.int32),
        left=(joined["left"] + offset).astype(np.int32),
        right=(joined["right"] + offset).astype(np.int32),
        threshold=np.where(leaf, joined["value"], joined["num_threshold"]),
    )


@cache
def _compiled() -> Callable[..., None]:
    @njit(nogil=True, cache=True)
    def run(base, roots, feature, left, right, threshold, rows, found):  # type: ignore[no-untyped-def]
        for row in range(len(rows)):
            total = base
            for root in roots:
                node = root
                while feature[node] >= 0:
                    if rows[row, feature[node]] <= threshold[node]:
                        node = left[node]
                    else:
                        node = right[node]
                total += threshold[node]
            found[row] = total

    return run
