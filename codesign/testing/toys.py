"""Small models with known answers, for tests of spaces, searches and studies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from codesign.models.protocol import Metric
from codesign.space.domain import Choices, Float, Integer, boolean
from codesign.space.parameter import Parameter


class ToyAccelerator:
    """A two-line accelerator: time = work / (rows * columns * clock), energy rises with area and clock.

    time_ms = 1000 * work / (rows * columns * clock_mhz); energy_mj = (rows * columns)**0.5 * clock_mhz / 400 + cache.
    Designs with rows * columns > 4096 can't be built. ``evaluations`` counts the rows that it was asked for.
    """

    name = "toy.accelerator"
    version = "1"
    description = "a two-line accelerator, for tests"
    sources = ("made up",)

    def __init__(self) -> None:
        self.evaluations = 0

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        listed = [
            Parameter("rows", Integer(1, 1024)),
            Parameter("columns", Integer(1, 1024)),
            Parameter("clock_mhz", Float(100, 2000), default=500.0),
            Parameter("kind", Choices(("plain", "cached")), default="plain"),
            Parameter("cache_kib", Integer(0, 4096), default=0),
            Parameter("gated", boolean(), default=False),
            Parameter("work", Float(0.0, 1e12), default=1e6),
        ]
        return {parameter.name: parameter for parameter in listed}

    @property
    def metrics(self) -> Mapping[str, Metric]:
        listed = [
            Metric("time_ms", "ms", "minimize", "work divided by throughput"),
            Metric("energy_mj", "mJ", "minimize", "made up"),
            Metric("area_mm2", "mm2", "minimize", "rows * columns / 1000 + cache / 512"),
        ]
        return {metric.name: metric for metric in listed}

    def evaluate(self, designs: pd.DataFrame) -> pd.DataFrame:
        """Evaluate all rows."""
        self.evaluations += len(designs)
        units = designs["rows"].to_numpy(dtype=np.float64) * designs["columns"].to_numpy(dtype=np.float64)
        clock = _column(designs, "clock_mhz", 500.0)
        cache = _column(designs, "cache_kib", 0.0)
        gated = _column(designs, "gated", 0.0)
        work = _column(designs, "work", 1e6)
        time_ms = 1000.0 * work / (units * clock) / (1.0 + cache / 1024.0)
        energy_mj = np.sqrt(units) * clock / 400.0 * (1.0 - 0.25 * gated) + cache / 64.0
        buildable = units <= 4096
        return pd.DataFrame(
            {
                "time_ms": np.where(buildable, time_ms, np.nan),
                "energy_mj": np.where(buildable, energy_mj, np.nan),
                "area_mm2": np.where(buildable, units / 1000.0 + cache / 512.0, np.nan),
                "feasible": buildable,
                "reason": np.where(buildable, "", "more than 4096 units"),
                "in_validated_range": units <= 1024,
            },
            index=designs.index,
        )


def _column(designs: pd.DataFrame, name: str, default: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if name not in designs.columns:
        return np.full(len(designs), default)
    return designs[name].to_numpy(dtype=np.float64)


TOY_SPACE = """\
title: Toy accelerator
model: toy.accelerator
fixed: {work: 2e6}
parameters:
  rows: {powers_of_two: [8, 128]}
  columns: {powers_of_two: [8, 128]}
  clock_mhz: {range: [400, 1000], step: 100}
  kind: [plain, cached]
  cache_kib: {values: [64, 128, 256], when: kind == "cached"}
  gated: {boolean: true}
constraints:
  - rows >= columns / 4
limits:
  area_mm2: {at_most: 4.0}
objectives: {time_ms: minimize, energy_mj: minimize}
search: {method: exhaustive, seed: 0}
"""
