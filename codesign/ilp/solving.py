"""Programs formulated in PuLP, solved by whichever solver is named, with a status that can be relied on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
import pulp

from codesign.ilp.answer import conclude
from codesign.ilp.arrays import checked_start
from codesign.ilp.errors import IlpError
from codesign.ilp.highs import run_highs
from codesign.ilp.options import Options
from codesign.ilp.pulp_arrays import Arrays, arrays_of
from codesign.ilp.solution import ArraySolution, ProgramSolution, Solution
from codesign.ilp.solvers import solver_named


def solve(
    problem: pulp.LpProblem,
    *,
    solver: str = "highs",
    time_limit_s: float | None = None,
    relative_gap: float = 0.0,
    absolute_gap: float | None = None,
    node_limit: int | None = None,
    threads: int = 1,
    start: Mapping[pulp.LpVariable, float] | None = None,
) -> ProgramSolution:
    """Solve a linear or mixed-integer program.

    Afterwards the program's variables hold the values returned (``pulp.value`` works), or None without a solution. The
    status fields of ``problem`` are not touched: PuLP's own call "optimal" what was merely found in time.

    Args:
        problem: without an objective it is a search for any solution.
        solver: see ``available_solvers``.
        time_limit_s, relative_gap, absolute_gap, node_limit, threads: see ``Options``.
        start: values to start from, for all variables or some.

    Raises:
        IlpError: the program, an option or the start is wrong.
        UnsupportedOptionError: the solver hasn't got the option.
        UnknownNameError, MissingSolverError: there is no such solver, or not here.
        SolverError: the solver failed, or its values are no solution.
        KeyboardInterrupt: Ctrl-C, after the solver has stopped.
    """
    options = Options(time_limit_s, relative_gap, absolute_gap, node_limit, threads)
    chosen, version = solver_named(solver)
    arrays = arrays_of(problem)
    begin = None
    if start is not None:
        begin = checked_start(arrays.program, _start_values(arrays, start), solver)
    answer = conclude(arrays.program, options, begin, chosen.run, run_highs, solver, version)
    return _in_terms_of(arrays, answer)


def _start_values(arrays: Arrays, start: Mapping[pulp.LpVariable, float]) -> list[float]:
    own = set(map(id, arrays.variables))
    for variable in start:
        if id(variable) not in own:
            raise IlpError(f"start: {getattr(variable, 'name', variable)!r} is not a variable of the program")
    return [start.get(variable, np.nan) for variable in arrays.variables]


def _in_terms_of(arrays: Arrays, answer: ArraySolution) -> ProgramSolution:
    """Return the answer with names, in the sense of the program, and put the values into its variables."""
    values: dict[str, float] = {}
    for index, variable in enumerate(arrays.variables):
        if answer.x is None:
            variable.varValue = None
            continue
        value = float(answer.x[index])
        values[variable.name] = int(value) if variable.cat == pulp.LpInteger else value
        variable.varValue = values[variable.name]
    common = {field.name: getattr(answer, field.name) for field in fields(Solution)}
    if answer.objective is not None:
        common["objective"] = arrays.sign * answer.objective
    common["bound"] = arrays.sign * answer.bound
    return ProgramSolution(**common, values=values)
