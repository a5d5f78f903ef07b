"""The compiled part of the exact search: depth first over packings in which every buffer rests on another one.

Buffers are placed in the order of (offset, rank), each at the lowest offset that the buffers below it leave. Every
packing can be pushed down to one of these. The ideas are MiniMalloc's (Moffitt, ASPLOS 2023, vol. 4): this canonical
order, no step above a place where a waiting buffer would fit, sections that are full, parts of time that fall apart.
What is added here is said in ``_bounds``, ``_fits`` and ``State.twin``. The search can pause after any node: all of its
memory is in ``State``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit

EXHAUSTED, PACKED, PAUSED, CRAMPED = range(4)

# Entries of State.control.
DEPTH, PHASE, NODES, TRAIL, CANDIDATES, REGIONS, MEMBERS, CAPACITY, TOTAL = range(9)
CONTROLS = 9
ENTER, SOLVED, FAILED = range(3)

# Columns of State.frames.
REGION, OFFSET, RANK, FIRST_CANDIDATE, END_CANDIDATE, NEXT_CANDIDATE, OLD_TRAIL, OLD_MEMBERS = range(8)
OLD_REGIONS, NEXT_REGION, END_REGION = range(8, 11)
FRAME_COLUMNS = 11

# Columns of State.regions.
FIRST_MEMBER, END_MEMBER, FIRST_SECTION, END_SECTION = range(4)
REGION_COLUMNS = 4

UNPLACED = -1
UNBOUNDED = 2**62

Int64 = npt.NDArray[np.int64]
_Function = TypeVar("_Function", bound=Callable[..., Any])


class State(NamedTuple):
    """A paused search. Sizes and offsets are in units; n buffers.

    Attributes:
        size, latest, first, end: (n) the instance; lifetimes [first, end) in sections.
        overlap_start, overlaps: the buffers that overlap b are ``overlaps[overlap_start[b]:overlap_start[b + 1]]``.
        twin: (n) a buffer with the same size and lifetime to be placed before this one, or -1.
        keys: (2, n) larger is placed first; the second row decides among equals. One row is fixed, the other one,
            ``control[TOTAL]``, holds the largest waiting load in one of the buffer's sections.
        offset: (n) UNPLACED while waiting.
        lowest: (n) offset that the placed buffers leave to a waiting one.
        bound: (n) lower bound on the offset of a waiting buffer, at the node at hand.
        rank: (n) place in the order of ``keys`` within the region.
        crossing: (sections - 1) waiting buffers alive on both sides of a border between sections.
        load: (sections) scratch.
        trail_buffer, trail_value: what to undo. (b, UNPLACED): b was placed; (b, v): ``lowest[b]`` was v;
            (-1 - b, v): ``rank[b]`` was v.
        frames: one row for each node on the way from the root.
        candidates: buffers to be tried, for each frame.
        regions: parts of time that are searched by themselves.
        members: buffers of each region.
        control: see DEPTH to TOTAL.
    """

    size: Int64
    latest: Int64
    first: Int64
    end: Int64
    overlap_start: Int64
    overlaps: npt.NDArray[np.int32]
    twin: Int64
    keys: Int64
    offset: Int64
    lowest: Int64
    bound: Int64
    rank: Int64
    crossing: Int64
    load: Int64
    trail_buffer: Int64
    trail_value: Int64
    frames: Int64
    candidates: Int64
    regions: Int64
    members: Int64
    control: Int64


def _compiled(function: _Function) -> _Function:
    return cast(_Function, njit(cache=True)(function))


@_compiled
def run(state: State, node_limit: int) -> int:
    """Search on for at most ``node_limit`` nodes; return EXHAUSTED, PACKED, PAUSED, or CRAMPED (an array is full)."""
    control, frames = state.control, state.frames
    last_node = control[NODES] + node_limit
    while control[DEPTH] >= 0:
        depth = control[DEPTH]
        if _cramped(state):
            return CRAMPED
        if control[PHASE] == ENTER:
            if control[NODES] >= last_node:
                return PAUSED
            control[NODES] += 1
            outcome = _open(state, depth)
            if outcome != ENTER:
                control[PHASE] = outcome
                control[DEPTH] = depth - 1
                continue
        elif control[PHASE] == SOLVED:
            frames[depth, NEXT_REGION] += 1
            if frames[depth, NEXT_REGION] < frames[depth, END_REGION]:
                frames[depth + 1, REGION] = frames[depth, NEXT_REGION]
                control[PHASE] = ENTER
                control[DEPTH] = depth + 1
            else:
                control[DEPTH] = depth - 1
            continue
        else:
            _undo(state, frames[depth, OLD_TRAIL])
            control[MEMBERS] = frames[depth, OLD_MEMBERS]
            control[REGIONS] = frames[depth, OLD_REGIONS]
            control[CANDIDATES] = frames[depth, END_CANDIDATE]
        if frames[depth, NEXT_CANDIDATE] < frames[depth, END_CANDIDATE]:
            _place_next(state, depth)
        else:
            control[CANDIDATES] = frames[depth, FIRST_CANDIDATE]
            control[PHASE] = FAILED
            control[DEPTH] = depth - 1
    return PACKED if control[PHASE] == SOLVED else EXHAUSTED


@_compiled
def _cramped(state: State) -> bool:
    """Whether one more step could need more room than some array has."""
    count = len(state.size)
    return bool(
        state.control[TRAIL] + 2 * count + 1 > len(state.trail_buffer)
        or state.control[CANDIDATES] + count > len(state.candidates)
        or state.control[MEMBERS] + count > len(state.members)
        or state.control[REGIONS] + count > len(state.regions)
    )


@_compiled
def _open(state: State, depth: int) -> int:
    """Begin a node: FAILED when nothing can come of it, SOLVED when no buffer waits, ENTER with candidates else."""
    control, frames, region = state.control, state.frames, state.frames[depth, REGION]
    begin, end = state.regions[region, FIRST_MEMBER], _waiting(state, region)
    if begin == end:
        return SOLVED
    offset, rank = frames[depth, OFFSET], frames[depth, RANK]
    ceiling = _bounds(state, begin, end, offset, rank)
    if ceiling <= offset:
        return FAILED
    _sort_by_bound(state, begin, end)
    if not _fits(state, region, begin, end):
        return FAILED
    frames[depth, FIRST_CANDIDATE] = frames[depth, NEXT_CANDIDATE] = control[CANDIDATES]
    for position in range(begin, end):
        buffer = state.members[position]
        if state.bound[buffer] >= ceiling:
            break
        waits_for_twin = state.twin[buffer] >= 0 and state.offset[state.twin[buffer]] == UNPLACED
        if not waits_for_twin and not _passed(state.lowest[buffer], state.rank[buffer], offset, rank):
            state.candidates[control[CANDIDATES]] = buffer
            control[CANDIDATES] += 1
    frames[depth, END_CANDIDATE] = control[CANDIDATES]
    frames[depth, OLD_TRAIL] = control[TRAIL]
    frames[depth, OLD_MEMBERS] = control[MEMBERS]
    frames[depth, OLD_REGIONS] = control[REGIONS]
    return ENTER


@_compiled
def _waiting(state: State, region: int) -> int:
    """Move the waiting members of a region to the front; return where they end."""
    end = state.regions[region, FIRST_MEMBER]
    for position in range(end, state.regions[region, END_MEMBER]):
        buffer = state.members[position]
        if state.offset[buffer] == UNPLACED:
            state.members[position] = state.members[end]
            state.members[end] = buffer
            end += 1
    return int(end)


@_compiled
def _passed(lowest: int, own_rank: int, offset: int, rank: int) -> bool:
    """Whether the order has passed a buffer's lowest place, so that another one has to lift it first."""
    return lowest < offset or (lowest == offset and own_rank <= rank)


@_compiled
def _bounds(state: State, begin: int, end: int, offset: int, rank: int) -> int:
    """Set ``bound`` of the waiting members; return the ceiling: no buffer may be placed there or higher.

    The ceiling is min(lowest + size): above it, one buffer would fit below all that comes. What has been passed must be
    lifted by a waiting buffer that starts below its top, and then lies above that one; where there is none, the buffer
    could sink to its lowest place, the packing isn't canonical, and the ceiling returned is 0.
    """
    ceiling = UNBOUNDED
    for position in range(begin, end):
        buffer = state.members[position]
        state.bound[buffer] = max(state.lowest[buffer], offset)
        ceiling = min(ceiling, state.lowest[buffer] + state.size[buffer])
    for position in range(begin, end):
        buffer = state.members[position]
        if not _passed(state.lowest[buffer], state.rank[buffer], offset, rank):
            continue
        top = state.lowest[buffer] + state.size[buffer]
        lifted = UNBOUNDED
        for i in range(state.overlap_start[buffer], state.overlap_start[buffer + 1]):
            other = state.overlaps[i]
            if state.offset[other] == UNPLACED and state.bound[other] < top:
                lifted = min(lifted, state.bound[other] + state.size[other])
        if lifted == UNBOUNDED:
            return 0
        state.bound[buffer] = lifted
    return ceiling


@_compiled
def _sort_by_bound(state: State, begin: int, end: int) -> None:
    """Sort members by (bound, rank); they nearly are, from the node before."""
    for position in range(begin + 1, end):
        buffer = state.members[position]
        bound, rank = state.bound[buffer], state.rank[buffer]
        place = position
        while place > begin:
            other = state.members[place - 1]
            if state.bound[other] < bound or (state.bound[other] == bound and state.rank[other] < rank):
                break
            state.members[place] = other
            place -= 1
        state.members[place] = buffer


@_compiled
def _fits(state: State, region: int, begin: int, end: int) -> bool:
    """Whether the bounds leave room: bound[b] + all waiting sizes whose bound isn't lower <= capacity, by section.

    This is the bound of one machine with release dates; with only the lowest bound of each section it would be
    MiniMalloc's section inference.
    """
    for section in range(state.regions[region, FIRST_SECTION], state.regions[region, END_SECTION]):
        state.load[section] = 0
    for position in range(end - 1, begin - 1, -1):
        buffer = state.members[position]
        size, most = state.size[buffer], 0
        for section in range(state.first[buffer], state.end[buffer]):
            state.load[section] += size
            most = max(most, state.load[section])
        bound = state.bound[buffer]
        if bound > state.latest[buffer] or bound + most > state.control[CAPACITY]:
            return False
    return True


@_compiled
def _place_next(state: State, depth: int) -> None:
    """Place the next candidate of a node and go down to the region, or the regions, that it leaves."""
    control, frames = state.control, state.frames
    buffer = state.candidates[frames[depth, NEXT_CANDIDATE]]
    region = frames[depth, REGION]
    raised, split = _place(state, buffer)
    # A buffer that lifts no other one can be at its lowest place in every packing that is left: no alternatives.
    frames[depth, NEXT_CANDIDATE] = frames[depth, NEXT_CANDIDATE] + 1 if raised else frames[depth, END_CANDIDATE]
    frames[depth + 1, OFFSET] = state.offset[buffer]
    frames[depth + 1, RANK] = state.rank[buffer]
    frames[depth, NEXT_REGION] = region
    if split:
        frames[depth, NEXT_REGION] = control[REGIONS]
        _split(state, region)
        frames[depth + 1, RANK] = -1
    frames[depth, END_REGION] = control[REGIONS] if split else region + 1
    frames[depth + 1, REGION] = frames[depth, NEXT_REGION]
    control[PHASE] = ENTER
    control[DEPTH] = depth + 1
    if frames[depth, NEXT_REGION] == frames[depth, END_REGION]:
        control[PHASE] = SOLVED
        control[DEPTH] = depth - 1


@_compiled
def _place(state: State, buffer: int) -> tuple[bool, bool]:
    """Place a buffer at its lowest offset; return whether it lifts another one, and whether time falls apart."""
    trail = state.control[TRAIL]
    offset = state.lowest[buffer]
    state.offset[buffer] = offset
    state.trail_buffer[trail] = buffer
    state.trail_value[trail] = UNPLACED
    trail += 1
    raised, split = False, False
    for i in range(state.overlap_start[buffer], state.overlap_start[buffer + 1]):
        other = state.overlaps[i]
        if state.offset[other] == UNPLACED and state.lowest[other] < offset + state.size[buffer]:
            state.trail_buffer[trail] = other
            state.trail_value[trail] = state.lowest[other]
            trail += 1
            state.lowest[other] = offset + state.size[buffer]
            raised = True
    for border in range(state.first[buffer], state.end[buffer] - 1):
        state.crossing[border] -= 1
        split = split or state.crossing[border] == 0
    state.control[TRAIL] = trail
    return raised, split


@_compiled
def _undo(state: State, mark: int) -> None:
    """Take everything back that was done since the trail was ``mark`` long."""
    for position in range(state.control[TRAIL] - 1, mark - 1, -1):
        buffer, value = state.trail_buffer[position], state.trail_value[position]
        if buffer < 0:
            state.rank[-1 - buffer] = value
        elif value == UNPLACED:
            state.offset[buffer] = UNPLACED
            for border in range(state.first[buffer], state.end[buffer] - 1):
                state.crossing[border] += 1
        else:
            state.lowest[buffer] = value
    state.control[TRAIL] = mark


@_compiled
def _split(state: State, region: int) -> None:
    """Append the parts of a region that no waiting buffer connects, each ranked anew."""
    control, regions = state.control, state.regions
    begin, end = regions[region, FIRST_SECTION], regions[region, END_SECTION]
    while begin < end:
        border = begin + 1
        while border < end and state.crossing[border - 1] > 0:
            border += 1
        members = control[MEMBERS]
        for position in range(regions[region, FIRST_MEMBER], regions[region, END_MEMBER]):
            buffer = state.members[position]
            if state.offset[buffer] == UNPLACED and begin <= state.first[buffer] < border:
                state.members[control[MEMBERS]] = buffer
                control[MEMBERS] += 1
        if control[MEMBERS] > members:
            part = control[REGIONS]
            regions[part, FIRST_MEMBER], regions[part, END_MEMBER] = members, control[MEMBERS]
            regions[part, FIRST_SECTION], regions[part, END_SECTION] = begin, border
            control[REGIONS] += 1
            _rank(state, part)
        begin = border


@_compiled
def _rank(state: State, region: int) -> None:
    """Rank the members of a region by its keys, the total load of the waiting buffers counted anew."""
    begin, end = state.regions[region, FIRST_MEMBER], state.regions[region, END_MEMBER]
    state.load[state.regions[region, FIRST_SECTION] : state.regions[region, END_SECTION]] = 0
    for position in range(begin, end):
        buffer = state.members[position]
        for section in range(state.first[buffer], state.end[buffer]):
            state.load[section] += state.size[buffer]
    for position in range(begin, end):
        buffer = state.members[position]
        most = 0
        for section in range(state.first[buffer], state.end[buffer]):
            most = max(most, state.load[section])
        state.keys[state.control[TOTAL], buffer] = most
    gap = 1
    while gap < (end - begin) // 3:
        gap = 3 * gap + 1
    while gap:  # Shell's sort: in place, and quick for what is nearly sorted
        for position in range(begin + gap, end):
            buffer = state.members[position]
            place = position
            while place - gap >= begin and _before(state.keys, buffer, state.members[place - gap]):
                state.members[place] = state.members[place - gap]
                place -= gap
            state.members[place] = buffer
        gap //= 3
    for position in range(begin, end):
        buffer = state.members[position]
        state.trail_buffer[state.control[TRAIL]] = -1 - buffer
        state.trail_value[state.control[TRAIL]] = state.rank[buffer]
        state.control[TRAIL] += 1
        state.rank[buffer] = position - begin


@_compiled
def _before(keys: Int64, one: int, other: int) -> bool:
    if keys[0, one] != keys[0, other]:
        return bool(keys[0, one] > keys[0, other])
    if keys[1, one] != keys[1, other]:
        return bool(keys[1, one] > keys[1, other])
    return one < other
