"""From a network and a scratchpad to a checked plan: the options of the model joined."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from codesign.errors import CodesignError
from codesign.models.scratchpad.assembly import Memory, assemble
from codesign.models.scratchpad.banks import place_in_pools
from codesign.models.scratchpad.checker import CheckReport, check_plan
from codesign.models.scratchpad.fastest import place_fastest
from codesign.models.scratchpad.overlap import Machine, latency_cycles
from codesign.models.scratchpad.placing import Placed, place
from codesign.models.scratchpad.plan import Plan
from codesign.models.scratchpad.preparation import Accounting, problem_of
from codesign.models.scratchpad.problem import Problem, ProblemError
from codesign.models.scratchpad.recompute import check_price, recomputed
from codesign.models.scratchpad.residency import Timeline
from codesign.models.scratchpad.schedule import PLACING_S, WIDTH, OrderPolicy, Schedule, check_capacity, schedule
from codesign.models.scratchpad.tiles import tiled_to_fit
from codesign.workloads.fusion import fuse_activations
from codesign.workloads.graph import Network

Goal = Literal["traffic", "latency"]
ACTIVATIONS = Accounting()
DEFAULT_MACHINE = Machine(macs_per_cycle=1024.0, dram_bytes_per_cycle=16.0)


class WrongPlanError(CodesignError):
    """The checker refused a plan that we made: a defect of ours."""


@dataclass(frozen=True)
class Options:
    """How a plan is made.

    Attributes:
        order: ``default`` keeps the network's order, ``search`` looks for the best one.
        accounting: what occupies the scratchpad and what is charged.
        fuse: activations become part of the operator in front of them.
        banks: the scratchpad is divided into that many equal pools; no buffer reaches across a border.
        most_stripes: operators that don't fit are cut into stripes of rows, at most that many; 1 forbids it.
        recompute_bytes_per_mac: price of doing something again; None forbids it.
        goal: ``traffic``: fewest bytes. ``latency``: the order with the fewest bytes, and within it the drops, early
            reads and late writes with the least latency.
        machine: speed of computing and of transfers.
        width: states kept after each step of the search over orders.
        time_limit_s: of the search; the best plan so far is returned with the gap that is left. None does the same work
            on every machine.
    """

    order: OrderPolicy = "search"
    accounting: Accounting = ACTIVATIONS
    fuse: bool = False
    banks: int = 1
    most_stripes: int = 1
    recompute_bytes_per_mac: float | None = None
    goal: Goal = "traffic"
    machine: Machine = DEFAULT_MACHINE
    width: int = WIDTH
    time_limit_s: float | None = None

    def __post_init__(self) -> None:
        chosen = [
            name
            for name, used in (
                (f"banks = {self.banks}", self.banks > 1),
                ("recompute_bytes_per_mac", self.recompute_bytes_per_mac is not None),
                ("goal = latency", self.goal == "latency"),
            )
            if used
        ]
        if len(chosen) > 1:
            raise ProblemError(f"{' and '.join(chosen)} can't be combined; take one of them")
        for name in ("banks", "most_stripes", "width"):
            found = getattr(self, name)
            if not isinstance(found, int) or found < 1:
                raise ProblemError(f"{name} must be at least 1, found {found!r}")
        for name, allowed in (("order", get_args(OrderPolicy)), ("goal", get_args(Goal))):
            if getattr(self, name) not in allowed:
                raise ProblemError(f"{name} must be one of {', '.join(allowed)}, found {getattr(self, name)!r}")
        if self.recompute_bytes_per_mac is not None:
            check_price(self.recompute_bytes_per_mac)
        if self.time_limit_s is not None and not self.time_limit_s > 0:
            raise ProblemError(f"time_limit_s must be above 0, found {self.time_limit_s}")


@dataclass(frozen=True)
class Planned:
    """A checked plan.

    Attributes:
        network: as it was scheduled: fused, cut into stripes.
        problem: of the plan; its operations may hold repetitions.
        plan: what to do.
        schedule: the plan's figures and bound.
        report: of the checker.
        repeated_macs: done again.
        latency_cycles: with what overlap the plan has.
        solve_s: everything from the network to the checked plan.
    """

    network: Network
    problem: Problem
    plan: Plan
    schedule: Schedule
    report: CheckReport
    repeated_macs: int
    latency_cycles: float
    solve_s: float


def plan_network(
    network: Network, capacity_bytes: int, options: Options, seeds: Sequence[Sequence[int]] = ()
) -> Planned:
    """Return the best plan found for a network, checked by replaying it.

    Args:
        network: what to run.
        capacity_bytes: of the scratchpad.
        options: see there.
        seeds: orders of the problem's operations to begin the search with.

    Raises:
        CapacityError: an operator needs more than the capacity and can't be cut.
        WrongPlanError: the checker found a fault, which is a defect.
    """
    begin = time.monotonic()
    prepared, problem = prepare(network, capacity_bytes, options)
    made = schedule(
        problem,
        capacity_bytes,
        policy=options.order,
        time_limit_s=options.time_limit_s,
        width=options.width,
        alignment_bytes=options.accounting.alignment_bytes,
        seeds=seeds,
    )
    placed, pools, repeated = made.placed, None, 0
    limit = options.time_limit_s or PLACING_S
    memory = Memory((capacity_bytes,), options.accounting.alignment_bytes)
    if options.banks > 1:
        memory = Memory((capacity_bytes // options.banks,) * options.banks, options.accounting.alignment_bytes)
        pooled = place_in_pools(placed.timeline, memory.pools_bytes, time_limit_s=limit)
        placed, pools = pooled.placed, pooled.pools
    elif options.recompute_bytes_per_mac is not None:
        again = recomputed(problem, placed.timeline.order, capacity_bytes, options.recompute_bytes_per_mac)
        repeated = again.repeated_macs
        placed = _placed_again(again.problem, capacity_bytes, limit)
        made = replace(made, bound_bytes=made.compulsory_bytes)
    elif options.goal == "latency":
        placed = place_fastest(placed, capacity_bytes, options.machine, time_limit_s=limit)
    plan = assemble(placed, memory, pools)
    made = replace(made, placed=placed, plan=plan)
    if options.banks > 1 and options.order == "default":
        made = replace(made, bound_bytes=max(made.bound_bytes, made.compulsory_bytes + placed.bound_bytes))
    report = checked(prepared, plan, options)
    final = placed.timeline
    return Planned(
        network=prepared,
        problem=final.problem,
        plan=plan,
        schedule=made,
        report=report,
        repeated_macs=repeated,
        latency_cycles=latency_cycles(final.problem, final.order, plan, options.machine),
        solve_s=time.monotonic() - begin,
    )


def prepare(network: Network, capacity_bytes: int, options: Options) -> tuple[Network, Problem]:
    """Return the network as it will be scheduled, and its problem.

    Raises:
        CapacityError: an operator needs more than the capacity (or than a bank) and can't be cut.
    """
    prepared = fuse_activations(network) if options.fuse else network
    if options.most_stripes > 1:
        prepared = tiled_to_fit(prepared, options.accounting, capacity_bytes, options.most_stripes)
    problem = problem_of(prepared, options.accounting)
    check_capacity(problem, capacity_bytes)
    bank = capacity_bytes // options.banks
    touched = [buffer for i, buffer in enumerate(problem.buffers) if problem.touched_by[i]]
    largest = max(touched, key=lambda buffer: buffer.space_bytes)
    if largest.space_bytes > bank:
        raise ProblemError(
            f"{network.name}: {largest.name!r} takes {largest.space_bytes / 1024:,.2f} KiB; a bank has"
            f" {bank / 1024:,.2f} KiB, and no buffer may reach across two; take fewer banks or a larger scratchpad"
        )
    return prepared, problem


def checked(network: Network, plan: Plan, options: Options) -> CheckReport:
    """Return the checker's report of a plan.

    Raises:
        WrongPlanError: it found a fault.
    """
    report = check_plan(
        network,
        plan,
        weights=options.accounting.weights,
        sources_stored=options.accounting.sources_stored,
        recompute=options.recompute_bytes_per_mac is not None,
    )
    if not report.passed:
        raise WrongPlanError(f"{plan.network}: the checker refuses the plan: {report.faults[0]}")
    return report


def _placed_again(problem: Problem, capacity_bytes: int, time_limit_s: float) -> Placed:
    return place(Timeline(problem, problem.default_order), capacity_bytes, time_limit_s=time_limit_s)
