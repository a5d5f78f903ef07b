"""Branch prediction, decoders and renaming."""

from __future__ import annotations

from codesign.models.cpu.silicon.constants import bits
from codesign.models.cpu.silicon.part import Part
from codesign.models.cpu.silicon.process import Process
from codesign.models.cpu.silicon.settings import CoreSilicon
from codesign.models.cpu.silicon.structures import Block, comparator, index_bits, logic, memory
from codesign.technology.nodes import BITS_PER_KIB
from codesign.technology.units import constant_table, register_enable

SOURCES = 2
"""Source registers of a micro-operation."""
CODE_BYTES = 16
"""Code that a line of the micro-operation cache stands for."""
BITS_PER_BYTE = 8


def branch_target_part(core: CoreSilicon, process: Process) -> Part:
    """Return the branch target buffer, a memory of pairs of whole addresses, and the return stack, of flip-flops.

    Each fetch looks a target up; each branch writes one. The stack has no events: its energy is left out.
    """
    address = bits("address_bits")
    buffer = memory(core.btb_entries, 2 * address, 0, 1, process)
    stack = logic(register_enable(address), core.ras_entries, process)
    events = {"fetches": buffer.read_pj, "branches": buffer.write_pj}
    return Part("btb", buffer.area_mm2 + stack.area_mm2, buffer.leakage_mw + stack.leakage_mw, events)


def predictor_part(core: CoreSilicon, process: Process) -> Part:
    """Return the direction predictor: one memory of its whole state; each branch reads and writes one word of it."""
    width = bits("predictor_read_bits")
    found = memory(core.predictor_kib * BITS_PER_KIB / width, width, 0, 1, process)
    return Part("predictor", found.area_mm2, found.leakage_mw, {"branches": found.read_pj + found.write_pj})


def decode_part(core: CoreSilicon, process: Process) -> Part:
    """Return the decoders, ``decode_width`` tables from opcodes to control signals, one used for each instruction.

    Finding where instructions begin, and microcode, are left out.
    """
    table = logic(constant_table(bits("opcode_bits"), bits("control_bits")), core.decode_width, process)
    return Part("decode", table.area_mm2, table.leakage_mw, {"decoded": table.read_pj})


def uop_cache_part(core: CoreSilicon, process: Process) -> Part:
    """Return the cache of decoded lines: control signals and an immediate for each instruction, and a tag of its line.

    Each fetch reads a line; every instruction that is decoded writes its share of one.
    """
    instructions = CODE_BYTES * BITS_PER_BYTE // bits("instruction_bits")
    width = instructions * (bits("control_bits") + bits("immediate_bits")) + bits("address_bits")
    found = memory(core.uop_cache_entries, width, 0, 1, process)
    events = {"fetches": found.read_pj, "decoded": found.write_pj / instructions}
    return Part("uop_cache", found.area_mm2, found.leakage_mw, events)


def register_tag_bits(core: CoreSilicon) -> int:
    """Return the bits that name a physical register."""
    return index_bits(core.integer_registers + core.float_registers)


def rename_part(core: CoreSilicon, process: Process) -> Part:
    """Return the map of architectural to physical registers, the free list and the dependence check.

    map: 2^6 names, 3 read ports (two sources and the old destination) and 1 write port for each instruction a cycle.
    free list: one name for each physical register, a read and a write port for each instruction a cycle.
    check: w (w - 1) / 2 pairs of instructions, each with two sources compared.
    Copies of the map for recovery are left out.
    """
    width, tag, name = core.rename_width, register_tag_bits(core), bits("architectural_tag_bits")
    table = memory(2**name, tag, (SOURCES + 1) * width, width, process)
    free = memory(core.integer_registers + core.float_registers, tag, width, width, process)
    pairs = width * (width - 1) / 2
    check = comparator(name, SOURCES * pairs, process) if pairs else Block()
    per_instruction = (SOURCES + 1) * table.read_pj + table.write_pj + free.read_pj + free.write_pj
    per_instruction += SOURCES * pairs / width * check.search_pj
    area = table.area_mm2 + free.area_mm2 + check.area_mm2
    leakage = table.leakage_mw + free.leakage_mw + check.leakage_mw
    return Part("rename", area, leakage, {"renamed": per_instruction})
