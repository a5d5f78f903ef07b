"""One order for a set of rows, so that equal sets give equal bytes however they were found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import nearest
from codesign.pareto.errors import FrontierError
from codesign.pareto.objective import Objective, costs


def canonical(table: pd.DataFrame, objectives: Sequence[Objective], rank: str | None = None) -> pd.DataFrame:
    """Return the rows of ``table`` without copies of equal rows, in canonical order, numbered from 0.

    The order is by the objectives' costs, best first, then by the column ``rank`` when one is named, then by the
    remaining columns from left to right: numbers before texts, missing values last. -0.0 is written as 0.0.
    """
    result = table.drop_duplicates().reset_index(drop=True)
    for name in result.columns:
        if result[name].dtype.kind == "f" and isinstance(result[name].dtype, np.dtype):
            result[name] = result[name] + 0.0
    first = [] if rank is None else [rank]
    others = [name for name in result.columns if name not in {o.metric for o in objectives} | set(first)]
    keys = list(costs(result, objectives).T)
    for name in first + others:
        keys.append(_order(result[name]))
    return result.iloc[np.lexsort(keys[::-1])].reset_index(drop=True) if keys else result


def require_objectives(table: pd.DataFrame, objectives: Sequence[Objective]) -> None:
    """Raise FrontierError unless there are objectives, all different, and each names a numeric column of ``table``."""
    if not objectives:
        raise FrontierError("a frontier needs at least one objective; found none")
    names = [objective.metric for objective in objectives]
    for name in names:
        if names.count(name) > 1:
            raise FrontierError(f"the objective {name!r} is named twice")
        if name not in table.columns:
            columns = [str(column) for column in table.columns]
            raise FrontierError(
                f"no column {name!r} for the objective{nearest(name, columns)}; found: {', '.join(columns) or 'none'}"
            )
        kind = table[name].dtype
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
            raise FrontierError(f"the objective {name!r} must be a column of numbers; found {kind}")


def _order(column: pd.Series[Any]) -> npt.NDArray[Any]:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb":
        return column.to_numpy()
    positions, values = pd.factorize(column.astype(object))
    order = sorted(range(len(values)), key=lambda index: _value_key(values[index]))
    place = np.empty(len(values) + 1, dtype=np.int64)
    place[order] = np.arange(len(values))
    place[-1] = len(values)
    return place[positions]


def _value_key(value: object) -> tuple[int, float, str]:
    if isinstance(value, int | float | np.number):
        return (0, float(value), repr(value))
    return (1, 0.0, str(value))
