"""Programs in PuLP as arrays and back: one form for every solver, whatever the program's names, sense and constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pulp
from scipy import sparse

from codesign.ilp.array_program import ArrayProgram, Floats
from codesign.ilp.errors import IlpError


@dataclass(frozen=True, slots=True)
class Arrays:
    """A PuLP program in arrays.

    Attributes:
        program: as a minimum.
        variables: one a column, sorted by name.
        sign: -1 where the program is a maximum, whose objective is that of the arrays times -1.
    """

    program: ArrayProgram
    variables: tuple[pulp.LpVariable, ...]
    sign: int


def arrays_of(problem: pulp.LpProblem) -> Arrays:
    """Return the arrays of a PuLP program; one without an objective is given the constant 0.

    Raises:
        IlpError: it has special ordered sets, two variables of one name, or numbers that aren't finite.
    """
    if problem.sos1 or problem.sos2:
        raise IlpError(f"the program {problem.name!r} has special ordered sets; write them with binary variables")
    variables = tuple(problem.variables())
    column = {variable: index for index, variable in enumerate(variables)}
    names = [variable.name for variable in variables]
    twice = next((a for a, b in pairwise(names) if a == b), None)
    if twice is not None:
        raise IlpError(f"two variables of the program {problem.name!r} are called {twice!r}")
    sign = -1 if problem.sense == pulp.LpMaximize else 1
    cost, constant = np.zeros(len(variables)), 0.0
    if problem.objective is not None:
        constant = sign * float(problem.objective.constant)
        for variable, coefficient in problem.objective.items():
            cost[column[variable]] += sign * coefficient
    rows, row_lower, row_upper = _rows(problem, column)
    program = ArrayProgram(
        cost=cost,
        lower=np.array([-np.inf if v.lowBound is None else v.lowBound for v in variables], dtype=float),
        upper=np.array([np.inf if v.upBound is None else v.upBound for v in variables], dtype=float),
        integer=np.array([v.cat == pulp.LpInteger for v in variables], dtype=bool),
        rows=rows,
        row_lower=row_lower,
        row_upper=row_upper,
        constant=constant,
    )
    return Arrays(program, variables, sign)


def _rows(problem: pulp.LpProblem, column: Mapping[pulp.LpVariable, int]) -> tuple[sparse.csr_matrix, Floats, Floats]:
    constraints = problem.constraints()
    starts, indices, values = [0], [], []
    lower, upper = np.full(len(constraints), -np.inf), np.full(len(constraints), np.inf)
    for row, constraint in enumerate(constraints):
        for variable, coefficient in constraint.items():
            indices.append(column[variable])
            values.append(float(coefficient))
        starts.append(len(indices))
        side = -float(constraint.constant)
        if constraint.sense in (pulp.LpConstraintGE, pulp.LpConstraintEQ):
            lower[row] = side
        if constraint.sense in (pulp.LpConstraintLE, pulp.LpConstraintEQ):
            upper[row] = side
    shape = (len(constraints), len(column))
    matrix = sparse.csr_matrix((np.array(values, dtype=float), np.array(indices, dtype=np.int32), starts), shape=shape)
    return matrix, lower, upper


def problem_of(program: ArrayProgram) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    """Return the arrays as a PuLP program of their own (a minimum without constant), for solvers reached by PuLP.

    A program without rows gets one that always holds, because not every solver takes one without.
    """
    problem = pulp.LpProblem("program", pulp.LpMinimize)
    variables = [
        problem.add_variable(
            f"x{j}",
            None if np.isinf(program.lower[j]) else program.lower[j],
            None if np.isinf(program.upper[j]) else program.upper[j],
            pulp.LpInteger if program.integer[j] else pulp.LpContinuous,
        )
        for j in range(program.cost.size)
    ]
    problem.setObjective(pulp.LpAffineExpression((variables[j], float(program.cost[j])) for j in range(len(variables))))
    matrix = program.rows
    for i in range(matrix.shape[0]):
        span = range(matrix.indptr[i], matrix.indptr[i + 1])
        row = pulp.LpAffineExpression((variables[matrix.indices[k]], float(matrix.data[k])) for k in span)
        for sense, side in _sides(float(program.row_lower[i]), float(program.row_upper[i])):
            problem.addConstraint(pulp.LpConstraint(row, sense, rhs=side))
    if not problem.constraints():
        every = pulp.LpAffineExpression((variable, 0.0) for variable in variables)
        problem.addConstraint(pulp.LpConstraint(every, pulp.LpConstraintLE, rhs=0.0))
    return problem, variables


def _sides(lower: float, upper: float) -> list[tuple[int, float]]:
    if lower == upper:
        return [(pulp.LpConstraintEQ, lower)]
    sides = [(pulp.LpConstraintGE, lower), (pulp.LpConstraintLE, upper)]
    return [(sense, side) for sense, side in sides if np.isfinite(side)]
