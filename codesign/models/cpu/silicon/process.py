"""What node and supply do to logic, SRAM and wires."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from codesign.models.cpu.silicon.constants import constant, data_rows
from codesign.technology.energy import data_rows as technology_rows
from codesign.technology.energy import energy_table
from codesign.technology.nodes import NodeScaling, bit_cell_um2, buffer_area_mm2, node_scaling
from codesign.technology.sram import SramCurve
from codesign.technology.unit_costs import cell_library

LIBRARY = "nangate45"
SRAM_TABLE = "horowitz_isscc14_45nm"
SRAM_NODE_NM = 45.0
SRAM_SUPPLY_V = 0.9
"""Node and supply of the table's accesses."""
NM_PER_UM = 1000.0
MW_PER_W = 1000.0


@dataclass(frozen=True, slots=True)
class Process:
    """A node at a supply.

    Attributes:
        node_nm, supply_v: what it is.
        logic: factors from the synthesised library to it.
        cell_um2: area of an SRAM cell of one port.
        sram_mm2_per_kib: area of a memory of one port, cells and periphery.
        sram_leakage_mw_per_kib: leakage of cells of one port.
        sram_energy_factor: from the published accesses to it.
        metal_pitch_um: pitch of the finest wires.
        wire_pj_per_bit_mm: energy of one random bit over one mm.
    """

    node_nm: float
    supply_v: float
    logic: NodeScaling
    cell_um2: float
    sram_mm2_per_kib: float
    sram_leakage_mw_per_kib: float
    sram_energy_factor: float
    metal_pitch_um: float
    wire_pj_per_bit_mm: float

    def sram_energy_pj(self, bits: float, kib: float) -> float:
        """Return the energy of moving ``bits`` to or from a memory of one port.

        Horowitz's accesses at 45 nm and 0.9 V (ISSCC 2014), lines in both logarithms, continued outside; per bit; times
        the energy factor to this node and supply.
        """
        curve = _sram_curve()
        return curve.energy(kib) * bits / curve.access_bits * self.sram_energy_factor


@cache
def process_at(node_nm: float, supply_v: float) -> Process:
    """Return the process of a node in nm at a supply in V.

    Raises:
        UnknownNameError: the node lies outside the scaling table.
    """
    cells = cell_library(LIBRARY)
    return Process(
        node_nm=node_nm,
        supply_v=supply_v,
        logic=node_scaling(cells.node_nm, node_nm, cells.supply_v, supply_v),
        cell_um2=_cell_um2(node_nm),
        sram_mm2_per_kib=float(buffer_area_mm2(1.0, node_nm)),
        sram_leakage_mw_per_kib=_sram_leakage_mw_per_kib(node_nm, supply_v),
        sram_energy_factor=node_scaling(SRAM_NODE_NM, node_nm, SRAM_SUPPLY_V, supply_v).energy,
        metal_pitch_um=_metal_pitch_um(node_nm),
        wire_pj_per_bit_mm=_wire_pj_per_bit_mm(node_nm, supply_v),
    )


@cache
def _sram_curve() -> SramCurve:
    curve = energy_table(SRAM_TABLE).sram_curve
    assert curve is not None
    return curve


def _cell_um2(node_nm: float) -> float:
    return float(bit_cell_um2(np.array([node_nm]))[0])


def _sram_leakage_mw_per_kib(node_nm: float, supply_v: float) -> float:
    """W / KiB of a published cache x ratio of cell areas x ratio of supplies.

    Source: leakage of the third-level cache of Xeon Tulsa (65 nm, 1.25 V), ``data/constants.csv``.
    """
    published = constant("sram_leakage_w") * MW_PER_W / constant("sram_leakage_kib")
    cells = _cell_um2(node_nm) / _cell_um2(constant("sram_leakage_node_nm"))
    return published * cells * supply_v / constant("sram_leakage_supply_v")


def _metal_pitch_um(node_nm: float) -> float:
    """Lines in both logarithms between published pitches; above the largest node the pitch grows as the node does."""
    points = sorted((float(row["node_nm"]), float(row["pitch_nm"])) for row in data_rows("metal_pitch.csv"))
    nodes, pitches = np.log(np.array(points)).T
    beyond = max(node_nm / points[-1][0], 1.0)
    return float(np.exp(np.interp(np.log(node_nm), nodes, pitches))) * beyond / NM_PER_UM


def _wire_pj_per_bit_mm(node_nm: float, supply_v: float) -> float:
    """Published energy over V^2, times the supply squared; lines in both logarithms between nodes, held outside."""
    rows = sorted(technology_rows("wire_energy.csv"), key=lambda row: float(row["node_nm"]))
    nodes = np.log([float(row["node_nm"]) for row in rows])
    per_volt2 = np.log([float(row["value"]) / float(row["supply_v"]) ** 2 for row in rows])
    return float(np.exp(np.interp(np.log(node_nm), nodes, per_volt2))) * supply_v**2
