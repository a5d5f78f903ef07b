"""Better orders by divide and conquer: an order is cut into windows, and each is put anew, exactly, between its
neighbours.

The dynamic program of ``ordering`` runs through all windows in one go, so that what one leaves in the scratchpad is
what the next begins with: the result is the best order whose cuts lie where the given order's do. Then the cuts are
moved by half a window, and so on until nothing is gained; wider windows follow. This is also the way for graphs whose
orders are too many for the whole to be searched.

COSMA, section IV, divides large graphs too; how it cuts isn't published, so this is not that method.
"""

from __future__ import annotations

import time

from codesign.models.scratchpad.ordering import search_orders
from codesign.models.scratchpad.placing import Placed, PlacementError, place
from codesign.models.scratchpad.residency import Timeline

WINDOWS = (12, 24, 48)
"""Operations in a window, one size after the other."""
WIDTH = 100
"""States kept after each step."""
PLACING_S = 60.0


def improved(best: Placed, capacity_bytes: int, bound_bytes: int, deadline: float | None) -> Placed:
    """Return a plan at least as good as ``best``.

    Args:
        best: where to begin.
        capacity_bytes: of the scratchpad.
        bound_bytes: the search ends when it is met.
        deadline: of ``time.monotonic``; None for no limit.
    """
    for window in WINDOWS:
        gained = True
        while gained:
            gained = False
            for offset in (0, window // 2):
                if (deadline is not None and time.monotonic() > deadline) or best.noncompulsory_bytes <= bound_bytes:
                    return best
                other = _pass(best, capacity_bytes, window, offset, deadline)
                if other is not None and other.noncompulsory_bytes < best.noncompulsory_bytes:
                    best, gained = other, True
    return best


def _pass(best: Placed, capacity_bytes: int, window: int, offset: int, deadline: float | None) -> Placed | None:
    """Return the best plan within the windows of the best order, if it needs fewer bytes."""
    left = None if deadline is None else max(0.1, deadline - time.monotonic())
    problem = best.timeline.problem
    found = search_orders(
        problem,
        capacity_bytes,
        ceiling_bytes=best.noncompulsory_bytes,
        width=WIDTH,
        time_limit_s=left,
        along=best.timeline.order,
        window=window,
        offset=offset,
    )
    if found.order is None:
        return None
    try:
        return place(Timeline(problem, found.order), capacity_bytes, time_limit_s=left or PLACING_S)
    except PlacementError:
        return None
