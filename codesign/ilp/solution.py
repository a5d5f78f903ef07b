"""What a solver found, and what is proven about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pulp

from codesign.ilp.errors import IlpError

Status = Literal["optimal", "feasible", "infeasible", "unbounded", "timeout"]
"""``optimal``: proven, |objective - bound| <= 1e-6 * max(1, |objective|). ``feasible``: a solution, not proven optimal.
``infeasible``, ``unbounded``: proven. ``timeout``: a limit was hit before there was any solution."""

Limit = Literal["time", "nodes", "gap"]

TINY = 1e-10
OPTIMAL_WITHIN = 1e-6


def relative_gap(objective: float | None, bound: float) -> float:
    """Return |objective - bound| / max(|objective|, 1e-10); infinite without a solution or a bound."""
    if objective is None:
        return float("inf")
    if objective == bound:
        return 0.0
    return abs(objective - bound) / max(abs(objective), TINY)


@dataclass(frozen=True, slots=True)
class Solution:
    """The answer of a solver.

    Attributes:
        status: see ``Status``.
        limit: what made the solver stop early: ``time``, ``nodes``, or ``gap`` where the gap asked for was reached;
            None when it went to the end.
        objective: of the values returned; None without values.
        bound: no solution is better. For a minimum -inf where nothing is known or the program is unbounded, +inf where
            it is infeasible; for a maximum the other way round.
        nodes: of branch and bound.
        solve_s: wall time in the solver.
        solver: name.
        solver_version: of the solver.
    """

    status: Status
    limit: Limit | None
    objective: float | None
    bound: float
    nodes: int
    solve_s: float
    solver: str
    solver_version: str

    @property
    def gap(self) -> float:
        """|objective - bound| / max(|objective|, 1e-10); infinite without a solution or a bound."""
        return relative_gap(self.objective, self.bound)


@dataclass(frozen=True, slots=True)
class ArraySolution(Solution):
    """The answer to a program in arrays.

    Attributes:
        x: a value for each column, integer columns exactly whole; None without a solution.
    """

    x: npt.NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class ProgramSolution(Solution):
    """The answer to a program in PuLP.

    Attributes:
        values: of each variable by name, ``int`` for integer variables; empty without a solution.
    """

    values: Mapping[str, float]

    def value(self, expression: pulp.LpVariable | pulp.LpAffineExpression) -> float:
        """Return the value of a variable or a linear expression; IlpError where there is none."""
        if self.objective is None:
            raise IlpError(f"the program has no solution to take values from: it is {self.status}")
        if isinstance(expression, pulp.LpVariable):
            if expression.name not in self.values:
                raise IlpError(f"{expression.name!r} is not a variable of the program that was solved")
            return self.values[expression.name]
        terms = sum(coefficient * self.value(variable) for variable, coefficient in expression.items())
        return float(expression.constant + terms)
