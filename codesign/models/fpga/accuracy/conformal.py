"""Prediction intervals from cross-validation: CV+."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ROWS_AT_ONCE = 1024


def folds_of(groups: IntArray, folds: int, seed: int) -> IntArray:
    """Return the fold of each row, drawn at random; rows of one group share a fold.

    Args:
        groups: number of the group of each row, from 0.
        folds: how many.
        seed: of the draw.
    """
    count = int(groups.max()) + 1
    fold_of_group = np.random.default_rng(seed).permutation(np.arange(count) % folds)
    return np.asarray(fold_of_group[groups], dtype=np.int64)


def interval(
    predictions: FloatArray, fold: IntArray, residuals: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return the CV+ interval of new rows.

    With n training rows, R_i = |y_i - mu_k(i)(x_i)| the error on row i of the model that did not see its fold k(i), and
    a = 1 - level, the interval at x reaches from the floor(a (n + 1))-th smallest of {mu_k(i)(x) - R_i} to the
    ceil((1 - a)(n + 1))-th smallest of {mu_k(i)(x) + R_i}; an end is infinite where there is no such number.
    For rows drawn like the training rows it contains the truth with a probability of at least 1 - 2a (less a term that
    vanishes with many rows), and of about 1 - a where the models are stable.

    Source: Barber, Candes, Ramdas, Tibshirani, Predictive inference with the jackknife+, Ann. Statist. 49(1), 2021,
    section 3 and theorem 4.

    Args:
        predictions: folds x new rows, what the model without each fold says.
        fold: of each training row.
        residuals: R_i of each training row.
        level: nominal coverage, 0.9 for 90 %.
    """
    n, rows = len(residuals), predictions.shape[1]
    below = math.floor((1 - level) * (n + 1))
    above = math.ceil(level * (n + 1))
    low, high = np.full(rows, -np.inf), np.full(rows, np.inf)
    for start in range(0, rows, ROWS_AT_ONCE):
        part = slice(start, min(start + ROWS_AT_ONCE, rows))
        centre = predictions[fold, part]
        if below >= 1:
            low[part] = np.partition(centre - residuals[:, np.newaxis], below - 1, axis=0)[below - 1]
        if above <= n:
            high[part] = np.partition(centre + residuals[:, np.newaxis], above - 1, axis=0)[above - 1]
    return low, high
