"""What a structure costs at a cell library's own node: sums over its parts, ready for table look-up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codesign.models.pe.chain import chain_factors_of
from codesign.models.pe.element import Part, Structure
from codesign.technology import units
from codesign.technology.unit_costs import unit_cost
from codesign.technology.units import Unit

OUTSIDE_SHARE = 0.05
"""Area of units outside the fitted sizes up to which a sum still counts as fitted."""


@dataclass(frozen=True)
class PartSum:
    """Some parts together.

    Attributes:
        area_um2: of cells, before layout.
        busy_fj: per busy cycle: every unit's energy times its activity, and the clock of its flip-flops.
        idle_fj: per idle cycle: the clock of the flip-flops.
        leakage_nw: always.
        in_range: whether units of sizes that their price wasn't fitted on are at most ``OUTSIDE_SHARE`` of the area.
    """

    area_um2: float
    busy_fj: float
    idle_fj: float
    leakage_nw: float
    in_range: bool


@dataclass(frozen=True)
class StructurePrice:
    """A structure on a library.

    Attributes:
        element, row, column, scale, array: its parts.
        cut: the registers of one more pipeline stage in an element.
        path_ps: the longest chain between registers; delays of its units added up.
    """

    element: PartSum
    row: PartSum
    column: PartSum
    scale: PartSum
    array: PartSum
    cut: PartSum
    path_ps: float


def part_sum(parts: Iterable[Part], library: str, path: Sequence[Unit] = ()) -> PartSum:
    """Return the sums over some parts; with a path of several units, the area of logic takes its chain factors."""
    factors = chain_factors_of(library, path)
    area = outside = busy = idle = leakage = 0.0
    for part in parts:
        cost = unit_cost(part.unit, library)
        own = part.count * cost.area_um2 * (1.0 if cost.flip_flops else factors.of(part.unit, path))
        area += own
        outside += 0.0 if cost.in_fitted_range else own
        busy += part.count * (part.activity * cost.energy_fj + cost.clock_fj)
        idle += part.count * cost.clock_fj
        leakage += part.count * cost.leakage_nw
    return PartSum(area, busy, idle, leakage, outside <= OUTSIDE_SHARE * area)


def structure_price(structure: Structure, library: str) -> StructurePrice:
    """Return the price of a structure; table registers of a row count as row parts that are loaded rarely."""
    row = structure.row
    if structure.table_bits_per_row:
        table = units.register_enable(1)
        load = 1.0 / max(structure.step_cycles, 1)
        row = (*row, Part(table, structure.table_bits_per_row, load, "tables"))
    return StructurePrice(
        element=part_sum(structure.element, library, structure.path),
        row=part_sum(row, library),
        column=part_sum(structure.column, library),
        scale=part_sum(structure.scale, library),
        array=part_sum(structure.array, library),
        cut=part_sum((Part(units.register(structure.cut_bits)),) if structure.cut_bits else (), library),
        path_ps=sum(unit_cost(unit, library).delay_ps for unit in structure.path),
    )
