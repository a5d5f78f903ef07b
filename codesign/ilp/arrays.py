"""Mixed-integer programs as arrays, solved by HiGHS with nothing in between: the way for large or hot ones."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from codesign.ilp.answer import conclude
from codesign.ilp.array_program import ArrayProgram, Floats
from codesign.ilp.errors import IlpError, UnsupportedOptionError
from codesign.ilp.highs import highs_version, run_highs
from codesign.ilp.options import Options
from codesign.ilp.solution import ArraySolution

__all__ = ["ArrayProgram", "ArraySolution", "checked_start", "solve_arrays"]


def solve_arrays(
    program: ArrayProgram,
    *,
    time_limit_s: float | None = None,
    relative_gap: float = 0.0,
    absolute_gap: float | None = None,
    node_limit: int | None = None,
    threads: int = 1,
    start: npt.ArrayLike | None = None,
) -> ArraySolution:
    """Solve with HiGHS.

    Args:
        program: see ``ArrayProgram``.
        time_limit_s, relative_gap, absolute_gap, node_limit, threads: see ``Options``.
        start: a value for each column to start from; NaN where none is known. A start that lacks values is completed
            by the solver where it can be.

    Raises:
        IlpError: an option or the start is wrong.
        UnsupportedOptionError: a start for a program without integers.
        SolverError: HiGHS failed, or its values are no solution.
        KeyboardInterrupt: Ctrl-C, after HiGHS has stopped.
    """
    options = Options(time_limit_s, relative_gap, absolute_gap, node_limit, threads)
    begin = None if start is None else checked_start(program, start, "highs")
    return conclude(program, options, begin, run_highs, run_highs, "highs", highs_version())


def checked_start(program: ArrayProgram, start: npt.ArrayLike, solver: str) -> Floats:
    """Return the start as an array; raises where it can't be one."""
    try:
        values = np.array(start, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise IlpError(f"start must be {program.cost.size} numbers: {error}") from error
    if values.shape != program.cost.shape:
        raise IlpError(f"start must be {program.cost.size} numbers, found the shape {values.shape}")
    if not program.integer.any():
        raise UnsupportedOptionError(solver, "start", "the program has no integer variables")
    known = ~np.isnan(values)
    whole = np.where(known & program.integer, values, 0.0)
    if (whole != np.round(whole)).any():
        column = int((whole != np.round(whole)).argmax())
        raise IlpError(f"start: the integer column {column} is {float(values[column])!r}")
    outside = known & ((values < program.lower) | (values > program.upper))
    if outside.any():
        column = int(outside.argmax())
        raise IlpError(
            f"start: column {column} is {values[column]:.12g}, outside"
            f" {program.lower[column]:.12g} ... {program.upper[column]:.12g}"
        )
    if known.all() and (fault := program.violation(values)) is not None:
        raise IlpError(f"start is no solution: {fault}")
    return values
