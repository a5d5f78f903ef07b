"""Below the first-level caches: second level, last level, DRAM with banks, rows, one data bus and refresh.

Times are core cycles. A line that is being fetched is entered at once with the time at which it arrives; who asks for
it before that time waits for it (a merged miss). Notes of lines: 1 where the line was written.
"""

from __future__ import annotations

import math

from codesign.models.compiled import Number, Record, called, inlined, merged
from codesign.models.cpu.machine.layout import (
    ACCESSES,
    BANK_PLACES,
    BUS_PLACES,
    DRAM_LATENCY,
    FILL,
    HIT,
    L2,
    L2_LATENCY,
    LLC,
    LLC_LATENCY,
    MISSES,
    NEXT_LINE,
    NOTES,
    PREFETCHER,
    TAGS,
    TIMES,
)
from codesign.models.cpu.machine.resources import free_slot
from codesign.models.cpu.machine.structures import (
    find,
    hold_register,
    miss_register,
    placed,
    put,
    renew,
    unblocked,
    victim,
)

NOWHERE = -1
"""What lies below the last level."""


@inlined
def _tick(cfg: Record, cycle: int) -> Number:
    """First clock of the DRAM controller at or after a core cycle."""
    return math.ceil((cycle - 1) / cfg.dram_ratio) + 1


@inlined
def _cycle(cfg: Record, tick: int) -> Number:
    """Core cycle in which a clock of the DRAM controller falls."""
    return math.floor((tick - 1) * cfg.dram_ratio) + 1


@merged
def _bus(cfg: Record, m: Record, st: Record, tick: int) -> Number:
    """Return the first clock at or after ``tick`` in which the data bus is free for a burst, and take it."""
    moved = True
    while moved:
        moved = False
        for place in range(BUS_PLACES):
            other = m[cfg.bus_times + place]
            if tick < other + cfg.dram_burst and other < tick + cfg.dram_burst:
                tick = other + cfg.dram_burst
                moved = True
    m[cfg.bus_times + st.bus_next] = tick
    st.bus_next = (st.bus_next + 1) % BUS_PLACES
    return tick


@inlined
def _bank(cfg: Record, m: Record, bank: int, tick: int) -> Number:
    """Return the first clock at or after ``tick`` in which a bank is free for an access."""
    moved = True
    while moved:
        moved = False
        for place in range(bank * BANK_PLACES, (bank + 1) * BANK_PLACES):
            end = m[cfg.bank_ends + place]
            if tick < end and tick + cfg.dram_closed > m[cfg.bank_begins + place]:
                tick = end
                moved = True
    return tick


@inlined
def _open_row(cfg: Record, m: Record, bank: int, begin: int, period: int) -> Number:
    """Return the row that is open in a bank; -1 where none was opened since the last refresh."""
    row, latest = -1, period * cfg.dram_refresh - 1
    for place in range(bank * BANK_PLACES, (bank + 1) * BANK_PLACES):
        end = m[cfg.bank_ends + place]
        if latest < end <= begin:
            row, latest = m[cfg.bank_rows + place], end
    return row


@merged
def _after_writes(cfg: Record, st: Record, tick: int) -> Number:
    """Return the first clock at which a read may use the data bus, after writes were served and the bus turned.

    Writes are served while no read waits, and when their queue is nearly full. Turning the bus costs ``dram_turn``.
    """
    floor = st.dram_floor
    if st.dram_writes > 0 and tick > st.dram_reads_end:
        served = (tick - st.dram_reads_end - cfg.dram_turn - cfg.dram_closed) // cfg.dram_burst
        if served >= st.dram_writes:
            emptied = tick - (served - st.dram_writes) * cfg.dram_burst
            st.dram_writes = 0
            floor = max(floor, emptied + cfg.dram_turn)
        else:
            st.dram_writes -= max(served, 0)
            floor = max(floor, tick + cfg.dram_turn)
    elif st.dram_writes >= cfg.dram_writes_high:
        drained = st.dram_writes - cfg.dram_writes_low + 1
        floor = max(floor, tick + 2 * cfg.dram_turn + cfg.dram_conflict + drained * cfg.dram_burst)
        st.dram_writes = cfg.dram_writes_low - 1
    st.dram_floor = floor
    return floor


@merged
def _dram_read(cfg: Record, m: Record, st: Record, line: int, cycle: int) -> Number:
    """Return the core cycle in which a line that the last level asks for at ``cycle`` comes back to it.

    Bank and bank group are the lowest bits of the physical line (hashed with its row), above them the column, then the
    row. A row stays open until another one is needed or all banks are refreshed.
    """
    st.dram_reads += 1
    physical = placed(line)
    row = physical >> 12
    bank = (physical ^ row ^ (row >> 5) ^ (row >> 10)) & (cfg.banks - 1)
    tick = _tick(cfg, cycle)
    floor = _after_writes(cfg, st, tick)
    begin = free_slot(m, cfg.dram_ring, _bank(cfg, m, bank, tick), 1)
    period = begin // cfg.dram_refresh
    begin = max(begin, period * cfg.dram_refresh + cfg.dram_refresh_busy) if period > 0 else begin
    held = _open_row(cfg, m, bank, begin, period)
    wait = cfg.dram_conflict
    if held < 0:
        wait = cfg.dram_closed
    elif held == row:
        wait = cfg.dram_hit
        st.dram_row_hits += 1
    done = _bus(cfg, m, st, max(begin + wait, floor)) + cfg.dram_burst
    place = bank * BANK_PLACES + m[cfg.bank_next + bank]
    m[cfg.bank_begins + place] = begin
    m[cfg.bank_ends + place] = done
    m[cfg.bank_rows + place] = row
    m[cfg.bank_next + bank] = (m[cfg.bank_next + bank] + 1) % BANK_PLACES
    st.dram_reads_end = max(st.dram_reads_end, done)
    return _cycle(cfg, done) + 1


@called
def write_back(cfg: Record, tab: Record, m: Record, st: Record, level: int, line: int, time: int) -> None:
    """Write a line back to a level; a written line that it drives out goes to the level below."""
    while level != NOWHERE:
        free_slot(m, cfg.l2_ring if level == L2 else cfg.llc_ring, time, 1)
        index = placed(line)
        entry = find(tab, m, level, index, line)
        if entry >= 0:
            m[tab[level, NOTES] + entry] = 1
            return
        entry = victim(tab, m, level, index)
        old = m[tab[level, TAGS] + entry]
        dirty = old >= 0 and m[tab[level, NOTES] + entry] == 1
        put(tab, m, st, level, entry, line, time, 1)
        if not dirty:
            return
        line = old
        level = LLC if level == L2 else NOWHERE
    st.dram_writes += 1


@merged
def _read_llc(cfg: Record, tab: Record, m: Record, st: Record, line: int, time: int) -> Number:
    """Return when the last level sends a line that arrives as a request at ``time``."""
    tab[LLC, ACCESSES] += 1
    checked = unblocked(tab, LLC, free_slot(m, cfg.llc_ring, time, 1) + tab[LLC, HIT])
    index = placed(line)
    entry = find(tab, m, LLC, index, line)
    st.served = LLC_LATENCY
    if entry >= 0:
        renew(tab, m, st, LLC, entry)
        arrives = m[tab[LLC, TIMES] + entry]
        if arrives > checked:
            st.served = DRAM_LATENCY
            tab[LLC, MISSES] += 1
            checked = arrives
    else:
        tab[LLC, MISSES] += 1
        asked = miss_register(tab, m, LLC, checked)
        checked = _dram_read(cfg, m, st, line, asked) + tab[LLC, FILL]
        st.served = DRAM_LATENCY
        hold_register(tab, m, LLC, asked, checked)
        entry = victim(tab, m, LLC, index)
        if m[tab[LLC, TAGS] + entry] >= 0 and m[tab[LLC, NOTES] + entry] == 1:
            st.dram_writes += 1
        put(tab, m, st, LLC, entry, line, checked, 0)
    return checked


@merged
def read_l2(cfg: Record, tab: Record, m: Record, st: Record, line: int, time: int) -> Number:
    """Return when the second level sends a line that arrives as a request at ``time``.

    With a prefetcher the line behind it is fetched too, unless it is there or no miss register is free.
    """
    begun = free_slot(m, cfg.l2_ring, time, 1)
    answered = 0
    served = L2_LATENCY
    lines = 2 if tab[L2, PREFETCHER] == NEXT_LINE else 1
    for step in range(lines):
        checked = unblocked(tab, L2, begun + tab[L2, HIT])
        wanted = line + step
        index = placed(wanted)
        entry = find(tab, m, L2, index, wanted)
        tab[L2, ACCESSES] += 1 - step
        if entry >= 0:
            arrives = m[tab[L2, TIMES] + entry]
            if step == 0:
                renew(tab, m, st, L2, entry)
                if arrives > checked:
                    served = DRAM_LATENCY
                    tab[L2, MISSES] += 1
                answered = max(checked, arrives)
            continue
        asked = miss_register(tab, m, L2, checked)
        if step > 0 and asked > checked:
            continue
        tab[L2, MISSES] += 1 - step
        arrives = _read_llc(cfg, tab, m, st, wanted, asked + 1) + tab[L2, FILL]
        if step == 0:
            answered, served = arrives, st.served
        hold_register(tab, m, L2, asked, arrives)
        entry = victim(tab, m, L2, index)
        old = m[tab[L2, TAGS] + entry]
        if old >= 0 and m[tab[L2, NOTES] + entry] == 1:
            write_back(cfg, tab, m, st, LLC, old, arrives)
        put(tab, m, st, L2, entry, wanted, arrives, 0)
    st.served = served
    return answered
