"""Silicon and events of a simulated core: what the simulator's settings are made of, and what it did with a trace."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.machine.directions import LOCAL_BITS, TAG_MASK
from codesign.models.cpu.machine.layout import TAGE_TABLES
from codesign.models.cpu.silicon.events import CoreEvents
from codesign.models.cpu.silicon.settings import CacheSilicon, CoreSilicon
from codesign.models.cpu.simulator import CoreSimulation
from codesign.technology.nodes import BITS_PER_KIB
from codesign.workloads.instructions.trace import (
    FIRST_VECTOR,
    INSTRUCTION_POINTER,
    NO_REGISTER,
    OPERATIONS,
    InstructionTrace,
)

MHZ_PER_GHZ = 1000.0
COUNTER_BITS = 2
TAGE_COUNTER_BITS = 3
TAGE_USEFUL_BITS = 2
TAGE_ENTRIES_SHARE = 4
"""A tagged table of TAGE has a quarter of the predictor's entries."""
OTHER_STAGES = 2
"""Issue and commit."""
PER_THOUSAND = 1000.0

INTEGER = (
    "int_alu",
    "shift",
    "lea",
    "move",
    "load_op_store",
    "string",
    "system",
    "other",
    "vector_int",
    "vector_move",
    "vector_shuffle",
)
MULTIPLICATIONS = ("int_mul", "vector_mul")
DIVISIONS = ("int_div",)
FLOAT_ADDITIONS = ("fp_add", "fp_fma", "convert")
FLOAT_MULTIPLICATIONS = ("fp_mul", "fp_fma")
FLOAT_DIVISIONS = ("fp_div",)


def core_silicon(core: CoreSettings, node_nm: float, supply_v: float) -> CoreSilicon:
    """Return what a simulated core is made of.

    The simulator's physical registers serve integers and floats; half of them are taken to be of each kind. Branch
    units count as ALUs, targets of indirect branches as entries of the branch target buffer; TLBs of the first level
    are priced as fully associative. Stages: first-level fetch, decoding, dispatch, refill after a misprediction, an
    ALU, issue and commit.

    Raises:
        ModelInputError: node or supply lies outside its range.
    """
    return CoreSilicon(
        node_nm=node_nm,
        supply_v=supply_v,
        frequency_ghz=core.frequency_mhz / MHZ_PER_GHZ,
        fetch_width=core.fetch_width,
        decode_width=core.decode_width,
        rename_width=core.dispatch_width,
        issue_width=core.issue_width,
        commit_width=core.commit_width,
        rob_entries=core.rob,
        issue_queue_entries=core.scheduler,
        load_queue_entries=core.load_queue,
        store_queue_entries=core.store_queue + core.write_queue,
        integer_registers=core.physical_registers - core.physical_registers // 2,
        float_registers=core.physical_registers // 2,
        alus=core.alu_units + core.branch_units,
        multipliers=core.multiply_units,
        dividers=core.divide_units,
        float_units=core.fp_units,
        float_dividers=core.fp_divide_units,
        load_ports=core.load_ports,
        store_ports=core.store_ports,
        itlb_entries=core.itlb_sets * core.itlb_ways,
        dtlb_entries=core.dtlb_sets * core.dtlb_ways,
        stlb_entries=core.stlb_sets * core.stlb_ways,
        btb_entries=core.btb_sets * core.btb_ways + core.indirect_entries,
        ras_entries=core.return_stack,
        predictor_kib=predictor_bits(core) / BITS_PER_KIB,
        uop_cache_entries=core.uop_cache_sets * core.uop_cache_ways,
        l1i=CacheSilicon(core.l1i_sets, core.l1i_ways),
        l1d=CacheSilicon(core.l1d_sets, core.l1d_ways),
        l2=CacheSilicon(core.l2_sets, core.l2_ways),
        llc=CacheSilicon(core.llc_sets, core.llc_ways),
        pipeline_stages=core.l1i_latency
        + core.decode_latency
        + core.dispatch_latency
        + core.mispredict_penalty
        + core.alu_latency
        + OTHER_STAGES,
    )


def predictor_bits(core: CoreSettings) -> int:
    """Return the state of a direction predictor in bits.

    bimodal, gshare: a counter of 2 bits for each entry. tournament: two tables of these, and 1024 local histories of 10
    bits with 1024 counters. tage: one table of these, and tables of a quarter of the entries, each with a counter of 3
    bits, a tag of 10 and 2 bits of use. perfect: nothing.
    """
    counters = COUNTER_BITS * core.predictor_entries
    local = (LOCAL_BITS + COUNTER_BITS) << LOCAL_BITS
    tagged = TAG_MASK.bit_length() + TAGE_COUNTER_BITS + TAGE_USEFUL_BITS
    return {
        "bimodal": counters,
        "gshare": counters,
        "tournament": 2 * counters + local,
        "tage": counters + TAGE_TABLES * (core.predictor_entries // TAGE_ENTRIES_SHARE) * tagged,
        "perfect": 0,
    }[core.branch_predictor]


def core_events(trace: InstructionTrace, simulation: CoreSimulation, *, warmup: int = 0) -> CoreEvents:
    """Return what happened in a simulated core.

    Instructions, their classes and registers are those of the trace after the warm-up; cycles, accesses and misses
    those of the simulation. The simulator has no wrong path, so that each instruction is fetched, renamed and issued
    once: energy of mispredicted paths is left out.

    Args:
        trace: that was simulated.
        simulation: its outcome.
        warmup: instructions left out at the beginning, as given to the simulator.
    """
    timed = slice(warmup, warmup + simulation.instructions)
    which = trace.which[timed]
    classes = np.bincount(trace.code.operation[which], minlength=len(OPERATIONS))
    count = float(simulation.instructions)
    reads, writes = trace.code.sources[which], trace.code.destinations[which]
    misses = {name: rate * count / PER_THOUSAND for name, rate in simulation.mpki.items()}
    return CoreEvents(
        cycles=float(simulation.cycles),
        committed=count,
        fetches=float(simulation.counts["l1i_accesses"]),
        decoded=count,
        renamed=count,
        issued=count,
        integer_operations=_of(classes, *INTEGER),
        multiplications=_of(classes, *MULTIPLICATIONS),
        divisions=_of(classes, *DIVISIONS),
        float_additions=_of(classes, *FLOAT_ADDITIONS),
        float_multiplications=_of(classes, *FLOAT_MULTIPLICATIONS),
        float_divisions=_of(classes, *FLOAT_DIVISIONS),
        branches=float(np.count_nonzero(trace.code.branch[which])),
        loads=float(trace.loads[timed].sum(dtype=np.int64)),
        stores=float(trace.stores[timed].sum(dtype=np.int64)),
        integer_reads=_integers(reads),
        integer_writes=_integers(writes),
        float_reads=float(np.count_nonzero(reads >= FIRST_VECTOR)),
        float_writes=float(np.count_nonzero(writes >= FIRST_VECTOR)),
        l2_accesses=float(simulation.counts["l2_accesses"]),
        llc_accesses=float(simulation.counts["llc_accesses"]),
        **{f"{name}_misses": misses[name] for name in ("l1i", "l1d", "l2", "llc", "itlb", "dtlb", "stlb")},
    )


def _of(classes: npt.NDArray[np.intp], *names: str) -> float:
    return float(sum(classes[OPERATIONS.index(name)] for name in names))


def _integers(registers: npt.NDArray[np.uint8]) -> float:
    """Registers other than vectors and the instruction pointer."""
    general = (registers != NO_REGISTER) & (registers < FIRST_VECTOR) & (registers != INSTRUCTION_POINTER)
    return float(np.count_nonzero(general))
