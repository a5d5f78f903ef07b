"""Which solvers there are, and which of them this machine has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any

from codesign.errors import UnknownNameError, nearest
from codesign.ilp import through_pulp
from codesign.ilp.answer import Run
from codesign.ilp.cbc import cbc_version, run_cbc
from codesign.ilp.errors import MissingSolverError
from codesign.ilp.highs import highs_version, run_highs


@dataclass(frozen=True, slots=True)
class Solver:
    """A solver that programs can be handed to.

    Attributes:
        run: solves arrays.
        version: None where the machine hasn't got it.
        remedy: how to get it.
    """

    run: Run
    version: Callable[[], str | None]
    remedy: str


def available_solvers() -> dict[str, str]:
    """Return name and version of each solver that works on this machine, the default one first."""
    versions = {name: solver.version() for name, solver in SOLVERS.items()}
    return {name: version for name, version in versions.items() if version is not None}


def solver_named(name: str) -> tuple[Solver, str]:
    """Return a solver and its version.

    Raises:
        UnknownNameError: there is no such solver.
        MissingSolverError: it isn't installed, or finds no licence.
    """
    if name not in SOLVERS:
        raise UnknownNameError(f"unknown solver {name!r}{nearest(name, SOLVERS)}; known: {', '.join(SOLVERS)}")
    solver = SOLVERS[name]
    version = solver.version()
    if version is None:
        found = ", ".join(f"{other} {number}" for other, number in available_solvers().items())
        raise MissingSolverError(name, solver.remedy, found)
    return solver, version


def _gurobi_version() -> str | None:
    gurobipy: Any = _imported("gurobipy")
    if gurobipy is None:
        return None
    try:
        with gurobipy.Env(params={"OutputFlag": 0}):
            return ".".join(map(str, gurobipy.gurobi.version()))
    except gurobipy.GurobiError:
        return None


def _cplex_version() -> str | None:
    return None if _imported("cplex") is None else metadata.version("cplex")


def _scip_version() -> str | None:
    pyscipopt: Any = _imported("pyscipopt")
    return None if pyscipopt is None else str(pyscipopt.Model().version())


def _imported(package: str) -> object:
    try:
        return import_module(package)
    except ImportError:
        return None


SOLVERS: dict[str, Solver] = {
    "highs": Solver(run_highs, highs_version, "pip install highspy"),
    "cbc": Solver(run_cbc, cbc_version, "install CBC (package coinor-cbc) or a PuLP that carries it"),
    "gurobi": Solver(through_pulp.run_gurobi, _gurobi_version, "pip install gurobipy and set up a licence"),
    "cplex": Solver(through_pulp.run_cplex, _cplex_version, "pip install cplex"),
    "scip": Solver(through_pulp.run_scip, _scip_version, "pip install pyscipopt"),
}
