"""Misses and requests per 1,000 instructions as the simulator counts them, from those that the cache walk saw.

The simulator also counts requests that wait for a line under way and lines that are written back, which depend on
time. With y the simulator's rate and p its counterpart of the walk:

- of a program that was simulated on some cores: log(1 + 10 y) = b + w . z, ridge regression on these, z the core's
  coordinates, the surface's log CPI and the logs of the walk's rates;
- of another one: log(1 + 10 y) = log(1 + 10 p) + boosted trees(z), learned from other programs.

Mispredictions are the walk's, which sees branches in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.models.cpu.features.memory_view import MEMORY_RATES
from codesign.models.cpu.predictor.products import products
from codesign.models.cpu.predictor.rows import LOG_CPI, POINTS, Rows
from codesign.models.cpu.predictor.trees import Trees, grown

Values = npt.NDArray[np.float64]
RATES = (
    "branch_mpki",
    "uop_hits",
    "l1i_accesses",
    "l2_accesses",
    "llc_accesses",
    "l1i_mpki",
    "l1d_mpki",
    "l2_mpki",
    "llc_mpki",
    "itlb_mpki",
    "dtlb_mpki",
    "stlb_mpki",
)
"""Per 1,000 instructions: names of ``CoreSimulation``."""
LEARNED = RATES[1:]
PER_THOUSAND = 1000.0
SCALE = 10.0
"""Rates well below 0.1 count as 0."""
RIDGE = 1.0
TREES, LEAVES, RATE, LEAST = 30, 6, 0.1, 100


@dataclass(frozen=True)
class OwnRates:
    """Rates of a program that was simulated.

    Attributes:
        weights: of a constant and the inputs, shape (1 + inputs, ``LEARNED``), float32.
    """

    weights: npt.NDArray[np.float32]

    def values(self, inputs: Rows, counterparts: Values) -> Values:
        """Return ``LEARNED``, shape (rows, rates)."""
        return _rates(self.weights[0] + products(inputs, self.weights[1:]))


@dataclass(frozen=True)
class CommonRates:
    """Rates of any program.

    Attributes:
        trees: for each of ``LEARNED``.
    """

    trees: tuple[Trees, ...]

    def values(self, inputs: Rows, counterparts: Values) -> Values:
        """Return ``LEARNED``, shape (rows, rates)."""
        corrections = np.stack([trees.values(inputs) for trees in self.trees], axis=1)
        return _rates(_logs(counterparts) + corrections)


def rate_inputs(rows: Rows, seen: Mapping[str, Values]) -> Rows:
    """Return z, shape (rows, inputs).

    Args:
        rows: ``COLUMNS`` of a program on cores.
        seen: ``encoding.seen_rates`` of the same.
    """
    logs = np.stack([np.log1p(SCALE * PER_THOUSAND * seen[name]) for name in MEMORY_RATES], axis=1, dtype=np.float32)
    return np.concatenate((rows[:, POINTS], rows[:, LOG_CPI : LOG_CPI + 1], logs), axis=1)


def counterparts(seen: Mapping[str, Values]) -> Values:
    """Return p of ``LEARNED``, shape (rows, rates): lines and pages fetched by accesses of the program's order."""
    below = seen["l2"] + seen["l1i_l2"]
    columns = (
        1.0 - seen["uop_misses"],
        seen["blocks"],
        seen["l1d"] + seen["l1i"] + seen["ahead"],
        below,
        seen["l1i"],
        seen["l1d"],
        below,
        seen["llc"],
        seen["itlb"],
        seen["dtlb"],
        seen["stlb"],
    )
    return PER_THOUSAND * np.stack(columns, axis=1)


def fitted_own(inputs: Rows, rates: Values) -> OwnRates:
    """Return the rates of a program from those on some cores, arrays of shape (cores, inputs) and (cores, rates)."""
    known = np.concatenate((np.ones((len(inputs), 1)), inputs.astype(np.float64)), axis=1)
    logs = _logs(rates)
    mean = logs.mean(axis=0)
    weights = np.linalg.solve(known.T @ known + RIDGE * np.eye(known.shape[1]), known.T @ (logs - mean))
    weights[0] += mean
    return OwnRates(weights.astype(np.float32))


def fitted_common(inputs: Rows, counterparts: Values, rates: Values) -> CommonRates:
    """Return the rates of any program from those of many on many cores."""
    wanted = _logs(rates) - _logs(counterparts)
    return CommonRates(tuple(grown(inputs, column, TREES, LEAVES, RATE, LEAST) for column in wanted.T))


def _logs(rates: Values) -> Values:
    logs: Values = np.log1p(SCALE * rates)
    return logs


def _rates(logs: npt.NDArray[np.floating]) -> Values:
    rates: Values = np.maximum(np.expm1(logs.astype(np.float64)) / SCALE, 0.0)
    return rates
