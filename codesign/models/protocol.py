"""What a model is: a table of designs in, a table of metrics out, row for row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import pandas as pd

from codesign.space.parameter import Parameter

Direction = Literal["minimize", "maximize"]

FEASIBLE = "feasible"
REASON = "reason"
IN_VALIDATED_RANGE = "in_validated_range"
STATUS_COLUMNS = (FEASIBLE, REASON, IN_VALIDATED_RANGE)


@dataclass(frozen=True)
class Metric:
    """One column of a model's answer.

    Attributes:
        name: with the unit in it (``latency_ms``).
        unit: of the column ("1" where it has none).
        direction: which way is better.
        description: exactly what the number contains.
        known_error: the error against outside references, with the reference named; empty where none is known.
    """

    name: str
    unit: str
    direction: Direction
    description: str
    known_error: str = ""


@runtime_checkable
class Model(Protocol):
    """Turns a table of designs into a table of metrics.

    ``evaluate`` gets one row per design and returns one row per design under the same index, with every metric as a
    float64 column plus ``feasible`` (bool), ``reason`` (text, empty when feasible) and ``in_validated_range`` (bool).
    A design that can't be built is a row with ``feasible=False``, NaN metrics and a reason, never an exception.
    Equal rows give equal answers, whatever the batch size, order, process or hash seed.
    """

    @property
    def name(self) -> str:
        """Registered name, e.g. ``systolic.array``."""

    @property
    def version(self) -> str:
        """Moves when any result moves; stored with every result."""

    @property
    def description(self) -> str:
        """One line."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Papers and references that the equations and constants come from."""

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """What it reads: name -> parameter with unit, allowed values, default (None = must be given)."""

    @property
    def metrics(self) -> Mapping[str, Metric]:
        """What it gives."""

    def evaluate(self, designs: pd.DataFrame) -> pd.DataFrame:
        """Evaluate all rows. Columns not given take the parameter's default."""
