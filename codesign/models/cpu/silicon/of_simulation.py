"""Silicon and events of a simulated core: what the simulator's settings are made of, and what it did with a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.machine.directions import LOCAL_BITS, TAG_MASK
from codesign.models.cpu.machine.layout import SYSTEM, TAGE_TABLES
from codesign.models.cpu.silicon.event_columns import TIMED_RATES, Array, event_columns
from codesign.models.cpu.silicon.events import CoreEvents
from codesign.models.cpu.silicon.settings import CACHES, CacheSilicon, CoreSilicon
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
WINDOW_BITS = 4
"""A look-up of the uop cache finds the instructions that begin in 16 bytes."""

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
CLASSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "integer_operations": INTEGER,
        "multiplications": ("int_mul", "vector_mul"),
        "divisions": ("int_div",),
        "float_additions": ("fp_add", "fp_fma", "convert"),
        "float_multiplications": ("fp_mul", "fp_fma"),
        "float_divisions": ("fp_div",),
    }
)
"""Event -> classes of instructions that are one each."""


def core_silicon(core: CoreSettings, node_nm: float, supply_v: float) -> CoreSilicon:
    """Return what a simulated core is made of.

    The simulator's physical registers serve integers and floats; half of them are taken to be of each kind. Branch
    units count as ALUs, targets of indirect branches as entries of the branch target buffer; TLBs of the first level
    are priced as fully associative. Stages: first-level fetch, decoding, dispatch, refill after a misprediction, an
    ALU, issue and commit.

    Raises:
        ModelInputError: node or supply lies outside its range.
    """
    settings = asdict(core)
    parts = _parts(settings)
    parts["predictor_kib"] = float(parts["predictor_kib"])
    parts |= {name: CacheSilicon(settings[f"{name}_sets"], settings[f"{name}_ways"]) for name in CACHES}
    return CoreSilicon(node_nm=node_nm, supply_v=supply_v, **parts)


def silicon_columns(settings: Mapping[str, npt.NDArray[Any]], node_nm: Array, supply_v: Array) -> pd.DataFrame:
    """Return what many simulated cores are made of, as ``core_columns`` takes it: one row for each core.

    Args:
        settings: of ``CoreSettings`` by name, arrays of shape (cores,); what isn't there is its default.
        node_nm, supply_v: of each core.
    """
    rows = len(node_nm)
    given = asdict(CoreSettings()) | dict(settings)
    caches = {column: given[column] for name in CACHES for column in (f"{name}_sets", f"{name}_ways")}
    columns = {"node_nm": node_nm, "supply_v": supply_v, **_parts(given), **caches}
    return pd.DataFrame({name: np.broadcast_to(np.asarray(values), (rows,)) for name, values in columns.items()})


def _parts(core: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of ``CoreSilicon`` but process and caches, numbers of numbers or arrays of arrays."""
    return {
        "frequency_ghz": core["frequency_mhz"] / MHZ_PER_GHZ,
        "fetch_width": core["fetch_width"],
        "decode_width": core["decode_width"],
        "rename_width": core["dispatch_width"],
        "issue_width": core["issue_width"],
        "commit_width": core["commit_width"],
        "rob_entries": core["rob"],
        "issue_queue_entries": core["scheduler"],
        "load_queue_entries": core["load_queue"],
        "store_queue_entries": core["store_queue"] + core["write_queue"],
        "integer_registers": core["physical_registers"] - core["physical_registers"] // 2,
        "float_registers": core["physical_registers"] // 2,
        "alus": core["alu_units"] + core["branch_units"],
        "multipliers": core["multiply_units"],
        "dividers": core["divide_units"],
        "float_units": core["fp_units"],
        "float_dividers": core["fp_divide_units"],
        "load_ports": core["load_ports"],
        "store_ports": core["store_ports"],
        "itlb_entries": core["itlb_sets"] * core["itlb_ways"],
        "dtlb_entries": core["dtlb_sets"] * core["dtlb_ways"],
        "stlb_entries": core["stlb_sets"] * core["stlb_ways"],
        "btb_entries": core["btb_sets"] * core["btb_ways"] + core["indirect_entries"],
        "ras_entries": core["return_stack"],
        "predictor_kib": _predictor_bits(core["branch_predictor"], core["predictor_entries"]) / BITS_PER_KIB,
        "uop_cache_entries": core["uop_cache_sets"] * core["uop_cache_ways"],
        "pipeline_stages": core["l1i_latency"]
        + core["decode_latency"]
        + core["dispatch_latency"]
        + core["mispredict_penalty"]
        + core["alu_latency"]
        + OTHER_STAGES,
    }


def predictor_bits(core: CoreSettings) -> int:
    """Return the state of a direction predictor in bits.

    bimodal, gshare: a counter of 2 bits for each entry. tournament: two tables of these, and 1024 local histories of 10
    bits with 1024 counters. tage: one table of these, and tables of a quarter of the entries, each with a counter of 3
    bits, a tag of 10 and 2 bits of use. perfect: nothing.
    """
    return int(_predictor_bits(core.branch_predictor, core.predictor_entries))


def _predictor_bits(predictor: str | npt.NDArray[Any], entries: int | npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    counters = COUNTER_BITS * np.asarray(entries, dtype=np.int64)
    local = (LOCAL_BITS + COUNTER_BITS) << LOCAL_BITS
    tagged = TAG_MASK.bit_length() + TAGE_COUNTER_BITS + TAGE_USEFUL_BITS
    bits = {
        "bimodal": counters,
        "gshare": counters,
        "tournament": 2 * counters + local,
        "tage": counters + TAGE_TABLES * (counters // COUNTER_BITS // TAGE_ENTRIES_SHARE) * tagged,
    }
    return np.asarray(sum(np.where(np.asarray(predictor) == name, found, 0) for name, found in bits.items()))


def trace_events(trace: InstructionTrace, warmup: int, instructions: int) -> dict[str, float]:
    """Return the events per instruction that the trace alone decides, whatever the core.

    ``renamed``, ``issued``, ``committed``: 1, as there is no wrong path. ``fetches``: stretches of 16 bytes of code
    that are entered, from another one or by a taken branch. Operations by class; a vector counts as one of its words.
    Registers: those that instructions name, vectors as float ones, flags as an integer one, the instruction pointer as
    none.

    Args:
        trace: of a program.
        warmup: instructions that are left out at the beginning.
        instructions: how many are counted after them.
    """
    which = trace.which[warmup : warmup + instructions]
    times = np.bincount(which, minlength=len(trace.code))
    classes = np.bincount(trace.code.operation, weights=times, minlength=len(OPERATIONS))
    branch = (trace.code.branch != 0) & (trace.code.branch != SYSTEM)
    timed = slice(warmup, warmup + instructions)
    counts = {
        **dict.fromkeys(("renamed", "issued", "committed"), float(instructions)),
        "fetches": _entered_stretches(trace, timed),
        **{event: _of(classes, names) for event, names in CLASSES.items()},
        "branches": times[branch].sum(),
        "loads": trace.loads[timed].sum(dtype=np.int64),
        "stores": trace.stores[timed].sum(dtype=np.int64),
        "integer_reads": times @ _integers(trace.code.sources),
        "integer_writes": times @ _integers(trace.code.destinations),
        "float_reads": times @ _floats(trace.code.sources),
        "float_writes": times @ _floats(trace.code.destinations),
    }
    return {event: float(count) / instructions for event, count in counts.items()}


def core_events(
    trace: InstructionTrace, simulation: CoreSimulation, core: CoreSettings, *, warmup: int = 0
) -> CoreEvents:
    """Return what happened in a simulated core: see ``trace_events`` and ``event_columns.event_columns``.

    The simulator has no wrong path: energy of mispredicted paths is left out.

    Args:
        trace: that was simulated.
        simulation: its outcome.
        core: that was simulated.
        warmup: instructions left out at the beginning, as given to the simulator.
    """
    rates = {name: np.array([value]) for name, value in timed_rates(simulation).items()}
    of_trace = trace_events(trace, warmup, simulation.instructions)
    found = event_columns(of_trace, rates, np.array([float(core.fetch_width)]))
    return CoreEvents(**{name: float(values[0]) * simulation.instructions for name, values in found.items()})


def timed_rates(simulation: CoreSimulation) -> dict[str, float]:
    """Return what a simulation says of ``event_columns.TIMED_RATES``: IPC, and events per 1,000 instructions."""
    thousands = simulation.instructions / PER_THOUSAND
    counted = {name: count / thousands for name, count in simulation.counts.items()}
    known = {"ipc": simulation.ipc} | counted | {f"{name}_mpki": rate for name, rate in simulation.mpki.items()}
    return {name: known[name] for name in TIMED_RATES}


def _entered_stretches(trace: InstructionTrace, timed: slice) -> int:
    """Count stretches of 16 bytes that are entered: the first, another than before, or the target of a taken branch."""
    stretch = (trace.code.address >> np.uint64(WINDOW_BITS))[trace.which[timed]]
    entered = (stretch[1:] != stretch[:-1]) | trace.taken[timed][:-1]
    return 1 + int(np.count_nonzero(entered))


def _of(classes: npt.NDArray[Any], names: tuple[str, ...]) -> float:
    return float(sum(classes[OPERATIONS.index(name)] for name in names))


def _integers(registers: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Registers of each instruction other than vectors and the instruction pointer."""
    general = (registers != NO_REGISTER) & (registers < FIRST_VECTOR) & (registers != INSTRUCTION_POINTER)
    counts: npt.NDArray[np.int64] = general.sum(axis=1, dtype=np.int64)
    return counts


def _floats(registers: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    counts: npt.NDArray[np.int64] = (registers >= FIRST_VECTOR).sum(axis=1, dtype=np.int64)
    return counts
