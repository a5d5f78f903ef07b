"""The trained predictor: IPC and rates of events of a program on a table of cores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import ModelInputError, nearest
from codesign.models.cpu.design import SPACE
from codesign.models.cpu.predictor.encoding import seen_rates, settings_of
from codesign.models.cpu.predictor.learned import corrected_ipc
from codesign.models.cpu.predictor.rates import (
    PER_THOUSAND,
    RATES,
    CommonRates,
    OwnRates,
    counterparts,
    rate_inputs,
)
from codesign.models.cpu.predictor.residual import Residual
from codesign.models.cpu.predictor.rows import BOUND, LOG_CPI, Surface, feature_rows
from codesign.models.cpu.predictor.trees import Trees

Values = npt.NDArray[np.float64]
CHUNK = 8192
"""Cores predicted at a time: what belongs to a chunk stays in the processor's caches."""
IPC_COLUMNS = ("ipc", "ipc_low", "ipc_high", "one_pass_ipc", "bound_ipc")


@dataclass(frozen=True)
class ProgramPredictor:
    """The predictor of one program.

    Attributes:
        surface: of its one-pass CPI.
        correction: trees where the program was never simulated, else what its simulations tell.
        rates: likewise.
        factors: of the interval, by level.
    """

    surface: Surface
    correction: Trees | Residual
    rates: CommonRates | OwnRates
    factors: Mapping[float, float]

    def predict(self, cores: pd.DataFrame, level: float = 0.9) -> pd.DataFrame:
        """Return ``IPC_COLUMNS`` of each core, under the same index.

        Between ``ipc_low`` and ``ipc_high`` lies the simulator's IPC with probability ``level``, for programs and cores
        drawn like those of the training. A row doesn't depend on the others.

        Args:
            cores: rows of the space (``design.SPACE``), numbers within its ranges.
            level: one of the trained ones.

        Raises:
            ModelInputError: a column is missing, a value lies outside the space, or the level isn't a trained one.
        """
        return self._told(cores, level, False)

    def predict_all(self, cores: pd.DataFrame, level: float = 0.9) -> pd.DataFrame:
        """Return ``IPC_COLUMNS`` and ``RATES`` (per 1,000 instructions) of each core; see ``predict``."""
        return self._told(cores, level, True)

    def _told(self, cores: pd.DataFrame, level: float, rates: bool) -> pd.DataFrame:
        check_cores(cores)
        if level not in self.factors:
            known = ", ".join(f"{one:g}" for one in self.factors)
            raise ModelInputError(f"no interval of level {level:g} was trained; known: {known}")
        names = (*IPC_COLUMNS, *(RATES if rates else ()))
        parts = [self._chunk(cores.iloc[first : first + CHUNK], level, rates) for first in range(0, len(cores), CHUNK)]
        found = np.concatenate(parts) if parts else np.zeros((0, len(names)))
        return pd.DataFrame(found, index=cores.index, columns=list(names))

    def _chunk(self, cores: pd.DataFrame, level: float, rates: bool) -> Values:
        rows = feature_rows(self.surface, cores, settings_of(cores))
        ipc, factor = corrected_ipc(rows, self.correction), self.factors[level]
        one_pass, bound = np.exp(-rows[:, LOG_CPI].astype(np.float64)), np.exp(rows[:, BOUND].astype(np.float64))
        columns = [ipc, ipc / factor, ipc * factor, one_pass, bound]
        if rates:
            seen = seen_rates(self.surface.program, cores)
            columns.append(PER_THOUSAND * seen["mispredicted"])
            columns += list(self.rates.values(rate_inputs(rows, seen), counterparts(seen)).T)
        return np.stack(columns, axis=1)


def check_cores(cores: pd.DataFrame) -> None:
    """Raise ``ModelInputError`` where a parameter of the space is missing or a value lies outside of it."""
    for name, values in SPACE.items():
        if name not in cores.columns:
            raise ModelInputError(f"the table of cores has no column {name!r}{nearest(name, map(str, cores.columns))}")
        given = cores[name]
        if isinstance(values[0], str):
            wrong = ~given.isin(values)
            allowed = ", ".join(map(str, values))
        else:
            wrong = ~given.between(min(values), max(values))
            allowed = f"{min(values):g} to {max(values):g}"
        if wrong.any():
            place = int(np.flatnonzero(wrong)[0])
            value = given.iloc[place]
            found = repr(value) if isinstance(value, str) else f"{value:g}"
            raise ModelInputError(
                f"core {cores.index[place]}: {name} is {found}; the predictor was trained on {allowed}"
            )
