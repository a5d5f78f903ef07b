"""First-level caches: hits, misses, merged misses, written lines, prefetches.

Notes of lines: ``begun << 6 | served << 1 | written``, where ``begun`` is the cycle in which the line was asked for.
"""

from __future__ import annotations

from codesign.models.compiled import Number, Record, called, inlined, merged
from codesign.models.cpu.machine.layout import (
    ACCESSES,
    FILL,
    L1D,
    L1D_LATENCY,
    L2,
    MISSES,
    NEXT_LINE,
    NO_PREFETCH,
    NOTES,
    PREFETCHER,
    STRIDE_ENTRIES,
    STRIDES,
    TAGS,
    TIMES,
)
from codesign.models.cpu.machine.memory import read_l2, write_back
from codesign.models.cpu.machine.structures import (
    find,
    hold_register,
    miss_register,
    placed,
    put,
    renew,
    victim,
)

READ, WRITE, PREFETCH = range(3)
"""Purposes of a request."""
WRITTEN = 1
BEGUN_BITS = 6


@merged
def _in_flight(tab: Record, m: Record, st: Record, cache: int, entry: int, checked: int) -> Number:
    """Return when a line that hasn't arrived yet is there.

    A request that comes earlier in time (though later in the program) than the one that fetched the line fetches it
    itself: it takes as long as the other one.
    """
    note = m[tab[cache, NOTES] + entry]
    begun = note >> BEGUN_BITS
    arrives = m[tab[cache, TIMES] + entry]
    st.served = (note >> 1) & 31
    tab[cache, MISSES] += 1
    if begun <= checked:
        return arrives
    arrives += checked - begun
    m[tab[cache, TIMES] + entry] = arrives
    m[tab[cache, NOTES] + entry] = (checked << BEGUN_BITS) | (note & ((1 << BEGUN_BITS) - 1))
    return arrives


@called
def read_l1(
    cfg: Record, tab: Record, m: Record, st: Record, cache: int, line: int, checked: int, purpose: int
) -> Number:
    """Return when a first-level cache answers a request whose tag is checked at ``checked``.

    A write misses like a read (write-allocate) and marks the line. A prefetch leaves alone what is there, and is
    dropped where no miss register is free. ``st.served`` says which level had the line.
    """
    index = placed(line)
    entry = find(tab, m, cache, index, line)
    write = purpose == WRITE
    if purpose != PREFETCH:
        tab[cache, ACCESSES] += 1
    elif entry >= 0:
        return checked
    if entry >= 0:
        if not write or cfg.stores_renew:
            renew(tab, m, st, cache, entry)
        if write:
            m[tab[cache, NOTES] + entry] |= WRITTEN
        if m[tab[cache, TIMES] + entry] <= checked:
            st.served = L1D_LATENCY
            return checked
        return _in_flight(tab, m, st, cache, entry, checked)
    asked = miss_register(tab, m, cache, checked)
    if purpose == PREFETCH:
        if asked > checked:
            return checked
    else:
        tab[cache, MISSES] += 1
    arrives = read_l2(cfg, tab, m, st, line, asked) + 1 + tab[cache, FILL]
    hold_register(tab, m, cache, asked, arrives)
    entry = victim(tab, m, cache, index)
    old = m[tab[cache, TAGS] + entry]
    if old >= 0 and m[tab[cache, NOTES] + entry] & WRITTEN:
        write_back(cfg, tab, m, st, L2, old, arrives)
    written = 1 if write else 0
    put(tab, m, st, cache, entry, line, arrives, (asked << BEGUN_BITS) | (st.served << 1) | written)
    return arrives


@inlined
def _stride(tab: Record, m: Record, address: int, line: int) -> Number:
    """Return the distance in lines that a load instruction went twice in a row; 0 where it didn't."""
    place = tab[L1D, STRIDES] + 3 * (address & (STRIDE_ENTRIES - 1))
    if m[place] != address:
        m[place], m[place + 1], m[place + 2] = address, line, 0
        return 0
    stride = line - m[place + 1]
    known = m[place + 2]
    if stride != 0:
        m[place + 1], m[place + 2] = line, stride
    return stride if stride == known else 0


@merged
def train_prefetcher(cfg: Record, tab: Record, m: Record, st: Record, address: int, line: int, time: int) -> None:
    """Show a load to the prefetcher of the first-level data cache.

    Next line: the line behind each load's. Stride: per load instruction the distance in lines between its last two
    different lines; where it comes twice in a row, the line one distance ahead.
    """
    kind = tab[L1D, PREFETCHER]
    if kind == NO_PREFETCH:
        return
    stride, degree = 1, 1
    if kind != NEXT_LINE:
        stride = _stride(tab, m, address, line)
        degree = cfg.prefetch_degree if stride else 0
    for ahead in range(1, degree + 1):
        read_l1(cfg, tab, m, st, L1D, line + ahead * stride, time, PREFETCH)
