"""Constants of the accelerators, each with its unit, year and source in ``data/engine.csv``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from codesign.models.fpga.packing import data_rows


@cache
def engine_constants() -> Mapping[str, float]:
    """Return the constants by name."""
    return MappingProxyType({row["name"]: float(row["value"]) for row in data_rows("engine.csv")})
