"""The integer program over widths: one binary for each layer and width."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pulp

from codesign.ilp import Status, relative_gap, solve
from codesign.models.fpga.quantisation.problem import QuantisationProblem

RESOLUTION = 1e6
"""The objective spans, and the cap is, so many units: the solver's absolute tolerances of 1e-6 are 1e-12 of either."""


@dataclass(frozen=True)
class Assignment:
    """The width of every layer, and what is proven about it.

    Attributes:
        status: ``optimal`` and ``infeasible`` are proven; ``feasible`` or ``timeout`` (no answer) at a limit.
        bits: layer -> width; empty without an answer.
        sensitivity: summed: the objective, in the unit of the problem's; None without an answer.
        cost: summed, in the unit of the problem's; None without an answer.
        bound: no assignment within the cap has a smaller summed sensitivity.
        solve_s: wall time, with building the program.
    """

    status: Status
    bits: Mapping[str, int]
    sensitivity: float | None
    cost: float | None
    bound: float
    solve_s: float

    @property
    def gap(self) -> float:
        """|sensitivity - bound| / max(|sensitivity|, 1e-10); infinite without an answer."""
        return relative_gap(self.sensitivity, self.bound)


@dataclass(frozen=True)
class BitProgram:
    """The program, unsolved.

    Attributes:
        lp: ``lp.writeLP(file)`` writes it out.
        takes: (layer, width) -> binary, 1 where the layer takes the width.
        unit: summed sensitivity = unit * objective + offset.
        offset: what every assignment loses.
    """

    lp: pulp.LpProblem
    takes: Mapping[tuple[str, int], pulp.LpVariable]
    unit: float
    offset: float


def assign_bits(
    problem: QuantisationProblem,
    *,
    solver: str = "highs",
    time_limit_s: float | None = None,
    threads: int = 1,
) -> Assignment:
    """Return the widths with the smallest summed sensitivity within the cap.

    Where several assignments are equally good, which of them is returned is the solver's choice, the same each time.
    Options and errors: see ``codesign.ilp.solve``.
    """
    began = time.perf_counter()
    program = build_program(problem)
    answer = solve(program.lp, solver=solver, time_limit_s=time_limit_s, threads=threads)
    bound = program.unit * answer.bound + program.offset
    if answer.objective is None:
        return Assignment(answer.status, {}, None, None, bound, time.perf_counter() - began)
    bits = {layer: width for (layer, width), binary in program.takes.items() if answer.value(binary) == 1}
    widths = [bits[layer] for layer in problem.layers]
    sensitivity = problem.sensitivity_of(widths)
    return Assignment(
        status=answer.status,
        bits=bits,
        sensitivity=sensitivity,
        cost=problem.cost_of(widths),
        bound=min(bound, sensitivity),
        solve_s=time.perf_counter() - began,
    )


def build_program(problem: QuantisationProblem) -> BitProgram:
    """Return the program.

    minimise    sum_l,b sensitivity[l, b] takes[l, b]
    subject to  sum_b takes[l, b] = 1                   for each layer l
                sum_l,b cost[l, b] takes[l, b] <= cap   (a width whose cost alone is above the cap has no binary)
                takes[l, b] = takes[k, b]               for tied layers l, k and each width b
    """
    lp = pulp.LpProblem("bits", pulp.LpMinimize)
    usable = problem.allowed & (problem.cost <= problem.limit)
    takes = {
        (problem.layers[row], problem.bits[column]): lp.add_variable(f"takes_{row}_{column}", cat=pulp.LpBinary)
        for row, column in np.argwhere(usable)
    }
    least = np.nanmin(problem.sensitivity, axis=1)
    spread = float((np.nanmax(problem.sensitivity, axis=1) - least).sum())
    unit = spread / RESOLUTION if spread > 0 else 1.0
    lost = (problem.sensitivity - least[:, np.newaxis])[usable] / unit
    lp.setObjective(pulp.LpAffineExpression(zip(takes.values(), lost.tolist(), strict=True)))

    def taken(layer: int, width: int) -> pulp.LpAffineExpression:
        name = problem.layers[layer], width
        return pulp.lpSum([takes[name]] if name in takes else [])

    for layer in range(len(problem.layers)):
        lp.addConstraint(pulp.lpSum(taken(layer, width) for width in problem.bits) == 1)
    if math.isfinite(problem.cap):
        spent = problem.cost[usable] / problem.limit * RESOLUTION
        lp.addConstraint(pulp.LpAffineExpression(zip(takes.values(), spent.tolist(), strict=True)) <= RESOLUTION)
    for first, *others in problem.units():
        for other in others:
            for width in problem.bits:
                lp.addConstraint(taken(first, width) - taken(other, width) == 0)
    return BitProgram(lp, takes, unit, float(least.sum()))
