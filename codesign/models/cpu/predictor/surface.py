"""A smooth surface over the space of cores through the responses of one program on some of them (kriging).

With points x (``encoding.py``), scales s, and d^2 = sum_j ((x_j - x'_j) / s_j)^2:

    k(x, x') = 1 / (1 + d^2 / 4)^2 + c x . x'          (a rational quadratic kernel and a linear trend)
    y(x) = mean + sum_n k(x, x_n) a_n,                  (K + noise I) a = y - mean

The scales are fitted to the program's own responses; see Rasmussen and Williams, Gaussian Processes for Machine
Learning (2006), equations 2.25 and 4.19.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from codesign.models.cpu.predictor.products import products

Points = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
LEAST_NOISE = 1e-5
LEAST_SPREAD = 1e-9
PRIOR_INVERSE = 0.15
START_TREND = START_NOISE = 1e-3
LOG_INVERSES, LOG_TRENDS = (-6.0, 3.0), (-9.0, -3.0)
ROUNDS = 60
BLOCK = 128
"""Anchors taken at a time: they stay in the processor's first cache while all points pass."""


@dataclass(frozen=True)
class Scales:
    """Shape of the kernel.

    Attributes:
        inverse: 1 / s of each coordinate, shape (coordinates,).
        trend: c.
        noise: variance of what the kernel can't tell, relative to 1.
    """

    inverse: Values
    trend: float
    noise: float


def kernel(left: Values, right: Values, scales: Scales) -> Values:
    """Return k of every pair, shape (left, right)."""
    a, b = left * scales.inverse, right * scales.inverse
    distance = np.sum(a * a, axis=1)[:, None] + np.sum(b * b, axis=1)[None, :] - 2.0 * (a @ b.T)
    alike: Values = 1.0 / (1.0 + 0.25 * np.maximum(distance, 0.0)) ** 2 + scales.trend * (left @ right.T)
    return alike


def weights(points: Points, values: Values, scales: Scales) -> tuple[Values, Values]:
    """Return mean (outputs,) and weights a (points, outputs) of the surfaces through values (points, outputs)."""
    mean = values.mean(axis=0)
    at = points.astype(np.float64)
    matrix = kernel(at, at, scales)
    matrix[np.diag_indices_from(matrix)] += scales.noise
    return mean, cho_solve(cho_factor(matrix, lower=True), values - mean)


def surface_values(points: Points, anchors: Points, slopes: Points, mean: Values, scales: Scales) -> Points:
    """Return the surfaces at points, shape (points, outputs); a row doesn't depend on the others.

    Args:
        points: shape (points, coordinates).
        anchors: shape (anchors, coordinates).
        slopes: weights, shape (anchors, outputs), float32.
        mean: shape (outputs,).
        scales: of the kernel.
    """
    inverse = scales.inverse.astype(np.float32)
    trend = np.float32(scales.trend) * (anchors.T @ slopes)
    found = mean.astype(np.float32) + products(points, trend)
    _compiled()(points, inverse, _blocks(anchors * inverse), _blocks(slopes), found)
    return found


def _blocks(rows: Points) -> Points:
    """Return rows in blocks, shape (blocks, columns, ``BLOCK``); the last is filled up with zeros."""
    count = -(-len(rows) // BLOCK)
    filled = np.zeros((count * BLOCK, rows.shape[1]), dtype=np.float32)
    filled[: len(rows)] = rows
    return np.ascontiguousarray(filled.reshape(count, BLOCK, -1).transpose(0, 2, 1))


@cache
def _compiled() -> Callable[..., None]:
    @njit(nogil=True, cache=True, fastmath={"contract", "reassoc"})
    def run(points, inverse, anchors, slopes, found):  # type: ignore[no-untyped-def]
        alike = np.empty(BLOCK, dtype=np.float32)
        quarter, one = np.float32(0.25), np.float32(1.0)
        for block in range(len(anchors)):
            for row in range(len(points)):
                alike[:] = one
                for j in range(len(inverse)):
                    at = points[row, j] * inverse[j]
                    for n in range(BLOCK):
                        away = at - anchors[block, j, n]
                        alike[n] += quarter * away * away
                for output in range(slopes.shape[1]):
                    total = np.float32(0.0)
                    for n in range(BLOCK):
                        total += slopes[block, output, n] / (alike[n] * alike[n])
                    found[row, output] += total

    return run


def fitted_scales(points: Points, values: Values) -> Scales:
    """Return the scales under which the values are most likely, with a prior.

    Maximises log p(values | scales), their variance at its best value, plus the log density of a normal prior on
    log(1 / s) around ``PRIOR_INVERSE``.

    Args:
        points: shape (points, coordinates).
        values: at them, shape (points,).
    """
    x = points.astype(np.float64)
    squares = [(x[:, j : j + 1] - x[:, j][None, :]) ** 2 for j in range(x.shape[1])]
    products, targets = x @ x.T, (values - values.mean()) / max(float(values.std()), LEAST_SPREAD)
    centre = np.log(PRIOR_INVERSE)

    def unlikely(logs: Values) -> tuple[float, Values]:
        away = logs[:-2] - centre
        value, slope = _unlikeliness(logs, squares, products, targets[:, None])
        return value + 0.5 * float(away @ away), slope + np.concatenate((away, [0.0, 0.0]))

    start = np.concatenate((np.full(len(squares), centre), np.log([START_TREND, START_NOISE])))
    limits = [LOG_INVERSES] * len(squares) + [LOG_TRENDS, (np.log(LEAST_NOISE), 0.0)]
    best = minimize(unlikely, start, jac=True, bounds=limits, method="L-BFGS-B", options={"maxiter": ROUNDS})
    return Scales(np.exp(best.x[:-2]), float(np.exp(best.x[-2])), float(np.exp(best.x[-1])))


def _unlikeliness(logs: Values, squares: Sequence[Values], products: Values, targets: Values) -> tuple[float, Values]:
    """Return minus the log likelihood (up to a constant) of targets (points, series), and its slope in ``logs``."""
    inverse2 = np.exp(2.0 * logs[:-2])
    distance = np.zeros_like(products)
    for scale, square in zip(inverse2, squares, strict=True):
        distance += scale * square
    base = 1.0 / (1.0 + 0.25 * distance)
    trend, noise = np.exp(logs[-2]), np.exp(logs[-1])
    matrix = base**2 + trend * products
    matrix[np.diag_indices_from(matrix)] += noise
    factor = cho_factor(matrix, lower=True)
    solved = cho_solve(factor, targets)
    count, many = targets.shape
    variance = np.sum(targets * solved, axis=0) / count
    determinant = 2.0 * float(np.sum(np.log(np.diag(factor[0]))))
    value = 0.5 * (count * float(np.sum(np.log(variance))) + many * determinant)
    inner = many * cho_solve(factor, np.eye(count)) - (solved / variance) @ solved.T
    bent = inner * (-0.5 * base**3)
    slope = [float(np.sum(bent * square)) * scale for scale, square in zip(inverse2, squares, strict=True)]
    slope.append(0.5 * trend * float(np.sum(inner * products)))
    slope.append(0.5 * noise * float(np.trace(inner)))
    return value, np.array(slope)
