"""Least-recently-used caches, TLBs and prefetchers that see accesses one after another, without time.

A structure is sets x ways entries of one table ``held``; an entry has a tag, when it was used last, who fetched it and
from which level. ``sizes`` has sets, ways and first entry of each structure; ``clock`` counts accesses.
"""

from __future__ import annotations

from codesign.models.compiled import Number, Record, called, inlined
from codesign.models.cpu.machine.layout import STRIDE_ENTRIES
from codesign.models.cpu.machine.structures import placed

STRUCTURES = ("l1i", "l1d", "l2", "llc", "itlb", "dtlb", "stlb", "uop_cache")
L1I, L1D, L2, LLC, ITLB, DTLB, STLB, UOP = range(len(STRUCTURES))
SETS, WAYS, FIRST = range(3)
TAG, USED, ORIGIN, LEVEL = range(4)
LONG_AGO = -1
IN_L1, IN_L2, IN_LLC, IN_DRAM = range(4)
IN_STLB, WALKED = 1, 2
"""Where a translation was fetched from: the second-level TLB, or (plus the level that had its line) the page table."""
LINE_BITS, PAGE_BITS, WINDOW_BITS = 6, 12, 4
NO_REQUEST, FROM_UOP_CACHE = -1, -2
NEXT_LINE, STRIDE = 1, 2
TABLES = 1 << 42
ENTRIES_BITS = 9
"""Leaf tables of the page table: pages of 512 entries of 8 bytes in a space of their own, as in the simulator."""
MOST_SLOTS = 33
CODE = -(1 << 40)
"""Instructions fetch translations under numbers from here downwards, far from those of operands."""


@inlined
def _first_of_set(sizes: Record, structure: int, index: int) -> Number:
    return sizes[structure, FIRST] + (index & (sizes[structure, SETS] - 1)) * sizes[structure, WAYS]


@inlined
def _look_up(sizes: Record, held: Record, structure: int, index: int, tag: int, clock: int) -> Number:
    """Entry of a tag, renewed; where it is not held, -1 - the entry that was used longest ago."""
    first = _first_of_set(sizes, structure, index)
    oldest = first
    for entry in range(first, first + sizes[structure, WAYS]):
        if held[TAG, entry] == tag:
            held[USED, entry] = clock
            return entry
        if held[USED, entry] < held[USED, oldest]:
            oldest = entry
    return -1 - oldest


@inlined
def _holds(sizes: Record, held: Record, structure: int, line: int) -> Number:
    """Whether a cache has a line, which isn't renewed."""
    first = _first_of_set(sizes, structure, placed(line))
    for entry in range(first, first + sizes[structure, WAYS]):
        if held[TAG, entry] == line:
            return 1
    return 0


@inlined
def _enter(held: Record, entry: int, tag: int, clock: int, origin: int, level: int) -> None:
    held[TAG, entry] = tag
    held[USED, entry] = clock
    held[ORIGIN, entry] = origin
    held[LEVEL, entry] = level


@called
def _served(sizes: Record, held: Record, line: int, clock: int) -> Number:
    """Level that has a line which the first level lacks; enters it above."""
    found = _look_up(sizes, held, L2, placed(line), line, clock)
    level = IN_L2
    if found < 0:
        below = _look_up(sizes, held, LLC, placed(line), line, clock)
        level = IN_LLC
        if below < 0:
            level = IN_DRAM
            _enter(held, -1 - below, line, clock, 0, 0)
        _enter(held, -1 - found, line, clock, LONG_AGO, 0)
    return level


@called
def _next_line(sizes: Record, held: Record, line: int, clock: int, origin: int) -> Number:
    """Level from which the second level fetches the line behind one that was asked for; 0 where it has it."""
    behind = line + 1
    if _holds(sizes, held, L2, behind):
        return 0
    level = _served(sizes, held, behind, clock)
    held[ORIGIN, _look_up(sizes, held, L2, placed(behind), behind, clock)] = origin
    return level


@called
def _read(sizes: Record, held: Record, line: int, clock: int, origin: int) -> Number:
    """Entry of a line in the first-level data cache after an access or prefetch."""
    entry = _look_up(sizes, held, L1D, placed(line), line, clock)
    if entry < 0:
        entry = -1 - entry
        _enter(held, entry, line, clock, origin, _served(sizes, held, line, clock))
    return entry


@called
def _translated(sizes: Record, held: Record, tlb: int, page: int, clock: int, origin: int) -> Number:
    """Entry of a page in a first-level TLB after an access."""
    entry = _look_up(sizes, held, tlb, page, page, clock)
    if entry >= 0:
        return entry
    entry = -1 - entry
    second = _look_up(sizes, held, STLB, page, page, clock)
    level = IN_STLB
    if second < 0:
        _enter(held, -1 - second, page, clock, 0, 0)
        line = ((TABLES + (page >> ENTRIES_BITS)) << (PAGE_BITS - LINE_BITS)) | ((page & 511) >> 3)
        table = _read(sizes, held, line, clock, origin * MOST_SLOTS)
        level = WALKED + (held[LEVEL, table] if held[ORIGIN, table] == origin * MOST_SLOTS else 0)
    _enter(held, entry, page, clock, origin, level)
    return entry


@inlined
def _stride(strides: Record, pc: int, line: int) -> Number:
    """Lines that a load instruction went on twice in a row; 0 where it didn't."""
    row = pc & (STRIDE_ENTRIES - 1)
    if strides[0, row] != pc:
        strides[0, row], strides[1, row], strides[2, row] = pc, line, 0
        return 0
    step = line - strides[1, row]
    if step == 0:
        return 0
    known = strides[2, row]
    strides[1, row], strides[2, row] = line, step
    return step if step == known else 0


@inlined
def read_code(
    sizes: Record, held: Record, state: Record, l2_prefetcher: int, number: int, pc: int
) -> tuple[Number, Number]:
    """Where an instruction's bytes come from, and their translation; ``state`` is the clock and the last block."""
    state[0] += 1
    clock, window = state[0], pc >> WINDOW_BITS
    entry = _look_up(sizes, held, UOP, window, window, clock)
    if entry >= 0:
        return FROM_UOP_CACHE, 0
    _enter(held, -1 - entry, window, clock, 0, 0)
    block = pc >> LINE_BITS
    if block == state[1]:
        return NO_REQUEST, 0
    state[1] = block
    page = _translated(sizes, held, ITLB, pc >> PAGE_BITS, clock, CODE - number)
    walked = held[LEVEL, page] if held[ORIGIN, page] == CODE - number else 0
    entry = _look_up(sizes, held, L1I, placed(block), block, clock)
    if entry >= 0:
        return IN_L1, walked
    source = _served(sizes, held, block, clock)
    _enter(held, -1 - entry, block, clock, 0, 0)
    if l2_prefetcher == NEXT_LINE:
        _next_line(sizes, held, block, clock, LONG_AGO)
    return source, walked


@inlined
def prefetch(
    sizes: Record, held: Record, strides: Record, settings: Record, ahead: Record, below: Record, place: int, pc: int,
    line: int, clock: int,
) -> None:  # fmt: skip
    """Show a load to the first-level prefetcher; ``settings`` are its kind, its degree and the second level's kind."""
    kind, degree = settings[0], settings[1]
    step = _stride(strides, pc, line) if kind == STRIDE else 1
    steps = 1 if kind == NEXT_LINE else degree if kind == STRIDE and step != 0 else 0
    for number in range(1, steps + 1):
        wanted = line + number * step
        if _holds(sizes, held, L1D, wanted):
            continue
        level = held[LEVEL, _read(sizes, held, wanted, clock, place * MOST_SLOTS + number)]
        ahead[place, number] = level
        if level == IN_L2:
            below[place, number] = held[ORIGIN, _look_up(sizes, held, L2, placed(wanted), wanted, clock)]
        if settings[2] == NEXT_LINE:
            ahead[place, degree + number] = _next_line(sizes, held, wanted, clock, place * MOST_SLOTS + degree + number)


@inlined
def read_data(
    sizes: Record, held: Record, l2_prefetcher: int, ahead: Record, below: Record, place: int, line: int, clock: int
) -> Number:
    """Entry of an operand's line after its access; operands of the warm-up have places below 0."""
    entry = _read(sizes, held, line, clock, place * MOST_SLOTS)
    if held[ORIGIN, entry] != place * MOST_SLOTS:
        return entry
    if place >= 0 and held[LEVEL, entry] == IN_L2:
        below[place, 0] = held[ORIGIN, _look_up(sizes, held, L2, placed(line), line, clock)]
    if l2_prefetcher == NEXT_LINE:
        level = _next_line(sizes, held, line, clock, place * MOST_SLOTS if place >= 0 else LONG_AGO)
        if place >= 0:
            ahead[place, 0] = level
    return entry


@inlined
def translate_data(sizes: Record, held: Record, place: int, address: int, clock: int) -> Number:
    """Entry of an operand's page in the first-level TLB."""
    return _translated(sizes, held, DTLB, address >> PAGE_BITS, clock, place)
