"""The compiled loop over the instructions of a trace: each gets the cycles of its stages, once, in program order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from numba import njit

from codesign.models.compiled import OPTIONS, Record, merged, source_stamp
from codesign.models.cpu.machine.back_end import (
    commit,
    dispatch,
    execute,
    finish_store,
    leave,
    read_memory,
    schedule,
    write_registers,
)
from codesign.models.cpu.machine.branches import predict
from codesign.models.cpu.machine.caches import READ, WRITE
from codesign.models.cpu.machine.front_end import WINDOW_BITS, enter_uop_cache, fetch_and_decode, read_block
from codesign.models.cpu.machine.layout import (
    ACCESSES,
    COUNTED,
    DTLB,
    EXECUTION_UNITS,
    FETCH,
    L1D,
    MISPREDICT,
    MISSES,
    PLAIN,
    STALLS,
    SYSTEM,
    UOP_CACHE,
)
from codesign.models.cpu.machine.load_store import LINE_BITS, access, queue_store, write_pending
from codesign.models.cpu.machine.resources import free_slot
from codesign.models.cpu.machine.structures import find

WARM_STEP = 32
"""Cycles between instructions of the warm-up, so that its memory traffic never piles up."""
LONG_AGO = -(1 << 60)
SETTLING = 100_000
"""Cycles after the warm-up in which everything outstanding arrives."""


@merged
def warm_one(
    cfg: Record,
    tab: Record,
    m: Record,
    st: Record,
    pc: int,
    addresses: Record,
    written: Record,
    first: int,
    last: int,
) -> None:
    """Train caches, TLBs and uop cache with one instruction; only the order of accesses matters."""
    st.clock += WARM_STEP
    window = pc >> WINDOW_BITS
    entry = find(tab, m, UOP_CACHE, window, window)
    if entry < 0 and pc >> LINE_BITS != st.block:
        st.block = pc >> LINE_BITS
        read_block(cfg, tab, m, st, pc, st.clock)
    enter_uop_cache(tab, m, st, window, entry, st.clock)
    for k in range(first, last):
        access(cfg, tab, m, st, L1D, DTLB, addresses[k] >> LINE_BITS, st.clock, WRITE if written[k] else READ)


@merged
def begin_measuring(cfg: Record, tab: Record, m: Record, st: Record, warmed: int) -> None:
    """Let everything settle and set all counts to 0."""
    start = st.clock + SETTLING if warmed else 0
    st.block = -1
    st.start_time = start
    st.fetch_floor = start
    st.fetch_cause = FETCH
    st.schedule_cause = FETCH
    st.issue_clock = start
    st.store_finish = start
    st.store_write = start
    st.dram_writes = 0
    m[cfg.commit_lane] = start
    m[cfg.commit_lane + 1] = cfg.commit_width
    for k in range(len(STALLS)):
        m[cfg.stalls + k] = 0
    for structure in COUNTED:
        tab[structure, ACCESSES] = 0
        tab[structure, MISSES] = 0
    st.branches, st.mispredicts, st.walks, st.uop_hits, st.uop_misses = 0, 0, 0, 0, 0
    st.dram_reads, st.dram_row_hits, st.forwards, st.touched = 0, 0, 0, 0


@merged
def _after_branch(cfg: Record, st: Record, decoded: int, completed: int) -> None:
    """Say when fetch goes on behind a branch: after a taken one in the next cycle, after an error when it shows."""
    if not st.mispredicted:
        if st.fetch_taken:
            st.fetch_floor = max(st.fetch_floor, st.fetched + 1)
        return
    shows = decoded if st.at_decode and not st.from_uop_cache else completed
    st.fetch_floor = max(st.fetch_floor, shows + cfg.mispredict_penalty)
    st.fetch_cause = MISPREDICT


@merged
def time_one(
    cfg: Record,
    tab: Record,
    m: Record,
    st: Record,
    number: int,
    which: int,
    pc: int,
    kind: int,
    operation: int,
    sources: Record,
    destinations: Record,
    folds: int,
    addresses: Record,
    written: Record,
    first: int,
    last: int,
) -> None:
    """Give one instruction the cycles of its stages."""
    stores = 0
    for k in range(first, last):
        stores += 1 if written[k] else 0
    loads = last - first - stores
    decoded = fetch_and_decode(cfg, tab, m, st, number, pc)
    fold = 1 if folds and last > first else 0
    writes = 0
    for k in range(destinations.shape[1]):
        writes += 1 if destinations[which, k] else 0
    writes -= fold
    dispatched = dispatch(cfg, m, st, number, decoded, loads, stores)
    scheduled = schedule(cfg, m, st, dispatched, writes)
    executed = execute(cfg, m, st, sources, which, operation, scheduled)
    late = st.cause
    completed = executed + m[cfg.latencies + operation]
    finished = 0
    for k in range(first, last):
        write_pending(cfg, tab, m, st, LONG_AGO if written[k] else executed + 1)
        if written[k]:
            finished = finish_store(cfg, m, st, executed)
            completed = max(completed, finished + 1)
        else:
            done = read_memory(cfg, tab, m, st, addresses[k], pc, dispatched, executed) + 1
            done += m[cfg.after_load + operation]
            if done > completed:
                completed, st.cause = done, st.served
    free = free_slot(m, cfg.complete_ring, completed, cfg.complete_width)
    if free > completed:
        completed, st.cause = free, EXECUTION_UNITS
    if kind != PLAIN:
        _after_branch(cfg, st, decoded, completed)
    write_registers(cfg, m, st, destinations, which, completed, fold)
    committed = commit(cfg, m, st, number, executed, completed, late)
    leave(cfg, m, st, committed, writes, loads)
    for k in range(first, last):
        if written[k]:
            queue_store(cfg, m, st, addresses[k], finished, committed)
    st.clock = committed


@merged
def advance(
    cfg: Record,
    tab: Record,
    m: Record,
    st: Record,
    pcs: Record,
    kinds: Record,
    operations: Record,
    sources: Record,
    destinations: Record,
    folds: Record,
    which: Record,
    taken: Record,
    ends: Record,
    addresses: Record,
    written: Record,
    boundaries: Record,
    warmup: int,
    count: int,
) -> None:
    """Run the first ``warmup`` instructions without time, then ``count`` with it."""
    boundary = 1
    first = 0
    if warmup == 0:
        begin_measuring(cfg, tab, m, st, 0)
    for i in range(warmup + count):
        if i == warmup and warmup > 0:
            begin_measuring(cfg, tab, m, st, 1)
        now = which[i]
        last = ends[i]
        kind = kinds[now] if kinds[now] != SYSTEM else PLAIN
        ended = boundary < len(boundaries) and i + 1 == boundaries[boundary]
        if ended:
            boundary += 1
        if kind != PLAIN:
            target = pcs[which[i + 1]] if taken[i] and not ended and i + 1 < len(which) else 0
            predict(cfg, tab, m, st, pcs[now], kind, 1 if taken[i] else 0, target)
        if i < warmup:
            warm_one(cfg, tab, m, st, pcs[now], addresses, written, first, last)
        else:
            time_one(
                cfg, tab, m, st, i, now, pcs[now], kind, operations[now], sources, destinations, folds[now],
                addresses, written, first, last,
            )  # fmt: skip
        first = last


@cache
def compiled() -> Callable[..., int]:
    """Return the compiled entry: it simulates one core on the instructions given and leaves the counts in its state."""
    stamp = source_stamp(Path(__file__).parent)

    @njit(nogil=True, cache=True, **OPTIONS)
    def run(cfgs, tab, m, states, pcs, kinds, operations, sources, destinations, folds, which, taken, ends, addresses, written, boundaries, warmup, count):  # type: ignore[no-untyped-def]  # fmt: skip  # noqa: E501
        advance(
            cfgs[0], tab, m, states[0], pcs, kinds, operations, sources, destinations, folds, which, taken, ends,
            addresses, written, boundaries, warmup, count,
        )  # fmt: skip
        return stamp

    return run  # type: ignore[no-any-return]
