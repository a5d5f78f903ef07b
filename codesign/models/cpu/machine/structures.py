"""Set-associative structures with least-recently-used replacement, and the registers of their outstanding misses."""

from __future__ import annotations

import numpy as np

from codesign.models.compiled import Number, Record, inlined
from codesign.models.cpu.machine.layout import (
    ANSWERS,
    BEFORE_FROM,
    BEFORE_UNTIL,
    BLOCKED_FROM,
    BLOCKED_UNTIL,
    MISS_BEGINS,
    MISS_ENDS,
    MISS_PLACES,
    MISSES_HELD,
    NEXT_MISS,
    NOTES,
    SETS,
    TAGS,
    TIMES,
    USES,
    WAYS,
)

LINES_PER_PAGE_BITS = 6
PAGE_BITS = 22
"""Physical pages: 2^22 of 4 KiB are 16 GiB."""


@inlined
def at(place: int) -> Number:
    """A place in the memory as an unsigned number: it needs no check whether it counts from the end."""
    return np.uint64(place)


@inlined
def page_frame(page: int) -> Number:
    """Physical page of a virtual one: spread evenly, always the same."""
    mixed = page * -7046029254386353131
    return (mixed >> 40) & ((1 << PAGE_BITS) - 1)


@inlined
def placed(line: int) -> Number:
    """Physical line of a virtual one: the sets of physically indexed caches and the banks of DRAM depend on it."""
    return (page_frame(line >> LINES_PER_PAGE_BITS) << LINES_PER_PAGE_BITS) | (line & 63)


@inlined
def find(tab: Record, m: Record, structure: int, index: int, tag: int) -> Number:
    """Return the entry that holds ``tag`` in the set of ``index``; -1 where none does."""
    ways = tab[structure, WAYS]
    first = (index & (tab[structure, SETS] - 1)) * ways
    tags = tab[structure, TAGS]
    for entry in range(first, first + ways):
        if m[at(tags + entry)] == tag:
            return entry
    return -1


@inlined
def victim(tab: Record, m: Record, structure: int, index: int) -> Number:
    """Return the entry of a set that was used longest ago."""
    ways = tab[structure, WAYS]
    best = (index & (tab[structure, SETS] - 1)) * ways
    uses = tab[structure, USES]
    for entry in range(best + 1, best + ways):
        if m[at(uses + entry)] < m[at(uses + best)]:
            best = entry
    return best


@inlined
def renew(tab: Record, m: Record, st: Record, structure: int, entry: int) -> None:
    """Make an entry the one used last."""
    st.uses += 1
    m[at(tab[structure, USES] + entry)] = st.uses


@inlined
def put(tab: Record, m: Record, st: Record, structure: int, entry: int, tag: int, time: int, note: int) -> None:
    """Fill an entry with contents that arrive at ``time``."""
    m[at(tab[structure, TAGS] + entry)] = tag
    m[at(tab[structure, TIMES] + entry)] = time
    m[at(tab[structure, NOTES] + entry)] = note
    renew(tab, m, st, structure, entry)


@inlined
def miss_register(tab: Record, m: Record, structure: int, time: int) -> Number:
    """Return when a miss that is found at ``time`` gets a register: at once, or when the first one in use is free.

    Requests come in any order of time, so the registers are intervals; those that hold ``time`` are counted.
    """
    held, first_end = 0, 1 << 62
    begins, ends = tab[structure, MISS_BEGINS], tab[structure, MISS_ENDS]
    for place in range(tab[structure, MISS_PLACES]):
        end = m[at(ends + place)]
        if end > time and m[at(begins + place)] <= time:
            held += 1
            first_end = min(first_end, end)
    if held < tab[structure, MISSES_HELD]:
        return time
    tab[structure, BEFORE_FROM] = tab[structure, BLOCKED_FROM]
    tab[structure, BEFORE_UNTIL] = tab[structure, BLOCKED_UNTIL]
    tab[structure, BLOCKED_FROM] = time
    tab[structure, BLOCKED_UNTIL] = first_end
    return first_end


@inlined
def hold_register(tab: Record, m: Record, structure: int, begin: int, end: int) -> None:
    """Remember a miss that is outstanding from ``begin`` until ``end``."""
    place = tab[structure, NEXT_MISS]
    m[tab[structure, MISS_BEGINS] + place] = begin
    m[tab[structure, MISS_ENDS] + place] = end
    tab[structure, NEXT_MISS] = place + 1 if place + 1 < tab[structure, MISS_PLACES] else 0


@inlined
def unblocked(tab: Record, structure: int, time: int) -> Number:
    """Return when a request may be checked: requests pass one that waits for a miss register, but not two."""
    begin = max(tab[structure, BLOCKED_FROM], tab[structure, BEFORE_FROM])
    end = min(tab[structure, BLOCKED_UNTIL], tab[structure, BEFORE_UNTIL])
    return end if begin <= time < end else time


@inlined
def shared_answer(m: Record, answers: int, tags: int, place: int, tag: int, time: int, answered: int) -> Number:
    """Return the first of the last answers for a line or page behind ``time``, at most ``answered``, its own one."""
    first = answers + place * ANSWERS
    if m[tags + place] != tag:
        m[tags + place] = tag
        for k in range(first, first + ANSWERS):
            m[k] = answered
        return answered
    own = answered
    oldest = first
    for k in range(first, first + ANSWERS):
        if time < m[k] < answered:
            answered = m[k]
        if m[k] < m[oldest]:
            oldest = k
    if own > m[oldest]:
        m[oldest] = own
    return answered
