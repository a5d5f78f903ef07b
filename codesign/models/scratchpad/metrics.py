"""What the scratchpad model gives: every metric with its unit and exactly what it contains."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codesign.models.protocol import Direction, Metric

_REPLAYED = "0 against the replay of every plan"
_TIME = "not compared with an outside reference: the model of time is ours"
_ENERGY = (
    "not compared with an outside reference; beyond the capacities of an energy table its line is continued, and"
    " in_validated_range is false"
)
_CELLS = "the cells alone: a macro with decoders, sense amplifiers and redundancy is larger"


def _metric(name: str, unit: str, direction: Direction, description: str, known_error: str = "") -> Metric:
    return Metric(name, unit, direction, description, known_error)


_TRAFFIC = (
    _metric(
        "offchip_bytes",
        "bytes",
        "minimize",
        "all bytes over the DRAM bus: compulsory_bytes + noncompulsory_bytes; of weights only with weights = true",
        _REPLAYED,
    ),
    _metric(
        "noncompulsory_bytes",
        "bytes",
        "minimize",
        "spilled and retrieved: what a larger scratchpad or a better plan could save",
        _REPLAYED,
    ),
    _metric(
        "compulsory_bytes",
        "bytes",
        "minimize",
        "first read of inputs (and weights), write of outputs: the same in every plan; 0 with sources_stored = false",
        _REPLAYED,
    ),
    _metric(
        "bound_bytes",
        "bytes",
        "maximize",
        "no plan moves less than that in all: none of any order with order = search, none of the network's own order"
        " with order = default; compulsory_bytes alone with recomputation",
    ),
    _metric("gap", "1", "minimize", "(offchip_bytes - bound_bytes) / offchip_bytes; 0 is proven optimal"),
    _metric(
        "noncompulsory_gap",
        "1",
        "minimize",
        "(offchip_bytes - bound_bytes) / noncompulsory_bytes: the same without the bytes that nobody can save",
    ),
    _metric("spills", "transfers", "minimize", "writes to DRAM that aren't compulsory"),
    _metric("retrievals", "transfers", "minimize", "reads from DRAM that aren't compulsory"),
)

_CAPACITIES = (
    _metric("capacity_kib", "KiB", "minimize", "capacity that the plan was made for, in whole bytes"),
    _metric(
        "minimum_kib",
        "KiB",
        "minimize",
        "M_R: the largest operator's inputs and outputs (and weights), whole tensors: smaller scratchpads need stripes",
    ),
    _metric(
        "default_peak_kib",
        "KiB",
        "minimize",
        "peak of live bytes in the network's own order, whole tensors: from there on nothing is spilled",
    ),
    _metric(
        "peak_kib",
        "KiB",
        "minimize",
        "M_P: the smallest peak over all orders, whole tensors; where the proof takes more than 200,000 states, the"
        " smallest that was found. NaN with order = default and budget = given or minimum, which don't need it",
    ),
    _metric("peak_used_kib", "KiB", "minimize", "most bytes occupied in one step, counted by the checker"),
    _metric(
        "scratchpad_cells_mm2",
        "mm2",
        "minimize",
        "8 * capacity * the published area of a six-transistor cell of the node",
        _CELLS,
    ),
)

_WORK = (
    _metric(
        "latency_cycles",
        "cycles",
        "minimize",
        "of one run: each step takes the larger of its MACs (or bytes written, where it has none) / macs_per_cycle and"
        " of the transfers next to it / dram_bytes_per_cycle; the other transfers come on top",
        _TIME,
    ),
    _metric(
        "bandwidth_bytes_per_cycle", "bytes/cycle", "minimize", "dram_bytes_per_cycle, for those to whom it is a cost"
    ),
    _metric("repeated_macs", "MAC", "minimize", "multiply-accumulates that are done again"),
    _metric(
        "search_states",
        "states",
        "minimize",
        "states expanded by the search over orders: its work, in place of a time, which would differ from run to run",
    ),
)

_ENERGIES = (
    _metric(
        "scratchpad_access_bytes",
        "bytes",
        "minimize",
        "every operator's inputs read once and outputs written once, and offchip_bytes",
    ),
    _metric(
        "energy_pj",
        "pJ",
        "minimize",
        "energy_dram_pj + energy_sram_pj: transfers and accesses, no arithmetic, no leakage; NaN for a table without"
        " an absolute unit or without a constant for word_bits",
        _ENERGY,
    ),
    _metric(
        "energy_dram_pj",
        "pJ",
        "minimize",
        "offchip_bytes in words of word_bits, times the table's DRAM energy",
        _ENERGY,
    ),
    _metric(
        "energy_sram_pj",
        "pJ",
        "minimize",
        "scratchpad_access_bytes in words of word_bits, times the table's SRAM energy for the capacity of a bank",
        _ENERGY,
    ),
    _metric(
        "energy_mac_equivalents",
        "MAC",
        "minimize",
        "the same sum divided by the energy of one multiply-accumulate in the table",
        _ENERGY,
    ),
)

METRICS: Mapping[str, Metric] = MappingProxyType(
    {metric.name: metric for metric in (*_TRAFFIC, *_CAPACITIES, *_WORK, *_ENERGIES)}
)
"""Every metric by name, in the order of the columns."""
