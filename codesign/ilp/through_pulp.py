"""Gurobi, CPLEX and SCIP, each by PuLP's class for it; status, bound and nodes are read from the solver's own model.

PuLP's classes skip a limit or gap of 0, and their status doesn't tell a proven optimum from a solution found in time,
so limits go in as the solver's own parameters and PuLP's reading of the result isn't used.
"""

from __future__ import annotations

import time
from typing import Any, Literal, TypeAlias

import numpy as np
import pulp

from codesign.ilp.answer import Answer, Verdict
from codesign.ilp.array_program import ArrayProgram, Floats
from codesign.ilp.errors import SolverError, UnsupportedOptionError
from codesign.ilp.options import Options
from codesign.ilp.pulp_arrays import problem_of
from codesign.ilp.solution import Limit

SEED = 0
Outcomes: TypeAlias = dict[Any, tuple[Verdict | Literal["interrupted"], Limit | None]]
INTERRUPTED: tuple[Literal["interrupted"], None] = ("interrupted", None)


def run_gurobi(program: ArrayProgram, options: Options, start: Floats | None) -> Answer:
    """Solve with gurobipy."""
    parameters: dict[str, Any] = {"MIPGap": options.relative_gap, "Threads": options.threads, "Seed": SEED}
    given = {"TimeLimit": options.time_limit_s, "MIPGapAbs": options.absolute_gap, "NodeLimit": options.node_limit}
    parameters |= {name: value for name, value in given.items() if value is not None}
    began = time.perf_counter()
    solver = pulp.GUROBI(msg=False, warmStart=start is not None, manageEnv=True, **parameters)
    try:
        model, variables = _solved(solver, program, start)
        has_values = model.SolCount > 0
        x = np.array([variable.solverVar.X for variable in variables]) if has_values else None
        outcomes: Outcomes = {
            2: ("optimal", None),
            3: ("infeasible", None),
            4: ("unbounded", None),
            5: ("unbounded", None),
            8: ("stopped", "nodes"),
            9: ("stopped", "time"),
            11: INTERRUPTED,
        }
        bound = float(model.ObjBound) if model.IsMIP else None
        return _answer(program, outcomes, model.Status, x, bound, int(model.NodeCount), began)
    finally:
        solver.close()


def run_cplex(program: ArrayProgram, options: Options, start: Floats | None) -> Answer:
    """Solve with cplex."""
    parameters: dict[str, Any] = {"mip.tolerances.mipgap": options.relative_gap, "randomseed": SEED}
    given = {
        "timelimit": options.time_limit_s,
        "mip.tolerances.absmipgap": options.absolute_gap,
        "mip.limits.nodes": options.node_limit,
    }
    parameters |= {name: value for name, value in given.items() if value is not None}
    began = time.perf_counter()
    solver = pulp.CPLEX_PY(msg=False, warmStart=start is not None, threads=options.threads, **parameters)
    model, variables = _solved(solver, program, start)
    result = model.solution
    codes = result.status
    outcomes: Outcomes = {
        codes.optimal: ("optimal", None),
        codes.MIP_optimal: ("optimal", None),
        codes.optimal_tolerance: ("optimal", None),
        codes.infeasible: ("infeasible", None),
        codes.MIP_infeasible: ("infeasible", None),
        codes.unbounded: ("unbounded", None),
        codes.MIP_unbounded: ("unbounded", None),
        codes.infeasible_or_unbounded: ("unbounded", None),
        codes.MIP_infeasible_or_unbounded: ("unbounded", None),
        codes.abort_time_limit: ("stopped", "time"),
        codes.MIP_time_limit_feasible: ("stopped", "time"),
        codes.MIP_time_limit_infeasible: ("stopped", "time"),
        codes.node_limit_feasible: ("stopped", "nodes"),
        codes.node_limit_infeasible: ("stopped", "nodes"),
        codes.abort_user: INTERRUPTED,
        codes.MIP_abort_feasible: INTERRUPTED,
        codes.MIP_abort_infeasible: INTERRUPTED,
    }
    x = np.array(result.get_values([v.name for v in variables])) if result.is_primal_feasible() else None
    has_bound = outcomes.get(result.get_status(), INTERRUPTED)[0] in ("optimal", "stopped")
    bound = float(result.MIP.get_best_objective()) if has_bound else None
    nodes = int(result.progress.get_num_nodes_processed())
    return _answer(program, outcomes, result.get_status(), x, bound, nodes, began)


def run_scip(program: ArrayProgram, options: Options, start: Floats | None) -> Answer:
    """Solve with pyscipopt, which has one thread."""
    if options.threads > 1:
        raise UnsupportedOptionError("scip", f"threads={options.threads}", "pyscipopt solves with one thread")
    given = {"timeLimit": options.time_limit_s, "gapAbs": options.absolute_gap, "maxNodes": options.node_limit}
    began = time.perf_counter()
    solver = pulp.SCIP_PY(msg=False, gapRel=options.relative_gap, warmStart=start is not None, **given)
    model, variables = _solved(solver, program, start)
    x = None
    if model.getNSols() > 0:
        best = model.getBestSol()
        x = np.array([best[variable.solverVar] for variable in variables])
    outcomes: Outcomes = {
        "optimal": ("optimal", None),
        "gaplimit": ("optimal", None),
        "infeasible": ("infeasible", None),
        "unbounded": ("unbounded", None),
        "inforunbd": ("unbounded", None),
        "nodelimit": ("stopped", "nodes"),
        "totalnodelimit": ("stopped", "nodes"),
        "timelimit": ("stopped", "time"),
        "userinterrupt": INTERRUPTED,
    }
    bound = float(model.getDualbound())
    return _answer(program, outcomes, model.getStatus(), x, bound, int(model.getNTotalNodes()), began)


def _solved(solver: Any, program: ArrayProgram, start: Floats | None) -> tuple[Any, list[pulp.LpVariable]]:
    """Build the solver's model from the arrays, run it, and return it with the variables in the columns' order."""
    problem, variables = problem_of(program)
    if start is not None:
        for variable, value in zip(variables, start, strict=True):
            variable.varValue = None if np.isnan(value) else float(value)
    solver.buildSolverModel(problem)
    solver.callSolver(problem)
    return problem.solverModel, variables


def _answer(
    program: ArrayProgram,
    outcomes: Outcomes,
    status: Any,
    x: Floats | None,
    bound: float | None,
    nodes: int,
    began: float,
) -> Answer:
    if status not in outcomes:
        raise SolverError(f"the solver ended with the status {status!r}")
    verdict, limit = outcomes[status]
    if verdict == "interrupted":
        raise KeyboardInterrupt
    if verdict in ("infeasible", "unbounded"):
        return Answer(verdict, None, -np.inf, nodes, limit, time.perf_counter() - began)
    if x is not None and verdict == "stopped" and program.violation(np.where(program.integer, np.round(x), x)):
        x = None
    known = bound is not None and abs(bound) < 1e20
    least = float(bound) + program.constant if bound is not None and known else -np.inf
    if bound is None and verdict == "optimal" and x is not None:
        least = program.objective_of(x)
    return Answer(verdict, x, least, nodes, limit, time.perf_counter() - began)
