"""Pack buffers into a given capacity, or say why that can't be done."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from codesign.models.scratchpad.packing.errors import PackingError
from codesign.models.scratchpad.packing.heuristics import constructions
from codesign.models.scratchpad.packing.instance import LARGEST, Instance, checked, checked_number, instance
from codesign.models.scratchpad.packing.sections import Ints

LEAST_S = 1e-3

Status = Literal["packed", "infeasible", "timeout"]


@dataclass(frozen=True)
class Packing:
    """Whether buffers fit into a memory, and where.

    Attributes:
        status: ``packed``; ``infeasible``: proven that no packing exists; ``timeout``: neither found nor excluded.
        offsets: (buffers) int64, multiples of the alignment; None unless packed.
        height: largest offset + size; 0 where there is none.
        capacity: that was asked for.
        reason: how it was found, why there is none, or how long was searched.
        nodes: of the exact search; 0 when it wasn't needed.
        solve_s: wall time in seconds.
    """

    status: Status
    offsets: Ints | None
    height: int
    capacity: int
    reason: str
    nodes: int
    solve_s: float


def pack(
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
    size: npt.ArrayLike,
    capacity: int,
    *,
    alignment: int = 1,
    time_limit_s: float = 60.0,
) -> Packing:
    """Give every buffer an offset so that no two that are alive at the same time overlap, within the capacity.

    offset[a] + size[a] <= offset[b], or the same with a and b exchanged, for all pairs with lower[a] < upper[b] and
    lower[b] < upper[a]; 0 <= offset, offset + size <= capacity, offset a multiple of ``alignment``. A buffer of size 0
    lies at 0.

    First the load is compared with the capacity, then greedy rules are tried, then an exact search runs (canonical
    packings, depth first: Moffitt, "MiniMalloc", ASPLOS 2023, vol. 4) on each part of time that is independent of the
    rest. Equal inputs give equal offsets, as long as the time suffices.

    Args:
        lower, upper: (buffers) whole numbers, half-open lifetimes [lower, upper).
        size: (buffers) whole numbers, 0 or more, in any unit.
        capacity: in the same unit.
        alignment: in the same unit.
        time_limit_s: wall time in seconds; a little more may pass. The first search in a process loads the compiled
            code, the first on a machine compiles it: a few seconds, which aren't counted.

    Raises PackingError for arrays or numbers that aren't as said.
    """
    started = time.monotonic()
    lowers, uppers, sizes = checked(lower, upper, size)
    capacity = checked_number("capacity", capacity, 0)
    alignment = checked_number("alignment", alignment, 1)
    deadline = started + checked_seconds(time_limit_s)
    real = np.flatnonzero(sizes)
    problem = instance(lowers[real], uppers[real], sizes[real], alignment)
    reason = too_large(problem, capacity, real)
    if reason:
        return Packing("infeasible", None, 0, capacity, reason, 0, time.monotonic() - started)
    status, offset_units, reason, nodes = _solved(problem, capacity, deadline)
    solve_s = time.monotonic() - started
    if status == "timeout":
        reason = f"no packing found and none excluded in {solve_s:.1f} s ({nodes:,} nodes); {reason}"
    if offset_units is None:
        return Packing(status, None, 0, capacity, reason, nodes, solve_s)
    offsets = np.zeros(len(sizes), dtype=np.int64)
    offsets[real] = offset_units * problem.unit_bytes
    return Packing(status, offsets, problem.height_bytes(offset_units), capacity, reason, nodes, solve_s)


def checked_seconds(time_limit_s: float) -> float:
    """Return the limit; raise PackingError when it isn't a number above 0."""
    if not time_limit_s > 0:
        raise PackingError(f"the time limit must be above 0 seconds; found {time_limit_s!r}")
    return float(time_limit_s)


def too_large(problem: Instance, capacity: int, names: Ints) -> str:
    """Say which buffer, or which moment's load, exceeds the capacity; empty when none does."""
    for buffer in np.flatnonzero(problem.size_bytes > capacity)[:1]:
        size = problem.size_bytes[buffer]
        return f"the buffer with index {names[buffer]} has the size {size:,}, the capacity is {capacity:,}"
    loads = problem.load_bytes()
    for section in np.flatnonzero(loads > capacity)[:1]:
        alive = (problem.sections.first <= section) & (section < problem.sections.end)
        return (
            f"at time {problem.sections.time[section]}, {alive.sum():,} buffers that are alive together need"
            f" {loads[section]:,}, the capacity is {capacity:,}"
        )
    return ""


def lowest_greedy(problem: Instance, deadline: float) -> Ints | None:
    """Return offsets in units of the lowest greedy packing, each part of time by the rule that suits it."""
    offsets = np.zeros(len(problem.units), dtype=np.int64)
    for buffers in problem.sections.components():
        found = _greedy_part(problem.part(buffers), None, deadline)
        if found is None:
            return None
        offsets[buffers] = found
    return offsets


def _greedy_part(problem: Instance, capacity: int | None, deadline: float) -> Ints | None:
    """Return the first packing within the capacity; without one the lowest of all. None: there is none in time."""
    best, best_height = None, LARGEST + 1
    enough = int(problem.load_bytes().max()) if capacity is None else capacity
    for offsets in constructions(problem, deadline):
        height = problem.height_bytes(offsets)
        if height < best_height:
            best, best_height = offsets, height
        if height <= enough:
            break
    return best if capacity is None or best_height <= capacity else None


def _solved(problem: Instance, capacity: int, deadline: float) -> tuple[Status, Ints | None, str, int]:
    """Return (status, offsets in units, reason, nodes)."""
    offsets = np.zeros(len(problem.units), dtype=np.int64)
    hard = []
    for buffers in problem.sections.components():
        found = _greedy_part(problem.part(buffers), capacity, deadline)
        if found is None:
            hard.append(buffers)
        else:
            offsets[buffers] = found
    if not hard:
        return "packed", offsets, "a greedy rule fits", 0
    left_s = max(LEAST_S, deadline - time.monotonic())
    # Here and not above: numba takes half a second to import, and most packings need no search.
    from codesign.models.scratchpad.packing.search import search

    nodes, open_parts = 0, ""
    for number, buffers in enumerate(hard):
        part = problem.part(buffers)
        result = search(part, capacity, left_s / (len(hard) - number))
        left_s = max(LEAST_S, left_s - result.solve_s)
        nodes += result.nodes
        where = f"the {len(buffers):,} buffers around time {part.sections.time[0]} to {part.sections.time[-1]}"
        if result.exhausted:
            return "infeasible", None, f"search exhausted: {where} can't be packed ({nodes:,} nodes)", nodes
        if result.offset_units is None:
            open_parts = f"open: {where}"
        else:
            offsets[buffers] = result.offset_units
    if open_parts:
        return "timeout", None, open_parts, nodes
    return "packed", offsets, f"found by search ({nodes:,} nodes)", nodes
