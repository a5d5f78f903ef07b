"""The paper's regressors, with its settings, on scikit-learn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import UnknownNameError, nearest
from codesign.models.cpu.ipc_learning.features import FeatureSet
from codesign.models.cpu.splits_baselines import NearestProgram

Values = npt.NDArray[np.float64]
SEED = 42


def _random_forest() -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(n_estimators=100, random_state=SEED)


def _linear() -> Any:
    from sklearn.linear_model import LinearRegression

    return _standardised(LinearRegression())


def _linear_svr() -> Any:
    from sklearn.svm import SVR

    return _standardised(SVR(kernel="linear"))


def _mlp() -> Any:
    from sklearn.neural_network import MLPRegressor

    return _standardised(
        MLPRegressor(hidden_layer_sizes=(64, 32), max_iter=50, batch_size=32, alpha=0.0, random_state=SEED)
    )


def _standardised(estimator: Any) -> Any:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), estimator)


REGRESSORS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {
        "random forest": _random_forest,
        "linear regression": _linear,
        "linear SVR": _linear_svr,
        "MLP 64-32": _mlp,
    }
)
"""Name -> makes one that has learned nothing. The MLP takes 50 epochs of 32 rows with Adam, as its script does."""


def regressor(name: str) -> Callable[[], Any]:
    """Return what makes the regressor of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in REGRESSORS:
        raise UnknownNameError(f"unknown regressor {name!r}{nearest(name, REGRESSORS)}; known: {', '.join(REGRESSORS)}")
    return REGRESSORS[name]


@dataclass
class OnFeatures:
    """A regressor that is told a feature set of each row.

    Attributes:
        features: that it is told.
        estimator: of scikit-learn.
    """

    features: FeatureSet
    estimator: Any

    def fit(self, table: pd.DataFrame, truth: Values, /) -> OnFeatures:
        """Fit the estimator. Ending after the published number of epochs is meant, so it isn't warned of."""
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.estimator.fit(self.features.of(table).to_numpy(), truth)
        return self

    def predict(self, table: pd.DataFrame, /) -> Values:
        """Return the predicted IPC of each row."""
        return np.asarray(self.estimator.predict(self.features.of(table).to_numpy()), dtype=np.float64)


@dataclass
class NearestRun:
    """The mean IPC of the run whose mean features are nearest to those of the row's run.

    Attributes:
        features: by which runs are compared, each divided by its standard deviation.
    """

    features: FeatureSet

    def fit(self, table: pd.DataFrame, truth: Values, /) -> NearestRun:
        """Keep the runs."""
        columns = self.features.of(table)
        self._nearest = NearestProgram("run", tuple(map(str, columns)), ()).fit(columns.assign(run=table["run"]), truth)
        return self

    def predict(self, table: pd.DataFrame, /) -> Values:
        """Return the predicted IPC of each row."""
        return self._nearest.predict(self.features.of(table).assign(run=table["run"]))


class OwnRun:
    """The mean IPC of those cores of the row's own run that were learned from; NaN where there are none."""

    def fit(self, table: pd.DataFrame, truth: Values, /) -> OwnRun:
        """Take the mean of each run."""
        self._means = pd.Series(truth).groupby(table["run"].to_numpy()).mean()
        return self

    def predict(self, table: pd.DataFrame, /) -> Values:
        """Return the mean of each row's run."""
        return np.asarray(self._means.reindex(table["run"]), dtype=np.float64)
