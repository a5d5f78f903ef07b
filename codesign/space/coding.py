"""Designs as numbers: the code matrix, one row per design, one column per parameter.

A discrete parameter's code is the index of its value in the domain, -1 when the parameter is inactive. A continuous
parameter's code is the value itself, NaN when inactive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import SpaceError, nearest
from codesign.space.domain import Choices, Float
from codesign.space.expression import Column, Expression
from codesign.space.parameter import Parameter

CodeArray = npt.NDArray[np.float64]
INACTIVE = -1


def is_discrete(parameter: Parameter) -> bool:
    """Whether the parameter has countably many values."""
    return parameter.domain.size is not None


def column_of(parameter: Parameter, codes: npt.NDArray[Any]) -> Column:
    """Return the values behind ``codes`` as an expression column: numbers as float64, inactive rows unknown."""
    domain = parameter.domain
    if isinstance(domain, Float) and domain.size is None:
        unknown = np.isnan(codes)
        return Column(codes, unknown if unknown.any() else None)
    indices = codes.astype(np.int64)
    unknown = indices < 0
    values = domain.at(np.where(unknown, 0, indices))  # type: ignore[union-attr]
    if domain.kind not in ("categorical", "boolean"):
        values = values.astype(np.float64)
    return Column(values, unknown if unknown.any() else None)


def columns_of(
    parameters: Sequence[Parameter], codes: npt.NDArray[Any], names: Sequence[str] | None = None
) -> dict[str, Column]:
    """Return expression columns for ``names`` (default: all) among ``parameters``, the labels of ``codes``' columns."""
    wanted = None if names is None else set(names)
    return {
        parameter.name: column_of(parameter, codes[:, position])
        for position, parameter in enumerate(parameters)
        if wanted is None or parameter.name in wanted
    }


def activity_order(parameters: Sequence[Parameter], conditions: Mapping[str, Expression]) -> list[Parameter]:
    """Return the parameters so that each follows those that its condition reads; otherwise in the given order.

    Raises SpaceError naming the circle when conditions are circular.
    """
    by_name = {parameter.name: parameter for parameter in parameters}
    placed: dict[str, Parameter] = {}
    waiting: list[str] = []

    def place(name: str) -> None:
        if name in placed:
            return
        if name in waiting:
            circle = " -> ".join([*waiting[waiting.index(name) :], name])
            raise SpaceError(f"the conditions are circular: {circle}", path=f"parameters.{name}.when")
        waiting.append(name)
        if name in conditions:
            for needed in conditions[name].names:
                place(needed)
        waiting.pop()
        placed[name] = by_name[name]

    for parameter in parameters:
        place(parameter.name)
    return list(placed.values())


def deactivate(parameters: Sequence[Parameter], conditions: Mapping[str, Expression], codes: CodeArray) -> CodeArray:
    """Return ``codes`` with the inactive parameters' codes set to -1 or NaN, in dependence order."""
    result = codes.copy()
    position = {parameter.name: index for index, parameter in enumerate(parameters)}
    for parameter in activity_order(parameters, conditions):
        condition = conditions.get(parameter.name)
        if condition is None:
            continue
        active = condition.holds(columns_of(parameters, result, condition.names), len(result))
        result[~active, position[parameter.name]] = INACTIVE if is_discrete(parameter) else np.nan
    return result


def decode(parameters: Sequence[Parameter], conditional: set[str], codes: CodeArray) -> pd.DataFrame:
    """Return the designs behind ``codes`` as a table; texts are categorical columns, inactive values are missing.

    Column types depend on the parameter only, never on the rows, so that chunks fit together.
    """
    columns: dict[str, Any] = {}
    for position, parameter in enumerate(parameters):
        column, domain = codes[:, position], parameter.domain
        if isinstance(domain, Float) and domain.size is None:
            columns[parameter.name] = column
            continue
        indices = column.astype(np.int64)
        if isinstance(domain, Choices) and domain.kind == "categorical":
            columns[parameter.name] = pd.Categorical.from_codes(indices, categories=pd.Index(domain.array()))
            continue
        inactive = indices < 0
        values = domain.at(np.where(inactive, 0, indices))  # type: ignore[union-attr]
        if parameter.name not in conditional:
            columns[parameter.name] = values
        elif values.dtype == np.bool_:
            columns[parameter.name] = pd.arrays.BooleanArray(values, inactive)
        elif values.dtype.kind == "i":
            columns[parameter.name] = pd.arrays.IntegerArray(values, inactive)
        else:
            columns[parameter.name] = np.where(inactive, np.nan, values)
    return pd.DataFrame(columns)


def encode(parameters: Sequence[Parameter], conditional: set[str], designs: pd.DataFrame) -> CodeArray:
    """Return the codes of a table of designs; the inverse of ``decode``.

    Raises SpaceError naming the row, the parameter and the value that isn't in its domain.
    """
    names = [parameter.name for parameter in parameters]
    for column in designs.columns:
        if column not in names:
            raise SpaceError(f"no parameter {column!r}{nearest(str(column), names)}; allowed: {', '.join(names)}")
    codes = np.empty((len(designs), len(parameters)))
    for position, parameter in enumerate(parameters):
        if parameter.name not in designs.columns:
            raise SpaceError(f"the designs have no column for the parameter {parameter.name!r}")
        series = designs[parameter.name]
        missing = series.isna().to_numpy()
        filled = np.full(len(series), INACTIVE, dtype=np.float64)
        if not is_discrete(parameter):
            filled[:] = np.nan
        given = series[~missing]
        try:
            if is_discrete(parameter):
                found = parameter.domain.index(given.astype(object).to_numpy().tolist()).astype(np.float64)  # type: ignore[union-attr]
            else:
                found = given.to_numpy(dtype=np.float64)
        except (TypeError, ValueError):
            found = np.full(len(given), -1.0)
        bad = np.flatnonzero(found < 0) if is_discrete(parameter) else _outside(parameter, found)
        if len(bad) or (missing.any() and parameter.name not in conditional):
            value = given.iloc[bad[0]] if len(bad) else None
            row = given.index[bad[0]] if len(bad) else series.index[missing][0]
            raise SpaceError(
                f"row {row}: {parameter.name} = {value!r} is not allowed; allowed: {parameter.domain.describe()}"
            )
        filled[~missing] = found
        codes[:, position] = filled
    return codes


def _outside(parameter: Parameter, values: CodeArray) -> npt.NDArray[np.int64]:
    domain = parameter.domain
    assert isinstance(domain, Float)
    return np.flatnonzero(~((values >= domain.low) & (values <= domain.high)))


def design_keys(codes: CodeArray) -> list[bytes]:
    """Return one hashable key per row; -0.0 and 0.0, and all NaN, are the same."""
    plain = np.ascontiguousarray(np.where(np.isnan(codes), np.nan, codes + 0.0))
    width = plain.itemsize * plain.shape[1]
    raw = plain.tobytes()
    return [raw[start : start + width] for start in range(0, len(raw), width)] if width else []
