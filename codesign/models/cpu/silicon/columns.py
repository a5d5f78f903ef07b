"""Area, leakage and energy per event of many cores at once: a part is priced once for each setting it depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import ModelInputError, nearest
from codesign.models.cpu.silicon.execution_part import result_wires_pj
from codesign.models.cpu.silicon.part import Part
from codesign.models.cpu.silicon.process import process_at
from codesign.models.cpu.silicon.rules import EXECUTION_PARTS, OUTER_CACHES, PART_RULES
from codesign.models.cpu.silicon.settings import CACHES, CacheSilicon, CoreSilicon

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

PROCESS = ("node_nm", "supply_v")
_FIELDS = {field.name: field for field in fields(CoreSilicon)}


@dataclass(frozen=True)
class CoreColumns:
    """What n cores cost; arrays of shape (n,).

    Attributes:
        area_mm2: of all parts.
        core_area_mm2: without second-level and last-level caches.
        leakage_mw: of all parts.
        event_pj: event -> energy of one in all parts together.
    """

    area_mm2: Array
    core_area_mm2: Array
    leakage_mw: Array
    event_pj: Mapping[str, Array]


def core_columns(designs: pd.DataFrame) -> CoreColumns:
    """Return what cores cost, one per row: the same as ``core_costs`` of each.

    Args:
        designs: columns are fields of ``CoreSilicon``; a cache is two, ``<cache>_sets`` and ``<cache>_ways`` (lines of
            64 bytes). A column that isn't there takes the field's default; ``l2`` and ``llc`` are then absent.

    Raises:
        ModelInputError: a column is unknown or missing, or a number lies outside its range.
    """
    _refuse_columns(designs)
    count = len(designs)
    area, core_area, leakage, execution = (np.zeros(count) for _ in range(4))
    event_pj: dict[str, Array] = {}
    for name, rule in PART_RULES.items():
        which, parts = _priced_once(designs, name, (*PROCESS, *rule.settings))
        mm2 = np.array([part.area_mm2 for part in parts])[which]
        area += mm2
        core_area += 0.0 if name in OUTER_CACHES else mm2
        execution += mm2 if name in EXECUTION_PARTS else 0.0
        leakage += np.array([part.leakage_mw for part in parts])[which]
        for event in sorted({event for part in parts for event in part.event_pj}):
            prices = np.array([part.event_pj.get(event, 0.0) for part in parts])[which]
            event_pj[event] = event_pj.get(event, np.zeros(count)) + prices
    event_pj["issued"] = event_pj["issued"] + _result_wires(designs, execution)
    return CoreColumns(area, core_area, leakage, MappingProxyType(event_pj))


def _columns_of(setting: str) -> tuple[str, ...]:
    return (f"{setting}_sets", f"{setting}_ways") if setting in CACHES else (setting,)


def _refuse_columns(designs: pd.DataFrame) -> None:
    known = [column for setting in _FIELDS for column in _columns_of(setting)]
    for column in designs.columns:
        if column not in known:
            raise ModelInputError(f"unknown column {column!r}{nearest(str(column), known)}; known: {', '.join(known)}")
    for setting, field in _FIELDS.items():
        missing = [column for column in _columns_of(setting) if column not in designs.columns]
        if missing and (field.default is MISSING or len(missing) != len(_columns_of(setting))):
            raise ModelInputError(f"column {missing[0]!r} is missing")
    if not (designs["frequency_ghz"] > 0.0).all():
        raise ModelInputError("frequency_ghz isn't above 0 in every row")


def _priced_once(
    designs: pd.DataFrame, name: str, settings: tuple[str, ...]
) -> tuple[npt.NDArray[np.intp], list[Part]]:
    """Return for each row which price it has, and the prices, one for each distinct row of the settings."""
    columns = [column for setting in settings for column in _columns_of(setting) if column in designs.columns]
    which, first = _distinct(designs, columns)
    parts = []
    for row in first:
        core = _core(designs.iloc[int(row)])
        parts.append(PART_RULES[name].price(core, process_at(core.node_nm, core.supply_v)))
    return which, parts


def _distinct(designs: pd.DataFrame, columns: list[str]) -> tuple[Places, Places]:
    """Return for each row the number of its group of equal rows, and the first row of each group."""
    which = designs.groupby(columns, sort=False).ngroup().to_numpy()
    _, first = np.unique(which, return_index=True)
    return which.astype(np.intp), first.astype(np.intp)


def _core(row: pd.Series[Any]) -> CoreSilicon:
    given: dict[str, Any] = {}
    for setting, field in _FIELDS.items():
        columns = _columns_of(setting)
        if columns[0] not in row.index:
            continue
        if setting in CACHES:
            given[setting] = CacheSilicon(*(_whole(column, row[column]) for column in columns))
        else:
            value = row[setting]
            given[setting] = _whole(setting, value) if field.type == "int" else float(value)
    return CoreSilicon(**given)


def _whole(name: str, value: float) -> int:
    if not float(value).is_integer():
        raise ModelInputError(f"{name} = {value}; it is a whole number")
    return int(value)


def _result_wires(designs: pd.DataFrame, execution_mm2: Array) -> Array:
    which, first = _distinct(designs, list(PROCESS))
    at = designs.iloc[first]
    wire = np.array([process_at(float(n), float(v)).wire_pj_per_bit_mm for n, v in zip(at.node_nm, at.supply_v)])
    bits = designs["word_bits"] if "word_bits" in designs.columns else _FIELDS["word_bits"].default
    return result_wires_pj(np.full(len(designs), bits, dtype=np.float64), execution_mm2, wire[which])
