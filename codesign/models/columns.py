"""From a table of designs to plain arrays, with a reason for every value that can't be taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import ModelInputError, nearest
from codesign.models.protocol import FEASIBLE, IN_VALIDATED_RANGE, REASON
from codesign.space.domain import Choices, Float, Integer, Name
from codesign.space.parameter import Parameter
from codesign.workloads.settings import plain

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Kind = TypeVar("Kind", bound=np.generic)
MISSING = ""
"""The label of an optional text that has no value."""


@dataclass
class Columns:
    """The designs, column by column. A column that is the same in all rows has length 1.

    Attributes:
        rows: number of designs.
        numbers: numeric parameters as float64.
        codes: text parameters as indices into ``labels``.
        labels: the texts behind the codes; for a list of choices the choices.
        reasons: row -> why its values can't be taken.
    """

    rows: int
    numbers: dict[str, FloatArray] = field(default_factory=dict)
    codes: dict[str, IntArray] = field(default_factory=dict)
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)

    def refuse(self, bad: npt.NDArray[np.bool_], text_of_row: Mapping[int, str] | str) -> None:
        """Give the rows of a mask (length 1: all rows) a reason, unless they have one."""
        where = range(self.rows) if bad.size == 1 else np.flatnonzero(bad).tolist()
        for row in where if bad.any() else ():
            self.reasons.setdefault(row, text_of_row if isinstance(text_of_row, str) else text_of_row[row])

    def allowed(self) -> IntArray | slice:
        """Return the rows without a reason (a slice: all)."""
        if not self.reasons:
            return slice(None)
        good = np.ones(self.rows, dtype=bool)
        good[list(self.reasons)] = False
        return np.flatnonzero(good)

    def kept(self, rows: IntArray | slice) -> Columns:
        """Return the designs of some rows."""
        if isinstance(rows, slice):
            return self
        numbers = {name: v if v.size == 1 else v[rows] for name, v in self.numbers.items()}
        codes = {name: v if v.size == 1 else v[rows] for name, v in self.codes.items()}
        return Columns(len(rows), numbers, codes, self.labels)

    def framed(
        self, index: pd.Index, names: Sequence[str], metrics: FloatArray, in_range: npt.NDArray[np.bool_]
    ) -> pd.DataFrame:
        """Return the answer of a model: ``metrics`` (names x rows), feasible, reason, in_validated_range."""
        feasible = np.ones(self.rows, dtype=bool)
        reasons = pd.Series("", index=index, dtype="str")
        if self.reasons:
            texts = np.full(self.rows, "", dtype=object)
            for row, reason in self.reasons.items():
                feasible[row], texts[row] = False, reason
            reasons = pd.Series(texts, index=index, dtype="str")
        table = pd.DataFrame(metrics.T, index=index, columns=list(names), copy=False)
        table[FEASIBLE] = feasible
        table[REASON] = reasons
        table[IN_VALIDATED_RANGE] = in_range
        return table


def read_columns(designs: pd.DataFrame, parameters: Mapping[str, Parameter], model: str) -> Columns:
    """Read every parameter of ``model`` from the table; a column that isn't there takes the default.

    Raises:
        ModelInputError: a column that is no parameter, or a parameter without default that has no column.
    """
    for name in designs.columns:
        if name not in parameters:
            raise ModelInputError(
                f"{model} reads no {name!r}{nearest(str(name), parameters)}; it reads: {', '.join(parameters)}"
            )
    columns = Columns(len(designs))
    for name, parameter in parameters.items():
        if name in designs.columns:
            _read_given(columns, parameter, designs[name])
        elif parameter.default is not None or parameter.optional:
            _read_default(columns, parameter)
        else:
            raise ModelInputError(
                f"the designs have no column {name!r}, which {model} needs; allowed: {parameter.domain.describe()}"
            )
    return columns


def _is_text(parameter: Parameter) -> bool:
    return not parameter.domain.numeric


def _read_default(columns: Columns, parameter: Parameter) -> None:
    if not _is_text(parameter):
        columns.numbers[parameter.name] = np.array([np.nan if parameter.default is None else float(parameter.default)])
    else:
        default = MISSING if parameter.default is None else str(parameter.default)
        labels = _labels(parameter) or (default,)
        columns.labels[parameter.name] = labels
        columns.codes[parameter.name] = np.array([labels.index(default)])


def _read_given(columns: Columns, parameter: Parameter, series: pd.Series[Any]) -> None:
    if _is_text(parameter):
        _read_texts(columns, parameter, series)
    else:
        _read_numbers(columns, parameter, series)


def _choices(parameter: Parameter) -> tuple[str, ...]:
    domain = parameter.domain
    return tuple(str(value) for value in domain.values) if isinstance(domain, Choices) else ()


def _labels(parameter: Parameter) -> tuple[str, ...]:
    """Return the texts behind the codes, the one for no value included; none where any text may come."""
    choices = _choices(parameter)
    return (*choices, MISSING) if choices and parameter.optional else choices


def _factorized(series: pd.Series[Any]) -> tuple[IntArray, list[Any]]:
    """Return indices (-1 where missing) and the distinct values."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return np.asarray(series.cat.codes, dtype=np.int64), list(series.cat.categories)
    codes, values = pd.factorize(series)
    return np.asarray(codes, dtype=np.int64), list(values)


def _constant(values: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """Return the first value alone where all are equal."""
    return values[:1] if values.size and bool((values == values[0]).all()) else values


def _read_texts(columns: Columns, parameter: Parameter, series: pd.Series[Any]) -> None:
    found, values = _factorized(series)
    labels = _labels(parameter) or tuple(str(value) for value in values)
    position = {label: i for i, label in enumerate(labels)}
    allowed = [position.get(v, -1) if isinstance(v, str) and _allows(parameter, v) else -1 for v in values]
    found = _constant(found)
    missing = position[MISSING] if parameter.optional else -1
    codes = np.array([*allowed, missing], dtype=np.int64)[found]
    bad = codes < 0
    if bad.any():
        texts = [_refusal(parameter, value) for value in values] + [_refusal(parameter, None)]
        columns.refuse(bad, {row: texts[found[row if found.size > 1 else 0]] for row in _rows(bad, columns.rows)})
    columns.codes[parameter.name] = np.where(bad, 0, codes)
    columns.labels[parameter.name] = labels


def _rows(bad: npt.NDArray[np.bool_], rows: int) -> list[int]:
    return list(range(rows)) if bad.size == 1 else np.flatnonzero(bad).tolist()


def _allows(parameter: Parameter, value: str) -> bool:
    return parameter.domain.contains(value)


def _read_numbers(columns: Columns, parameter: Parameter, series: pd.Series[Any]) -> None:
    boolean = isinstance(parameter.domain, Choices) and parameter.domain.kind == "boolean"
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in ("iufb" if boolean else "iuf"):
        numbers = _constant(series.to_numpy(dtype=np.float64))
        no_number = np.zeros(1, dtype=bool)
    else:
        codes, values = _factorized(series)
        each = np.array([*(_number(value, boolean) for value in values), np.nan])
        numbers = _constant(each[codes])
        no_number = np.isin(codes, np.flatnonzero(np.isnan(each[:-1])))
    bad = ~_inside(parameter, numbers) | no_number
    if bad.any():
        rows = _rows(bad, columns.rows)
        values = series.iloc[rows].tolist()
        columns.refuse(bad, {row: _refusal(parameter, value) for row, value in zip(rows, values, strict=True)})
    columns.numbers[parameter.name] = numbers


def _number(value: object, boolean: bool) -> float:
    """Return a value as a number; NaN where it isn't one, or is true or false and the parameter isn't ``boolean``."""
    if isinstance(value, bool | np.bool_):
        return float(value) if boolean else np.nan
    if isinstance(value, int | float | np.integer | np.floating):
        return float(value)
    return np.nan


def _inside(parameter: Parameter, numbers: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which numbers the parameter's domain contains; an optional parameter may be missing (NaN)."""
    domain = parameter.domain
    with np.errstate(invalid="ignore"):
        if isinstance(domain, Choices):
            inside = np.isin(numbers, np.array(domain.values, dtype=np.float64))
        else:
            assert isinstance(domain, Integer | Float)
            inside = (numbers >= domain.low) & (numbers <= domain.high)
            if isinstance(domain, Integer):
                inside &= np.floor((numbers - domain.low) / domain.step) * domain.step == numbers - domain.low
    return inside | np.isnan(numbers) if parameter.optional else inside


def _refusal(parameter: Parameter, value: object) -> str:
    domain, name = parameter.domain, parameter.name
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return f"{name} has no value; allowed: {domain.describe()}"
    hint = ""
    if isinstance(value, str):
        if isinstance(domain, Name) and value.endswith(domain.suffixes):
            return f"{name} = {value!r}: there is no such file"
        known = domain.known if isinstance(domain, Name) else _choices(parameter)
        hint = nearest(value, known)
    return f"{name} = {plain(value)!r} is not allowed{hint}; allowed: {domain.describe()}"
