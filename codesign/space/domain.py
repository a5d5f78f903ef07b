"""The sets that a parameter's value may come from: small immutable value objects, validated when built.

A discrete domain has ``size`` values, numbered 0 ... size-1 (the *index*); ``at`` maps indices to values and ``index``
maps values to indices (-1 where a value isn't in the domain). A continuous domain has ``size`` None.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import SpaceError, nearest

Value = str | int | float | bool
IndexArray = npt.NDArray[np.int64]

LARGEST_EXACT_INTEGER = 2**53
"""Integers beyond this are not exact in float64, in which metrics are computed."""


def _kind_of(value: object) -> str:
    """Return ``text``, ``boolean``, ``number`` or ``other``."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "other"


def _require_finite_number(value: object, what: str) -> None:
    if _kind_of(value) != "number":
        raise SpaceError(f"{what} must be a number, found {value!r}")
    if not math.isfinite(value):  # type: ignore[arg-type]
        raise SpaceError(f"{what} must be finite, found {value!r}")
    if isinstance(value, int) and abs(value) > LARGEST_EXACT_INTEGER:
        raise SpaceError(f"{what} must lie within +-2**53, found {value!r}")


@dataclass(frozen=True)
class Choices:
    """A list of distinct values of one kind: texts, numbers or booleans. Numbers are ordered as listed."""

    values: tuple[Value, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(self.values))
        if not self.values:
            raise SpaceError("the list of values is empty; give at least one value")
        kinds = {_kind_of(value) for value in self.values}
        for value in self.values:
            if _kind_of(value) == "other":
                raise SpaceError(f"a value must be a text, a number or true/false, found {value!r}")
            if _kind_of(value) == "number":
                _require_finite_number(value, "a value")
        if len(kinds) > 1:
            raise SpaceError(
                f"the values {list(self.values)} mix {' and '.join(sorted(kinds))}; a parameter has values of one kind"
                " (put texts in quotes)"
            )
        seen: set[Value] = set()
        for value in self.values:
            if value in seen:
                raise SpaceError(f"the value {value!r} is listed twice")
            seen.add(value)

    @property
    def size(self) -> int:
        return len(self.values)

    @property
    def kind(self) -> str:
        """``categorical`` (texts), ``boolean`` or ``ordinal`` (numbers)."""
        return {"text": "categorical", "boolean": "boolean", "number": "ordinal"}[_kind_of(self.values[0])]

    @property
    def numeric(self) -> bool:
        return self.kind != "categorical"

    def array(self) -> npt.NDArray[Any]:
        """Return the values as bool, int64, float64 or object (text) array."""
        if self.kind == "categorical":
            return np.array(self.values, dtype=object)
        return np.array(self.values)

    def at(self, indices: IndexArray) -> npt.NDArray[Any]:
        return self.array()[indices]

    def index(self, values: Sequence[Any] | npt.NDArray[Any] | pd.Series[Any]) -> IndexArray:
        found = pd.Index(self.array()).get_indexer(pd.Index(np.asarray(values)))
        return np.asarray(found, dtype=np.int64)

    def contains(self, value: object) -> bool:
        return _kind_of(value) == _kind_of(self.values[0]) and value in self.values

    def describe(self) -> str:
        shown = [str(value).lower() if isinstance(value, bool) else str(value) for value in self.values]
        if len(shown) > 12:
            shown = [*shown[:5], "...", *shown[-2:]]
        return "{" + ", ".join(shown) + "}"

    def to_json(self) -> dict[str, Any]:
        return {"kind": "choices", "values": list(self.values)}


@dataclass(frozen=True)
class Integer:
    """Whole numbers low, low + step, ... up to and including high."""

    low: int
    high: int
    step: int = 1

    def __post_init__(self) -> None:
        for name in ("low", "high", "step"):
            value = getattr(self, name)
            _require_finite_number(value, name)
            if not isinstance(value, int):
                raise SpaceError(f"{name} must be a whole number, found {value!r}")
        if self.step < 1:
            raise SpaceError(f"step must be at least 1, found {self.step}")
        if self.low > self.high:
            raise SpaceError(f"the range [{self.low}, {self.high}] is empty: its low end is above its high end")

    @property
    def size(self) -> int:
        return (self.high - self.low) // self.step + 1

    @property
    def kind(self) -> str:
        return "integer"

    @property
    def numeric(self) -> bool:
        return True

    def at(self, indices: IndexArray) -> npt.NDArray[Any]:
        return self.low + self.step * np.asarray(indices, dtype=np.int64)

    def index(self, values: Sequence[Any] | npt.NDArray[Any] | pd.Series[Any]) -> IndexArray:
        offset = np.asarray(values, dtype=np.float64) - self.low
        quotient = np.floor(offset / self.step)
        good = (offset >= 0) & (quotient * self.step == offset) & (quotient < self.size)
        return np.where(good, quotient, -1).astype(np.int64)

    def contains(self, value: object) -> bool:
        return _kind_of(value) == "number" and bool(self.index([value])[0] >= 0)

    def describe(self) -> str:
        step = f" step {self.step}" if self.step != 1 else ""
        return f"{self.low} ... {self.high}{step}"

    def to_json(self) -> dict[str, Any]:
        return {"kind": "integer", "low": self.low, "high": self.high, "step": self.step}


@dataclass(frozen=True)
class Float:
    """Real numbers from low to high; with ``step`` a grid low, low + step, ...; ``log`` spreads samples evenly in the
    logarithm."""

    low: float
    high: float
    step: float | None = None
    log: bool = False

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            _require_finite_number(getattr(self, name), name)
            object.__setattr__(self, name, float(getattr(self, name)))
        if self.low > self.high:
            raise SpaceError(f"the range [{self.low}, {self.high}] is empty: its low end is above its high end")
        if self.step is not None:
            _require_finite_number(self.step, "step")
            if self.step <= 0:
                raise SpaceError(f"step must be above 0, found {self.step}")
            if self.log:
                raise SpaceError("a range has either a step or log: true, not both")
            object.__setattr__(self, "step", float(self.step))
        if self.log and self.low <= 0:
            raise SpaceError(f"log: true needs a low end above 0, found {self.low}")

    @property
    def size(self) -> int | None:
        if self.step is None:
            return 1 if self.low == self.high else None
        return math.floor((self.high - self.low) / self.step * (1 + 1e-12) + 1e-9) + 1

    @property
    def kind(self) -> str:
        return "float"

    @property
    def numeric(self) -> bool:
        return True

    def at(self, indices: IndexArray) -> npt.NDArray[Any]:
        if self.size is None:
            raise SpaceError("a continuous range has no indices")
        values = self.low + (self.step or 0.0) * np.asarray(indices, dtype=np.float64)
        return np.round(np.minimum(values, self.high), 12)

    def index(self, values: Sequence[Any] | npt.NDArray[Any] | pd.Series[Any]) -> IndexArray:
        numbers = np.asarray(values, dtype=np.float64)
        if self.size is None:
            raise SpaceError("a continuous range has no indices")
        with np.errstate(invalid="ignore"):
            nearest_index = np.round((numbers - self.low) / self.step) if self.step else np.zeros_like(numbers)
            inside = (nearest_index >= 0) & (nearest_index < self.size)
            safe = np.where(inside, nearest_index, 0).astype(np.int64)
            good = inside & (np.abs(self.at(safe) - numbers) <= 1e-9 * max(abs(self.low), abs(self.high), 1e-300))
        return np.where(good, safe, -1)

    def contains(self, value: object) -> bool:
        if _kind_of(value) != "number":
            return False
        if self.size is None:
            return bool(self.low <= value <= self.high)  # type: ignore[operator]
        return bool(self.index([value])[0] >= 0)

    def from_unit(self, unit: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map [0, 1] onto the range, evenly in the value or in its logarithm."""
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            return np.clip(np.exp(low + unit * (high - low)), self.low, self.high)
        return self.low + unit * (self.high - self.low)

    def to_unit(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Map the range onto [0, 1]; the inverse of ``from_unit``."""
        if self.low == self.high:
            return np.zeros_like(values)
        if self.log:
            return np.log(values / self.low) / math.log(self.high / self.low)
        return (values - self.low) / (self.high - self.low)

    def describe(self) -> str:
        extra = f" step {self.step:g}" if self.step is not None else (" (log)" if self.log else "")
        return f"{self.low:g} ... {self.high:g}{extra}"

    def to_json(self) -> dict[str, Any]:
        return {"kind": "float", "low": self.low, "high": self.high, "step": self.step, "log": self.log}


@dataclass(frozen=True)
class Name:
    """A known name, or the path of an existing file with one of ``suffixes``. Only for what a model reads."""

    known: tuple[str, ...]
    suffixes: tuple[str, ...] = ()

    @property
    def size(self) -> None:
        return None

    @property
    def kind(self) -> str:
        return "name"

    @property
    def numeric(self) -> bool:
        return False

    def contains(self, value: object) -> bool:
        if not isinstance(value, str):
            return False
        return value in self.known or (value.endswith(self.suffixes) and os.path.isfile(value))

    def describe(self) -> str:
        files = f" or a file {'/'.join(self.suffixes)}" if self.suffixes else ""
        return "{" + ", ".join(self.known) + "}" + files

    def to_json(self) -> dict[str, Any]:
        return {"kind": "name", "known": list(self.known), "suffixes": list(self.suffixes)}


Domain = Choices | Integer | Float | Name


def powers_of_two(low: int, high: int) -> Choices:
    """Return 2**k for all k with low <= 2**k <= high; ``low`` must itself be a power of two."""
    for name, value in (("low", low), ("high", high)):
        _require_finite_number(value, name)
        if not isinstance(value, int) or value < 1:
            raise SpaceError(f"the {name} end of powers_of_two must be a whole number of at least 1, found {value!r}")
        if value & (value - 1):
            raise SpaceError(f"the {name} end of powers_of_two must be a power of two, found {value}")
    if low > high:
        raise SpaceError(f"the range [{low}, {high}] is empty: its low end is above its high end")
    return Choices(tuple(2**k for k in range(low.bit_length() - 1, high.bit_length())))


def boolean() -> Choices:
    """Return the domain false, true."""
    return Choices((False, True))


def domain_from_json(data: Mapping[str, Any]) -> Domain:
    """Rebuild a domain from what ``to_json`` gave."""
    kind = data["kind"]
    if kind == "choices":
        return Choices(tuple(data["values"]))
    if kind == "integer":
        return Integer(data["low"], data["high"], data["step"])
    if kind == "float":
        return Float(data["low"], data["high"], data["step"], data["log"])
    if kind == "name":
        return Name(tuple(data["known"]), tuple(data["suffixes"]))
    kinds = ("choices", "integer", "float", "name")
    raise SpaceError(f"unknown kind of domain {kind!r}; allowed: {', '.join(kinds)}{nearest(kind, kinds)}")
