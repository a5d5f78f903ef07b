"""The accuracy predictor: features of a network in, accuracy with an interval and the predictor's own error out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import ModelInputError
from codesign.models.fpga.accuracy.conformal import folds_of, interval
from codesign.models.fpga.accuracy.encoding import Encoding, encoding_of
from codesign.models.fpga.accuracy.regression import Machine, Settings, choose, cross_validate, evaluate

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

REPEATS, FOLDS = 4, 5
"""Each machine trains without one fold of one repeat, so that four of the twenty have not seen a given row."""
ROWS_TO_CHOOSE = 600
"""Rows on which the settings are chosen; all rows then train."""
FEWEST_ROWS = 40


@dataclass(frozen=True)
class Prediction:
    """Accuracies of a table of networks, and how far to trust them.

    Attributes:
        mean: predicted accuracy of each row, in the unit trained on; NaN where a choice was never seen in training.
        low: lower end of the interval, NaN likewise.
        high: upper end.
        in_domain: whether every feature of the row lies in what was trained on.
        reasons: what doesn't, for each row; empty where all does.
        level: nominal coverage of the intervals for networks drawn like the training networks.
        kendall_tau: of the predictor, cross-validated on its training networks.
        mae: its mean absolute error, likewise, in the unit trained on.
        trained_on: number of training networks.
        source: of the accuracies trained on.
    """

    mean: FloatArray
    low: FloatArray
    high: FloatArray
    in_domain: BoolArray
    reasons: tuple[str, ...]
    level: float
    kendall_tau: float
    mae: float
    trained_on: int
    source: str

    def table(self, index: pd.Index | None = None) -> pd.DataFrame:
        """Return one row for each network: mean, low, high, in_domain, reason."""
        return pd.DataFrame(
            {
                "mean": self.mean,
                "low": self.low,
                "high": self.high,
                "in_domain": self.in_domain,
                "reason": pd.array(self.reasons, dtype="str"),
            },
            index=index,
        )


@dataclass(frozen=True)
class Predictor:
    """A trained predictor; ``fit`` makes it, ``save`` and ``load`` of ``storage`` keep it.

    It is the mean of support-vector machines, each trained without one fold of one repeat. What the machines that did
    not see a training row say of it gives the errors below and the intervals.

    Attributes:
        encoding: of the features.
        inputs: encoded training rows.
        machines: one for each fold of each repeat, repeat after repeat.
        fold: repeats x training rows.
        residuals: |accuracy - mean of the machines that did not see the row| of each training row.
        settings: of the machines.
        kendall_tau: between accuracies and what the machines say of rows that they did not see.
        mae: mean of the residuals.
        source: of the accuracies.
        seed: of the folds.
    """

    encoding: Encoding
    inputs: FloatArray
    machines: tuple[Machine, ...]
    fold: IntArray
    residuals: FloatArray
    settings: Settings
    kendall_tau: float
    mae: float
    source: str
    seed: int

    @property
    def trained_on(self) -> int:
        """Number of training rows."""
        return len(self.residuals)

    def predict(self, features: pd.DataFrame, level: float = 0.9) -> Prediction:
        """Predict the accuracy of each row.

        A row with a choice that was never seen has no prediction (NaN and a reason). A row with a number beyond the
        trained range has one, marked by ``in_domain`` False: its interval promises nothing.

        Args:
            features: at least the columns trained on.
            level: nominal coverage of the intervals, between 0 and 1.

        Raises:
            ModelInputError: a column is missing, or a level that is none.
        """
        if not 0 < level < 1:
            raise ModelInputError(f"the level of an interval lies between 0 and 1, found {level}")
        rows = self.encoding.encode(features)
        each = evaluate(self.machines, self.inputs, rows.values, self.settings)
        by_fold = each.reshape(len(self.fold), -1, len(features))
        low, high = interval(by_fold, self.fold, self.residuals, level)
        mean, low, high = (np.where(rows.known, column, np.nan) for column in (each.mean(axis=0), low, high))
        return Prediction(
            mean=mean,
            low=low,
            high=high,
            in_domain=rows.inside,
            reasons=rows.reasons,
            level=level,
            kendall_tau=self.kendall_tau,
            mae=self.mae,
            trained_on=self.trained_on,
            source=self.source,
        )


def fit(features: pd.DataFrame, accuracy: npt.ArrayLike, seed: int, source: str = "") -> Predictor:
    """Train a predictor; equal arguments give an equal predictor.

    The settings of the support-vector machines are those of ``CANDIDATES`` with the least cross-validated error on (at
    most ``ROWS_TO_CHOOSE`` of) the training rows. Rows with equal features share a fold, so that no machine is
    tested on what it has seen.

    Args:
        features: one row for each network; see ``encoding_of`` for what a column may hold.
        accuracy: of each network, higher is better.
        seed: of the folds.
        source: of the accuracies, given with each prediction.

    Raises:
        ModelInputError: fewer than ``FEWEST_ROWS`` different networks, accuracies that are missing or of another
            number than the rows, or features that can't be encoded.
    """
    from scipy.stats import kendalltau

    targets = np.asarray(accuracy, dtype=np.float64)
    if targets.shape != (len(features),) or not np.isfinite(targets).all():
        raise ModelInputError(f"{len(features)} rows of features need as many finite accuracies, found {targets.shape}")
    encoding = encoding_of(features)
    inputs = encoding.encode(features).values
    groups = np.unique(inputs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    if int(groups.max()) + 1 < FEWEST_ROWS:
        raise ModelInputError(f"a predictor needs {FEWEST_ROWS} different networks, found {int(groups.max()) + 1}")
    fold = folds_of(groups, FOLDS, REPEATS, seed)
    some = np.sort(np.random.default_rng(seed).permutation(len(targets))[:ROWS_TO_CHOOSE])
    settings = choose(inputs[some], targets[some], fold[:1, some])
    machines, unseen = cross_validate(inputs, targets, fold, settings)
    residuals = np.abs(targets - unseen)
    return Predictor(
        encoding=encoding,
        inputs=inputs,
        machines=tuple(machines),
        fold=fold,
        residuals=residuals,
        settings=settings,
        kendall_tau=float(kendalltau(targets, unseen).statistic),
        mae=float(residuals.mean()),
        source=source,
        seed=seed,
    )
