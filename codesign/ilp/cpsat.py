"""OR-tools' CP-SAT, with the same statuses, bound and gap as the other solvers. Needs the extra ``cpsat``."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from codesign.errors import MissingExtraError
from codesign.ilp.errors import IlpError, SolverError
from codesign.ilp.options import require_amount, require_count
from codesign.ilp.solution import Limit, Solution, Status

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel


@dataclass(frozen=True, slots=True)
class CpSatSolution(Solution):
    """The answer of CP-SAT.

    Attributes:
        response: the solver object, asked for values by ``value``.
    """

    response: Any

    def value(self, expression: Any) -> int:
        """Return the value of a variable, literal or linear expression; IlpError where there is no solution."""
        if self.objective is None:
            raise IlpError(f"the model has no solution to take values from: it is {self.status}")
        return int(self.response.value(expression))


def solve_cpsat(model: CpModel, *, time_limit_s: float | None = None, workers: int = 1, seed: int = 0) -> CpSatSolution:
    """Solve a CP-SAT model.

    A model without an objective has the objective and bound 0 once it is solved. Equal models give equal answers with
    one worker as long as no time limit is hit.

    Args:
        model: ``ortools.sat.python.cp_model.CpModel``.
        time_limit_s: wall seconds, 0 or more.
        workers: threads, 1 or more.
        seed: of the search.

    Raises:
        MissingExtraError: ortools isn't installed.
        IlpError: an option is wrong, or the model is not valid.
    """
    cp_model = _cp_model()
    if time_limit_s is not None:
        require_amount("time_limit_s", time_limit_s)
    require_count("workers", workers)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        raise IlpError(f"seed must be a whole number, 0 to 2147483647; found {seed!r}")
    fault = model.validate()
    if fault:
        raise IlpError(f"CP-SAT takes no such model: {fault.strip()}")
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed
    solver.parameters.log_search_progress = False
    if time_limit_s is not None:
        solver.parameters.max_time_in_seconds = time_limit_s
    began = time.perf_counter()
    code = solver.solve(model)
    return _solution(cp_model, model, solver, code, time.perf_counter() - began)


def _cp_model() -> Any:
    try:
        from ortools.sat.python import cp_model
    except ImportError as error:
        raise MissingExtraError("constraint programming (CP-SAT)", "ortools", "cpsat") from error
    return cp_model


def _solution(cp_model: Any, model: CpModel, solver: Any, code: Any, solve_s: float) -> CpSatSolution:
    statuses: dict[Any, Status] = {
        cp_model.OPTIMAL: "optimal",
        cp_model.FEASIBLE: "feasible",
        cp_model.INFEASIBLE: "infeasible",
        cp_model.UNKNOWN: "timeout",
    }
    if code not in statuses:
        raise SolverError(f"CP-SAT ended with {solver.status_name(code)}")
    status = statuses[code]
    limit: Limit | None = "time" if status in ("feasible", "timeout") else None
    has_objective = model.has_objective()
    maximum = has_objective and bool(model.proto.objective.scaling_factor < 0)
    objective = float(solver.objective_value) if status in ("optimal", "feasible") else None
    bound = float(solver.best_objective_bound) if has_objective else 0.0
    worst = float("-inf") if maximum else float("inf")
    if status == "infeasible":
        bound = worst
    elif status == "timeout" and has_objective and bound == 0:
        bound = -worst  # 0 is also what CP-SAT leaves where it knows nothing
    return CpSatSolution(
        status, limit, objective, bound, int(solver.num_branches), solve_s, "cp-sat", version("ortools"), solver
    )
