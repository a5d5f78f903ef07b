"""Front end: fetch, uop cache or instruction cache, decode. All stages work in program order.

Cycles of one instruction that is fetched in cycle F and found in the uop cache: looked up F + 1, handed on F + 2,
decoded F + 3, dispatched F + 4. Without it, its block is asked for in F + 2 and handed on when the cache has answered.
"""

from __future__ import annotations

from codesign.models.compiled import Number, Record, inlined, merged
from codesign.models.cpu.machine.caches import READ
from codesign.models.cpu.machine.layout import (
    DATA_TLB,
    FETCH,
    ICACHE,
    INSTRUCTION_TLB,
    ITLB,
    L1D_LATENCY,
    L1I,
    TAGS,
    TIMES,
    UOP_CACHE,
    WAYS,
)
from codesign.models.cpu.machine.load_store import LINE_BITS, access
from codesign.models.cpu.machine.resources import in_order
from codesign.models.cpu.machine.structures import find, put, renew, victim

WINDOW_BITS = 4
"""A uop-cache entry holds the instructions that begin in 16 bytes."""


@inlined
def read_block(cfg: Record, tab: Record, m: Record, st: Record, address: int, time: int) -> Number:
    """Return when the front end has a block that it asks the instruction cache for at ``time``."""
    done = access(cfg, tab, m, st, L1I, ITLB, address >> LINE_BITS, time, READ)
    st.front_cause = ICACHE
    if st.served == L1D_LATENCY:
        st.front_cause = FETCH
    elif st.served == DATA_TLB:
        st.front_cause = INSTRUCTION_TLB
    return done + 1


@inlined
def enter_uop_cache(tab: Record, m: Record, st: Record, window: int, entry: int, time: int) -> None:
    """Keep what was decoded at ``time``."""
    if entry >= 0:
        renew(tab, m, st, UOP_CACHE, entry)
    elif tab[UOP_CACHE, WAYS] > 0:
        put(tab, m, st, UOP_CACHE, victim(tab, m, UOP_CACHE, window), window, time, 0)


@merged
def _instruction_bytes(cfg: Record, tab: Record, m: Record, st: Record, address: int, fetched: int) -> Number:
    """Return when the bytes of an instruction fetched in cycle ``fetched`` are there.

    Instructions that wait in the fetch buffer when their block is asked for share the request.
    """
    block = address >> LINE_BITS
    if block != st.block or fetched >= st.block_request:
        st.block = block
        st.block_request = in_order(m, cfg.request_lane, fetched + 2, cfg.l1i_ports)
        st.block_done = read_block(cfg, tab, m, st, address, st.block_request)
        st.block_cause = st.front_cause
    st.front_cause = st.block_cause
    return in_order(m, cfg.returned_lane, max(st.block_done, fetched + 2), cfg.fetch_width)


@merged
def fetch_and_decode(cfg: Record, tab: Record, m: Record, st: Record, number: int, address: int) -> Number:
    """Return the cycle in which an instruction is decoded.

    Sets ``st.fetched`` (its fetch cycle), ``st.from_uop_cache`` and ``st.front_cause`` (what held it up).
    """
    floor = st.fetch_floor
    room = m[cfg.promote_times + ((number - cfg.fetch_buffer) & cfg.recent)]
    fetched = in_order(m, cfg.fetch_lane, max(floor, room), cfg.fetch_width)
    cause = st.fetch_cause
    st.fetch_cause = FETCH
    st.fetched = fetched
    window = address >> WINDOW_BITS
    entry = st.window_entry
    if window != st.window or m[tab[UOP_CACHE, TAGS] + entry] != window:
        entry = find(tab, m, UOP_CACHE, window, window)
        st.window = window
        st.window_entry = max(entry, 0)
    st.from_uop_cache = 0
    if entry >= 0 and m[tab[UOP_CACHE, TIMES] + entry] <= fetched + 1:
        renew(tab, m, st, UOP_CACHE, entry)
        st.from_uop_cache = 1
        st.uop_hits += 1
        ready = fetched + 2
        room = m[cfg.decode_times + ((number - cfg.uop_buffer) & cfg.recent)]
    else:
        ready = _instruction_bytes(cfg, tab, m, st, address, fetched)
        cause = st.front_cause if st.front_cause != FETCH else cause
        room = m[cfg.decode_times + ((number - cfg.decode_buffer) & cfg.recent)]
    promoted = in_order(m, cfg.promote_lane, max(ready, room), cfg.fetch_width)
    m[cfg.promote_times + (number & cfg.recent)] = promoted
    room = m[cfg.dispatch_times + ((number - cfg.dispatch_buffer) & cfg.recent)]
    decoded = in_order(m, cfg.decode_lane, max(promoted + cfg.decode_latency, room), cfg.uop_width)
    if not st.from_uop_cache:
        behind = in_order(m, cfg.decoder_lane, decoded, cfg.decode_width)
        if behind > decoded:
            decoded = behind
            m[cfg.decode_lane] = behind
            m[cfg.decode_lane + 1] = 1
        enter_uop_cache(tab, m, st, window, entry, decoded)
    m[cfg.decode_times + (number & cfg.recent)] = decoded
    st.front_cause = cause
    return decoded
