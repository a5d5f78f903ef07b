"""What a plan moves to and from DRAM, as block transfers with the times at which they may begin.

The times are those of the model of time (see ``overlap``): a transfer runs during a step that doesn't touch its buffer,
or it is exposed and the machine waits for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codesign.errors import WorkloadError
from codesign.models.scratchpad.overlap import Machine
from codesign.models.scratchpad.plan import Plan
from codesign.models.scratchpad.plan import Transfer as PlannedTransfer
from codesign.models.scratchpad.planning import Planned
from codesign.models.scratchpad.problem import Problem
from codesign.workloads.memory.reader import DEFAULT_BURST_BYTES, DEFAULT_CLOCK_MHZ
from codesign.workloads.memory.trace import MemoryTrace
from codesign.workloads.memory.traffic import Transfer, traffic_parts

ROUNDING_CYCLES = 1e-6
"""A time so little above a whole cycle is that cycle: sums of quotients aren't exact."""
WRITES = ("spill", "store")
_PART = 1 << 18


@dataclass(frozen=True)
class PlanTraffic:
    """The transfers of one run of a plan.

    Attributes:
        transfers: in the order in which one DMA engine does them.
        cycles: of the run, if the memory moves what the machine's ``dram_bytes_per_cycle`` says.
    """

    transfers: tuple[Transfer, ...]
    cycles: float


def plan_traffic(
    problem: Problem,
    order: Sequence[int],
    plan: Plan,
    machine: Machine,
    base_address: int = 0,
    alignment_bytes: int = DEFAULT_BURST_BYTES,
) -> PlanTraffic:
    """Return what a plan moves, and when each transfer may begin.

    Step t begins when its exposed transfers are done, writes first, and takes max(compute, bytes during it /
    bandwidth) cycles; the transfers during it may begin with it, one after another, writes first. A transfer moves the
    whole buffer in the order of its addresses, so that the bytes are the plan's ``offchip_bytes``. Each buffer that is
    moved has a place of its own in DRAM, in the order of the plan's placements, on a multiple of ``alignment_bytes``.

    Args:
        problem: that the plan solves.
        order: of its operations.
        plan: what is moved between which steps.
        machine: speed of computing and of transfers.
        base_address: of the first place in DRAM.
        alignment_bytes: of the places; a burst or a multiple of it, so that no two buffers share one.

    Raises:
        WorkloadError: the plan moves nothing, or the alignment or the address is out of range.
    """
    if alignment_bytes < 1 or base_address < 0:
        raise WorkloadError(
            f"buffers begin at multiples of at least 1 byte from an address of at least 0; found {alignment_bytes} and"
            f" {base_address}"
        )
    if not plan.offchip_bytes:
        raise WorkloadError(f"the plan of {plan.network!r} moves nothing to or from DRAM, so there is no trace of it")
    place = _places(plan, base_address, alignment_bytes)
    exposed, during = _sorted_by_step(problem, order, plan)
    compute = machine.compute_cycles(problem, order)
    rate = machine.dram_bytes_per_cycle
    transfers: list[Transfer] = []
    now = 0.0
    for step in range(len(order) + 1):
        for moved in exposed[step]:
            transfers.append(_transfer(moved, now, place))
            now += moved.size_bytes / rate
        if step < len(order):
            transfers += (_transfer(moved, now, place) for moved in during[step])
            now += max(float(compute[step]), sum(moved.size_bytes for moved in during[step]) / rate)
    return PlanTraffic(tuple(transfers), now)


def planned_trace(
    planned: Planned,
    machine: Machine,
    requests_per_cycle: float | None = None,
    clock_mhz: float = DEFAULT_CLOCK_MHZ,
    burst_bytes: int = DEFAULT_BURST_BYTES,
    requests: int = _PART,
) -> Iterator[MemoryTrace]:
    """Yield the requests of one run of a plan, one for each burst, in traces of so many ``requests``.

    A request is sent no earlier than its transfer's start (see ``plan_traffic``) and no faster than
    ``requests_per_cycle`` after the one before; None is the machine's bandwidth, dram_bytes_per_cycle / burst_bytes.
    Computing doesn't wait for a memory that is slower than the machine's bandwidth says: later requests then keep their
    times, and queue.

    Args:
        planned: the plan.
        machine: speed of computing and of transfers.
        requests_per_cycle: at most, over any time; None: the machine's bandwidth.
        clock_mhz: of the machine.
        burst_bytes: that one request moves.
        requests: of each trace but the last.

    Raises:
        WorkloadError: the plan moves nothing, or a number is out of range.
    """
    order = planned.schedule.placed.timeline.order
    traffic = plan_traffic(planned.problem, order, planned.plan, machine, alignment_bytes=max(1, burst_bytes))
    rate = machine.dram_bytes_per_cycle / max(1, burst_bytes) if requests_per_cycle is None else requests_per_cycle
    yield from traffic_parts(planned.plan.network, traffic.transfers, requests, rate, clock_mhz, burst_bytes)


def _places(plan: Plan, base_address: int, alignment_bytes: int) -> dict[str, int]:
    """Return the address in DRAM of each buffer that is moved."""
    moved = {transfer.buffer for transfer in plan.transfers}
    place: dict[str, int] = {}
    address = -(-base_address // alignment_bytes) * alignment_bytes
    for buffer in plan.placements:
        if buffer.name in moved:
            place[buffer.name] = address
            address += -(-buffer.size_bytes // alignment_bytes) * alignment_bytes
    return place


def _sorted_by_step(
    problem: Problem, order: Sequence[int], plan: Plan
) -> tuple[list[list[PlannedTransfer]], list[list[PlannedTransfer]]]:
    """Return the transfers in front of each step (and at the end), and those during each step; writes first.

    The step next to a transfer is the last of the stay that a write ends, the first of the stay that a read begins.
    Where that step touches the buffer, the transfer can't run beside it.
    """
    touched = [{problem.buffers[b].name for b in problem.touches[operation]} for operation in order]
    exposed: list[list[PlannedTransfer]] = [[] for _ in range(len(order) + 1)]
    during: list[list[PlannedTransfer]] = [[] for _ in order]
    for moved in sorted(plan.transfers, key=lambda transfer: transfer.kind not in WRITES):
        if not moved.size_bytes:
            continue
        beside = moved.step - 1 if moved.kind in WRITES else moved.step
        if moved.buffer in touched[beside]:
            exposed[moved.step].append(moved)
        else:
            during[beside].append(moved)
    return exposed, during


def _transfer(moved: PlannedTransfer, now: float, place: dict[str, int]) -> Transfer:
    start = math.ceil(now - ROUNDING_CYCLES)
    return Transfer(start, moved.size_bytes, place[moved.buffer], moved.kind in WRITES)
