"""Register files, execution units, the bypass network, pipeline registers and control."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from codesign.models.cpu.silicon.constants import bits, constant
from codesign.models.cpu.silicon.front_end_part import SOURCES
from codesign.models.cpu.silicon.part import Part
from codesign.models.cpu.silicon.process import LIBRARY, Process
from codesign.models.cpu.silicon.settings import CoreSilicon
from codesign.models.cpu.silicon.structures import NW_PER_MW, Block, logic, memory
from codesign.technology.nodes import node_scaling
from codesign.technology.sram_area import UM2_PER_MM2
from codesign.technology.unit_costs import cell_library
from codesign.technology.units import (
    adder,
    and_row,
    barrel_shifter,
    float_add,
    float_multiply,
    multiplexer,
    multiplier,
    register_enable,
    xor_row,
)

Array = npt.NDArray[np.float64]

EXPONENT_BITS = 11
MANTISSA_BITS = 52
"""Of double precision."""
ALU_RESULTS = 4
"""Sum, shift, AND and XOR, of which a multiplexer picks one."""


def integer_registers_part(core: CoreSilicon, process: Process) -> Part:
    """Return the integer register file: two read ports and a write port for each instruction issued a cycle."""
    ports = core.issue_width
    found = memory(core.integer_registers, core.word_bits, SOURCES * ports, ports, process)
    events = {"integer_reads": found.read_pj, "integer_writes": found.write_pj}
    return Part("integer_registers", found.area_mm2, found.leakage_mw, events)


def float_registers_part(core: CoreSilicon, process: Process) -> Part:
    """Return the float register file, of vectors: two read ports and a write port for each float unit, a read port for
    each store port and a write port for each load port.
    """
    units = core.float_units
    reads, writes = SOURCES * units + core.store_ports, units + core.load_ports
    found = memory(core.float_registers, core.vector_bits, reads, writes, process)
    events = {"float_reads": found.read_pj, "float_writes": found.write_pj}
    return Part("float_registers", found.area_mm2, found.leakage_mw, events)


def alu_part(core: CoreSilicon, process: Process) -> Part:
    """Return the ALUs and the adders of addresses, one for each load and store port.

    An operation uses adder, shifter, AND, XOR and the multiplexer at once; a load, a store and a branch an adder.
    """
    word = core.word_bits
    units = (
        adder(word),
        barrel_shifter(word, math.ceil(math.log2(word))),
        and_row(word),
        xor_row(word),
        multiplexer(ALU_RESULTS, word),
    )
    unit = sum((logic(one, core.alus, process) for one in units), Block())
    address = logic(adder(word), core.load_ports + core.store_ports, process)
    events = {
        "integer_operations": unit.read_pj,
        "branches": address.read_pj,
        "loads": address.read_pj,
        "stores": address.read_pj,
    }
    return Part("alu", unit.area_mm2 + address.area_mm2, unit.leakage_mw + address.leakage_mw, events)


def multiply_divide_part(core: CoreSilicon, process: Process) -> Part:
    """Return the integer multipliers and dividers.

    A divider is an adder and three registers; a division takes as many of its steps as a word has bits.
    """
    word = core.word_bits
    product = logic(multiplier(word, word), core.multipliers, process)
    quotient = _divider(word, core.dividers, process)
    return Part(
        "multiply_divide",
        product.area_mm2 + quotient.area_mm2,
        product.leakage_mw + quotient.leakage_mw,
        {"multiplications": product.read_pj, "divisions": quotient.read_pj},
    )


def float_part(core: CoreSilicon, process: Process) -> Part:
    """Return the float units: an adder and a multiplier of double precision for each word of a vector, and dividers.

    An operation is priced in one word of the vector; a division takes a step for each bit of the mantissa.
    """
    lanes = core.vector_bits // core.word_bits
    adders = logic(float_add(EXPONENT_BITS, MANTISSA_BITS), core.float_units * lanes, process)
    multipliers = logic(float_multiply(EXPONENT_BITS, MANTISSA_BITS), core.float_units * lanes, process)
    quotient = _divider(MANTISSA_BITS + 1, core.float_dividers * lanes, process)
    return Part(
        "float",
        adders.area_mm2 + multipliers.area_mm2 + quotient.area_mm2,
        adders.leakage_mw + multipliers.leakage_mw + quotient.leakage_mw,
        {
            "float_additions": adders.read_pj,
            "float_multiplications": multipliers.read_pj,
            "float_divisions": quotient.read_pj,
        },
    )


def _divider(word: int, copies: int, process: Process) -> Block:
    """Return dividers of one bit a cycle; ``read_pj`` is a whole division."""
    step = logic(adder(word), copies, process)
    stored = logic(register_enable(word), 3 * copies, process)
    per_copy = 3 * stored.read_pj + (stored.clock_pj / copies if copies else 0.0)
    return Block(
        step.area_mm2 + stored.area_mm2,
        step.leakage_mw + stored.leakage_mw,
        read_pj=word * (step.read_pj + per_copy),
    )


def bypass_part(core: CoreSilicon, process: Process) -> Part:
    """Return the bypass network without its wires (``result_wires_pj``): each of two operands of each instruction
    issued a cycle is picked by a multiplexer among all results of the cycle and the register file.
    """
    picks = logic(multiplexer(core.issue_width + 1, core.word_bits), SOURCES * core.issue_width, process)
    return Part("bypass", picks.area_mm2, picks.leakage_mw, {"issued": SOURCES * picks.read_pj})


def result_wires_pj(word_bits: Array, execution_mm2: Array, wire_pj_per_bit_mm: Array) -> Array:
    """Return the energy of one result along the side of the square that units and register files fill.

    word_bits x sqrt(execution_mm2) x pJ per bit and mm; arrays of one shape. Wires lie above cells and take no area.
    """
    return np.asarray(word_bits * np.sqrt(execution_mm2) * wire_pj_per_bit_mm, dtype=np.float64)


def pipeline_part(core: CoreSilicon, process: Process) -> Part:
    """Return the registers between stages: control signals and two words for each slot, ``rename_width`` slots, each
    stage; clocked in every cycle, gated for slots without an instruction.
    """
    width = bits("control_bits") + SOURCES * core.word_bits
    slots = core.pipeline_stages * core.rename_width
    found = logic(register_enable(width), slots, process)
    per_stage = found.read_pj + found.clock_pj / slots
    return Part("pipeline", found.area_mm2, found.leakage_mw, {"renamed": core.pipeline_stages * per_stage})


def control_part(core: CoreSilicon, process: Process) -> Part:
    """Return what no other part has (control, exceptions, debugging, clocks): area and leakage; its energy isn't known.

    area = 3.57 ln(stages) - 1.2643 mm2 at 90 nm, at least 0, x area factor: McPAT's fit to six dies. Leakage: that of
    NAND gates over the area without the layout factor.
    """
    at_90 = constant("control_log_mm2") * math.log(core.pipeline_stages) + constant("control_offset_mm2")
    area = max(0.0, at_90) * node_scaling(constant("control_node_nm"), core.node_nm).area
    cells = cell_library(LIBRARY)
    gates = area * UM2_PER_MM2 / constant("layout_factor") / (cells.nand2_um2 * process.logic.area)
    leakage = gates * cells.nand2_leakage_nw * process.logic.area / NW_PER_MW
    return Part("control", area, leakage, {})
