"""Integer programming: one call for every solver, with status, bound and gap that can be relied on."""

from codesign.ilp.array_program import ArrayProgram
from codesign.ilp.arrays import solve_arrays
from codesign.ilp.cpsat import CpSatSolution, solve_cpsat
from codesign.ilp.errors import IlpError, MissingSolverError, SolverError, UnsupportedOptionError
from codesign.ilp.options import Options
from codesign.ilp.solution import ArraySolution, Limit, ProgramSolution, Solution, Status, relative_gap
from codesign.ilp.solvers import available_solvers
from codesign.ilp.solving import solve

__all__ = [
    "ArrayProgram",
    "ArraySolution",
    "CpSatSolution",
    "IlpError",
    "Limit",
    "MissingSolverError",
    "Options",
    "ProgramSolution",
    "Solution",
    "SolverError",
    "Status",
    "UnsupportedOptionError",
    "available_solvers",
    "relative_gap",
    "solve",
    "solve_arrays",
    "solve_cpsat",
]
