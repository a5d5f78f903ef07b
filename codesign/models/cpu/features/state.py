"""What the recurrence reads and keeps, as arrays under names."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from codesign.models.cpu.features.branch_view import BranchView
from codesign.models.cpu.features.memory_view import MemoryView
from codesign.models.cpu.features.sample import Sample
from codesign.models.cpu.machine.layout import UNITS
from codesign.workloads.instructions.trace import REGISTERS

Integers = npt.NDArray[np.int64]
RING = 4096
"""Cycles over which the use of a port is remembered."""
RECENT = 4096
"""Instructions whose times are remembered."""
(DISPATCHES, COMMITS, LOAD_FREES, STORE_FREES, RENAMES) = range(5)
"""Rows of ``recent``: cycles of the last instructions, loads, stores and register writers."""
FETCH_LANE, DECODE_LANE, DISPATCH_LANE, COMMIT_LANE, LANES = 0, 2, 4, 6, 8
ISSUE_RING, LOAD_RING, STORE_RING, BUS_RING = (RING * (len(UNITS) + place) for place in range(4))
RINGS = len(UNITS) + 4
"""Behind the rings of the units."""
SCHEDULER, MISS_BEGINS, MISS_ENDS, NEXT_MISS, FINISHES = (0, RECENT, RECENT * 5 // 4, RECENT * 3 // 2, RECENT * 2)
"""Places in ``times``: the scheduler's heap, intervals of outstanding misses, the next one's place, executions of
stores."""
BANKS = 32
(FLOOR, BLOCK_DONE, SCHEDULED, STORED, LOADS, STORES, WRITERS, SCALARS) = range(8)
"""Places in ``scalars``: first cycle of the next fetch, arrival of the block of code, last entry into the scheduler,
last store handed to the cache, counts."""
OWN, BEGUN, NEXT = range(3)
"""Columns of ``arrivals``: when an operand's line arrives, when it was asked for, when lines fetched ahead arrive."""


class Program(NamedTuple):
    """A sample: static instructions, executed ones, operands; positions at which the counted ones begin."""

    pcs: Integers
    kinds: Integers
    operations: Integers
    sources: Integers
    destinations: Integers
    folds: Integers
    which: npt.NDArray[np.int32]
    taken: npt.NDArray[np.bool_]
    ends: Integers
    addresses: Integers
    written: npt.NDArray[np.bool_]
    forwarders: Integers
    warmup: int
    start: int
    stores: int


class Views(NamedTuple):
    """What predictors and caches do: see ``BranchView`` and ``MemoryView``."""

    wrong: npt.NDArray[np.int8]
    fetches: npt.NDArray[np.int8]
    code_walks: npt.NDArray[np.int8]
    origins: npt.NDArray[np.int32]
    levels: npt.NDArray[np.int8]
    ahead: npt.NDArray[np.int8]
    below: npt.NDArray[np.int32]
    page_origins: npt.NDArray[np.int32]
    walks: npt.NDArray[np.int8]


class State(NamedTuple):
    """What changes: times of recent instructions, use of ports, in-order stages, heaps and intervals, registers (when
    known), operands (start, arrivals), DRAM banks (row, free from)."""

    scalars: Integers
    recent: Integers
    rings: Integers
    lanes: Integers
    times: Integers
    known: Integers
    starts: Integers
    arrivals: Integers
    banks: Integers


def program_of(part: Sample) -> Program:
    """Return the arrays of a sample."""
    trace = part.encoded
    start = int(trace.ends[part.warmup - 1]) if part.warmup else 0
    return Program(
        trace.pcs,
        trace.kinds,
        trace.operations,
        trace.sources,
        trace.destinations,
        trace.folds,
        trace.which,
        trace.taken,
        trace.ends,
        trace.addresses,
        trace.written,
        part.forwarders,
        part.warmup,
        start,
        int(np.count_nonzero(trace.written[:start])),
    )


def views_of(branches: BranchView, memory: MemoryView) -> Views:
    """Return the arrays of two views."""
    return Views(
        branches.wrong,
        memory.fetches,
        memory.code_walks,
        memory.origins,
        memory.levels,
        memory.ahead,
        memory.below,
        memory.page_origins,
        memory.walks,
    )


def fresh_state(program: Program, views: Views) -> State:
    """Return the state before the first counted instruction."""

    def zeros(*shape: int) -> Integers:
        return np.zeros(shape, dtype=np.int64)

    operands = len(program.addresses) - program.start
    state = State(
        scalars=zeros(SCALARS),
        recent=zeros(5, RECENT),
        rings=zeros(RINGS * RING),
        lanes=zeros(LANES),
        times=zeros(3 * RECENT),
        known=zeros(REGISTERS),
        starts=zeros(operands),
        arrivals=zeros(operands, NEXT + views.ahead.shape[1]),
        banks=np.full(2 * BANKS, -1, dtype=np.int64),
    )
    state.scalars[STORES] = program.stores
    return state
