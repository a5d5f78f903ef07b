"""From a table of features to standardised numbers, and whether a row lies in what was trained on."""

from __future__ import annotations

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import ModelInputError, nearest

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Choice = str | int | float | bool

MOST_CHOICES = 8
"""A column of whole numbers with at most this many different values is a choice, with more an ordered number."""


@dataclass(frozen=True)
class Column:
    """One feature.

    Attributes:
        name: of the column.
        choices: the values seen in training, sorted; empty for a number.
        low: least value seen, of a number.
        high: greatest value seen.
    """

    name: str
    choices: tuple[Choice, ...] = ()
    low: float = np.nan
    high: float = np.nan

    @property
    def width(self) -> int:
        """Encoded columns: one for each choice, or one."""
        return len(self.choices) or 1


@dataclass(frozen=True)
class Encoded:
    """Encoded rows.

    Attributes:
        values: rows x encoded columns; what a row with a value never seen holds has no meaning.
        known: whether each choice of a row was seen in training.
        inside: whether, besides, each number of it lies in the trained range.
        reasons: for each row what lies outside; empty where nothing does.
    """

    values: FloatArray
    known: BoolArray
    inside: BoolArray
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Encoding:
    """One-hot for choices, the value itself for numbers; then each encoded column standardised.

    z = (x - mean) / deviation, mean and deviation over the training rows (deviation 1 where all rows are equal).
    """

    columns: tuple[Column, ...]
    mean: FloatArray
    deviation: FloatArray

    def encode(self, features: pd.DataFrame) -> Encoded:
        """Encode rows.

        Raises:
            ModelInputError: a column is missing.
        """
        known = np.ones(len(features), dtype=bool)
        inside = known.copy()
        reasons = np.full(len(features), "", dtype=object)
        parts: list[FloatArray] = []
        for column in self.columns:
            values = _column(features, column.name)
            if column.choices:
                part, good = _one_hot(values, column.choices)
                known &= good
                text = f"{column.name} = {{}}: trained on {', '.join(map(str, column.choices))} only"
            else:
                part = _as_numbers(values, column.name)[:, np.newaxis]
                good = ((part >= column.low) & (part <= column.high))[:, 0]
                text = f"{column.name} = {{}}: trained from {column.low:g} to {column.high:g} only"
            inside &= good
            for row in np.flatnonzero(~good & (reasons == "")):
                reasons[row] = text.format(values.iloc[row])
            parts.append(part)
        raw = np.concatenate(parts, axis=1)
        return Encoded((raw - self.mean) / self.deviation, known, inside, tuple(reasons))


def encoding_of(features: pd.DataFrame) -> Encoding:
    """Return the encoding that training rows give.

    Texts, truth values and whole numbers with at most ``MOST_CHOICES`` different values are choices.

    Raises:
        ModelInputError: no column or no row, or a value that is missing or neither a text, a number nor a truth value.
    """
    if not len(features) or not len(features.columns):
        raise ModelInputError("a predictor needs at least one row and one column of features")
    columns = tuple(_described(str(name), features[name]) for name in features.columns)
    width = sum(column.width for column in columns)
    plain = Encoding(columns, np.zeros(width), np.ones(width)).encode(features).values
    deviation = plain.std(axis=0)
    return Encoding(columns, plain.mean(axis=0), np.where(deviation > 0, deviation, 1.0))


def _described(name: str, values: pd.Series[Any]) -> Column:
    distinct = [_plain(value, name) for value in values.drop_duplicates().tolist()]
    is_number = [not isinstance(value, str | bool) for value in distinct]
    if all(is_number):
        whole = all(float(value).is_integer() for value in distinct)
        if not whole or len(distinct) > MOST_CHOICES:
            return Column(name, (), float(min(map(float, distinct))), float(max(map(float, distinct))))
    elif any(is_number) or len({type(value) for value in distinct}) > 1:
        raise ModelInputError(f"the feature {name!r} mixes texts, truth values and numbers")
    return Column(name, tuple(sorted(distinct)))


def _plain(value: object, name: str) -> Choice:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, numbers.Real) and np.isfinite(float(value)):
        number = float(value)
        return int(number) if number.is_integer() else number
    raise ModelInputError(f"the feature {name!r} holds {value!r}; allowed: texts, truth values and finite numbers")


def _column(features: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name not in features.columns:
        raise ModelInputError(
            f"the features have no column {name!r}{nearest(name, map(str, features.columns))}, which the predictor was"
            " trained on"
        )
    return features[name]


def _one_hot(values: pd.Series[Any], choices: Sequence[Choice]) -> tuple[FloatArray, BoolArray]:
    """Return rows x choices of 0 and 1, and whether the value of each row is one of the choices."""
    codes, distinct = pd.factorize(values)
    position: Mapping[Choice, int] = {choice: i for i, choice in enumerate(choices)}
    text = isinstance(choices[0], str)
    found = [position.get(v, -1) if isinstance(v, str) == text else -1 for v in np.asarray(distinct).tolist()]
    where = np.array([*found, -1])[codes]
    hot = np.zeros((len(values), len(choices)))
    rows = np.flatnonzero(where >= 0)
    hot[rows, where[rows]] = 1.0
    return hot, where >= 0


def _as_numbers(values: pd.Series[Any], name: str) -> FloatArray:
    """Return float64; raises ModelInputError for what isn't a number."""
    try:
        return np.asarray(values.to_numpy(), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ModelInputError(f"the feature {name!r} must hold numbers: {error}") from error
