"""Virtual to physical: first-level TLBs, the second-level TLB, page walks with their caches, first touches of pages.

A walk reads one entry of each level of the page table through the first-level data cache. Two forms of the table:

* four levels of 512 entries (x86-64): one page of entries covers 512 pages of the level below;
* the reference simulator's: five levels of 4,096 entries, and every entry points to a page of its own, so that leaf
  entries of neighbouring pages don't share a line; the first touch of an entry or page costs ``fault_cycles``.
"""

from __future__ import annotations

from codesign.models.compiled import Number, Record, inlined, merged
from codesign.models.cpu.machine.caches import read_l1
from codesign.models.cpu.machine.layout import (
    ACCESSES,
    DTLB,
    FILL,
    HIT,
    L1D,
    MERGING,
    MISSES,
    NOTES,
    STLB,
    TIMES,
    WALK_2,
)
from codesign.models.cpu.machine.resources import free_slot, tag_slot
from codesign.models.cpu.machine.structures import (
    find,
    hold_register,
    miss_register,
    put,
    renew,
    shared_answer,
    unblocked,
    victim,
)

TABLE_SPACE = 1 << 42
"""Pages of the page table lie in a space of their own above all virtual pages (2^36)."""
REFERENCE_BITS = 12
RADIX_BITS = 9
LEVELS = 4


@inlined
def _table_line(level: int, page: int, index: int) -> Number:
    """Line of one 8-byte entry: the table's page and the entry's index in it."""
    return ((TABLE_SPACE * level + page) << 6) | ((index & 511) >> 3)


@inlined
def _touch(cfg: Record, m: Record, st: Record, key: int) -> Number:
    """Return the cycles that a first touch costs; 0 where ``key`` was touched before."""
    mask = cfg.page_places - 1
    place = (key * -7046029254386353131 >> 20) & mask
    while m[cfg.pages + place] != key:
        if m[cfg.pages + place] == -1:
            m[cfg.pages + place] = key
            st.touched += 1
            return cfg.fault_cycles
        place = (place + 1) & mask
    return 0


@inlined
def _read_entry(cfg: Record, tab: Record, m: Record, st: Record, line: int, time: int) -> Number:
    """Return when an entry of the page table that is asked for at ``time`` has been read."""
    begun = tag_slot(m, cfg.l1d_ring, time + 1, tab[L1D, HIT]) if cfg.reference else time + 1
    checked = unblocked(tab, L1D, begun + tab[L1D, HIT])
    return read_l1(cfg, tab, m, st, L1D, line, checked, 0)


@inlined
def _walk_start(cfg: Record, tab: Record, m: Record, st: Record, page: int, bits: int) -> Number:
    """Return the lowest level whose table a walk cache knows, 4 where none does; ``st.table`` becomes that table."""
    st.table = TABLE_SPACE >> 1
    for level in range(1, LEVELS + (1 if cfg.reference else 0)):
        cache = WALK_2 + 1 - level
        key = page >> (bits * level)
        entry = find(tab, m, cache, key, key)
        if entry >= 0:
            renew(tab, m, st, cache, entry)
            st.table = m[tab[cache, NOTES] + entry]
            return level
    return LEVELS


@merged
def _walk(cfg: Record, tab: Record, m: Record, st: Record, page: int, time: int) -> Number:
    """Return when a page walk that begins at ``time`` has the physical page.

    In the reference a walk cache of level l holds the page that the entry of the *last* walk below it pointed to, and a
    hit starts with reading there; one more entry is read than levels are walked.
    """
    bits, last, stored = RADIX_BITS, 1, 1
    if cfg.reference:
        bits, last, stored = REFERENCE_BITS, 0, 0
    level = _walk_start(cfg, tab, m, st, page, bits)
    read = level
    while True:
        table = st.table if cfg.reference else page >> (bits * read)
        line = _table_line(read, table, page >> (bits * (read - 1)))
        time = _read_entry(cfg, tab, m, st, line, time)
        if level == last:
            return time + _touch(cfg, m, st, page)
        cache = WALK_2 + 1 - level + stored
        key = page >> (bits * (level - stored))
        index = page >> (bits * (level - 1))
        entry = find(tab, m, cache, key, key)
        if entry < 0:
            entry = victim(tab, m, cache, key)
        put(tab, m, st, cache, entry, key, 0, index)
        if cfg.reference:
            time += _touch(cfg, m, st, index + TABLE_SPACE * level)
            st.table = index
            read = level
        level -= 1
        if not cfg.reference:
            read = level


@merged
def _second_level(cfg: Record, tab: Record, m: Record, st: Record, page: int, time: int) -> Number:
    """Return when the second-level TLB answers a request that arrives at ``time``."""
    tab[STLB, ACCESSES] += 1
    checked = unblocked(tab, STLB, free_slot(m, cfg.stlb_ring, time, 1) + tab[STLB, HIT])
    entry = find(tab, m, STLB, page, page)
    if entry >= 0:
        renew(tab, m, st, STLB, entry)
        return max(checked, m[tab[STLB, TIMES] + entry])
    tab[STLB, MISSES] += 1
    st.walks += 1
    asked = miss_register(tab, m, STLB, checked)
    walked = _walk(cfg, tab, m, st, page, asked)
    arrives = walked + 1 + tab[STLB, FILL]
    hold_register(tab, m, STLB, asked, arrives)
    put(tab, m, st, STLB, victim(tab, m, STLB, page), page, arrives, 0)
    return arrives


@inlined
def _take_up(cfg: Record, tab: Record, m: Record, tlb: int, page: int, time: int) -> Number:
    """Return when a first-level TLB takes up a request; in the reference those for a page that waits share one."""
    if tlb != DTLB or not cfg.reference:
        return time + 1
    place = page & (MERGING - 1)
    if m[cfg.page_tags + place] == page and m[cfg.page_arrivals + place] <= time < m[cfg.page_times + place]:
        return m[cfg.page_times + place]
    return tag_slot(m, cfg.dtlb_ring, unblocked(tab, DTLB, time + 1), tab[DTLB, HIT])


@inlined
def _sooner(cfg: Record, m: Record, tlb: int, page: int, time: int, begun: int, answered: int) -> Number:
    """Return when the cache has the translation: the reference gives one that comes to all requests for its page."""
    if tlb != DTLB or not cfg.reference:
        return answered
    place = page & (MERGING - 1)
    m[cfg.page_arrivals + place] = time
    m[cfg.page_times + place] = begun
    return shared_answer(m, cfg.page_answers, cfg.page_tags, place, page, time, answered)


@merged
def translate(cfg: Record, tab: Record, m: Record, st: Record, tlb: int, page: int, time: int) -> Number:
    """Return the cycle in which the cache that asks at ``time`` has the physical page."""
    tab[tlb, ACCESSES] += 1
    begun = _take_up(cfg, tab, m, tlb, page, time)
    checked = unblocked(tab, tlb, begun + tab[tlb, HIT])
    entry = find(tab, m, tlb, page, page)
    if entry >= 0:
        renew(tab, m, st, tlb, entry)
        answered = m[tab[tlb, TIMES] + entry]
        if answered <= checked:
            answered = checked
        else:
            tab[tlb, MISSES] += 1
            asked = m[tab[tlb, NOTES] + entry]
            answered = answered + checked - asked if asked > checked else answered
    else:
        tab[tlb, MISSES] += 1
        asked = miss_register(tab, m, tlb, checked)
        answered = _second_level(cfg, tab, m, st, page, asked) + 1 + tab[tlb, FILL]
        hold_register(tab, m, tlb, asked, answered)
        put(tab, m, st, tlb, victim(tab, m, tlb, page), page, answered, asked)
    return _sooner(cfg, m, tlb, page, time, begun, answered)
