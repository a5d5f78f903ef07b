"""Every part of a core: how it is priced, and which settings its price depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from codesign.models.cpu.silicon.cache_part import l1d_part, l1i_part, outer_cache_part, stlb_part, tlb_part
from codesign.models.cpu.silicon.execution_part import (
    alu_part,
    bypass_part,
    control_part,
    float_part,
    float_registers_part,
    integer_registers_part,
    multiply_divide_part,
    pipeline_part,
)
from codesign.models.cpu.silicon.front_end_part import (
    branch_target_part,
    decode_part,
    predictor_part,
    rename_part,
    uop_cache_part,
)
from codesign.models.cpu.silicon.part import Part
from codesign.models.cpu.silicon.process import Process
from codesign.models.cpu.silicon.settings import CoreSilicon
from codesign.models.cpu.silicon.window_part import (
    issue_queue_part,
    load_queue_part,
    rob_part,
    store_queue_part,
)

REGISTERS = ("integer_registers", "float_registers")


@dataclass(frozen=True, slots=True)
class PartRule:
    """How a part is priced.

    Attributes:
        settings: that its price depends on, beside node and supply.
        price: the part of a core at a process.
    """

    settings: tuple[str, ...]
    price: Callable[[CoreSilicon, Process], Part]


def _itlb_part(core: CoreSilicon, process: Process) -> Part:
    return tlb_part("itlb", core.itlb_entries, 1, ("l1i_accesses",), process)


def _dtlb_part(core: CoreSilicon, process: Process) -> Part:
    ports = core.load_ports + core.store_ports
    return tlb_part("dtlb", core.dtlb_entries, ports, ("loads", "stores"), process)


def _l2_part(core: CoreSilicon, process: Process) -> Part:
    return outer_cache_part("l2", core.l2, process)


def _llc_part(core: CoreSilicon, process: Process) -> Part:
    return outer_cache_part("llc", core.llc, process)


EXECUTION_PARTS = ("integer_registers", "float_registers", "alu", "multiply_divide", "float")
"""Parts along which results run."""
OUTER_CACHES = ("l2", "llc")
"""Parts that are not counted to the core itself."""
PART_RULES: Mapping[str, PartRule] = MappingProxyType(
    {
        "l1i": PartRule(("l1i", "fetch_width"), l1i_part),
        "itlb": PartRule(("itlb_entries",), _itlb_part),
        "btb": PartRule(("btb_entries", "ras_entries"), branch_target_part),
        "predictor": PartRule(("predictor_kib",), predictor_part),
        "uop_cache": PartRule(("uop_cache_entries",), uop_cache_part),
        "decode": PartRule(("decode_width",), decode_part),
        "rename": PartRule(("rename_width", *REGISTERS), rename_part),
        "issue_queue": PartRule(("issue_queue_entries", "issue_width", "rename_width", *REGISTERS), issue_queue_part),
        "rob": PartRule(("rob_entries", "rename_width", "issue_width", "commit_width", *REGISTERS), rob_part),
        "integer_registers": PartRule(("integer_registers", "issue_width", "word_bits"), integer_registers_part),
        "float_registers": PartRule(
            ("float_registers", "float_units", "load_ports", "store_ports", "vector_bits"), float_registers_part
        ),
        "alu": PartRule(("alus", "load_ports", "store_ports", "word_bits"), alu_part),
        "multiply_divide": PartRule(("multipliers", "dividers", "word_bits"), multiply_divide_part),
        "float": PartRule(("float_units", "float_dividers", "vector_bits", "word_bits"), float_part),
        "bypass": PartRule(("issue_width", "word_bits"), bypass_part),
        "load_queue": PartRule(("load_queue_entries", "rob_entries", "load_ports", "store_ports"), load_queue_part),
        "store_queue": PartRule(("store_queue_entries", "load_ports", "store_ports", "word_bits"), store_queue_part),
        "dtlb": PartRule(("dtlb_entries", "load_ports", "store_ports"), _dtlb_part),
        "stlb": PartRule(("stlb_entries",), stlb_part),
        "l1d": PartRule(("l1d", "load_ports", "store_ports", "word_bits"), l1d_part),
        "pipeline": PartRule(("pipeline_stages", "rename_width", "word_bits"), pipeline_part),
        "control": PartRule(("pipeline_stages",), control_part),
        "l2": PartRule(("l2",), _l2_part),
        "llc": PartRule(("llc",), _llc_part),
    }
)
"""Every part by name. The wires of the bypass depend on the area of ``EXECUTION_PARTS`` beside: ``result_wires_pj``."""
