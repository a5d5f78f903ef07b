"""What a learned predictor of IPC has to beat. Each is fitted on a table and its truth, and predicts another table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

Values = npt.NDArray[np.float64]


class Predictor(Protocol):
    """Anything with scikit-learn's two methods; each gets whole rows and picks the columns that it needs."""

    def fit(self, table: pd.DataFrame, truth: Values, /) -> Any:
        """Learn from rows and their true IPC, shape (rows,)."""

    def predict(self, table: pd.DataFrame, /) -> Values:
        """Return the IPC of each row, shape (rows,)."""


class Constant:
    """The mean of the IPC that was learned from, whatever the row."""

    def fit(self, table: pd.DataFrame, truth: Values, /) -> Constant:
        """Take the mean."""
        self.mean = float(truth.mean())
        return self

    def predict(self, table: pd.DataFrame, /) -> Values:
        """Return it for each row."""
        return np.full(len(table), self.mean)


@dataclass(frozen=True)
class GivenColumn:
    """A column that holds a prediction already, such as an analytical bound.

    Attributes:
        column: its name; IPC.
    """

    column: str

    def fit(self, table: pd.DataFrame, truth: Values, /) -> GivenColumn:
        """Learn nothing."""
        return self

    def predict(self, table: pd.DataFrame, /) -> Values:
        """Return the column."""
        return table[self.column].to_numpy(dtype=np.float64)


@dataclass
class NearestProgram:
    """The true IPC of the program that is most like the row's, on the core that is most like the row's.

    Likeness is the Euclidean distance of features, each divided by its standard deviation (one that doesn't vary is
    left out): first between the means of programs, then between cores that the found program has run on. The first in
    order of name, or of row, wins a tie.

    Attributes:
        program: column that names the program.
        program_features: columns that describe it.
        core_features: columns that describe the core; with none, every core of the found program is equally near, and
            the mean of its IPC is predicted.
    """

    program: str
    program_features: Sequence[str]
    core_features: Sequence[str]

    def fit(self, table: pd.DataFrame, truth: Values, /) -> NearestProgram:
        """Keep the rows and their IPC."""
        self._known, self._truth = table, truth
        self._means = self._by_program(table)
        return self

    def predict(self, table: pd.DataFrame, /) -> Values:
        """Return the IPC of the nearest known row."""
        means = self._by_program(table)
        found = self._means.index[nearest_rows(self._means.to_numpy(), means.to_numpy())]
        like = dict(zip(means.index, found, strict=True))
        predicted = np.empty(len(table))
        programs = table[self.program].to_numpy()
        known = self._known[self.program].to_numpy()
        for name, other in like.items():
            rows, candidates = np.flatnonzero(programs == name), np.flatnonzero(known == other)
            predicted[rows] = self._of_cores(table.iloc[rows], candidates)
        return predicted

    def _by_program(self, table: pd.DataFrame) -> pd.DataFrame:
        columns = list(self.program_features)
        return table[columns].astype(np.float64).groupby(table[self.program].to_numpy(), sort=True).mean()

    def _of_cores(self, table: pd.DataFrame, candidates: npt.NDArray[np.int64]) -> Values:
        truth = self._truth[candidates]
        if not self.core_features:
            return np.full(len(table), float(truth.mean()))
        columns = list(self.core_features)
        known = self._known[columns].to_numpy(dtype=np.float64)
        asked = table[columns].to_numpy(dtype=np.float64)
        spread = known.std(axis=0)
        found: Values = truth[nearest_rows(known[candidates], asked, spread)]
        return found


def nearest_rows(known: Values, asked: Values, spread: Values | None = None) -> npt.NDArray[np.int64]:
    """Return, for each asked row, the position of the nearest known row; the first wins a tie.

    Args:
        known: shape (n, features).
        asked: shape (m, features).
        spread: what each feature is divided by, shape (features,); None takes the standard deviation of ``known``.
            A feature with spread 0 is left out.
    """
    from scipy.spatial.distance import cdist

    divisor = known.std(axis=0) if spread is None else spread
    varies = divisor > 0
    if not varies.any():
        return np.zeros(len(asked), dtype=np.int64)
    distance = cdist(asked[:, varies], known[:, varies], "seuclidean", V=divisor[varies] ** 2)
    return np.asarray(distance.argmin(axis=1), dtype=np.int64)
