"""The integer program: one configuration for each kernel of an accelerator, so that a network takes the least time.

    minimise    sum_i n_i T_i
    subject to  sum_c x[j,c] = 1                                                         for each kernel j
                sum_j sum_c x[j,c] resource_j,c <= budget                                of LUT, DSP, BRAM18, URAM
                T[i] >= fixed_i + sum_jc x[j,c] fill_i,j,c + sum_c x[j,c] cycles_i,j,c   for each call i, kernel j
                T[i] >= fixed_i + sum_jc x[j,c] fill_i,j,c + floor_i

with n_i the number of times that call i is made. With several accelerators on the device each has variables x of its
own, they share the budget, and y[i,a] says which one runs call i: then T[i,a] is at least the right-hand side less
M_i (1 - y[i,a]), with M_i no smaller than any right-hand side. The memories of each are sized for all calls, whichever
it runs.

This formulation is ours. HAO (arXiv 2104.12766) states that an integer program chooses the configuration of least
latency under the limits of DSP, LUT and BRAM; its variables and constants weren't to be had.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pulp

from codesign.errors import UserError
from codesign.ilp import ProgramSolution, Status, solve
from codesign.models.fpga.accelerator import Accelerator, built, call_cycles, processor_ms
from codesign.models.fpga.calls import NetworkCalls
from codesign.models.fpga.costs import RESOURCE_NAMES, USUAL, CostTable, EngineSettings, call_table, cost_table
from codesign.technology.fpga_devices import PLANNED, FpgaDevice, Fractions

Objective = Literal["latency", "interval"]
Choices: TypeAlias = dict[tuple[int, int, int], pulp.LpVariable]
KHZ_PER_MHZ = 1000.0


@dataclass(frozen=True)
class AcceleratorProgram:
    """The program, unsolved.

    Attributes:
        lp: the PuLP problem.
        x: (accelerator, kernel, configuration) -> binary.
        y: (call, accelerator) -> binary; empty with one accelerator.
        T: (call, accelerator) -> cycles.
        costs: where the coefficients come from.
        counts: n_i.
    """

    lp: pulp.LpProblem
    x: Choices
    y: dict[tuple[int, int], pulp.LpVariable]
    T: dict[tuple[int, int], pulp.LpVariable]
    costs: CostTable
    counts: tuple[int, ...]


@dataclass(frozen=True)
class BestAccelerators:
    """What the program found; without a solution ``accelerators`` is empty and times are None.

    Attributes:
        status: of the solver. ``optimal`` is proven to a millionth of the objective, ``infeasible`` is proven.
        accelerators: one, or as many as were asked for.
        runs_on: of each distinct call (in the order of ``NetworkCalls.counts``) the accelerator that runs it.
        call_cycles: of each distinct call, once.
        cycles: of the network: all calls one after the other; for ``interval`` the load of the busiest accelerator.
        bound_cycles: no accelerator is better.
        gap: (cycles - bound) / cycles.
        latency_ms: of one batch: all calls one after the other and the processor's share.
        processor_ms: the processor's share.
        solve_s: wall time in the solver.
        nodes: of branch and bound.
        variables, rows: of the program.
    """

    status: Status
    accelerators: tuple[Accelerator, ...]
    runs_on: tuple[int, ...]
    call_cycles: tuple[int, ...]
    cycles: int | None
    bound_cycles: float
    gap: float
    latency_ms: float | None
    processor_ms: float
    solve_s: float
    nodes: int
    variables: int
    rows: int


def best_accelerators(
    calls: NetworkCalls,
    device: FpgaDevice,
    *,
    shares: Fractions = PLANNED,
    settings: EngineSettings = USUAL,
    accelerators: int = 1,
    objective: Objective = "latency",
    solver: str = "highs",
    time_limit_s: float | None = None,
    threads: int = 1,
) -> BestAccelerators:
    """Return the accelerator (or accelerators) on which a network takes the least time, with its proof.

    Args:
        calls: the network, cut for a template.
        device: part and board.
        shares: of the device that may be used.
        settings: parallelism, clock and overheads.
        accelerators: how many share the device; each call runs on one of them.
        objective: ``latency``, all calls one after the other; or ``interval``, the load of the busiest accelerator,
            which is the time between images when every accelerator works on another image.
        solver, time_limit_s, threads: see ``codesign.ilp.solve``.

    Raises:
        UserError: ``accelerators`` is below 1, or nothing is called.
    """
    if accelerators < 1:
        raise UserError(f"accelerators must be at least 1, found {accelerators!r}")
    if not calls.counts:
        raise UserError(f"network {calls.network!r} makes no call of the accelerator")
    costs = cost_table(call_table(calls.template, tuple(calls.counts)), device, shares=shares, settings=settings)
    program = build_program(costs, tuple(calls.counts.values()), accelerators, objective)
    solution = solve(program.lp, solver=solver, time_limit_s=time_limit_s, threads=threads)
    return _result(program, solution, calls, settings, objective, accelerators)


def build_program(
    costs: CostTable, counts: Sequence[int], accelerators: int = 1, objective: Objective = "latency"
) -> AcceleratorProgram:
    """Return the program; ``.lp.writeLP(file)`` writes it out.

    Args:
        costs: of all configurations.
        counts: how often each call is made.
        accelerators: that share the device.
        objective: see ``best_accelerators``.
    """
    lp = pulp.LpProblem("accelerator", pulp.LpMinimize)
    numbers = range(accelerators)
    x: Choices = {
        (a, j, c): lp.add_variable(f"x_{a}_{slot.slot.name}_{c}", 0, 1, pulp.LpInteger)
        for a in numbers
        for j, slot in enumerate(costs.slots)
        for c in range(len(slot.configurations))
    }
    calls = range(len(counts))
    T = {(i, a): lp.add_variable(f"T_{i}_{a}", 0) for i in calls for a in numbers}
    y = {(i, a): lp.add_variable(f"y_{i}_{a}", 0, 1, pulp.LpInteger) for i in calls for a in numbers}
    program = AcceleratorProgram(lp, x, y if accelerators > 1 else {}, T, costs, tuple(counts))
    _one_configuration_each(program, accelerators)
    _within_budget(program, accelerators)
    _times(program, accelerators)
    _in_order(program, accelerators)
    loads = [pulp.lpSum(counts[i] * T[i, a] for i in calls) for a in numbers]
    if objective == "interval":
        interval = lp.add_variable("interval", 0)
        for load in loads:
            lp.addConstraint(interval >= load)
        lp.setObjective(pulp.LpAffineExpression(interval))
    else:
        lp.setObjective(pulp.lpSum(loads))
    return program


def _one_configuration_each(p: AcceleratorProgram, accelerators: int) -> None:
    """sum_c x[j,c] = 1, and sum_a y[i,a] = 1."""
    for a in range(accelerators):
        for j, slot in enumerate(p.costs.slots):
            p.lp.addConstraint(pulp.lpSum(p.x[a, j, c] for c in range(len(slot.configurations))) == 1)
    if p.y:
        for i in range(len(p.counts)):
            p.lp.addConstraint(pulp.lpSum(p.y[i, a] for a in range(accelerators)) == 1)


def _within_budget(p: AcceleratorProgram, accelerators: int) -> None:
    for name in RESOURCE_NAMES:
        terms = [
            int(getattr(slot.resources, name)[c]) * p.x[a, j, c]
            for a in range(accelerators)
            for j, slot in enumerate(p.costs.slots)
            for c in range(len(slot.configurations))
        ]
        p.lp.addConstraint(pulp.lpSum(terms) <= int(getattr(p.costs.budget, name)))


def _in_order(p: AcceleratorProgram, accelerators: int) -> None:
    """Accelerator a takes at least as many DSP slices as a + 1, or each solution would come in every order."""
    slices = [
        pulp.lpSum(
            int(slot.resources.dsp[c]) * p.x[a, j, c]
            for j, slot in enumerate(p.costs.slots)
            for c in range(len(slot.configurations))
        )
        for a in range(accelerators)
    ]
    for more, fewer in itertools.pairwise(slices):
        p.lp.addConstraint(more >= fewer)


def _times(p: AcceleratorProgram, accelerators: int) -> None:
    """T[i,a] >= fixed + fill + cycles of each kernel, and >= fixed + fill + floor, where a runs i."""
    costs = p.costs
    for i in range(len(p.counts)):
        slowest = max(int(costs.floor[i]), *(int(slot.cycles[:, i].max()) for slot in costs.slots))
        most = int(costs.fixed[i]) + slowest + sum(int(slot.fill[:, i].max()) for slot in costs.slots)
        for a in range(accelerators):
            fill = pulp.lpSum(
                int(fill) * p.x[a, j, c]
                for j, slot in enumerate(costs.slots)
                for c, fill in enumerate(slot.fill[:, i])
                if fill
            )
            common = fill + int(costs.fixed[i]) - (most * (1 - p.y[i, a]) if p.y else 0)
            p.lp.addConstraint(p.T[i, a] >= common + int(costs.floor[i]))
            for j, slot in enumerate(costs.slots):
                if slot.cycles[:, i].any():
                    cycles = pulp.lpSum(int(n) * p.x[a, j, c] for c, n in enumerate(slot.cycles[:, i]))
                    p.lp.addConstraint(p.T[i, a] >= common + cycles)


def _result(
    p: AcceleratorProgram,
    solution: ProgramSolution,
    calls: NetworkCalls,
    settings: EngineSettings,
    objective: Objective,
    accelerators: int,
) -> BestAccelerators:
    own = processor_ms(calls, settings)
    size = len(p.lp.variables()), len(p.lp.constraints())
    chosen: list[list[int]] = []
    if solution.objective is not None:
        chosen = [
            [
                next(c for c in range(len(slot.configurations)) if solution.value(p.x[a, j, c]))
                for j, slot in enumerate(p.costs.slots)
            ]
            for a in range(accelerators)
        ]
    runs_on = [0] * len(p.counts)
    if p.y and chosen:
        runs_on = [next(a for a in range(accelerators) if solution.value(p.y[i, a])) for i in range(len(p.counts))]
    each = [call_cycles(p.costs, choice) for choice in chosen]
    times = [int(each[a][i]) for i, a in enumerate(runs_on)] if chosen else []
    loads = [sum(n * t for n, t, b in zip(p.counts, times, runs_on, strict=True) if a == b) for a in range(len(each))]
    cycles = (max(loads) if objective == "interval" else sum(loads)) if chosen else None
    latency = sum(loads) / (p.costs.clock_mhz * KHZ_PER_MHZ) + own if chosen else None
    bound = solution.bound
    if cycles is not None:
        bound = float(cycles) if solution.status == "optimal" else min(bound, float(cycles))
    return BestAccelerators(
        status=solution.status,
        accelerators=tuple(built(p.costs, choice) for choice in chosen),
        runs_on=tuple(runs_on) if chosen else (),
        call_cycles=tuple(times),
        cycles=cycles,
        bound_cycles=bound,
        gap=np.inf if not cycles else (cycles - bound) / cycles,
        latency_ms=latency,
        processor_ms=own,
        solve_s=solution.solve_s,
        nodes=solution.nodes,
        variables=size[0],
        rows=size[1],
    )
