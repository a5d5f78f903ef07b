"""How far predicted IPC is from the truth."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from codesign.errors import ModelInputError

METRICS = ("rows", "rmse_ipc", "mae_ipc", "mape_ipc_percent", "mape_cpi_percent", "r2", "spearman")
Values = npt.NDArray[np.float64]


def ipc_errors(truth: Values, predicted: Values) -> dict[str, float]:
    """Return the metrics of predicted against true IPC, both of shape (rows,).

    With y true and p predicted:

    - ``rmse_ipc`` = sqrt(mean (p - y)^2), ``mae_ipc`` = mean |p - y|;
    - ``mape_ipc_percent`` = 100 mean |p - y| / y;
    - ``mape_cpi_percent`` = 100 mean |1/p - 1/y| y = 100 mean |y/p - 1|; infinite when a prediction isn't above 0,
      because no number of cycles belongs to it;
    - ``r2`` = 1 - sum (p - y)^2 / sum (y - mean y)^2: 0 is what the mean of the tested rows would reach, and below 0 is
      worse; NaN when all y are equal;
    - ``spearman``: correlation of ranks, ties at their mean; NaN when all y or all p are equal.

    Raises:
        ModelInputError: shapes differ, there are no rows, or a true IPC isn't a number above 0, or a prediction none.
    """
    if truth.shape != predicted.shape or truth.ndim != 1 or not len(truth):
        raise ModelInputError(f"true IPC has shape {truth.shape}, predicted {predicted.shape}: one of each per row")
    if not np.all(np.isfinite(truth) & (truth > 0)):
        raise ModelInputError("a true IPC is not a number above 0")
    if np.any(np.isnan(predicted)):
        raise ModelInputError("a predicted IPC is not a number")
    error = predicted - truth
    square, spread = float(np.sum(error**2)), float(np.sum((truth - truth.mean()) ** 2))
    return {
        "rows": float(len(truth)),
        "rmse_ipc": math.sqrt(square / len(truth)),
        "mae_ipc": float(np.abs(error).mean()),
        "mape_ipc_percent": 100.0 * float((np.abs(error) / truth).mean()),
        "mape_cpi_percent": 100.0 * _cpi_error(truth, predicted),
        "r2": 1.0 - square / spread if np.ptp(truth) > 0 else math.nan,
        "spearman": _rank_correlation(truth, predicted),
    }


def _cpi_error(truth: Values, predicted: Values) -> float:
    if np.any(predicted <= 0):
        return math.inf
    return float(np.abs(truth / predicted - 1.0).mean())


def _rank_correlation(truth: Values, predicted: Values) -> float:
    from scipy.stats import spearmanr

    if np.ptp(truth) == 0 or np.ptp(predicted) == 0:
        return math.nan
    return float(spearmanr(truth, predicted).statistic)
