"""The way back: answers of a channel, through its response queue and the arbiter, to the initiator (compiled)."""

from __future__ import annotations

from codesign.models.dram.compile import Number, Record, inlined
from codesign.models.dram.state import ARBITER_REORDER, BINS_PER_OCTAVE, EXACT_BINS, NEVER


@inlined
def latency_bin(clocks: int) -> int:
    """Bin of a latency: exact below ``EXACT_BINS`` clocks, ``BINS_PER_OCTAVE`` bins to an octave above."""
    if clocks < EXACT_BINS:
        return clocks
    octave = 0
    base = EXACT_BINS
    while clocks >= 2 * base:
        base *= 2
        octave += 1
    return EXACT_BINS + octave * BINS_PER_OCTAVE + (clocks - base) * BINS_PER_OCTAVE // base


@inlined
def _to_arbiter(cfg: Record, slots: Record, ring: Record, ini: Record, slot: int, time: int) -> None:
    slots[slot].answer = time
    mask = cfg.window - 1
    if cfg.arbiter == ARBITER_REORDER:
        ring[slots[slot].thread & mask] = slot
        return
    at = ini.ring_head + ini.ring_count
    while at > ini.ring_head and slots[ring[(at - 1) & mask]].answer > time:
        ring[at & mask] = ring[(at - 1) & mask]
        at -= 1
    ring[at & mask] = slot
    ini.ring_count += 1


@inlined
def answer(
    cfg: Record, ch: Record, slots: Record, ring: Record, waits: Record, ini: Record, slot: int, time: int
) -> None:
    """The last data of a request pass the bus at ``time``: one answer per clock leaves the channel."""
    if not cfg.reorder_responses:
        ch.last_answer = max(time, ch.last_answer + 1)
        _to_arbiter(cfg, slots, ring, ini, slot, ch.last_answer)
        return
    mask = cfg.window - 1
    slots[slot].answer = time
    waits[slots[slot].order & mask] = slot
    while waits[ch.next_answer & mask] >= 0:
        first = waits[ch.next_answer & mask]
        waits[ch.next_answer & mask] = -1
        ch.next_answer += 1
        ch.last_answer = max(slots[first].answer, ch.last_answer + 1)
        _to_arbiter(cfg, slots, ring, ini, first, ch.last_answer)


@inlined
def acknowledge(
    cfg: Record, ch: Record, slots: Record, ring: Record, waits: Record, ini: Record, slot: int, time: int
) -> None:
    """Answer a request at ``time`` without data of the device; only answers in order wait for a turn."""
    if cfg.reorder_responses:
        answer(cfg, ch, slots, ring, waits, ini, slot, time)
    else:
        _to_arbiter(cfg, slots, ring, ini, slot, time)


@inlined
def next_return(cfg: Record, slots: Record, ring: Record, ini: Record) -> Number:
    """When the next answer reaches the initiator (one per clock), as far as it is known; else ``NEVER``."""
    mask = cfg.window - 1
    if cfg.arbiter == ARBITER_REORDER:
        slot = ring[ini.returned & mask]
        if slot < 0:
            return NEVER
    elif ini.ring_count == 0:
        return NEVER
    else:
        slot = ring[ini.ring_head & mask]
    return max(slots[slot].answer, ini.last_return + 1)


@inlined
def take_back(cfg: Record, slots: Record, ring: Record, ini: Record, latencies: Record, now: int) -> None:
    """Hand the initiator every answer due by ``now``: free the slots, measure the latencies of reads."""
    mask = cfg.window - 1
    while True:
        time = next_return(cfg, slots, ring, ini)
        if time > now:
            return
        at = ini.returned if cfg.arbiter == ARBITER_REORDER else ini.ring_head
        slot = ring[at & mask]
        ring[at & mask] = -1
        if cfg.arbiter != ARBITER_REORDER:
            ini.ring_head += 1
            ini.ring_count -= 1
        ini.returned += 1
        ini.last_return = time
        if slots[slot].write:
            ini.writes += 1
        else:
            latency = time - slots[slot].sent
            ini.reads += 1
            ini.latency_sum += latency
            ini.latency_most = max(ini.latency_most, latency)
            latencies[latency_bin(latency)] += 1
        slots[slot].next = ini.free_head
        ini.free_head = slot
