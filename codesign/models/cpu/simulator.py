"""Simulate a core on an instruction trace: one core in full, or a table of many cores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from codesign.errors import ModelInputError, nearest
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.encoding import EncodedCore, EncodedTrace, encode_core, encode_trace
from codesign.models.cpu.machine.kernel import compiled
from codesign.models.cpu.machine.layout import (
    ACCESSES,
    DTLB,
    ITLB,
    L1D,
    L1I,
    L2,
    LLC,
    MISSES,
    STALLS,
    STATE,
    STLB,
)
from codesign.workloads.instructions.trace import InstructionTrace

COMPATIBILITIES = ("champsim",)
STRUCTURES = {"l1i": L1I, "l1d": L1D, "l2": L2, "llc": LLC, "itlb": ITLB, "dtlb": DTLB, "stlb": STLB}


@dataclass(frozen=True)
class CoreSimulation:
    """What one core did with one trace, after the warm-up.

    Attributes:
        instructions: committed.
        cycles: from the end of the warm-up to the commit of the last instruction.
        commit_width: slots in a cycle.
        mpki: misses per 1,000 instructions: ``branch`` (mispredicted branches), ``l1i``, ``l1d``, ``l2``, ``llc``,
            ``itlb``, ``dtlb``, ``stlb``; requests to a line or page that is being fetched count as misses.
        stall_slots: commit slots by what they were used for (``base``) or lost to; they sum to cycles times width.
        counts: branches, page walks, DRAM reads, row hits, forwarded loads, uop cache hits, pages touched first.
    """

    instructions: int
    cycles: int
    commit_width: int
    mpki: Mapping[str, float]
    stall_slots: Mapping[str, int]
    counts: Mapping[str, int]

    @property
    def ipc(self) -> float:
        """Instructions per cycle."""
        return self.instructions / self.cycles

    def row(self) -> dict[str, float]:
        """``ipc``, ``cycles``, ``instructions``, ``<structure>_mpki``, ``<cause>_cycles`` (slots / width)."""
        stalls = {f"{name}_cycles": slots / self.commit_width for name, slots in self.stall_slots.items()}
        rates = {f"{name}_mpki": value for name, value in self.mpki.items()}
        return {"ipc": self.ipc, "cycles": self.cycles, "instructions": self.instructions} | rates | stalls


def simulate(
    trace: InstructionTrace,
    core: CoreSettings,
    *,
    warmup: int = 0,
    instructions: int | None = None,
    compatibility: str | None = None,
) -> CoreSimulation:
    """Simulate one core on a trace.

    Args:
        trace: its windows follow each other; all state is kept and time goes on across them.
        core: what to simulate.
        warmup: instructions that only train caches, TLBs and predictors first.
        instructions: how many to time after them; the rest of the trace if None.
        compatibility: ``champsim`` for the stated behaviours of that simulator; None: a core with latencies and units.

    Raises:
        ModelInputError: more instructions are asked for than there are, or an unknown compatibility.
        WorkloadError: arrays of the trace contradict each other.
    """
    reference = _reference(compatibility)
    count = _count(trace, warmup, instructions)
    encoded = encode_trace(trace, warmup + count, reference)
    return _run(encoded, encode_core(core, encoded, reference), warmup, count, core.commit_width)


def simulate_many(
    trace: InstructionTrace,
    cores: Sequence[CoreSettings],
    *,
    warmup: int = 0,
    instructions: int | None = None,
    compatibility: str | None = None,
    threads: int = 2,
) -> pd.DataFrame:
    """Simulate many cores on one trace: one row per core (see ``CoreSimulation.row``), in their order.

    A row doesn't depend on the other cores nor on the number of threads.

    Raises:
        ModelInputError: see ``simulate``.
    """
    found = simulations(
        trace, cores, warmup=warmup, instructions=instructions, compatibility=compatibility, threads=threads
    )
    return pd.DataFrame([one.row() for one in found])


def simulations(
    trace: InstructionTrace,
    cores: Sequence[CoreSettings],
    *,
    warmup: int = 0,
    instructions: int | None = None,
    compatibility: str | None = None,
    threads: int = 2,
) -> list[CoreSimulation]:
    """Simulate many cores on one trace, in their order (see ``simulate_many``).

    Raises:
        ModelInputError: see ``simulate``.
    """
    reference = _reference(compatibility)
    count = _count(trace, warmup, instructions)
    encoded = encode_trace(trace, warmup + count, reference)

    def one(core: CoreSettings) -> CoreSimulation:
        return _run(encoded, encode_core(core, encoded, reference), warmup, count, core.commit_width)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, cores))


def _reference(compatibility: str | None) -> bool:
    if compatibility is None:
        return False
    if compatibility not in COMPATIBILITIES:
        allowed = ", ".join(COMPATIBILITIES)
        raise ModelInputError(
            f"unknown compatibility {compatibility!r}{nearest(compatibility, COMPATIBILITIES)}; allowed: {allowed}"
        )
    return True


def _count(trace: InstructionTrace, warmup: int, instructions: int | None) -> int:
    """Return how many instructions are timed."""
    left = len(trace) - warmup
    count = left if instructions is None else instructions
    if warmup < 0 or count < 1 or count > left:
        raise ModelInputError(
            f"trace {trace.name!r} has {len(trace)} instructions: a warm-up of {warmup} and {count} after it don't fit"
            " (the warm-up is 0 or more, at least 1 instruction follows)"
        )
    return count


def _run(trace: EncodedTrace, core: EncodedCore, warmup: int, count: int, width: int) -> CoreSimulation:
    state = np.zeros(1, dtype=STATE)
    compiled()(
        core.config,
        core.table,
        core.memory,
        state,
        trace.pcs,
        *trace.code_bytes,
        trace.which.view(np.uint32),
        trace.taken,
        trace.ends,
        trace.addresses,
        trace.written,
        trace.windows,
        warmup,
        count,
    )
    return _result(core, state, count, width)


def _result(core: EncodedCore, state: npt.NDArray[np.void], count: int, width: int) -> CoreSimulation:
    cycles = int(state["clock"][0] - state["start_time"][0])
    start = int(core.config["stalls"][0])
    slots = dict(zip(STALLS, map(int, core.memory[start : start + len(STALLS)]), strict=True))
    slots["fetch_bandwidth"] += cycles * width - sum(slots.values())
    thousands = count / 1000
    misses = {"branch": int(state["mispredicts"][0])} | {
        name: int(core.table[row, MISSES]) for name, row in STRUCTURES.items()
    }
    counted = ("branches", "walks", "dram_reads", "dram_row_hits", "forwards", "uop_hits", "touched")
    accesses = {f"{name}_accesses": int(core.table[row, ACCESSES]) for name, row in STRUCTURES.items()}
    return CoreSimulation(
        instructions=count,
        cycles=cycles,
        commit_width=width,
        mpki=MappingProxyType({name: value / thousands for name, value in misses.items()}),
        stall_slots=MappingProxyType(slots),
        counts=MappingProxyType({name: int(state[name][0]) for name in counted} | accesses),
    )
