"""From what a solver returned to a checked solution.

A solver works within tolerances: an integer may come back as 0.999999, and a binary of 1e-6 in front of a large
constant lets a constraint be broken by far more than a unit. So integers are rounded, the rows are checked again with
the rounded values, and where that fails the continuous columns are solved for again with the integers fixed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from codesign.ilp.array_program import INTEGRALITY, ArrayProgram, Floats
from codesign.ilp.errors import SolverError
from codesign.ilp.options import Options
from codesign.ilp.solution import OPTIMAL_WITHIN, ArraySolution, Limit, Status

Verdict = Literal["optimal", "infeasible", "unbounded", "stopped"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solver returned, as a minimum.

    Attributes:
        verdict: ``unbounded`` also where the solver can't tell it from infeasible.
        x: a value for each column, or None.
        bound: dual bound; -inf where it gave none.
        nodes: of branch and bound.
        limit: what stopped it.
        solve_s: wall time.
    """

    verdict: Verdict
    x: Floats | None
    bound: float
    nodes: int
    limit: Limit | None
    solve_s: float


Run = Callable[[ArrayProgram, Options, Floats | None], Answer]
"""A solver: program, options, start (NaN where nothing is known)."""


def conclude(
    program: ArrayProgram, options: Options, start: Floats | None, run: Run, repair: Run, name: str, version: str
) -> ArraySolution:
    """Run a solver and return its checked answer.

    Args:
        program: to be solved.
        options: limits and gaps.
        start: see ``Run``.
        run: the solver.
        repair: solves what is left with the integers fixed.
        name, version: of the solver.
    """
    if program.cost.size == 0:
        return _without_columns(program, name, version)
    answer = run(program, options, start)
    if answer.verdict == "unbounded":
        answer = _settled(program, options, answer, run)
    if answer.x is None:
        return _without_values(program, answer, name, version)
    x = _checked(program, answer.x, repair, name)
    objective = program.objective_of(x)
    bound = max(answer.bound, program.box_bound())
    if bound > objective + 1e-5 * max(1.0, abs(objective)):
        raise SolverError(f"{name} states the bound {bound!r} for a minimum, yet found a solution with {objective!r}")
    bound = min(bound, objective)
    proven = objective - bound <= OPTIMAL_WITHIN * max(1.0, abs(objective))
    limit = answer.limit
    if answer.verdict == "optimal" and not proven and options.accepts_a_gap:
        limit = "gap"
    status: Status = "optimal" if proven else "feasible"
    return ArraySolution(
        status, None if proven else limit, objective, bound, answer.nodes, answer.solve_s, name, version, x
    )


def _without_columns(program: ArrayProgram, name: str, version: str) -> ArraySolution:
    """Every row is 0 then; solvers call such a program empty and don't look at the rows."""
    if ((program.row_lower > 0) | (program.row_upper < 0)).any():
        return ArraySolution("infeasible", None, None, float("inf"), 0, 0.0, name, version, None)
    value = float(program.constant)
    return ArraySolution("optimal", None, value, value, 0, 0.0, name, version, np.zeros(0))


def _settled(program: ArrayProgram, options: Options, answer: Answer, run: Run) -> Answer:
    """Tell unbounded from infeasible: without costs a feasible program has an optimum."""
    free = replace(program, cost=np.zeros_like(program.cost))
    left = None if options.time_limit_s is None else max(0.0, options.time_limit_s - answer.solve_s)
    again = run(free, replace(options, time_limit_s=left), None)
    solve_s = answer.solve_s + again.solve_s
    if again.x is not None:
        return replace(answer, x=None, bound=-float("inf"), solve_s=solve_s)
    if again.verdict == "stopped":
        return replace(again, bound=-float("inf"), solve_s=solve_s)
    return replace(answer, verdict="infeasible", x=None, solve_s=solve_s)


def _without_values(program: ArrayProgram, answer: Answer, name: str, version: str) -> ArraySolution:
    infinity = float("inf")
    outcomes: dict[Verdict, tuple[Status, float]] = {
        "infeasible": ("infeasible", infinity),
        "unbounded": ("unbounded", -infinity),
        "stopped": ("timeout", max(answer.bound, program.box_bound())),
    }
    if answer.verdict not in outcomes:
        raise SolverError(f"{name} reports an optimum without values")
    status, bound = outcomes[answer.verdict]
    limit = answer.limit if status == "timeout" else None
    return ArraySolution(status, limit, None, bound, answer.nodes, answer.solve_s, name, version, None)


def _checked(program: ArrayProgram, x: Floats, repair: Run, name: str) -> Floats:
    """Return x with whole integers, inside its bounds, on the right side of every row."""
    rounded = _rounded(program, x, name)
    fault = program.violation(rounded)
    if fault is None:
        return rounded
    if not program.integer.all():
        lower = np.where(program.integer, rounded, program.lower)
        upper = np.where(program.integer, rounded, program.upper)
        rest = replace(program, lower=lower, upper=upper, integer=np.zeros_like(program.integer))
        answer = repair(rest, Options(), None)
        if answer.x is not None:
            rounded = _rounded(program, answer.x, name)
            fault = program.violation(rounded)
            if fault is None:
                return rounded
    raise SolverError(
        f"the values from {name} break the program once the integers are whole: {fault}; divide large sizes by what"
        " they have in common, or take another solver"
    )


def _rounded(program: ArrayProgram, x: Floats, name: str) -> Floats:
    nearest = np.round(x)
    off = np.where(program.integer, np.abs(x - nearest), 0.0)
    if off.max() > INTEGRALITY:
        column = int(off.argmax())
        raise SolverError(f"{name} returned {float(x[column])!r} for the integer column {column}")
    values = np.where(program.integer, nearest, x)
    inside = np.clip(values, program.lower, program.upper)
    return np.asarray(np.where(np.abs(inside - values) <= 1e-6, inside, values) + 0.0)
