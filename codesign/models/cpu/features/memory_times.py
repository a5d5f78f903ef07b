"""When data arrive in the recurrence: translation, miss registers, levels, DRAM banks and bus, lines fetched ahead."""

from __future__ import annotations

from codesign.models.compiled import Number, Record, called, inlined
from codesign.models.cpu.features.cache_walk import IN_DRAM, IN_L1, IN_LLC, LINE_BITS, WALKED
from codesign.models.cpu.features.cache_walk import MOST_SLOTS as SLOTS
from codesign.models.cpu.features.machine import (
    DRAM_BURST,
    DRAM_CLOSED,
    DRAM_CONFLICT,
    DRAM_HIT,
    DRAM_REFRESH,
    L1,
    L2,
    LLC,
    MSHRS,
    PREFETCH_DEGREE,
    STLB,
)
from codesign.models.cpu.features.state import BANKS, BEGUN, BUS_RING, MISS_BEGINS, MISS_ENDS, NEXT, NEXT_MISS, OWN
from codesign.models.cpu.machine.resources import free_slot
from codesign.models.cpu.machine.structures import placed

ROW_BITS = 12
DROPPED = -1
"""Arrival of a prefetch that found no miss register."""


@called
def lower_levels(c: Record, s: Record, line: int, level: int, asked: int) -> Number:
    """Cycle in which a line arrives that is asked for at ``asked`` below the first level."""
    arrives = asked + c[L2]
    if level >= IN_LLC:
        arrives += c[LLC]
    if level == IN_DRAM:
        physical = placed(line)
        row = physical >> ROW_BITS
        bank = (physical ^ row ^ (row >> 5) ^ (row >> 10)) & (BANKS - 1)
        arrives = max(arrives, s.banks[BANKS + bank])
        period = arrives // c[DRAM_REFRESH]
        wait = c[DRAM_CLOSED]
        if s.banks[bank] == (period << 32) | row:
            wait = c[DRAM_HIT]
        elif s.banks[bank] >> 32 == period:
            wait = c[DRAM_CONFLICT]
        s.banks[bank] = (period << 32) | row
        burst = (arrives + wait) // c[DRAM_BURST]
        arrives = (free_slot(s.rings, BUS_RING, burst, 1) + 1) * c[DRAM_BURST]
        s.banks[BANKS + bank] = max(s.banks[BANKS + bank], arrives)
    return arrives


@inlined
def translation(c: Record, source: int) -> Number:
    """Cycles that fetching a translation takes: second-level TLB, then one entry of the page table."""
    if source < WALKED:
        return c[STLB]
    level = source - WALKED
    cycles = c[STLB] + c[L1]
    if level > IN_L1:
        cycles += c[L2]
    if level >= IN_LLC:
        cycles += c[LLC]
    if level == IN_DRAM:
        cycles += c[DRAM_CONFLICT] + c[DRAM_BURST]
    return cycles


@inlined
def _register_free(c: Record, s: Record, time: int) -> Number:
    """First cycle at or after ``time`` with a free register for outstanding misses; they are intervals of time."""
    held, first_end = 0, 1 << 62
    for place in range(2 * c[MSHRS]):
        end = s.times[MISS_ENDS + place]
        if end > time and s.times[MISS_BEGINS + place] <= time:
            held += 1
            first_end = min(first_end, end)
    return time if held < c[MSHRS] else first_end


@inlined
def _fetched(c: Record, s: Record, line: int, level: int, below: int, asked: int) -> Number:
    """Cycle in which a line arrives in the first level, which holds a miss register until then."""
    arrives = lower_levels(c, s, line, level, asked)
    if below >= 0:
        arrives = max(arrives, s.arrivals[below // SLOTS, NEXT + below % SLOTS])
    place = s.times[NEXT_MISS]
    s.times[MISS_BEGINS + place] = asked
    s.times[MISS_ENDS + place] = arrives
    s.times[NEXT_MISS] = place + 1 if place + 1 < 2 * c[MSHRS] else 0
    return arrives


@inlined
def _follow(c: Record, v: Record, s: Record, line: int, place: int, column: int, asked: int) -> None:
    """Let the second level fetch the line behind one that it was asked for."""
    if v.ahead[place, column]:
        s.arrivals[place, NEXT + column] = lower_levels(c, s, line + 1, v.ahead[place, column], asked)


@inlined
def _prefetch(c: Record, v: Record, s: Record, line: int, place: int, asked: int) -> None:
    """Send out the prefetches that the view has for an access; the banks of DRAM see them as the next lines."""
    for number in range(1, c[PREFETCH_DEGREE] + 1):
        if v.ahead[place, number]:
            if _register_free(c, s, asked) > asked:
                s.arrivals[place, NEXT + number] = DROPPED
            else:
                s.arrivals[place, NEXT + number] = _fetched(
                    c, s, line + number, v.ahead[place, number], v.below[place, number], asked
                )
                _follow(c, v, s, line + number, place, c[PREFETCH_DEGREE] + number, asked)


@called
def access(c: Record, v: Record, s: Record, address: int, place: int, time: int) -> Number:
    """Cycle in which an access that begins at ``time`` has its data.

    A line that another operand fetched is there when that fetch is done. An access that comes earlier in time than the
    one that fetched its line (later in the program) fetches it itself: it takes as long as the other one.
    """
    page = v.page_origins[place]
    if page == place:
        time += translation(c, v.walks[place])
    elif page >= 0:
        time = max(time, s.starts[page])
    s.starts[place] = time
    done = time + c[L1]
    line = address >> LINE_BITS
    s.arrivals[place, OWN] = done
    s.arrivals[place, BEGUN] = done
    _prefetch(c, v, s, line, place, done)
    fetcher, slot = v.origins[place] // SLOTS, v.origins[place] % SLOTS
    if fetcher < 0:
        return done
    kept = OWN if slot == 0 else NEXT + slot
    if (fetcher == place and slot == 0) or s.arrivals[fetcher, kept] == DROPPED:
        asked = _register_free(c, s, done)
        done = _fetched(c, s, line, v.levels[place], v.below[place, 0], asked)
        s.arrivals[place, BEGUN] = asked
        s.arrivals[fetcher, kept] = done
        _follow(c, v, s, line, place, 0, asked)
        return done
    early = s.arrivals[fetcher, BEGUN] - done
    if early > 0:
        s.arrivals[fetcher, kept] -= early
        s.arrivals[fetcher, BEGUN] = done
    return max(done, s.arrivals[fetcher, kept])
