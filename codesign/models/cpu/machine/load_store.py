"""Loads and stores: forwarding, ports of the first-level data cache, translation, stores after commit."""

from __future__ import annotations

from codesign.models.compiled import Number, Record, called, inlined, merged
from codesign.models.cpu.machine.caches import READ, WRITE, read_l1, train_prefetcher
from codesign.models.cpu.machine.layout import (
    DATA_TLB,
    DTLB,
    FORWARDING,
    HIT,
    L1D,
    L1D_LATENCY,
    MERGING,
    MISSES_HELD,
    RECENT,
)
from codesign.models.cpu.machine.resources import free_slot, tag_slot
from codesign.models.cpu.machine.structures import shared_answer, unblocked
from codesign.models.cpu.machine.translation import translate

LINE_BITS = 6
PAGE_BITS = 12


@merged
def _stash(cfg: Record, tab: Record, m: Record, st: Record, begin: int, end: int) -> None:
    """Remember a request that waits for its translation from ``begin`` to ``end``."""
    m[cfg.stash_begins + st.stash_next] = begin
    m[cfg.stash_ends + st.stash_next] = end
    st.stash_next = (st.stash_next + 1) % (2 * tab[L1D, MISSES_HELD])
    held, first_end = 0, end
    for place in range(2 * tab[L1D, MISSES_HELD]):
        if m[cfg.stash_ends + place] > begin and m[cfg.stash_begins + place] <= begin:
            held += 1
            first_end = min(first_end, m[cfg.stash_ends + place])
    if held >= tab[L1D, MISSES_HELD]:
        st.stash_full_from = begin
        st.stash_full_until = first_end


@called
def access(
    cfg: Record, tab: Record, m: Record, st: Record, cache: int, tlb: int, line: int, time: int, purpose: int
) -> Number:
    """Return when a first-level cache answers a request that it takes up at ``time``.

    A request whose page isn't translated when its tag is due is checked again when the translation is there.
    """
    page = line >> (PAGE_BITS - LINE_BITS)
    checked = unblocked(tab, cache, time + tab[cache, HIT])
    translated = translate(cfg, tab, m, st, tlb, page, time)
    late = translated > checked
    if late:
        again = translated
        if cache == L1D and cfg.reference:
            _stash(cfg, tab, m, st, checked, translated)
            again = tag_slot(m, cfg.l1d_ring, translated, tab[L1D, HIT])
        checked = unblocked(tab, cache, again + tab[cache, HIT])
    done = read_l1(cfg, tab, m, st, cache, line, checked, purpose)
    if late and st.served == L1D_LATENCY:
        st.served = DATA_TLB
    return done


@inlined
def _take_up(cfg: Record, tab: Record, m: Record, st: Record, ring: int, time: int) -> Number:
    """Return when the reference's data cache takes up a request queued at ``time``: one load and one store a cycle."""
    time = unblocked(tab, L1D, time)
    if st.stash_full_from <= time < st.stash_full_until:
        time = st.stash_full_until
    return tag_slot(m, cfg.l1d_ring, free_slot(m, ring, time, 1), tab[L1D, HIT])


@merged
def write_pending(cfg: Record, tab: Record, m: Record, st: Record, until: int) -> None:
    """Let the stores that left the store queue up to ``until``, or that don't fit the write queue, enter the cache."""
    while st.pending_head < st.pending_tail:
        place = st.pending_head & (RECENT - 1)
        time = m[cfg.pending_times + place]
        if time > until and st.pending_tail - st.pending_head < cfg.write_queue:
            return
        st.pending_head += 1
        if cfg.reference:
            time = _take_up(cfg, tab, m, st, cfg.l1d_store_ring, time)
        m[cfg.accept_times + place] = time
        access(cfg, tab, m, st, L1D, DTLB, m[cfg.pending_lines + place], time, WRITE)


@inlined
def _forward_place(address: int) -> Number:
    return (address ^ (address >> 13)) & (FORWARDING - 1)


@inlined
def forwarding_store(cfg: Record, m: Record, st: Record, address: int, dispatched: int) -> Number:
    """Return the number of the last store to ``address`` if it is still in the store queue at dispatch; else -1."""
    place = _forward_place(address)
    if m[cfg.forward_addresses + place] != address:
        return -1
    number = m[cfg.forward_stores + place]
    if st.stores_seen - number >= RECENT or m[cfg.store_times + (number & (RECENT - 1))] <= dispatched:
        return -1
    return number


@merged
def load(cfg: Record, tab: Record, m: Record, st: Record, address: int, pc: int, executed: int) -> Number:
    """Return when a load that is executed in cycle ``executed`` and not forwarded has its data.

    In the reference, loads of a line that wait to be taken up share one request, and data that come for one load are
    given to all loads of the line that were sent out before.
    """
    line = address >> LINE_BITS
    issued = free_slot(m, cfg.load_ring, executed + 1, cfg.load_width)
    place = line & (MERGING - 1)
    shared = cfg.reference and m[cfg.merge_lines + place] == line
    if shared and m[cfg.merge_arrivals + place] <= issued <= m[cfg.merge_starts + place]:
        st.served = m[cfg.merge_served + place]
        return max(m[cfg.merge_ends + place], issued + 1)
    begun = _take_up(cfg, tab, m, st, cfg.l1d_load_ring, issued) if cfg.reference else issued
    train_prefetcher(cfg, tab, m, st, pc, line, begun)
    done = access(cfg, tab, m, st, L1D, DTLB, line, begun, READ) + 1
    if not cfg.reference:
        return done
    m[cfg.merge_arrivals + place] = issued
    m[cfg.merge_starts + place] = begun
    m[cfg.merge_ends + place] = done
    m[cfg.merge_served + place] = st.served
    return shared_answer(m, cfg.line_answers, cfg.merge_lines, place, line, issued, done)


@merged
def queue_store(cfg: Record, m: Record, st: Record, address: int, finished: int, committed: int) -> None:
    """Give a committed store to the cache: in order, through the store ports, when the write queue has room."""
    number = st.stores_seen
    room = m[cfg.accept_times + ((st.pending_tail - cfg.write_queue) & (RECENT - 1))]
    written = max(max(committed, st.store_write), room)
    written = free_slot(m, cfg.store_ring, written, cfg.store_width)
    st.store_write = written
    place = st.pending_tail & (RECENT - 1)
    m[cfg.pending_times + place] = written
    m[cfg.pending_lines + place] = address >> LINE_BITS
    st.pending_tail += 1
    m[cfg.store_times + (number & (RECENT - 1))] = written
    m[cfg.finish_times + (number & (RECENT - 1))] = finished
    forward = _forward_place(address)
    m[cfg.forward_addresses + forward] = address
    m[cfg.forward_stores + forward] = number
    st.stores_seen += 1
