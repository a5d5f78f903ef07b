"""The paper's integer program: set up with PuLP, solved, and read as a plan."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from codesign.ilp import ProgramSolution, Status, relative_gap, solve
from codesign.models.scratchpad.plan import Plan
from codesign.models.scratchpad.problem import Problem, ProblemError
from codesign.models.scratchpad.program import extension, guards, objectives
from codesign.models.scratchpad.program.addresses import EQUATIONS_9_TO_11
from codesign.models.scratchpad.program.reading import order_of, plan_of, stays_of, traffic_bytes
from codesign.models.scratchpad.program.residency import EQUATIONS_1_TO_8
from codesign.models.scratchpad.program.variables import Mode, Program


@dataclass(frozen=True)
class ProgramResult:
    """What the program found.

    Attributes:
        status: of the solver; only ``optimal`` is proven.
        order: operations in sequence; None without a solution, as the next two.
        noncompulsory_bytes: spilled and retrieved; None in mode ``peak`` too.
        peak_bytes: smallest footprint; None in the other modes.
        bound_bytes: nothing is smaller; None where the program is infeasible.
        gap: |value - bound| / max(|value|, 1e-10).
        plan: complete, where addresses are part of the program; else None.
        variables, rows: of the program.
        build_s: wall time to set it up.
        solve_s: wall time to solve it.
        nodes: of branch and bound.
    """

    status: Status
    order: tuple[int, ...] | None
    noncompulsory_bytes: int | None
    peak_bytes: int | None
    bound_bytes: int | None
    gap: float
    plan: Plan | None
    variables: int
    rows: int
    build_s: float
    solve_s: float
    nodes: int


def solve_program(
    problem: Problem,
    capacity_bytes: int | None,
    *,
    mode: Mode = "free",
    order: Sequence[int] | None = None,
    addresses: bool = True,
    alignment_bytes: int = 1,
    solver: str = "highs",
    time_limit_s: float | None = None,
    threads: int = 1,
) -> ProgramResult:
    """Solve the program of COSMA (arXiv 2311.18246, section III).

    Args:
        problem: buffers and operations.
        capacity_bytes: of the scratchpad. In mode ``peak`` a limit of the footprint, or None.
        mode: ``free`` chooses order, addresses and replacement together; ``fixed`` takes the order as given; ``peak``
            chooses the order with the smallest footprint when nothing is ever dropped (no addresses).
        order: for ``fixed``, and only there.
        addresses: without, only the bytes resident at once are limited: a relaxation, quicker to solve.
        alignment_bytes: of addresses; each buffer's space has to be a multiple.
        solver, time_limit_s, threads: see ``codesign.ilp.solve``.

    Raises:
        ProblemError: the capacity is below that of the largest operation, or the arguments don't fit together.
    """
    began = time.perf_counter()
    _check(problem, capacity_bytes, mode, order, alignment_bytes)
    program = build_program(problem, capacity_bytes, mode=mode, order=order, addresses=addresses)
    build_s = time.perf_counter() - began
    solution = solve(program.lp, solver=solver, time_limit_s=time_limit_s, threads=threads)
    solve_s = time.perf_counter() - began - build_s
    size = len(program.lp.variables()), len(program.lp.constraints())
    return _result(program, solution, capacity_bytes, alignment_bytes, size, (build_s, solve_s))


def build_program(
    problem: Problem,
    capacity_bytes: int | None,
    *,
    mode: Mode = "free",
    order: Sequence[int] | None = None,
    addresses: bool = True,
) -> Program:
    """Return the program, unsolved: ``.lp`` is the PuLP problem (``.lp.writeLP(file)`` writes it out)."""
    program = Program(problem, capacity_bytes, mode, order)
    for equation in EQUATIONS_1_TO_8:
        equation(program)
    for rows in extension.EXTENSION:
        rows(program)
    if mode != "fixed":
        guards.guard_one_operation_a_step(program)
    if mode == "peak":
        objectives.equations_13_to_15(program)
        return program
    extension.copies_in_dram(program)
    guards.guard_dead_after_last_use(program)
    guards.implied_capacity(program)
    guards.implied_retrieval_in_time(program)
    if addresses:
        for equation in EQUATIONS_9_TO_11:
            equation(program)
    objectives.equation_12(program)
    return program


def _check(
    problem: Problem, capacity_bytes: int | None, mode: Mode, order: Sequence[int] | None, alignment_bytes: int
) -> None:
    if mode not in ("free", "fixed", "peak"):
        raise ProblemError(f"{problem.name}: mode must be 'free', 'fixed' or 'peak', found {mode!r}")
    if not problem.operations:
        raise ProblemError(f"{problem.name}: there are no operations to schedule")
    if (order is not None) != (mode == "fixed"):
        raise ProblemError(f"{problem.name}: an order is needed in mode 'fixed', and only there; mode is {mode!r}")
    if order is not None:
        problem.check_order(order)
    extension.check_sources(problem)
    if capacity_bytes is None and mode != "peak":
        raise ProblemError(f"{problem.name}: mode {mode!r} needs a capacity")
    if capacity_bytes is not None and capacity_bytes < problem.minimum_bytes:
        raise ProblemError(
            f"{problem.name}: operation {problem.largest_operation!r} alone needs {problem.minimum_bytes:,} bytes of"
            f" scratchpad (M_R), found a capacity of {capacity_bytes:,}"
        )
    if alignment_bytes < 1:
        raise ProblemError(f"{problem.name}: alignment_bytes must be at least 1, found {alignment_bytes}")
    for buffer in problem.buffers:
        if buffer.space_bytes % alignment_bytes:
            raise ProblemError(
                f"{problem.name}: the space of buffer {buffer.name!r}, {buffer.space_bytes:,} bytes, is no multiple of"
                f" the alignment {alignment_bytes}"
            )


def _result(
    p: Program,
    solution: ProgramSolution,
    capacity_bytes: int | None,
    alignment_bytes: int,
    size: tuple[int, int],
    times_s: tuple[float, float],
) -> ProgramResult:
    value: int | None = None
    order: tuple[int, ...] | None = None
    plan: Plan | None = None
    unit = p.units.space_bytes if p.mode == "peak" else p.units.traffic_bytes
    if solution.objective is not None:
        order = order_of(p, solution)
        value = round(solution.objective) * unit
        if p.mode != "peak":
            stays = stays_of(p, solution, order)
            value = traffic_bytes(p, order, stays)
            if p.L and capacity_bytes is not None:
                plan = plan_of(p, order, stays, capacity_bytes, alignment_bytes)
    bound: int | None = None
    if solution.status != "infeasible":
        bound = max(0, ceil(solution.bound - 1e-6)) * unit
        bound = bound if value is None else min(bound, value)
    return ProgramResult(
        status=solution.status,
        order=order,
        noncompulsory_bytes=None if p.mode == "peak" else value,
        peak_bytes=value if p.mode == "peak" else None,
        bound_bytes=bound,
        gap=relative_gap(value, float("inf") if bound is None else bound),
        plan=plan,
        variables=size[0],
        rows=size[1],
        build_s=times_s[0],
        solve_s=times_s[1],
        nodes=solution.nodes,
    )
