"""From stays with addresses to a plan: arrivals, departures and every transfer between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesign.models.scratchpad.placing import Placed, Stay
from codesign.models.scratchpad.plan import Arrival, Placement, Plan, Residency, Transfer, TransferKind
from codesign.models.scratchpad.residency import Timeline


@dataclass(frozen=True, slots=True)
class Memory:
    """The scratchpad of a plan.

    Attributes:
        pools_bytes: capacity of each pool.
        alignment_bytes: of addresses.
    """

    pools_bytes: tuple[int, ...]
    alignment_bytes: int = 1


def assemble(placed: Placed, memory: Memory, pools: Sequence[int] | None = None) -> Plan:
    """Return the plan of placed stays. Buffers of one name (something done again) are one placement.

    Args:
        placed: stays and addresses.
        memory: what it was placed in.
        pools: pool of each stay; None where there is one.
    """
    timeline = placed.timeline
    problem = timeline.problem
    buffers = problem.buffers
    placements = {b.name: Placement(b.name, b.tensors, b.size_bytes, b.space_bytes) for b in buffers}
    residencies: list[Residency] = []
    transfers: list[Transfer] = []
    for index, stay in enumerate(placed.stays):
        about = buffers[stay.buffer]
        arrival = _arrival(timeline, stay, index, placed.stays)
        leaving = _leaving(timeline, stay, placed.stays, index)
        residencies.append(
            Residency(
                buffer=about.name,
                first_step=stay.first_step,
                last_step=stay.last_step,
                address_bytes=placed.addresses_bytes[index],
                pool=pools[index] if pools is not None else 0,
                arrival=arrival,
                written_back=leaving == "spill",
            )
        )
        if arrival != "created":
            kind: TransferKind = "load" if arrival == "loaded" else "retrieve"
            transfers.append(Transfer(stay.first_step, about.name, kind, about.size_bytes))
        if leaving is not None:
            transfers.append(Transfer(stay.last_step + 1, about.name, leaving, about.size_bytes))
    return Plan(
        network=problem.name,
        order=tuple(problem.operations[operation].name for operation in timeline.order),
        views=problem.views,
        pools_bytes=memory.pools_bytes,
        alignment_bytes=memory.alignment_bytes,
        placements=tuple(placements.values()),
        residencies=tuple(sorted(residencies, key=lambda r: (r.first_step, r.buffer))),
        transfers=tuple(sorted(transfers, key=lambda t: (t.step, t.buffer, t.kind))),
    )


def _arrival(timeline: Timeline, stay: Stay, index: int, stays: Sequence[Stay]) -> Arrival:
    if index > 0 and stays[index - 1].buffer == stay.buffer:
        return "retrieved"
    return "loaded" if timeline.problem.buffers[stay.buffer].stored else "created"


def _leaving(timeline: Timeline, stay: Stay, stays: Sequence[Stay], index: int) -> TransferKind | None:
    """Return what is written when a stay ends: nothing where DRAM holds the contents or nobody wants them."""
    about = timeline.problem.buffers[stay.buffer]
    is_last = index + 1 == len(stays) or stays[index + 1].buffer != stay.buffer
    written = [s for s in timeline.touch_steps[stay.buffer] if _writes(timeline, s, stay.buffer)]
    so_far = sum(step <= stay.last_step for step in written)
    if is_last and not about.wanted:
        return None
    if about.stored and so_far == 0:
        return None
    if index > 0 and stays[index - 1].buffer == stay.buffer:
        before = stays[index - 1].last_step
        if sum(step <= before for step in written) == so_far:
            return None
    final = so_far == len(written)
    return "store" if about.wanted and final else "spill"


def _writes(timeline: Timeline, step: int, buffer: int) -> bool:
    return buffer in timeline.problem.operations[timeline.order[step]].writes
