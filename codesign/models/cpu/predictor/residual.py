"""What the one-pass surface of a program misses, from simulations of that program on other cores.

Kriging of log(simulated CPI / surface's CPI) with the surface's kernel; the noise is the one of ``NOISES`` with the
least leave-one-out error, e_i = [K^-1 r]_i / [K^-1]_ii (Rasmussen and Williams 2006, equation 5.12).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve

from codesign.models.cpu.predictor.surface import Points, Scales, kernel, surface_values

Values = npt.NDArray[np.float64]
NOISES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Relative to the kernel's variance."""
LEAST_CORES = 32
"""Simulated on fewer cores, a program counts as unseen."""


@dataclass(frozen=True)
class Residual:
    """Correction of log CPI of one program over the space of cores.

    Attributes:
        points: simulated cores, shape (cores, coordinates).
        scales: of the kernel, with the noise that was chosen.
        mean: of the residuals, shape (1,).
        slopes: weights, shape (cores, 1), float32.
    """

    points: Points
    scales: Scales
    mean: Values
    slopes: Points

    def values(self, points: Points) -> Values:
        """Return the correction at points, shape (points,)."""
        found = surface_values(points, self.points, self.slopes, self.mean, self.scales)
        return found[:, 0].astype(np.float64)


def fitted_residual(points: Points, residuals: Values, scales: Scales, noise: float | None = None) -> Residual:
    """Return the correction from simulated cores.

    Args:
        points: of the cores, shape (cores, coordinates).
        residuals: log(simulated CPI / surface's CPI), shape (cores,).
        scales: of the program's surface; trend and noise are left out.
        noise: relative to the kernel's variance; the best of ``NOISES`` if None.
    """
    at, plain = points.astype(np.float64), Scales(scales.inverse, 0.0, 0.0)
    alike, mean = kernel(at, at, plain), residuals.mean()
    centred = residuals - mean
    if noise is None:
        noise = min(NOISES, key=lambda one: _left_out_error(alike, centred, one))
    slopes = cho_solve(cho_factor(alike + noise * np.eye(len(at)), lower=True), centred)
    own = Scales(scales.inverse, 0.0, noise)
    return Residual(points, own, np.array([mean]), slopes[:, None].astype(np.float32))


def _left_out_error(alike: Values, centred: Values, noise: float) -> float:
    inverse = cho_solve(cho_factor(alike + noise * np.eye(len(alike)), lower=True), np.eye(len(alike)))
    return float(np.mean((inverse @ centred / np.diag(inverse)) ** 2))
