"""Back end: rename and dispatch, issue queue, execution, commit; and what every lost commit slot was lost to."""

from __future__ import annotations

from codesign.models.compiled import Number, Record, inlined, merged
from codesign.models.cpu.machine.layout import (
    BASE,
    DEPENDENCY,
    EXECUTION_UNITS,
    LOAD_QUEUE_FULL,
    RECENT,
    REGISTERS_FULL,
    RING,
    ROB_FULL,
    SCHEDULER_FULL,
    STORE_FORWARD,
    STORE_QUEUE_FULL,
)
from codesign.models.cpu.machine.load_store import forwarding_store, load
from codesign.models.cpu.machine.resources import (
    first_free,
    free_slot,
    in_order,
    leave_scheduler,
    room_to_schedule,
    take_first_free,
)

STACK_POINTER = 6
NO_REGISTER = 0


@merged
def dispatch(cfg: Record, m: Record, st: Record, number: int, decoded: int, loads: int, stores: int) -> Number:
    """Return when an instruction enters the reorder buffer: behind a free place there and in load and store queue.

    ``st.cause`` becomes what it waited for last.
    """
    time = decoded + cfg.dispatch_latency
    st.cause = st.front_cause
    room = m[cfg.commit_times + ((number - cfg.rob) & cfg.recent)]
    if room > time:
        time, st.cause = room, ROB_FULL
    if loads > 0:
        room = first_free(cfg, m, st)
        if not cfg.reference:
            room = m[cfg.load_times + ((st.loads_seen + loads - 1 - cfg.load_queue) & (RECENT - 1))]
        if room > time:
            time, st.cause = room, LOAD_QUEUE_FULL
    if stores > 0:
        room = m[cfg.store_times + ((st.stores_seen + stores - 1 - cfg.store_queue) & (RECENT - 1))]
        if room > time:
            time, st.cause = room, STORE_QUEUE_FULL
    time = in_order(m, cfg.dispatch_lane, time, cfg.dispatch_width)
    m[cfg.dispatch_times + (number & cfg.recent)] = time
    return time


@merged
def schedule(cfg: Record, m: Record, st: Record, dispatched: int, writes: int) -> Number:
    """Return when an instruction is in the scheduler with its registers renamed."""
    time = dispatched + 1
    if st.schedule_time > time:
        time, st.cause = st.schedule_time, st.schedule_cause
    room = room_to_schedule(cfg, m, st, time)
    if room > time:
        time, st.cause = room, SCHEDULER_FULL
    if writes > 0:
        room = m[cfg.rename_times + ((st.writers + writes - 1 - cfg.spare_registers) & cfg.rename_mask)]
        if room > time:
            time, st.cause = room, REGISTERS_FULL
    st.schedule_time = time
    st.schedule_cause = st.cause
    return time


@merged
def execute(cfg: Record, m: Record, st: Record, sources: Record, which: int, operation: int, scheduled: int) -> Number:
    """Return when an instruction is executed: its sources are there, and an issue slot and a unit are free."""
    time = scheduled + 1
    for k in range(sources.shape[1]):
        register = sources[which, k]
        if register == NO_REGISTER:
            break
        ready = m[cfg.register_times + register]
        if ready > time:
            time, st.cause = ready, m[cfg.register_causes + register]
    ready = time
    if not cfg.reference:
        unit = m[cfg.unit_of + operation]
        ring = cfg.units_ring + unit * RING
        time = free_slot(m, ring, time, m[cfg.unit_counts + unit])
        for held in range(1, m[cfg.occupied + operation]):
            free_slot(m, ring, time + held, m[cfg.unit_counts + unit])
    time = free_slot(m, cfg.execute_ring, time, cfg.execute_width)
    if time > ready:
        st.cause = EXECUTION_UNITS
    leave_scheduler(cfg, m, st, time)
    return time


@merged
def read_memory(
    cfg: Record, tab: Record, m: Record, st: Record, address: int, pc: int, dispatched: int, executed: int
) -> Number:
    """Return when the data of a load are in the core; its load-queue entry is held as long (reference) or to commit."""
    store = forwarding_store(cfg, m, st, address, dispatched)
    if store < 0:
        done = load(cfg, tab, m, st, address, pc, executed)
        if cfg.reference:
            take_first_free(cfg, m, st, done)
        return done
    st.forwards += 1
    st.served = STORE_FORWARD
    finished = m[cfg.finish_times + (store & (RECENT - 1))]
    if not cfg.reference:
        return max(executed, finished) + cfg.forward_latency - 1
    if finished <= dispatched:
        return executed
    take_first_free(cfg, m, st, finished)
    return max(executed, finished)


@inlined
def finish_store(cfg: Record, m: Record, st: Record, executed: int) -> Number:
    """Return when a store has address and data in its queue: in the reference in order, through the store ports."""
    if not cfg.reference:
        return executed
    st.store_finish = free_slot(m, cfg.store_ring, max(executed, st.store_finish), cfg.store_width)
    return st.store_finish


@merged
def commit(cfg: Record, m: Record, st: Record, number: int, executed: int, completed: int, late: int) -> Number:
    """Return when an instruction leaves the reorder buffer, and account for the commit slots lost before it.

    Slots behind its execution go to ``st.cause``, what held it up last; those before to ``late``, what it was executed
    late for.
    """
    last, used = m[cfg.commit_lane], m[cfg.commit_lane + 1]
    time = in_order(m, cfg.commit_lane, completed + 1, cfg.commit_width)
    m[cfg.commit_times + (number & cfg.recent)] = time
    lost = (time - last) * cfg.commit_width + m[cfg.commit_lane + 1] - used - 1
    own = min(lost, (time - max(last, executed)) * cfg.commit_width)
    m[cfg.stalls + st.cause] += own
    m[cfg.stalls + late] += lost - own
    m[cfg.stalls + BASE] += 1
    return time


@merged
def write_registers(
    cfg: Record, m: Record, st: Record, destinations: Record, which: int, completed: int, fold: int
) -> Number:
    """Make an instruction's results known; return how many it wrote. ``fold``: not the stack pointer."""
    cause = st.cause if st.cause > DEPENDENCY else DEPENDENCY
    writes = 0
    for k in range(destinations.shape[1]):
        register = destinations[which, k]
        if register == NO_REGISTER:
            break
        if fold and register == STACK_POINTER:
            continue
        m[cfg.register_times + register] = completed
        m[cfg.register_causes + register] = cause
        writes += 1
    return writes


@inlined
def leave(cfg: Record, m: Record, st: Record, committed: int, writes: int, loads: int) -> None:
    """Free, at commit, the physical registers that the results replace, and the load-queue entries."""
    for _ in range(writes):
        m[cfg.rename_times + (st.writers & cfg.rename_mask)] = committed
        st.writers += 1
    for _ in range(loads):
        m[cfg.load_times + (st.loads_seen & (RECENT - 1))] = committed
        st.loads_seen += 1
