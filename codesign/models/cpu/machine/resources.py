"""Widths, ports and buffers as times: when is there room for one more?"""

from __future__ import annotations

from codesign.models.compiled import Number, Record, called, inlined
from codesign.models.cpu.machine.layout import ISSUE_SPAN, RING

COUNT_BITS = 8


@inlined
def in_order(m: Record, lane: int, time: int, width: int) -> Number:
    """Return the first cycle at or after ``time``, and not before the one returned last, with less than ``width``."""
    last = m[lane]
    if time > last:
        m[lane] = time
        m[lane + 1] = 1
        return time
    if m[lane + 1] < width:
        m[lane + 1] += 1
        return last
    m[lane] = last + 1
    m[lane + 1] = 1
    return last + 1


@inlined
def free_slot(m: Record, ring: int, time: int, width: int) -> Number:
    """Return the first cycle at or after ``time`` in which a port is used less than ``width`` times, and use it.

    Every cycle has a counter, so that requests may come in any order of time. A counter is forgotten when a cycle that
    lies a multiple of ``RING`` away is asked for.
    """
    while True:
        place = ring + (time & (RING - 1))
        held = m[place]
        if held >> COUNT_BITS != time:
            m[place] = (time << COUNT_BITS) + 1
            return time
        if held & ((1 << COUNT_BITS) - 1) < width:
            m[place] = held + 1
            return time
        time += 1


@inlined
def _used(m: Record, ring: int, time: int) -> Number:
    """How often a port is used in a cycle."""
    held = m[ring + (time & (RING - 1))]
    return held & ((1 << COUNT_BITS) - 1) if held >> COUNT_BITS == time else 0


@called
def tag_slot(m: Record, ring: int, time: int, hit: int) -> Number:
    """Return when a structure of the reference with two tag checks a cycle takes up a request that waits at ``time``.

    Checks last ``hit`` cycles and the request of one stays until its end, so that at most 2 ``hit`` are taken up in any
    ``hit`` + 1 cycles in a row.
    """
    while True:
        time = free_slot(m, ring, time, 2)
        if not (_used(m, ring, time - 1) or _used(m, ring, time + 1)):
            return time
        window = 0
        for other in range(time - hit, time + 1):
            window += _used(m, ring, other)
        most = window
        for step in range(1, hit + 1):
            window += _used(m, ring, time + step) - _used(m, ring, time + step - hit - 1)
            most = max(most, window)
        if most <= 2 * hit:
            return time
        m[ring + (time & (RING - 1))] -= 1
        time += 1


@inlined
def room_to_schedule(cfg: Record, m: Record, st: Record, time: int) -> Number:
    """Return the first cycle at or after ``time`` in which less than ``cfg.scheduler`` instructions wait to execute.

    Executions per cycle are counted; those that wait in a cycle are scheduled and not executed by then.
    """
    clock = st.issue_clock
    while clock < time or st.waiting >= cfg.scheduler:
        clock += 1
        place = cfg.issue_counts + (clock & (ISSUE_SPAN - 1))
        st.waiting -= m[place]
        m[place] = 0
    st.issue_clock = clock
    return clock


@inlined
def leave_scheduler(cfg: Record, m: Record, st: Record, executed: int) -> None:
    """Count an instruction that leaves the scheduler in a cycle (one too far ahead: in the last that is counted)."""
    counted = min(executed, st.issue_clock + ISSUE_SPAN - 1)
    m[cfg.issue_counts + (counted & (ISSUE_SPAN - 1))] += 1
    st.waiting += 1


@inlined
def first_free(cfg: Record, m: Record, st: Record) -> Number:
    """Return when the first of the reference's load-queue entries becomes free; they may be left in any order."""
    return m[cfg.load_ends + (st.load_first & cfg.load_mask)]


@inlined
def take_first_free(cfg: Record, m: Record, st: Record, until: int) -> None:
    """Take the load-queue entry that becomes free first ``until`` a later time.

    The times are kept in order, in a ring: most of the new ones are the latest.
    """
    st.load_first += 1
    place = st.load_first + cfg.load_queue - 1
    while place > st.load_first:
        before = m[cfg.load_ends + ((place - 1) & cfg.load_mask)]
        if before <= until:
            break
        m[cfg.load_ends + (place & cfg.load_mask)] = before
        place -= 1
    m[cfg.load_ends + (place & cfg.load_mask)] = until
