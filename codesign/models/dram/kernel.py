"""The compiled event loop: jumps from one possible event to the next, over all channels and the initiator."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path

from numba import njit

from codesign.models.dram.answers import next_return, take_back
from codesign.models.dram.compile import OPTIONS, Number, Record, inlined
from codesign.models.dram.controller import ask, step
from codesign.models.dram.refresh import end_power
from codesign.models.dram.state import (
    ALL_BANK,
    ARBITER_REORDER,
    BINS_PER_OCTAVE,
    COMMANDS,
    EXACT_BINS,
    FINISHED,
    LOG_ACT,
    LOG_FULL,
    NEEDS_REQUESTS,
    NEVER,
    NO_REFRESH,
    SIMPLE,
)

PLACE_BITS = (1, 7, 8, 24, 24)
"""Bits of a packed place: write, bank in the channel, channel, row, column."""
LOG_MARGIN = 64
EAGERNESS = 16
"""Answers are handed back every so many requests, so that few slots are in use."""


@inlined
def _edge_after(cfg: Record, now: int) -> Number:
    """First controller clock at or after the initiator's next edge."""
    if cfg.clock_ratio == 1.0:
        return now + 1
    edge = math.floor(now / cfg.clock_ratio + 1e-9) + 1
    return math.ceil(edge * cfg.clock_ratio - 1e-9)


@inlined
def _plan(
    cfg: Record, slots: Record, ring: Record, ini: Record, latencies: Record, arrivals: Record, done: int
) -> None:
    """Set when the next request is admitted: after the one before, at its own time, below the limit of active ones."""
    if ini.next >= len(arrivals) or ini.held:
        ini.admission = NEVER
        return
    send = max(max(arrivals[ini.next], ini.earliest), done)
    if ini.admitted - ini.returned >= cfg.most_active:
        take_back(cfg, slots, ring, ini, latencies, send)
        if ini.admitted - ini.returned >= cfg.most_active:
            back = next_return(cfg, slots, ring, ini)
            ini.admission = back
            return
    ini.admission = send


@inlined
def _admit(
    cfg: Record,
    channels: Record,
    slots: Record,
    ring: Record,
    ini: Record,
    latencies: Record,
    arrivals: Record,
    places: Record,
) -> int:
    """Admit the next request into the arbiter; return the channel that has to look at it now, -1 for none."""
    now = ini.admission
    if ini.admitted % EAGERNESS == 0:
        take_back(cfg, slots, ring, ini, latencies, now)
    slot = ini.free_head
    ini.free_head = slots[slot].next
    place = places[ini.next]
    slots[slot].write = place & 1
    slots[slot].bank = (place >> 1) & 127
    channel = (place >> 8) & 255
    slots[slot].row = (place >> 16) & 0xFFFFFF
    slots[slot].column = place >> 40
    slots[slot].sent = max(arrivals[ini.next], ini.earliest)
    slots[slot].thread = ini.admitted
    ini.admitted += 1
    ini.next += 1
    ini.earliest = _edge_after(cfg, now)
    ini.held = cfg.arbiter == SIMPLE
    ini.admission = NEVER
    return channel if ask(channels[channel], slots, slot, now) else -1


@inlined
def _all_answered(cfg: Record, ini: Record) -> Number:
    return ini.ring_count == ini.admitted - ini.returned or cfg.arbiter == ARBITER_REORDER


@inlined
def _first_channel(cfg: Record, channels: Record, time: int) -> int:
    """Channel with the earliest event at or before ``time``, -1 for none."""
    first = -1
    for c in range(cfg.channels):
        due = channels[c].next_time
        if due < time or (due == time and first < 0 and time < NEVER):
            time, first = due, c
    return first


@inlined
def advance(
    cfg: Record,
    channels: Record,
    slots: Record,
    ring: Record,
    waits: Record,
    ini: Record,
    log: Record,
    latencies: Record,
    arrivals: Record,
    places: Record,
    last: bool,
) -> int:
    """Simulate on with the requests given, up to the last answer if they are the ``last`` ones; say why it stopped.

    At one time, the channels come first, then the request that is admitted then, then its channel again.
    Refreshes that fall before the last answer reaches the initiator still take place.
    """
    now, limit = 0, NEVER
    while True:
        if cfg.logging and ini.log_count + LOG_MARGIN > len(log):
            return LOG_FULL
        if ini.admission == NEVER or ini.admitted - ini.returned >= cfg.most_active:
            _plan(cfg, slots, ring, ini, latencies, arrivals, now)
        if ini.next >= len(arrivals):
            if not last:
                return NEEDS_REQUESTS
            if _all_answered(cfg, ini):
                take_back(cfg, slots, ring, ini, latencies, NEVER - 1)
                if ini.returned == ini.admitted:
                    limit = ini.last_return - 1
        channel = _first_channel(cfg, channels, min(ini.admission, limit))
        if channel >= 0:
            now = channels[channel].next_time
        elif limit < NEVER:
            break
        else:
            now = ini.admission
            channel = _admit(cfg, channels, slots, ring, ini, latencies, arrivals, places)
        if channel >= 0:
            ch = channels[channel]
            ch.accepted = 0
            step(cfg, ch, slots, ring, waits[channel], ini, log, channel, now)
            if ini.held and ch.accepted:
                ini.held = 0
                ini.earliest = _edge_after(cfg, now)
    for c in range(cfg.channels):
        end_power(cfg, channels[c], ini.last_return)
    return FINISHED


@inlined
def reset(
    cfg: Record,
    channels: Record,
    words: Record,
    blank: Record,
    slots: Record,
    ring: Record,
    waits: Record,
    ini_words: Record,
    latencies: Record,
) -> None:
    """Set everything to the state at time 0. Staggered ranks are refreshed in bit-reversed order, evenly
    spread.
    """
    for i in range(len(words)):
        words[i] = blank[i]
    for i in range(len(ini_words)):
        ini_words[i] = 0
    for i in range(len(latencies)):
        latencies[i] = 0
    for i in range(cfg.window):
        ring[i] = -1
        slots[i].next = i + 1 if i + 1 < cfg.window else -1
        slots[i].held, slots[i].posted = 0, 0
        for c in range(cfg.channels):
            waits[c, i] = -1
    for c in range(cfg.channels):
        ch = channels[c]
        if cfg.power_down:
            ch.next_time, ch.stale = 0, 1
            for rank in range(cfg.ranks):
                ch.idle[rank], ch.entry_wanted[rank] = 1, 1
        if cfg.refresh == NO_REFRESH:
            ch.refresh_due = NEVER
            continue
        interval = cfg.refresh_interval if cfg.refresh == ALL_BANK else cfg.bank_refresh_interval
        ch.refresh_due = interval
        for rank in range(cfg.ranks):
            place, bits, width = 0, rank if cfg.staggered else 0, cfg.ranks
            while width > 1:
                place = 2 * place + (bits & 1)
                bits //= 2
                width //= 2
            ch.refresh_trigger[rank] = interval - place * interval // cfg.ranks
            ch.refresh_due = min(ch.refresh_due, ch.refresh_trigger[rank])
        ch.next_time = min(ch.next_time, ch.refresh_due)


@inlined
def _quantile(latencies: Record, reads: int, share: float) -> float:
    """Smallest latency that at least that share of the reads do not exceed (lower edge of its bin)."""
    need = max(1, math.ceil(share * reads))
    seen = 0
    for b in range(len(latencies)):
        seen += latencies[b]
        if seen >= need:
            if b < EXACT_BINS:
                return float(b)
            octave = (b - EXACT_BINS) // BINS_PER_OCTAVE
            part = (b - EXACT_BINS) % BINS_PER_OCTAVE
            return EXACT_BINS * 2.0**octave * (1.0 + part / BINS_PER_OCTAVE)
    return math.nan


@inlined
def collect(cfg: Record, channels: Record, ini: Record, latencies: Record, line: Record) -> None:
    """Write the result of one simulation into ``line`` (see ``OUTPUTS``)."""
    for i in range(len(line)):
        line[i] = 0.0
    line[0] = ini.last_return
    line[1] = ini.reads
    line[2] = ini.writes
    line[3] = math.nan
    line[4] = math.nan
    line[5] = math.nan
    line[6] = math.nan
    line[7] = math.nan
    if ini.reads:
        line[3] = ini.latency_sum / ini.reads
        line[4] = _quantile(latencies, ini.reads, 0.50)
        line[5] = _quantile(latencies, ini.reads, 0.95)
        line[6] = _quantile(latencies, ini.reads, 0.99)
        line[7] = ini.latency_most
    for c in range(cfg.channels):
        ch = channels[c]
        line[8] += ch.hits
        line[9] += ch.misses
        line[10] += ch.conflicts
        for rank in range(cfg.ranks):
            line[11] += ch.active_clocks[rank]
            line[12] += ch.active_down_clocks[rank]
            line[13] += ch.precharged_down_clocks[rank]
            line[14] += ch.self_refresh_clocks[rank]
            line[15] -= ch.open_banks[rank]
        line[15] += ch.counts[LOG_ACT]
        for command in range(len(ch.counts)):
            line[16 + command] += ch.counts[command]


OUTPUTS = (
    "clocks",
    "reads",
    "writes",
    "read_latency_mean",
    "read_latency_p50",
    "read_latency_p95",
    "read_latency_p99",
    "read_latency_most",
    "hits",
    "misses",
    "conflicts",
    "active",
    "active_down",
    "precharged_down",
    "self_refresh",
    "precharges",
    *COMMANDS,
)
"""Columns of a result: times in clocks, then counts. Times per state are summed over all ranks; ``precharges`` are rows
closed by any command."""


def _source_digest() -> str:
    """Digest of this package's sources, so that a cached program is not used after any of them changed."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


@cache
def compiled() -> Callable[..., int]:
    """Return the compiled entry.

    It simulates each design of ``cfgs`` on the requests given and writes its result into ``out``. With ``fresh`` unset,
    it goes on from the state in the arrays; that, and requests that aren't the ``last`` ones, is for one design only.
    It returns why it stopped.
    """
    stamp = int(_source_digest()[:12], 16)

    @njit(nogil=True, cache=True, **OPTIONS)
    def run(cfgs, channels, words, blank, slots, ring, waits, ini, ini_words, log, latencies, arrivals, places, last, fresh, out):  # type: ignore[no-untyped-def]  # fmt: skip  # noqa: E501
        code = stamp
        for d in range(len(cfgs)):
            cfg = cfgs[d]
            if fresh:
                reset(cfg, channels, words, blank, slots, ring, waits, ini_words, latencies)
                ini[0].admission = NEVER
            code = advance(cfg, channels, slots, ring, waits, ini[0], log, latencies, arrivals, places, last)
            if code != FINISHED:
                return code
            collect(cfg, channels, ini[0], latencies, out[d])
        return code

    return run  # type: ignore[no-any-return]
