"""Prediction intervals from repeated cross-validation: jackknife+ after resampling."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ROWS_AT_ONCE = 512


def folds_of(groups: IntArray, folds: int, repeats: int, seed: int) -> IntArray:
    """Return repeats x rows: the fold of each row, drawn anew in each repeat; rows of one group share a fold.

    Args:
        groups: number of the group of each row, from 0.
        folds: how many.
        repeats: how many draws.
        seed: of the draws.
    """
    count = int(groups.max()) + 1
    random = np.random.default_rng(seed)
    fold_of_group = np.stack([random.permutation(np.arange(count) % folds) for _ in range(repeats)])
    return np.asarray(fold_of_group[:, groups], dtype=np.int64)


def without_each_row(predictions: FloatArray, fold: IntArray) -> FloatArray:
    """Return training rows x new rows: the mean of the models that did not see a training row, one in each repeat.

    Args:
        predictions: repeats x folds x new rows, what the model without that fold says.
        fold: repeats x training rows.
    """
    return np.asarray(np.mean([said[row] for said, row in zip(predictions, fold, strict=True)], axis=0))


def interval(
    predictions: FloatArray, fold: IntArray, residuals: FloatArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """Return low and high ends of the interval of each new row.

    With n training rows, mu_-i the mean of the models that did not see row i, R_i = |y_i - mu_-i(x_i)| and
    a = 1 - level, the interval at x reaches from the floor(a (n + 1))-th smallest of {mu_-i(x) - R_i} to the
    ceil((1 - a)(n + 1))-th smallest of {mu_-i(x) + R_i}; an end is infinite where there is no such number. For rows
    drawn like the training rows the jackknife+ after bootstrap contains the truth with a probability of at least
    1 - 2a, and of about 1 - a in practice; here folds instead of bootstrap samples leave out every row equally often.

    Source: Kim, Xu, Barber, Predictive inference is free with the jackknife+-after-bootstrap, NeurIPS 2020, section 3
    and theorem 1; Barber, Candes, Ramdas, Tibshirani, Predictive inference with the jackknife+, Ann. Statist. 49(1),
    2021.

    Args:
        predictions: repeats x folds x new rows, what the model without that fold says.
        fold: repeats x training rows.
        residuals: R_i of each training row.
        level: nominal coverage, 0.9 for 90 %.
    """
    n, rows = len(residuals), predictions.shape[2]
    below = math.floor((1 - level) * (n + 1))
    above = math.ceil(level * (n + 1))
    low, high = np.full(rows, -np.inf), np.full(rows, np.inf)
    for start in range(0, rows, ROWS_AT_ONCE):
        part = slice(start, min(start + ROWS_AT_ONCE, rows))
        centre = without_each_row(predictions[:, :, part], fold)
        if below >= 1:
            low[part] = np.partition(centre - residuals[:, np.newaxis], below - 1, axis=0)[below - 1]
        if above <= n:
            high[part] = np.partition(centre + residuals[:, np.newaxis], above - 1, axis=0)[above - 1]
    return low, high
