"""Support-vector regression with a Gaussian kernel, as one weight for each training row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ROWS_AT_ONCE = 1024
CACHE_MB = 500.0


@dataclass(frozen=True)
class Settings:
    """What is chosen before training.

    Attributes:
        penalty: C, of errors beyond the tube, for targets of unit deviation.
        reach: of the kernel: gamma = reach / encoded columns.
        tube: epsilon, the error without penalty, in deviations of the target.
    """

    penalty: float
    reach: float
    tube: float = 0.05


CANDIDATES = tuple(Settings(penalty, reach) for penalty in (3.0, 10.0, 30.0) for reach in (0.1, 0.3, 1.0))
"""Tried by cross-validation on the training rows."""


@dataclass(frozen=True)
class Machine:
    """f(x) = sum over training rows i of weight_i exp(-gamma |x - x_i|^2) + offset.

    Attributes:
        weights: of the training rows, 0 where a row is no support vector.
        offset: in the unit of the target.
    """

    weights: FloatArray
    offset: float


def train(inputs: FloatArray, targets: FloatArray, rows: IntArray, settings: Settings) -> Machine:
    """Return the machine trained on some rows; its weights are numbered like all rows of ``inputs``.

    Minimises |w|^2 / 2 + C sum max(0, |y_i - f(x_i)| - epsilon) over targets y standardised on ``rows``
    (Smola and Schoelkopf, A tutorial on support vector regression, Statistics and Computing 14, 2004), by libsvm
    through scikit-learn, which is deterministic.
    """
    from sklearn.svm import SVR

    chosen = targets[rows]
    centre, scale = float(chosen.mean()), float(chosen.std())
    weights = np.zeros(len(targets))
    if scale == 0:
        return Machine(weights, centre)
    gamma = settings.reach / inputs.shape[1]
    fitted = SVR(C=settings.penalty, gamma=gamma, epsilon=settings.tube, cache_size=CACHE_MB)
    fitted.fit(inputs[rows], (chosen - centre) / scale)
    weights[rows[fitted.support_]] = fitted.dual_coef_[0] * scale
    return Machine(weights, float(fitted.intercept_[0]) * scale + centre)


def evaluate(machines: Sequence[Machine], inputs: FloatArray, new: FloatArray, settings: Settings) -> FloatArray:
    """Return machines x new rows of f(x), all from one kernel matrix."""
    gamma = settings.reach / inputs.shape[1]
    weights = np.stack([machine.weights for machine in machines])
    offsets = np.array([machine.offset for machine in machines])
    found = np.empty((len(machines), len(new)))
    squares = (inputs**2).sum(axis=1)
    for start in range(0, len(new), ROWS_AT_ONCE):
        part = new[start : start + ROWS_AT_ONCE]
        distance = (part**2).sum(axis=1)[:, np.newaxis] + squares - 2 * part @ inputs.T
        kernel = np.exp(-gamma * np.maximum(distance, 0.0))
        found[:, start : start + ROWS_AT_ONCE] = weights @ kernel.T + offsets[:, np.newaxis]
    return found


def cross_validate(
    inputs: FloatArray, targets: FloatArray, fold: IntArray, settings: Settings
) -> tuple[list[Machine], FloatArray]:
    """Train without each fold of each repeat.

    Args:
        inputs: training rows x encoded columns.
        targets: of the training rows.
        fold: repeats x training rows.
        settings: of the machines.

    Returns:
        The machines, repeat after repeat, and for each row the mean of what the machines that did not see it say.
    """
    machines, unseen = [], np.zeros(len(targets))
    for folds in fold:
        for number in range(int(fold.max()) + 1):
            left_out = np.flatnonzero(folds == number)
            machine = train(inputs, targets, np.flatnonzero(folds != number), settings)
            unseen[left_out] += evaluate([machine], inputs, inputs[left_out], settings)[0] / len(fold)
            machines.append(machine)
    return machines, unseen


def choose(inputs: FloatArray, targets: FloatArray, fold: IntArray) -> Settings:
    """Return the candidate with the least cross-validated mean absolute error; the first of equals."""
    errors = [np.abs(cross_validate(inputs, targets, fold, each)[1] - targets).mean() for each in CANDIDATES]
    return CANDIDATES[int(np.argmin(errors))]
