"""Settings and traces as the arrays that the compiled simulator reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.machine.layout import (
    ANSWERS,
    BANK_PLACES,
    BTB,
    BUS_PLACES,
    CALL_SIZES,
    COLUMNS,
    CONFIG,
    DTLB,
    FILL,
    FORWARDING,
    HIT,
    ISSUE_SPAN,
    ITLB,
    L1D,
    L1I,
    L2,
    LANES,
    LLC,
    MERGING,
    MISS_BEGINS,
    MISS_ENDS,
    MISS_PLACES,
    MISSES_HELD,
    NOTES,
    PLAIN,
    PREDICTORS,
    PREFETCHER,
    PREFETCHERS,
    RECENT,
    RING,
    RINGS,
    SETS,
    STALLS,
    STLB,
    STRIDE_ENTRIES,
    STRIDES,
    STRUCTURES,
    SYSTEM,
    TAGE_TABLES,
    TAGS,
    TIMES,
    UNITS,
    UOP_CACHE,
    USES,
    WALK_2,
    WALK_3,
    WALK_4,
    WALK_5,
    WAYS,
)
from codesign.models.cpu.trace_check import check_trace
from codesign.workloads.instructions.trace import (
    FLAGS,
    INSTRUCTION_POINTER,
    OPERATIONS,
    REGISTERS,
    STACK_POINTER,
    InstructionTrace,
)

IntArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]
NAMED = {
    "l1i": L1I,
    "l1d": L1D,
    "l2": L2,
    "llc": LLC,
    "itlb": ITLB,
    "dtlb": DTLB,
    "stlb": STLB,
    "uop_cache": UOP_CACHE,
    "btb": BTB,
    "walk_cache_5": WALK_5,
    "walk_cache_4": WALK_4,
    "walk_cache_3": WALK_3,
    "walk_cache_2": WALK_2,
}
LOCAL_WORDS = 2048
PAGE_BITS = 12
NO_TAG = -1
LONG_AGO = -(1 << 60)
REFERENCE_CALL_BYTES = 4
REFERENCE_LOADS = 4
REFERENCE_STORES = 2
REFERENCE_DESTINATIONS = 2
UOP_BUFFER = 32
REFERENCE_PORTS_L1I = 2
TABLE_LEVELS = 6
LEAST_SPARE_REGISTERS = 8


@dataclass(frozen=True)
class EncodedTrace:
    """A trace as arrays of 64-bit numbers: per distinct instruction, per executed one, per memory operand."""

    pcs: IntArray
    kinds: IntArray
    operations: IntArray
    sources: IntArray
    destinations: IntArray
    folds: IntArray
    which: npt.NDArray[np.int32]
    taken: npt.NDArray[np.bool_]
    ends: IntArray
    addresses: IntArray
    written: npt.NDArray[np.bool_]
    windows: IntArray
    pages: int
    registers: int

    @cached_property
    def code_bytes(self) -> tuple[ByteArray, ByteArray, ByteArray, ByteArray, ByteArray]:
        """Kinds, operations, sources, destinations and folds as bytes: more of a program's code stays near."""
        kinds, operations, sources, destinations, folds = (
            values.astype(np.uint8)
            for values in (self.kinds, self.operations, self.sources, self.destinations, self.folds)
        )
        return kinds, operations, sources, destinations, folds


def encode_trace(trace: InstructionTrace, count: int, reference: bool) -> EncodedTrace:
    """Return the arrays of the first ``count`` instructions of a trace.

    ``reference``: branches write and read the instruction pointer like any register; at most two results, four loads
    and two stores of an instruction count; operands at address 0 don't.

    Raises:
        WorkloadError: arrays of the trace contradict each other (compiled code would read what isn't theirs).
    """
    check_trace(trace)
    code = trace.code
    sources, destinations = code.sources.astype(np.int64), code.destinations.astype(np.int64)
    kinds = code.branch.astype(np.int64)
    if reference:
        destinations = destinations[:, :REFERENCE_DESTINATIONS]
    else:
        sources = np.where(sources == INSTRUCTION_POINTER, 0, sources)
        destinations = np.where(destinations == INSTRUCTION_POINTER, 0, destinations)
    reads_other = (~np.isin(sources, (0, STACK_POINTER, FLAGS, INSTRUCTION_POINTER))).any(axis=1)
    writes_stack = (destinations == STACK_POINTER).any(axis=1)
    is_branch = (kinds != PLAIN) & (kinds != SYSTEM)
    always = writes_stack & (is_branch | ~reads_other)
    destinations = np.where(always[:, None] & (destinations == STACK_POINTER), 0, destinations)
    ends, addresses, written = _operands(trace, count, reference)
    touched = len(pd.unique(addresses >> PAGE_BITS)) + len(pd.unique(code.address >> np.uint64(PAGE_BITS)))
    return EncodedTrace(
        pcs=code.address.view(np.int64),
        kinds=kinds,
        operations=code.operation.astype(np.int64),
        sources=_packed(sources),
        destinations=_packed(destinations),
        folds=(writes_stack & ~always).astype(np.int64),
        which=trace.which[: count + 1],
        taken=trace.taken[:count],
        ends=ends,
        addresses=addresses,
        written=written,
        windows=trace.windows,
        pages=touched,
        registers=np.unique(np.concatenate((sources.ravel(), destinations.ravel()))).size,
    )


def _packed(registers: IntArray) -> IntArray:
    """Move the registers of each row to its front."""
    order = np.argsort(registers == 0, axis=1, kind="stable")
    return np.ascontiguousarray(np.take_along_axis(registers, order, axis=1))


def _operands(trace: InstructionTrace, count: int, reference: bool) -> tuple[IntArray, IntArray, npt.NDArray[np.bool_]]:
    """Where each instruction's memory operands end, their addresses, and whether they are written."""
    counts = trace.loads[:count].astype(np.int64) + trace.stores[:count]
    ends = np.cumsum(counts)
    addresses = trace.operand_address[: ends[-1]].view(np.int64)
    written = trace.operand_store[: ends[-1]]
    if not reference:
        return ends, addresses, written
    kept = addresses != 0
    if trace.loads[:count].max() > REFERENCE_LOADS or trace.stores[:count].max() > REFERENCE_STORES:
        kept &= _recorded(counts, ends, written)
    return np.concatenate(([0], np.cumsum(kept)))[ends], addresses[kept], written[kept]


def _recorded(counts: IntArray, ends: IntArray, written: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Operands that fit the reference's trace records."""
    first = np.repeat(ends - counts, counts)
    before = np.concatenate(([0], np.cumsum(written)))
    stores_before = before[:-1] - before[first]
    loads_before = np.arange(len(written)) - first - stores_before
    fits: npt.NDArray[np.bool_] = np.where(written, stores_before < REFERENCE_STORES, loads_before < REFERENCE_LOADS)
    return fits


class _Memory:
    """Hands out places in the flat memory and says what they hold at the beginning."""

    def __init__(self) -> None:
        self.size = 0
        self.filled: list[tuple[int, int, int]] = []

    def take(self, words: int, value: int = 0) -> int:
        start = self.size
        self.size += words
        if value:
            self.filled.append((start, words, value))
        return start

    def image(self) -> IntArray:
        memory = np.zeros(self.size, dtype=np.int64)
        for start, words, value in self.filled:
            memory[start : start + words] = value
        return memory


@dataclass(frozen=True)
class EncodedCore:
    """One core: record of settings (array of one), table of structures, memory at the beginning."""

    config: npt.NDArray[np.void]
    table: IntArray
    memory: IntArray


def encode_core(core: CoreSettings, trace: EncodedTrace, reference: bool) -> EncodedCore:
    """Return what the compiled simulator needs of a core (and of the trace: how many pages it touches)."""
    memory = _Memory()
    table = _structures(core, memory, reference)
    config = np.zeros(1, dtype=CONFIG)
    numbers = _numbers(core, trace, reference) | _dram_numbers(core)
    for name, value in numbers.items():
        config[name] = value
    for name, value in _places(core, trace, memory).items():
        config[name] = value
    image = memory.image()
    _operation_tables(core, config, image, reference)
    return EncodedCore(config, table, image)


def _split(latency: int) -> tuple[int, int]:
    """Cycles of tag check and fill of the reference's caches: each has half of the latency, at least 2 together."""
    fill = (max(latency, 2) + 1) // 2
    return max(latency, 2) - fill, fill


def _own_cycles(core: CoreSettings, name: str) -> tuple[int, int]:
    """Cycles of tag check and fill such that each level adds its latency to a load that it serves."""
    latency = getattr(core, f"{name}_latency")
    overhead = {"l1i": 1, "l1d": 3, "l2": 2, "llc": 2, "itlb": 2, "dtlb": 2, "stlb": 2}[name]
    return latency - overhead, 1


def _structures(core: CoreSettings, memory: _Memory, reference: bool) -> IntArray:
    table = np.zeros((STRUCTURES, COLUMNS), dtype=np.int64)
    for name, row in NAMED.items():
        sets, ways = getattr(core, f"{name}_sets"), getattr(core, f"{name}_ways")
        entries = sets * ways
        table[row, [SETS, WAYS]] = sets, ways
        table[row, TAGS] = memory.take(max(entries, 1), NO_TAG)
        table[row, [USES, TIMES, NOTES]] = [memory.take(entries) for _ in range(3)]
        if not hasattr(core, f"{name}_latency"):
            continue
        latency = getattr(core, f"{name}_latency")
        table[row, [HIT, FILL]] = _split(latency) if reference else _own_cycles(core, name)
        held = getattr(core, f"{name}_mshrs", 1)
        table[row, [MISSES_HELD, MISS_PLACES]] = held, 2 * held
        table[row, MISS_BEGINS] = memory.take(2 * held)
        table[row, MISS_ENDS] = memory.take(2 * held)
    for name in ("l1d", "l2"):
        table[NAMED[name], PREFETCHER] = PREFETCHERS.index(getattr(core, f"{name}_prefetcher"))
    table[L1D, STRIDES] = memory.take(3 * STRIDE_ENTRIES)
    return table


def _numbers(core: CoreSettings, trace: EncodedTrace, reference: bool) -> dict[str, int]:
    same = (
        "fetch_width",
        "decode_width",
        "uop_width",
        "dispatch_width",
        "commit_width",
        "fetch_buffer",
        "decode_buffer",
        "dispatch_buffer",
        "rob",
        "scheduler",
        "load_queue",
        "store_queue",
        "write_queue",
        "decode_latency",
        "dispatch_latency",
        "mispredict_penalty",
        "forward_latency",
        "history_bits",
        "indirect_entries",
        "prefetch_degree",
    )
    entries = core.predictor_entries
    return {name: getattr(core, name) for name in same} | {
        "reference": int(reference),
        "execute_width": core.issue_width,
        "complete_width": core.issue_width if reference else 255,
        "load_width": core.load_ports,
        "store_width": core.store_ports,
        "uop_buffer": UOP_BUFFER,
        "spare_registers": _spare_registers(core, trace),
        "predictor": PREDICTORS.index(core.branch_predictor),
        "direction_entries": _largest_prime_below(entries) if reference else entries,
        "return_places": core.return_stack,
        "target_shift": 2 if reference else 0,
        "fault_cycles": core.page_fault_cycles,
        "perfect_branches": int(core.branch_predictor == "perfect"),
        "stores_renew": int(not reference),
        "l1i_ports": REFERENCE_PORTS_L1I if reference else 1,
    }


def _spare_registers(core: CoreSettings, trace: EncodedTrace) -> int:
    """Physical registers beyond those that hold the program's."""
    return max(core.physical_registers - trace.registers, LEAST_SPARE_REGISTERS)


def _largest_prime_below(number: int) -> int:
    """The reference's bimodal table is indexed by the address modulo a prime."""
    return next(n for n in range(number - 1, 1, -1) if all(n % d for d in range(2, math.isqrt(n) + 1)))


def _dram_numbers(core: CoreSettings) -> dict[str, float]:
    clock_mhz = core.dram_data_rate_mts / 2
    line_transfers = 8
    return {
        "banks": core.dram_banks,
        "dram_hit": core.dram_tcas,
        "dram_closed": core.dram_trcd + core.dram_tcas,
        "dram_conflict": core.dram_trp + core.dram_trcd + core.dram_tcas,
        "dram_burst": line_transfers // 2,
        "dram_turn": core.dram_tras,
        "dram_refresh": round(core.dram_refresh_interval_ns * clock_mhz * 1e-3),
        "dram_refresh_busy": round(core.dram_refresh_ns * clock_mhz * 1e-3),
        "dram_writes_high": core.dram_write_queue * 7 // 8,
        "dram_writes_low": core.dram_write_queue * 6 // 8,
        "dram_ratio": core.frequency_mhz / clock_mhz,
    }


def _places(core: CoreSettings, trace: EncodedTrace, memory: _Memory) -> dict[str, int]:
    tagged = TAGE_TABLES * core.predictor_entries // 4
    pages = 1 << (TABLE_LEVELS * trace.pages + 64).bit_length()
    recent = 1 << max(core.fetch_buffer, core.decode_buffer, UOP_BUFFER, core.dispatch_buffer, core.rob).bit_length()
    load_places = 1 << core.load_queue.bit_length()
    rename_places = 1 << _spare_registers(core, trace).bit_length()
    words = dict.fromkeys(LANES, 2) | dict.fromkeys(RINGS, RING)
    words["units_ring"] = RING * len(UNITS)
    words |= dict.fromkeys(
        (
            "store_times",
            "accept_times",
            "finish_times",
            "load_times",
            "pending_lines",
            "pending_times",
        ),
        RECENT,
    )
    words |= dict.fromkeys(("promote_times", "decode_times", "dispatch_times", "commit_times"), recent)
    words |= {
        "unit_counts": len(UNITS),
        "issue_counts": ISSUE_SPAN,
        "load_ends": load_places,
        "rename_times": rename_places,
        "register_times": REGISTERS,
        "register_causes": REGISTERS,
        "merge_arrivals": MERGING,
        "merge_starts": MERGING,
        "merge_ends": MERGING,
        "merge_served": MERGING,
        "bank_begins": core.dram_banks * BANK_PLACES,
        "bank_next": core.dram_banks,
        "bank_rows": core.dram_banks * BANK_PLACES,
        "counters": core.predictor_entries,
        "choices": core.predictor_entries,
        "locals": LOCAL_WORDS,
        "tage_tags": tagged,
        "tage_counts": tagged,
        "tage_useful": tagged,
        "tage_places": TAGE_TABLES,
        "tage_wanted": TAGE_TABLES,
        "page_arrivals": MERGING,
        "page_times": MERGING,
        "page_answers": MERGING * ANSWERS,
        "line_answers": MERGING * ANSWERS,
        "returns": core.return_stack,
        "indirect_targets": core.indirect_entries,
        "stash_begins": 2 * core.l1d_mshrs,
        "stash_ends": 2 * core.l1d_mshrs,
        "latencies": len(OPERATIONS),
        "occupied": len(OPERATIONS),
        "unit_of": len(OPERATIONS),
        "after_load": len(OPERATIONS),
        "stalls": len(STALLS),
        "forward_stores": FORWARDING,
    }
    places = {name: memory.take(count) for name, count in words.items()}
    places["forward_addresses"] = memory.take(FORWARDING, NO_TAG)
    places["page_tags"] = memory.take(MERGING, NO_TAG)
    places["merge_lines"] = memory.take(MERGING, NO_TAG)
    places["bank_ends"] = memory.take(core.dram_banks * BANK_PLACES, NO_TAG)
    places["bus_times"] = memory.take(BUS_PLACES, LONG_AGO)
    places["pages"] = memory.take(pages, NO_TAG)
    places["page_places"] = pages
    places["recent"] = recent - 1
    places["load_mask"] = load_places - 1
    places["rename_mask"] = rename_places - 1
    places["call_sizes"] = memory.take(CALL_SIZES, REFERENCE_CALL_BYTES)
    return places


def _operation_tables(core: CoreSettings, config: npt.NDArray[np.void], memory: IntArray, reference: bool) -> None:
    """Unit, latency and time a unit is held, per class of instructions; in the reference every latency is 1."""
    counts = {
        "alu": core.alu_units,
        "multiply": core.multiply_units,
        "divide": core.divide_units,
        "fp": core.fp_units,
        "fp_divide": core.fp_divide_units,
        "branch": core.branch_units,
        "memory": core.issue_width,
    }
    start = int(config["unit_counts"][0])
    memory[start : start + len(UNITS)] = [counts[unit] for unit in UNITS]
    for position, operation in enumerate(OPERATIONS):
        unit, latency = operation_unit(core, operation)
        held = latency if unit in ("divide", "fp_divide") else 1
        loaded = 0 if reference or operation in MOVES else latency
        row = (UNITS.index(unit), 1, 1, 0) if reference else (UNITS.index(unit), latency, held, loaded)
        for name, value in zip(("unit_of", "latencies", "occupied", "after_load"), row, strict=True):
            memory[int(config[name][0]) + position] = value


MOVES = ("move", "nop", "load", "store", "vector_move", "string", "system", "other", "branch")
"""Classes that do nothing with what they load."""


def operation_unit(core: CoreSettings, operation: str) -> tuple[str, int]:
    """Unit and latency of a class of instructions."""
    table = {
        "int_mul": ("multiply", core.multiply_latency),
        "int_div": ("divide", core.divide_latency),
        "load": ("memory", core.alu_latency),
        "store": ("memory", core.alu_latency),
        "nop": ("memory", core.alu_latency),
        "branch": ("branch", core.alu_latency),
        "fp_add": ("fp", core.fp_add_latency),
        "fp_mul": ("fp", core.fp_multiply_latency),
        "fp_fma": ("fp", core.fp_multiply_latency),
        "fp_div": ("fp_divide", core.fp_divide_latency),
        "convert": ("fp", core.fp_add_latency),
        "vector_move": ("fp", core.vector_latency),
        "vector_int": ("fp", core.vector_latency),
        "vector_shuffle": ("fp", core.vector_latency),
        "vector_mul": ("fp", core.fp_multiply_latency),
    }
    return table.get(operation, ("alu", core.alu_latency))
