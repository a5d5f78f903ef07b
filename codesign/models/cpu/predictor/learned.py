"""The learned predictor: a program's surface of one-pass CPI, corrected; calibrated intervals.

Of a program that was never simulated, the correction is that of boosted trees, learned from other programs; of one that
was simulated on some cores, it is drawn through these (``residual.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.models.cpu.predictor.residual import LEAST_CORES, Residual, fitted_residual
from codesign.models.cpu.predictor.rows import COLUMNS, LOG_CPI, POINTS, Rows
from codesign.models.cpu.predictor.surface import Scales
from codesign.models.cpu.predictor.trees import Trees, grown

Values = npt.NDArray[np.float64]
TREES, LEAVES, RATE, LEAST = 100, 6, 0.05, 100
"""Few and small: what other programs tell is little beside a program's own surface."""


@dataclass
class Learned:
    """IPC = exp(-(log of the surface's CPI + correction)); scikit-learn's two methods on tables with ``COLUMNS``.

    Attributes:
        scales: of the surfaces, by program (column ``program``).
    """

    scales: Mapping[str, Scales]

    def fit(self, table: pd.DataFrame, truth: Values, /) -> Learned:
        """Learn the corrections log(true CPI / surface's CPI) from rows and their true IPC."""
        rows = rows_of(table)
        residuals: Values = -np.log(truth) - rows[:, LOG_CPI].astype(np.float64)
        self.trees: Trees = grown(rows, residuals, TREES, LEAVES, RATE, LEAST)
        self.known = {name: (rows[at][:, POINTS], residuals[at]) for name, at in _by_program(table)}
        return self

    def predict(self, table: pd.DataFrame, /) -> Values:
        """Return the IPC of each row."""
        rows = rows_of(table)
        found = np.empty(len(rows))
        for name, at in _by_program(table):
            found[at] = corrected_ipc(rows[at], self._correction(name))
        return found

    def noise(self, name: str) -> float:
        """Return the noise of the correction that a program's own simulations tell."""
        points, residuals = self.known[name]
        return fitted_residual(np.ascontiguousarray(points), residuals, self.scales[name]).scales.noise

    def _correction(self, name: str) -> Trees | Residual:
        points, residuals = self.known.get(name, (np.zeros((0, 0), dtype=np.float32), np.zeros(0)))
        if len(residuals) < LEAST_CORES:
            return self.trees
        return fitted_residual(np.ascontiguousarray(points), residuals, self.scales[name])


def corrected_ipc(rows: Rows, correction: Trees | Residual) -> Values:
    """Return the IPC of rows of ``COLUMNS``, shape (rows,)."""
    if isinstance(correction, Residual):
        missed = correction.values(np.ascontiguousarray(rows[:, POINTS]))
    else:
        missed = correction.values(rows)
    ipc: Values = np.exp(-(rows[:, LOG_CPI] + missed))
    return ipc


def interval_factor(truth: Values, predicted: Values, level: float) -> float:
    """Return the factor f such that [IPC / f, IPC f] held a share ``level`` of the truths (split conformal prediction).

    With the scores |log(truth / predicted)| of n rows that the predictor had not seen, f is the exponential of the
    ceil((n + 1) level)-th smallest (Lei et al., JASA 113, 2018). The rows must come from programs that were held out,
    or the factor is too small for new programs.
    """
    scores = np.sort(np.abs(np.log(truth / predicted)))
    place = min(int(np.ceil((len(scores) + 1) * level)), len(scores))
    return float(np.exp(scores[place - 1]))


def rows_of(table: pd.DataFrame) -> Rows:
    """Return ``COLUMNS`` of a table, shape (rows, columns)."""
    return np.ascontiguousarray(table[list(COLUMNS)].to_numpy(dtype=np.float32))


def _by_program(table: pd.DataFrame) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Yield each program with the positions of its rows."""
    names = table["program"].to_numpy()
    for name in pd.unique(names):
        yield str(name), np.flatnonzero(names == name)
