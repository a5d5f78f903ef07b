"""Addresses for what stays in the scratchpad: exact packing, and cuts where the contents can't be placed.

The gap formulation looks at capacity only. Its stays (a buffer from an arrival to the next departure) are rectangles in
time and address; packing them exactly either gives addresses, and the traffic is optimal for the order, or proves that
a set of stays can't be in the scratchpad together. Then at least one gap inside these stays has to be dropped: a cut
for the gap formulation, which is solved again. Keeping more gaps only makes stays longer, so the cut is valid, and the
loop ends with the optimum of the problem with addresses."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from codesign.errors import CodesignError
from codesign.models.scratchpad.packing.packer import infeasible_subset, pack
from codesign.models.scratchpad.residency import Drops, NoDropsError, Timeline, best_drops, cost_bytes


class PlacementError(CodesignError):
    """Nothing can be placed, or nothing could be in time; the message says which."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Stay:
    """A buffer in the scratchpad without interruption.

    Attributes:
        buffer: index.
        first_step, last_step: both included.
        kept: gaps inside it, by index.
    """

    buffer: int
    first_step: int
    last_step: int
    kept: tuple[int, ...]


@dataclass(frozen=True)
class Placed:
    """Stays with addresses.

    Attributes:
        timeline: problem and order.
        dropped: indices of the gaps dropped.
        stays: by buffer, then time.
        addresses_bytes: one for each stay.
        noncompulsory_bytes: cost of the gaps dropped.
        bound_bytes: nothing with this order costs less.
        cuts: how often the packing failed.
    """

    timeline: Timeline
    dropped: tuple[int, ...]
    stays: tuple[Stay, ...]
    addresses_bytes: tuple[int, ...]
    noncompulsory_bytes: int
    bound_bytes: int
    cuts: int


def stays_of(timeline: Timeline, dropped: Sequence[int]) -> tuple[Stay, ...]:
    """Return the stays that are left when these gaps are dropped."""
    gone = set(dropped)
    found: list[Stay] = []
    gap = 0
    for buffer, steps in enumerate(timeline.touch_steps):
        if not steps:
            continue
        first = steps[0]
        kept: list[int] = []
        for before, after in pairwise(steps):
            if gap in gone:
                found.append(Stay(buffer, first, before, tuple(kept)))
                first, kept = after, []
            else:
                kept.append(gap)
            gap += 1
        found.append(Stay(buffer, first, steps[-1], tuple(kept)))
    return tuple(found)


def rectangles(timeline: Timeline, stays: Sequence[Stay]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lower and upper step (half open) and space of each stay, as the packer takes them."""
    spaces = [buffer.space_bytes for buffer in timeline.problem.buffers]
    lower = np.array([stay.first_step for stay in stays], dtype=np.int64)
    upper = np.array([stay.last_step + 1 for stay in stays], dtype=np.int64)
    return lower, upper, np.array([spaces[stay.buffer] for stay in stays], dtype=np.int64)


PACKING_SHARE = 0.25
SUBSET_S = 2.0
MARGIN_STEPS = 16


def place(timeline: Timeline, capacity_bytes: int, *, time_limit_s: float) -> Placed:
    """Return the plan with the least traffic for an order, addresses included.

    When the time is over, the capacity handed to the gap formulation is lowered step by step until what it keeps can
    be placed: a plan whose traffic may exceed ``bound_bytes``.

    Raises:
        PlacementError: it is proven that no plan for this order can be placed, or not even a plan that keeps nothing
            between uses could be placed in time.
    """
    deadline = time.monotonic() + time_limit_s
    cuts: list[frozenset[int]] = []
    bound = 0
    while True:
        left = max(0.1, deadline - time.monotonic())
        try:
            drops = best_drops(timeline, capacity_bytes, cuts=cuts, time_limit_s=left)
        except NoDropsError as error:
            raise PlacementError(
                f"{timeline.problem.name}: no addresses exist within {capacity_bytes:,} bytes for this order: what has"
                " to be there from one step to the next can't be placed, whatever is dropped; take another order or a"
                " larger scratchpad"
            ) from error
        bound = max(bound, drops.bound_bytes)
        packed, cut = _try(timeline, drops, capacity_bytes, max(0.1, PACKING_SHARE * left))
        if packed is not None:
            return _placed(timeline, drops, packed, bound, len(cuts))
        if cut is None or time.monotonic() > deadline:
            return _with_margin(timeline, capacity_bytes, cuts, bound)
        cuts.append(cut)


def _try(
    timeline: Timeline, drops: Drops, capacity_bytes: int, time_limit_s: float
) -> tuple[np.ndarray | None, frozenset[int] | None]:
    """Return addresses, or a cut, or neither when the time was over."""
    stays = stays_of(timeline, drops.dropped)
    lower, upper, size = rectangles(timeline, stays)
    packing = pack(lower, upper, size, capacity_bytes, time_limit_s=time_limit_s)
    if packing.offsets is not None:
        return packing.offsets, None
    if packing.status == "timeout":
        return None, None
    chosen = infeasible_subset(
        lower, upper, size, capacity_bytes, time_limit_s=min(SUBSET_S, time_limit_s), proven=True
    )
    return None, _shrunk_cut(timeline, [stays[i] for i in chosen], capacity_bytes)


def _shrunk_cut(timeline: Timeline, stays: list[Stay], capacity_bytes: int) -> frozenset[int]:
    """Return gaps of which one has to be dropped: those inside the stays, less the ones that don't matter."""
    kept = sorted(gap for stay in stays for gap in stay.kept)
    for gap in list(kept):
        trial = _without(timeline, stays, gap)
        packing = pack(*rectangles(timeline, trial), capacity_bytes, time_limit_s=SUBSET_S / 10)
        if packing.status == "infeasible":
            stays = trial
            kept.remove(gap)
    return frozenset(kept)


def _without(timeline: Timeline, stays: Sequence[Stay], gap: int) -> list[Stay]:
    """Return the stays with one kept gap dropped."""
    about = timeline.gaps[gap]
    made: list[Stay] = []
    for stay in stays:
        if gap not in stay.kept:
            made.append(stay)
            continue
        at = stay.kept.index(gap)
        made.append(Stay(stay.buffer, stay.first_step, about.before, stay.kept[:at]))
        made.append(Stay(stay.buffer, about.after, stay.last_step, stay.kept[at + 1 :]))
    return made


def _with_margin(timeline: Timeline, capacity_bytes: int, cuts: Sequence[frozenset[int]], bound: int) -> Placed:
    """Lower the capacity of the gap formulation until its answer can be placed in the true one."""
    floor = timeline.problem.minimum_bytes
    for number in range(1, MARGIN_STEPS + 1):
        lowered = capacity_bytes - (capacity_bytes - floor) * number // MARGIN_STEPS
        drops = best_drops(timeline, lowered, time_limit_s=SUBSET_S)
        packed, _ = _try(timeline, drops, capacity_bytes, SUBSET_S)
        if packed is not None:
            return _placed(timeline, drops, packed, bound, len(cuts))
    everything = tuple(i for i, gap in enumerate(timeline.gaps) if gap.steps)
    drops = Drops(everything, cost_bytes(timeline, everything), bound, False)
    packed, _ = _try(timeline, drops, capacity_bytes, SUBSET_S)
    if packed is None:
        raise PlacementError(
            f"{timeline.problem.name}: no addresses found within {capacity_bytes:,} bytes for this order in the given"
            " time; raise the time limit or the capacity"
        )
    return _placed(timeline, drops, packed, bound, len(cuts))


def _placed(timeline: Timeline, drops: Drops, addresses: np.ndarray, bound: int, cuts: int) -> Placed:
    return Placed(
        timeline=timeline,
        dropped=drops.dropped,
        stays=stays_of(timeline, drops.dropped),
        addresses_bytes=tuple(int(address) for address in addresses),
        noncompulsory_bytes=drops.noncompulsory_bytes,
        bound_bytes=min(bound, drops.noncompulsory_bytes),
        cuts=cuts,
    )
