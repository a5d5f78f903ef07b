"""The price of one element at a node and a clock: sums over parts, scaled, with the pipeline that the clock needs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from codesign.models.pe.array.prices import PartSum, structure_price
from codesign.models.pe.element import Structure
from codesign.technology.cell_libraries import cell_library
from codesign.technology.nodes import NodeScaling, node_scaling

PS_PER_US = 1e6
MOST_STAGES = 8


@dataclass(frozen=True)
class EdgePrice:
    """Parts at one place of the array, at the node asked for.

    Attributes:
        area_um2: of cells, before layout.
        busy_fj: energy of a busy cycle, clock included.
        idle_fj: energy of an idle cycle: the clock of the flip-flops.
        leakage_nw: always.
    """

    area_um2: float
    busy_fj: float
    idle_fj: float
    leakage_nw: float


@dataclass(frozen=True)
class ElementPrice:
    """What a structure costs at a node and a clock.

    Attributes:
        element: one element, the registers of its pipeline cuts included.
        row, column, scale, array: parts at the edge of one row, of one column, its scale unit, and once for all.
        path_ps: the longest chain from register to register before it is cut.
        stages: pipeline stages that the clock asks for.
        cut_registers: flip-flops that the cuts add to an element.
        in_fitted_range: whether every unit lies within the sizes that prices were fitted on.
        tabulated_node: whether no factor was interpolated between nodes.
        refusal: why it can't be built, or an empty text.
    """

    element: EdgePrice
    row: EdgePrice
    column: EdgePrice
    scale: EdgePrice
    array: EdgePrice
    path_ps: float
    stages: int
    cut_registers: int
    in_fitted_range: bool
    tabulated_node: bool
    refusal: str


def pipeline_stages(path_ps: float, clock_mhz: float) -> int:
    """Return ceil(path x clock), at least 1. Setup time and clock skew are left out."""
    return max(1, math.ceil(path_ps * clock_mhz / PS_PER_US - 1e-9))


def price(
    structure: Structure, library: str, node_nm: float, clock_mhz: float, supply_v: float | None = None
) -> ElementPrice:
    """Return the price of a structure.

    The delays of the units on the path add up, although the second of two units starts on the first bits of the first,
    which makes paths too long; loads inside an element, which a unit alone doesn't have, make them too short. Leakage
    scales as area does.

    Args:
        structure: parts and path.
        library: cell library that the units are priced on.
        node_nm: technology node that these prices are scaled to.
        clock_mhz: clock of the array.
        supply_v: at that node; without, both nodes are compared at 0.8 V.

    Raises:
        UnknownNameError: no such library, or the node lies outside the scaling table.
    """
    own = structure_price(structure, library)
    cells = cell_library(library)
    scaling = node_scaling(cells.node_nm, node_nm, None if supply_v is None else cells.supply_v, supply_v)
    path_ps = own.path_ps * scaling.delay
    stages = pipeline_stages(path_ps, clock_mhz)
    cuts = stages - 1
    parts = (own.element, own.row, own.column, own.scale, own.array)
    refusal = ""
    if stages > MOST_STAGES:
        refusal = (
            f"a path of {path_ps:.0f} ps at {clock_mhz:g} MHz needs {stages} pipeline stages; at most {MOST_STAGES}"
        )
    return ElementPrice(
        element=_scaled(_with_cuts(own.element, own.cut, cuts), scaling),
        row=_scaled(own.row, scaling),
        column=_scaled(own.column, scaling),
        scale=_scaled(own.scale, scaling),
        array=_scaled(own.array, scaling),
        path_ps=path_ps,
        stages=stages,
        cut_registers=cuts * structure.cut_bits,
        in_fitted_range=all(part.in_range for part in parts),
        tabulated_node=scaling.tabulated,
        refusal=refusal,
    )


def _with_cuts(element: PartSum, cut: PartSum, cuts: int) -> PartSum:
    return PartSum(
        element.area_um2 + cuts * cut.area_um2,
        element.busy_fj + cuts * cut.busy_fj,
        element.idle_fj + cuts * cut.idle_fj,
        element.leakage_nw + cuts * cut.leakage_nw,
        element.in_range and cut.in_range,
    )


def _scaled(part: PartSum, scaling: NodeScaling) -> EdgePrice:
    return EdgePrice(
        part.area_um2 * scaling.area,
        part.busy_fj * scaling.energy,
        part.idle_fj * scaling.energy,
        part.leakage_nw * scaling.area,
    )
