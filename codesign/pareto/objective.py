"""An objective: a metric, which way is better, and optionally the reference value for hypervolume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd


@dataclass(frozen=True)
class Objective:
    """A metric to minimise or maximise.

    Attributes:
        metric: column name.
        direction: ``minimize`` or ``maximize``.
        reference: this coordinate of the hypervolume's reference point, in the metric's unit; None = derived.
    """

    metric: str
    direction: Literal["minimize", "maximize"]
    reference: float | None = None

    @property
    def sign(self) -> float:
        """+1 to minimise, -1 to maximise: metric * sign is to be minimised."""
        return 1.0 if self.direction == "minimize" else -1.0


def costs(table: pd.DataFrame, objectives: Sequence[Objective]) -> npt.NDArray[np.float64]:
    """Return the ``rows x objectives`` array of objective values, all to be minimised."""
    columns = [table[o.metric].to_numpy(dtype=np.float64) * o.sign for o in objectives]
    return np.column_stack(columns) if columns else np.empty((len(table), 0))
