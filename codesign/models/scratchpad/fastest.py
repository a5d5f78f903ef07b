"""The plan with the least latency for an order: the overlap program's stays, placed."""

from __future__ import annotations

import time
from dataclasses import replace

from codesign.models.scratchpad.overlap import Machine, OverlapChoice, fastest_drops
from codesign.models.scratchpad.packing.packer import pack
from codesign.models.scratchpad.placing import Placed, Stay, rectangles, stays_of
from codesign.models.scratchpad.residency import cost_bytes

MARGINS = 8


def place_fastest(traffic: Placed, capacity_bytes: int, machine: Machine, *, time_limit_s: float) -> Placed:
    """Return the plan with the least latency for the order of a plan; that plan itself where none could be placed.

    The program looks at capacity only. Where its stays can't be placed, it is solved for smaller capacities until they
    can.

    Args:
        traffic: the plan with the least traffic for this order.
        capacity_bytes: of the scratchpad.
        machine: speed of computing and of transfers.
        time_limit_s: of all of it.
    """
    timeline = traffic.timeline
    deadline = time.monotonic() + time_limit_s
    floor = timeline.problem.minimum_bytes
    for margin in range(MARGINS + 1):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        lowered = capacity_bytes - (capacity_bytes - floor) * margin // MARGINS
        choice = fastest_drops(timeline, lowered, machine, time_limit_s=left / 2)
        if choice is None:
            continue
        stays = _stretched(timeline.touch_steps, stays_of(timeline, choice.dropped), choice, traffic)
        packing = pack(*rectangles(timeline, stays), capacity_bytes, time_limit_s=max(0.1, left / 4))
        if packing.offsets is not None:
            cost = cost_bytes(timeline, choice.dropped)
            addresses = tuple(int(offset) for offset in packing.offsets)
            return replace(
                traffic, dropped=choice.dropped, stays=stays, addresses_bytes=addresses, noncompulsory_bytes=cost
            )
    return traffic


def _stretched(
    touch_steps: list[list[int]], stays: tuple[Stay, ...], choice: OverlapChoice, traffic: Placed
) -> tuple[Stay, ...]:
    """Return the stays with the step before an early arrival and the step after a late departure."""
    gaps = traffic.timeline.gaps
    before = {(gaps[g].buffer, gaps[g].after) for g in choice.early}
    before |= {(buffer, touch_steps[buffer][0]) for buffer in choice.early_loads}
    after = {(gaps[g].buffer, gaps[g].before) for g in choice.late}
    after |= {(buffer, touch_steps[buffer][-1]) for buffer in choice.late_stores}
    return tuple(
        replace(
            stay,
            first_step=stay.first_step - ((stay.buffer, stay.first_step) in before),
            last_step=stay.last_step + ((stay.buffer, stay.last_step) in after),
        )
        for stay in stays
    )
