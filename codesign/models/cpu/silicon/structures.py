"""The building blocks of a core and their prices: logic, multi-ported memories, content-addressed memories."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from codesign.models.cpu.silicon.constants import constant
from codesign.models.cpu.silicon.process import LIBRARY, Process
from codesign.technology.nodes import BITS_PER_KIB
from codesign.technology.sram_area import UM2_PER_MM2
from codesign.technology.unit_costs import unit_cost
from codesign.technology.units import Unit, or_reduce, register_enable, xor_row

FJ_PER_PJ = 1000.0
NW_PER_MW = 1e6
UM_PER_MM = 1000.0


@dataclass(frozen=True, slots=True)
class Block:
    """One structure at a node, supply and clock.

    Attributes:
        area_mm2: placed.
        leakage_mw: always.
        clock_pj: in every cycle, of its flip-flops.
        read_pj, write_pj, search_pj: of one event; what a structure doesn't do is 0. An operation of a unit is a read.
    """

    area_mm2: float = 0.0
    leakage_mw: float = 0.0
    clock_pj: float = 0.0
    read_pj: float = 0.0
    write_pj: float = 0.0
    search_pj: float = 0.0

    def __add__(self, other: Block) -> Block:
        """Return both, used together."""
        return Block(
            self.area_mm2 + other.area_mm2,
            self.leakage_mw + other.leakage_mw,
            self.clock_pj + other.clock_pj,
            self.read_pj + other.read_pj,
            self.write_pj + other.write_pj,
            self.search_pj + other.search_pj,
        )


@cache
def logic(unit: Unit, copies: float, process: Process) -> Block:
    """Return so many copies of a unit; ``read_pj`` is one operation of one copy.

    area = copies x cells x area factor x layout factor; energy = one unit x energy factor x layout factor; leakage as
    area, without the layout factor. Cells: synthesis on NanGate45 (``technology.unit_costs``).
    """
    cost = unit_cost(unit, LIBRARY)
    scaling = process.logic
    layout = constant("layout_factor")
    energy = scaling.energy * layout / FJ_PER_PJ
    return Block(
        area_mm2=copies * cost.area_um2 * scaling.area * layout / UM2_PER_MM2,
        leakage_mw=copies * cost.leakage_nw * scaling.area / NW_PER_MW,
        clock_pj=copies * cost.clock_fj * energy,
        read_pj=cost.energy_fj * energy,
    )


def cell_sides_um(read_ports: int, write_ports: int, process: Process) -> tuple[float, float]:
    """Return height and width of a memory cell with ports.

    (h + p W, w + p B), w h = cell of one port, h / w = 1.46. Each port needs one word line across the cell, a read port
    one bit line along it, a write port two: W = R + V - 1 and B = R + 2 V - 2 lines beside those that the cell has; p
    is the metal pitch. So the area grows with the square of the ports.

    Args:
        read_ports, write_ports: R >= 0, V >= 1. R = 0 with V = 1 is a memory of one port for both.
        process: node.

    Source: Rixner et al.: Register Organization for Media Processing, HPCA 2000: a cell is (w + p) (h + p) wires.
    """
    height = math.sqrt(process.cell_um2 * constant("cell_height_over_width"))
    width = process.cell_um2 / height
    pitch = process.metal_pitch_um
    return height + pitch * (read_ports + write_ports - 1), width + pitch * (read_ports + 2 * write_ports - 2)


def access_pj(entries: float, bits: int, sides_um: tuple[float, float], process: Process) -> float:
    """Return the energy of reading or writing one word: the lower one of two ways to build the memory.

    One array of ``entries`` rows: bit lines are precharged and half of them fall, C V^2 / 2 each, and a word line rises
    and falls, C V^2: 2 e bits entries h + 4 e bits w; e = C V^2 / 4, energy of a random bit over a length of wire.
    Divided, as published memories are: the energy of a memory of one port whose cells fill as much area.
    Row decoders, sense amplifiers and the cells' own capacitance are left out of the first.
    """
    height, width = sides_um
    lines_mm = 2.0 * entries * height / UM_PER_MM + 4.0 * width / UM_PER_MM
    growth = height * width / process.cell_um2
    divided = process.sram_energy_pj(bits, entries * bits / BITS_PER_KIB * growth)
    return min(wires_pj(bits, lines_mm, process), divided)


@cache
def memory(entries: float, bits: int, read_ports: int, write_ports: int, process: Process) -> Block:
    """Return a memory of words, with ports; nothing where there are no entries.

    area = that of a memory of one port x area of a cell with ports / area of a cell; energy: ``access_pj``;
    leakage = that of cells of one port x (6 + 2 R + 2 (V - 1)) / 6 transistors.
    """
    if not entries:
        return Block()
    kib = entries * bits / BITS_PER_KIB
    sides = cell_sides_um(read_ports, write_ports, process)
    once = access_pj(entries, bits, sides, process)
    further = read_ports * constant("read_port_transistors") + (write_ports - 1) * constant("write_port_transistors")
    transistors = constant("cell_transistors")
    return Block(
        area_mm2=kib * process.sram_mm2_per_kib * sides[0] * sides[1] / process.cell_um2,
        leakage_mw=kib * process.sram_leakage_mw_per_kib * (transistors + further) / transistors,
        read_pj=once,
        write_pj=once,
    )


@cache
def comparator(bits: int, copies: float, process: Process) -> Block:
    """Return so many comparators of two words, XOR gates and an OR of all bits; ``search_pj`` is one of them."""
    row, join = logic(xor_row(bits), copies, process), logic(or_reduce(bits), copies, process)
    both = row + join
    return Block(both.area_mm2, both.leakage_mw, search_pj=both.read_pj)


@cache
def tags(entries: int, bits: int, search_ports: int, process: Process) -> Block:
    """Return tags that are all compared at once with each of ``search_ports`` words; nothing without entries.

    Tags stand in flip-flops; each entry has a comparator for each port (as in synthesised issue queues).
    search = entries x comparator + bits over wires along the side of the square that all of it fills;
    write = data and clock of one tag; the other entries' clocks are gated.
    """
    if not entries:
        return Block()
    stored = logic(register_enable(bits), entries, process)
    compared = comparator(bits, entries * search_ports, process)
    area = stored.area_mm2 + compared.area_mm2
    return Block(
        area_mm2=area,
        leakage_mw=stored.leakage_mw + compared.leakage_mw,
        write_pj=stored.read_pj + stored.clock_pj / entries,
        search_pj=entries * compared.search_pj + wires_pj(bits, math.sqrt(area), process),
    )


def wires_pj(bits: int, length_mm: float, process: Process) -> float:
    """Return the energy of random bits over wires."""
    return bits * length_mm * process.wire_pj_per_bit_mm


def index_bits(entries: int) -> int:
    """Return ceil(log2(entries)), at least 1."""
    return max(1, math.ceil(math.log2(max(entries, 1))))
