"""The stages of one instruction in the recurrence, in the order of the program."""

from __future__ import annotations

from codesign.models.compiled import Number, Record, inlined
from codesign.models.cpu.features.branch_view import AT_DECODE
from codesign.models.cpu.features.cache_walk import FROM_UOP_CACHE, IN_L1, LINE_BITS, NO_REQUEST
from codesign.models.cpu.features.heap import first_free, take_first_free
from codesign.models.cpu.features.machine import (
    CODE_HIT,
    COMMIT_WIDTH,
    FORWARD,
    FRONT_END_PLACES,
    ISSUE_WIDTH,
    LATENCIES,
    LOAD_PORTS,
    LOAD_QUEUE,
    LOADED,
    OCCUPIED,
    PENALTY,
    REGISTER_COUNT,
    ROB,
    SCHEDULER_SIZE,
    STORE_PORTS,
    STORE_QUEUE,
    UNIT_COUNTS,
    UNIT_OF,
    WIDTH,
)
from codesign.models.cpu.features.memory_times import access, lower_levels, translation
from codesign.models.cpu.features.state import (
    BEGUN,
    BLOCK_DONE,
    COMMIT_LANE,
    COMMITS,
    DECODE_LANE,
    DISPATCH_LANE,
    DISPATCHES,
    FETCH_LANE,
    FINISHES,
    FLOOR,
    ISSUE_RING,
    LOAD_FREES,
    LOAD_RING,
    LOADS,
    OWN,
    RECENT,
    RENAMES,
    RING,
    SCHEDULED,
    SCHEDULER,
    STORE_FREES,
    STORE_RING,
    STORED,
    STORES,
    WRITERS,
)
from codesign.models.cpu.machine.layout import PLAIN
from codesign.models.cpu.machine.resources import free_slot, in_order

MASK = RECENT - 1
FETCH_TO_DECODE, DECODE_TO_DISPATCH, FETCH_TO_REQUEST = 3, 1, 2
STACK_POINTER = 6


@inlined
def fetch(c: Record, s: Record, n: int) -> Number:
    """Cycle in which instruction ``n`` is fetched."""
    room = s.recent[DISPATCHES, (n - c[FRONT_END_PLACES]) & MASK] - FETCH_TO_DECODE
    return in_order(s.lanes, FETCH_LANE, max(s.scalars[FLOOR], room), c[WIDTH])


@inlined
def decode(c: Record, v: Record, s: Record, n: int, pc: int, fetched: int) -> Number:
    """Cycle in which an instruction is decoded: its block of code is there, or it comes from the uop cache."""
    ready = fetched + FETCH_TO_DECODE
    asked = fetched + FETCH_TO_REQUEST
    source = v.fetches[n]
    if source >= IN_L1:
        done = asked + c[CODE_HIT]
        if v.code_walks[n]:
            done += translation(c, v.code_walks[n])
        if source > IN_L1:
            done = lower_levels(c, s, pc >> LINE_BITS, source, done)
        s.scalars[BLOCK_DONE] = done
    if source >= NO_REQUEST:
        ready = max(ready, s.scalars[BLOCK_DONE] + 1)
    return in_order(s.lanes, DECODE_LANE, ready, c[WIDTH])


@inlined
def dispatch(c: Record, s: Record, n: int, decoded: int, loads: int, stores: int) -> Number:
    """Cycle in which an instruction enters the reorder buffer and the load and store queues."""
    time = max(decoded + DECODE_TO_DISPATCH, s.recent[COMMITS, (n - c[ROB]) & MASK])
    if loads:
        time = max(time, s.recent[LOAD_FREES, (s.scalars[LOADS] + loads - 1 - c[LOAD_QUEUE]) & MASK])
    if stores:
        time = max(time, s.recent[STORE_FREES, (s.scalars[STORES] + stores - 1 - c[STORE_QUEUE]) & MASK])
    time = in_order(s.lanes, DISPATCH_LANE, time, c[WIDTH])
    s.recent[DISPATCHES, n & MASK] = time
    return time


@inlined
def schedule(c: Record, s: Record, dispatched: int, writes: int) -> Number:
    """Cycle in which an instruction is in the scheduler with registers for its results."""
    time = max(dispatched + 1, s.scalars[SCHEDULED], first_free(s.times, SCHEDULER))
    if writes > 0:
        time = max(time, s.recent[RENAMES, (s.scalars[WRITERS] + writes - 1 - c[REGISTER_COUNT]) & MASK])
    s.scalars[SCHEDULED] = time
    return time


@inlined
def execute(c: Record, p: Record, s: Record, now: int, scheduled: int) -> Number:
    """Cycle in which an instruction is executed: sources, a unit and an issue slot are there."""
    time = scheduled + 1
    for k in range(p.sources.shape[1]):
        register = p.sources[now, k]
        if register == 0:
            break
        time = max(time, s.known[register])
    operation = p.operations[now]
    unit = c[UNIT_OF + operation]
    time = free_slot(s.rings, unit * RING, time, c[UNIT_COUNTS + unit])
    for held in range(1, c[OCCUPIED + operation]):
        free_slot(s.rings, unit * RING, time + held, c[UNIT_COUNTS + unit])
    time = free_slot(s.rings, ISSUE_RING, time, c[ISSUE_WIDTH])
    take_first_free(s.times, SCHEDULER, c[SCHEDULER_SIZE], time)
    return time


@inlined
def _loaded(c: Record, p: Record, v: Record, s: Record, k: int, dispatched: int, executed: int) -> Number:
    """Cycle in which operand ``k`` is read, from a store that is still queued or from the cache."""
    store, place = p.forwarders[k], k - p.start
    queued = store >= p.stores and s.scalars[STORES] - store < RECENT
    if queued and s.recent[STORE_FREES, store & MASK] > dispatched:
        done = max(executed, s.times[FINISHES + (store & MASK)]) + c[FORWARD] - 1
        s.starts[place] = done
        s.arrivals[place, OWN] = done
        s.arrivals[place, BEGUN] = done
        return done
    issued = free_slot(s.rings, LOAD_RING, executed + 1, c[LOAD_PORTS])
    return access(c, v, s, p.addresses[k], place, issued)


@inlined
def complete(
    c: Record, p: Record, v: Record, s: Record, operation: int, first: int, last: int, dispatched: int, executed: int
) -> Number:
    """Cycle in which an instruction's results are there."""
    completed = executed + c[LATENCIES + operation]
    for k in range(first, last):
        if p.written[k]:
            completed = max(completed, executed + 1)
            continue
        completed = max(completed, _loaded(c, p, v, s, k, dispatched, executed) + 1 + c[LOADED + operation])
    return completed


@inlined
def redirect(
    c: Record, v: Record, s: Record, n: int, kind: int, taken: int, fetched: int, decoded: int, completed: int
) -> None:
    """Say when fetch goes on behind a branch."""
    if kind == PLAIN:
        return
    if v.wrong[n]:
        shows = decoded if v.wrong[n] == AT_DECODE and v.fetches[n] != FROM_UOP_CACHE else completed
        s.scalars[FLOOR] = max(s.scalars[FLOOR], shows + c[PENALTY])
    elif taken:
        s.scalars[FLOOR] = max(s.scalars[FLOOR], fetched + 1)


@inlined
def write(p: Record, s: Record, now: int, fold: int, completed: int) -> None:
    """Make results known; ``fold``: not the stack pointer."""
    for k in range(p.destinations.shape[1]):
        register = p.destinations[now, k]
        if register == 0:
            break
        if not (fold and register == STACK_POINTER):
            s.known[register] = completed


@inlined
def commit(
    c: Record, p: Record, v: Record, s: Record, n: int, first: int, last: int, writes: int, executed: int,
    completed: int,
) -> Number:  # fmt: skip
    """Cycle of commit; frees what the instruction holds and hands its stores to the cache."""
    committed = in_order(s.lanes, COMMIT_LANE, completed + 1, c[COMMIT_WIDTH])
    s.recent[COMMITS, n & MASK] = committed
    for _ in range(writes):
        s.recent[RENAMES, s.scalars[WRITERS] & MASK] = committed
        s.scalars[WRITERS] += 1
    for k in range(first, last):
        if not p.written[k]:
            s.recent[LOAD_FREES, s.scalars[LOADS] & MASK] = committed
            s.scalars[LOADS] += 1
            continue
        time = free_slot(s.rings, STORE_RING, max(committed, s.scalars[STORED]), c[STORE_PORTS])
        s.scalars[STORED] = time
        access(c, v, s, p.addresses[k], k - p.start, time)
        number = s.scalars[STORES] & MASK
        s.recent[STORE_FREES, number] = time
        s.times[FINISHES + number] = executed
        s.scalars[STORES] += 1
    return committed
