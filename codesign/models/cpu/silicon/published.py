"""Cores, parts and arrays that others measured or estimated: ``data/published_cores.csv``, ``mcpat_*.csv``,
``cacti_arrays.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any

from codesign.models.cpu.silicon.constants import data_rows
from codesign.models.cpu.silicon.settings import CACHES, CacheSilicon, CoreSilicon


@dataclass(frozen=True, slots=True)
class MeasuredCore:
    """A core on a die.

    Attributes:
        name: of the core.
        settings: of one core; ``llc`` is shared by all of them.
        copies: cores in the area.
        area_mm2: of all copies with what they share.
        source: of the area.
        note: what the area contains, and where the settings come from.
    """

    name: str
    settings: CoreSilicon
    copies: int
    area_mm2: float
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class EstimatedCore:
    """A core as McPAT estimates it.

    Attributes:
        name: of the core.
        settings: of the description that McPAT read.
        parts: part -> (area in mm2, peak dynamic power in W); ``core`` is all of it.
        source: which run.
    """

    name: str
    settings: CoreSilicon
    parts: Mapping[str, tuple[float, float]]
    source: str


def settings_of(row: Mapping[str, str]) -> CoreSilicon:
    """Return the settings in a row; a cache is ``sets x ways x line bytes``, empty for none."""
    given: dict[str, Any] = {}
    for field in fields(CoreSilicon):
        text = row[field.name]
        if field.name in CACHES:
            given[field.name] = CacheSilicon(*map(int, text.split("x"))) if text else None
        else:
            given[field.name] = int(text) if field.type == "int" else float(text)
    return CoreSilicon(**given)


@cache
def measured_cores() -> tuple[MeasuredCore, ...]:
    """Return the measured cores in the order of the data file."""
    return tuple(
        MeasuredCore(
            name=row["core"],
            settings=settings_of(row),
            copies=int(row["copies"]),
            area_mm2=float(row["area"]),
            source=row["source"],
            note=f"{row['note']}; settings: {row['settings_source']}",
        )
        for row in data_rows("published_cores.csv")
    )


@cache
def estimated_cores() -> tuple[EstimatedCore, ...]:
    """Return McPAT's cores in the order of the data file."""
    parts: dict[str, dict[str, tuple[float, float]]] = {}
    for row in data_rows("mcpat_parts.csv"):
        parts.setdefault(row["core"], {})[row["part"]] = float(row["area_mm2"]), float(row["peak_dynamic_w"])
    return tuple(
        EstimatedCore(row["core"], settings_of(row), MappingProxyType(parts[row["core"]]), row["source"])
        for row in data_rows("mcpat_cores.csv")
    )
