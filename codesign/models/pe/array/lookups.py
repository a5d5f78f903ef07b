"""Prices that depend on few columns of the designs: made once for each distinct value, then looked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from codesign.models.columns import Columns, FloatArray
from codesign.models.grouping import distinct_rows, numbered
from codesign.models.pe.array.prices import part_sum
from codesign.models.pe.element import Part
from codesign.technology import units
from codesign.technology.dram_interfaces import dram_interfaces
from codesign.technology.nodes import buffer_area_mm2, buffer_energy_pj, node_scaling
from codesign.technology.unit_costs import energy_is_measured, libraries

VECTOR_LANE = (
    Part(units.multiplier(11, 11), name="product of FP16 significands"),
    Part(units.adder(8), name="exponents"),
    Part(units.float_add(8, 23), name="FP32 sum"),
    Part(units.register(16 + 16 + 32), name="operands and sum"),
)
"""One lane: an FP16 multiplication into an FP32 sum."""
COMPARED_NODES_NM = (28.0,)
"""Nodes between tabulated ones at which published elements were compared."""
BUFFER_ENERGY_KIB = (8.0, 1024.0)
"""Capacities between which the energy of an access is tabulated."""


@dataclass(frozen=True)
class Scales:
    """From the library's node and supply to ``node_nm`` and ``supply_v``, for each design.

    In range: at the library's own node; elsewhere only of the library whose energies were measured, as libraries scaled
    to one node disagree in energy by up to a factor of 13.
    """

    area: FloatArray
    energy: FloatArray
    delay: FloatArray
    in_range: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Buffers:
    """Energy a bit of both buffers at ``node_nm``, and their area, for each design."""

    left_pj: FloatArray
    right_pj: FloatArray
    area_mm2: FloatArray
    in_range: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Lane:
    """One lane of the vector unit at the library's node, for each design."""

    area_um2: FloatArray
    busy_fj: FloatArray
    leakage_nw: FloatArray


def _looked_up(
    columns: Columns, text: str | None, names: tuple[str, ...], price: Callable[..., tuple[float, ...]]
) -> list[FloatArray]:
    """Return ``price(text, *numbers)`` for every design, made once for each distinct combination."""
    parts = [columns.codes[text]] if text else []
    found = [numbered(columns.numbers[name]) for name in names]
    distinct = distinct_rows([*parts, *(codes for codes, _ in found)])
    rows = distinct.rows[1:] if text else distinct.rows
    numbers = [values[picked].tolist() for (_, values), picked in zip(found, rows, strict=True)]
    texts = [[columns.labels[text][i] for i in distinct.rows[0].tolist()]] if text else []
    priced = np.array([price(*values) for values in zip(*texts, *numbers, strict=True)], dtype=np.float64)
    return [column[distinct.which] for column in priced.T]


def scale_lookup(columns: Columns) -> Scales:
    """Return the scaling of logic to each design's node."""

    def price(library: str, node_nm: float, supply_v: float) -> tuple[float, ...]:
        cells = libraries()[library]
        scaling = node_scaling(cells.node_nm, node_nm, cells.supply_v, supply_v)
        compared = energy_is_measured(library) and (scaling.tabulated or node_nm in COMPARED_NODES_NM)
        return scaling.area, scaling.energy, scaling.delay, float(compared or node_nm == cells.node_nm)

    area, energy, delay, known = _looked_up(columns, "library", ("node_nm", "supply_v"), price)
    return Scales(area, energy, delay, known == 1.0)


def buffer_lookup(columns: Columns) -> Buffers:
    """Return energy and area of the two buffers of each design."""

    def price(capacity_kib: float, node_nm: float) -> tuple[float, ...]:
        energy = float(buffer_energy_pj(1.0, capacity_kib, node_nm))
        smallest, largest = BUFFER_ENERGY_KIB
        return energy, float(buffer_area_mm2(capacity_kib, node_nm)), float(smallest <= capacity_kib <= largest)

    left = _looked_up(columns, None, ("activation_kib", "node_nm"), price)
    right = _looked_up(columns, None, ("weight_kib", "node_nm"), price)
    return Buffers(left[0], right[0], left[1] + right[1], (left[2] * right[2]) == 1.0)


def dram_lookup(columns: Columns) -> FloatArray:
    """Return the energy of a bit of each design's memory, in pJ."""
    energies = np.array([dram_interfaces()[name].energy_pj_per_bit for name in columns.labels["dram"]])
    found: FloatArray = energies[columns.codes["dram"]]
    return found


def vector_lane(columns: Columns) -> Lane:
    """Return the price of a lane on each design's library."""
    sums = [part_sum(VECTOR_LANE, name) for name in columns.labels["library"]]
    codes = columns.codes["library"]
    area, busy, leakage = (
        np.array([getattr(one, name) for one in sums])[codes] for name in ("area_um2", "busy_fj", "leakage_nw")
    )
    return Lane(area, busy, leakage)
