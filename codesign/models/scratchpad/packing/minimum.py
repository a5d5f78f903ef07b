"""The smallest memory that holds a set of buffers."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from codesign.models.scratchpad.packing.instance import Instance, checked, checked_number, instance
from codesign.models.scratchpad.packing.sections import Ints
from codesign.models.scratchpad.packing.solve import Packing, checked_seconds, lowest_greedy, pack

ATTEMPT_SHARE = 0.25


def minimum_capacity(
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
    size: npt.ArrayLike,
    *,
    alignment: int = 1,
    time_limit_s: float = 60.0,
) -> tuple[Packing, int]:
    """Return (packing, bound): the lowest packing found, its height as capacity, and what no capacity can go below.

    Both are equal when the height is proven to be the smallest. The bound is the largest load, or one unit above the
    largest capacity that the search has excluded. First the bound itself is tried; then the range between the largest
    capacity that failed and the lowest packing is halved, each attempt with a quarter of the time that is left; at last
    the remaining time goes into the capacity just below the lowest packing. Which capacities are decided within the
    time depends on the machine's speed; what is returned is always true.

    Args, Raises: as ``pack``. When the time doesn't suffice for a single packing, buffers lie one after the other.
    """
    started = time.monotonic()
    lowers, uppers, sizes = checked(lower, upper, size)
    alignment = checked_number("alignment", alignment, 1)
    deadline = started + checked_seconds(time_limit_s)
    real = np.flatnonzero(sizes)
    problem = instance(lowers[real], uppers[real], sizes[real], alignment)
    best = _greedy(problem, real, len(sizes), deadline)
    bound = _next_height(problem, int(problem.load_bytes().max(initial=0)) - 1)
    least_open, nodes, tried = bound, 0, False
    while bound < best.height and time.monotonic() < deadline:
        closed = least_open >= best.height
        between = (least_open + best.height - 1) // 2 if tried else bound
        trial = best.height - 1 if closed else between
        seconds = max(1e-3, (1.0 if closed else ATTEMPT_SHARE) * (deadline - time.monotonic()))
        found = pack(lowers, uppers, sizes, trial, alignment=alignment, time_limit_s=seconds)
        nodes, tried = nodes + found.nodes, True
        if found.status == "packed":
            best = found
            continue
        least_open = max(least_open, _next_height(problem, trial))
        if found.status == "infeasible":
            bound = max(bound, _next_height(problem, trial))
    solve_s = time.monotonic() - started
    reason = "the smallest capacity"
    if best.height > bound:
        reason = f"stopped after {solve_s:.1f} s; nothing fits below {bound:,}"
    return replace(best, capacity=best.height, reason=reason, nodes=nodes, solve_s=solve_s), bound


def _next_height(problem: Instance, height: int) -> int:
    """Return the least height above ``height`` that a packing can have: a multiple of the unit plus some size."""
    above = problem.size_bytes - height - 1
    return height + 1 + int(np.min(above % problem.unit_bytes)) if len(above) else 0


def _greedy(problem: Instance, real: Ints, count: int, deadline: float) -> Packing:
    """Return the lowest greedy packing; one buffer above the other when there is no time for any."""
    units = lowest_greedy(problem, deadline)
    if units is None:
        units = np.cumsum(problem.units) - problem.units
    offsets = np.zeros(count, dtype=np.int64)
    offsets[real] = units * problem.unit_bytes
    return Packing("packed", offsets, problem.height_bytes(units), 0, "", 0, 0.0)
