"""Scaling of area, energy and delay between technology nodes, and what on-chip buffers cost at a node.

Factors are those of Stillmaker and Baas (Integration 58, 2017), typed in ``data/node_scaling.csv``: area relative to
45 nm; energy and delay as polynomials in the supply voltage V, e(V) = a V^2 + b V + c and
d(V) = a V^3 + b V^2 + c V + f, of which only ratios have a meaning. A gate's delay falls ever more slowly with the
voltage; above the voltage at which a cubic turns up again, or falls faster again, its value there is held.
Between two tabulated nodes every factor is interpolated linearly: the weight of the larger node is
(node - smaller) / (larger - smaller).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.errors import UnknownNameError
from codesign.technology.energy import data_rows, energy_tables
from codesign.technology.sram_area import UM2_PER_MM2, bit_cells

Array = npt.NDArray[np.float64]

DEFAULT_SUPPLY_V = 0.8
"""Supply at which two nodes are compared when none is given, as in hwcomponents."""
BITS_PER_KIB = 8192.0
_SRAM_TABLE = "horowitz_isscc14_45nm"
_SRAM_NODE_NM = 45.0


@dataclass(frozen=True, slots=True)
class NodeScaling:
    """Multiply a figure at one node by these to have it at another.

    Attributes:
        area, energy, delay: factors.
        tabulated: whether both nodes are in the table; False: interpolated between neighbours.
    """

    area: float
    energy: float
    delay: float
    tabulated: bool


@dataclass(frozen=True)
class NodeTable:
    """The typed table, nodes rising.

    Attributes:
        node_nm: nodes, shape (n,).
        area: relative to 45 nm, shape (n,).
        energy: coefficients of the polynomial in V, highest power first, shape (3, n).
        delay: likewise, shape (4, n).
    """

    node_nm: Array
    area: Array
    energy: Array
    delay: Array


@cache
def node_table() -> NodeTable:
    """Return the typed table."""
    rows = sorted(data_rows("node_scaling.csv"), key=lambda row: float(row["node_nm"]))

    def column(name: str) -> Array:
        return np.array([float(row[name]) for row in rows])

    return NodeTable(
        column("node_nm"),
        column("area_over_45nm"),
        np.stack([column(f"energy_v{power}") for power in (2, 1, 0)]),
        np.stack([column(f"delay_v{power}") for power in (3, 2, 1, 0)]),
    )


SMALLEST_NODE_NM = float(node_table().node_nm[0])
LARGEST_NODE_NM = float(node_table().node_nm[-1])


def tabulated_nodes() -> tuple[int, ...]:
    """Return the nodes of the table in nm, the largest first."""
    return tuple(int(node) for node in node_table().node_nm[::-1])


def node_scaling(
    from_nm: float, to_nm: float, supply_v: float | None = None, to_supply_v: float | None = None
) -> NodeScaling:
    """Return the factors from one node to another: area, energy of one switching, delay of one gate.

    Args:
        from_nm, to_nm: nodes in nm.
        supply_v: supply at ``from_nm``; 0.8 V without.
        to_supply_v: supply at ``to_nm``; the same as ``supply_v`` without.

    Raises:
        UnknownNameError: a node lies outside the table, which is never continued.
    """
    found = scale_factors(from_nm, np.array([to_nm], dtype=np.float64), supply_v, to_supply_v)
    known = node_table().node_nm
    both = bool(np.isin([from_nm, to_nm], known).all())
    return NodeScaling(float(found.area[0]), float(found.energy[0]), float(found.delay[0]), both)


@dataclass(frozen=True)
class ScaleFactors:
    """Factors from one node to many; arrays of one shape. ``tabulated`` says it of each target node."""

    area: Array
    energy: Array
    delay: Array
    tabulated: npt.NDArray[np.bool_]


def scale_factors(
    from_nm: float, to_nm: Array, supply_v: float | None = None, to_supply_v: float | None = None
) -> ScaleFactors:
    """Return the factors from one node to many at once; arguments and errors as ``node_scaling``."""
    volts = DEFAULT_SUPPLY_V if supply_v is None else supply_v
    to_volts = volts if to_supply_v is None else to_supply_v
    start = np.array([from_nm], dtype=np.float64)
    _refuse_outside(start)
    _refuse_outside(to_nm)
    table = node_table()

    def at(values: npt.NDArray[np.floating[Any]], nodes: Array) -> Array:
        return np.asarray(np.interp(nodes, table.node_nm, values), dtype=np.float64)

    return ScaleFactors(
        at(table.area, to_nm) / at(table.area, start),
        at(np.polyval(table.energy, to_volts), to_nm) / at(np.polyval(table.energy, volts), start),
        at(_delays(to_volts), to_nm) / at(_delays(volts), start),
        np.isin(to_nm, table.node_nm),
    )


def _delays(volts: float) -> Array:
    """Return d(V) of every tabulated node, held above its last sensible voltage."""
    delay = node_table().delay
    last = np.array([_last_sensible_v(*row) for row in delay.T])
    a, b, c, f = delay
    at = np.minimum(volts, last)
    return np.asarray(((a * at + b) * at + c) * at + f, dtype=np.float64)


def _last_sensible_v(a: float, b: float, c: float, _: float) -> float:
    """Return where a V^3 + b V^2 + c V + f, a <= 0, has its minimum, or where it has none, its inflection."""
    if a == 0.0:
        return -c / (2.0 * b)
    discriminant = b * b - 3.0 * a * c
    return (-b + discriminant**0.5) / (3.0 * a) if discriminant > 0.0 else -b / (3.0 * a)


def _refuse_outside(nodes_nm: Array) -> None:
    outside = nodes_nm[~((nodes_nm >= SMALLEST_NODE_NM) & (nodes_nm <= LARGEST_NODE_NM))]
    if outside.size:
        raise UnknownNameError(
            f"node_nm = {outside.flat[0]:g} lies outside the scaling table, {SMALLEST_NODE_NM:g} ..."
            f" {LARGEST_NODE_NM:g} nm; scaling is not continued beyond it"
        )


@cache
def macro_efficiency() -> float:
    """Return bit cells over whole macro: cell area times published density of memory with that cell.

    One process is taken for all nodes (``data/sram_macro.csv``); small macros are less dense.
    """
    row = next(row for row in data_rows("sram_macro.csv") if row["chosen"] == "1")
    bits_per_mm2 = float(row["density"]) * (2.0**20 if row["unit"] == "Mib/mm2" else 1e6)
    return float(row["cell_um2"]) * bits_per_mm2 / UM2_PER_MM2


@cache
def _cell_points() -> tuple[Array, Array]:
    """Nodes and cell areas, nodes rising; beyond the largest tabulated cell, scaled as logic."""
    cells = sorted(bit_cells().values(), key=lambda cell: cell.node_nm)
    nodes: Sequence[float] = [float(cell.node_nm) for cell in cells]
    areas = [cell.cell_um2 for cell in cells]
    table = node_table()
    larger = table.node_nm[table.node_nm > nodes[-1]]
    scaled = areas[-1] * np.interp(larger, table.node_nm, table.area)
    scaled = scaled / np.interp(nodes[-1], table.node_nm, table.area)
    return np.concatenate([nodes, larger]), np.concatenate([areas, scaled])


def bit_cell_um2(node_nm: Array) -> Array:
    """Return the area of a bit cell: lines between published cells in the logarithms of node and area.

    Above the largest node with a published cell (65 nm) the cell grows as logic does.

    Raises:
        UnknownNameError: a node lies outside the scaling table.
    """
    _refuse_outside(node_nm)
    nodes, areas = _cell_points()
    return np.asarray(np.exp(np.interp(np.log(node_nm), np.log(nodes), np.log(areas))), dtype=np.float64)


def buffer_area_mm2(capacity_kib: npt.ArrayLike, node_nm: npt.ArrayLike) -> Array:
    """Return the area of an SRAM buffer in mm2: 8192 capacity cell / macro efficiency / 10^6.

    Args:
        capacity_kib: in KiB; broadcast with ``node_nm``.
        node_nm: technology node.

    Raises:
        UnknownNameError: a node lies outside the scaling table.
    """
    cells = np.asarray(capacity_kib, dtype=np.float64) * BITS_PER_KIB
    cell = bit_cell_um2(np.asarray(node_nm, dtype=np.float64))
    return np.asarray(cells * cell / (macro_efficiency() * UM2_PER_MM2), dtype=np.float64)


def buffer_energy_pj(bits: npt.ArrayLike, capacity_kib: npt.ArrayLike, node_nm: npt.ArrayLike) -> Array:
    """Return the energy of moving ``bits`` to or from an SRAM buffer, in pJ.

    Horowitz's energies of a 64-bit access at 45 nm (8 KiB 10 pJ, 32 KiB 20, 1 MiB 100), lines in both logarithms,
    continued outside; per bit; times the energy factor from 45 nm to the node at equal supply.

    Args:
        bits: moved; broadcast with the others.
        capacity_kib: of the buffer, above 0.
        node_nm: technology node.

    Raises:
        UnknownNameError: a node lies outside the scaling table.
    """
    curve = energy_tables()[_SRAM_TABLE].sram_curve
    assert curve is not None
    log_capacity, log_energy = np.log(np.array(curve.points)).T
    wanted = np.log(np.asarray(capacity_kib, dtype=np.float64))
    segment = np.clip(np.searchsorted(log_capacity, wanted, side="right") - 1, 0, len(log_capacity) - 2)
    slope = np.diff(log_energy) / np.diff(log_capacity)
    access_pj = np.exp(log_energy[segment] + slope[segment] * (wanted - log_capacity[segment]))
    node = np.atleast_1d(np.asarray(node_nm, dtype=np.float64))
    factor = scale_factors(_SRAM_NODE_NM, node).energy.reshape(np.shape(node_nm))
    moved = np.asarray(bits, dtype=np.float64)
    return np.asarray(moved / curve.access_bits * access_pj * factor, dtype=np.float64)
