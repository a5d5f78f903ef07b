"""HiGHS in this process, by way of its array interface (passModel).

Facts that this file takes care of, found with highspy 1.14.0: a program without columns is reported as empty whatever
its rows say; a linear program that was stopped has values that needn't be feasible; ``threads`` holds until a
thread's scheduler is reset; ``HandleKeyboardInterrupt`` prints, shares one lock among all solvers, and ends the process
when Ctrl-C is pressed often, so it isn't used.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import highspy
import numpy as np

from codesign.ilp.answer import Answer, Verdict
from codesign.ilp.array_program import ArrayProgram, Floats
from codesign.ilp.errors import SolverError
from codesign.ilp.options import Options
from codesign.ilp.solution import Limit

SEED = 0
STATUS = highspy.HighsModelStatus
STOPPED_BY: dict[Any, Limit] = {STATUS.kTimeLimit: "time", STATUS.kSolutionLimit: "nodes"}
VERDICTS: dict[Any, Verdict] = {
    STATUS.kOptimal: "optimal",
    STATUS.kInfeasible: "infeasible",
    STATUS.kUnbounded: "unbounded",
    STATUS.kUnboundedOrInfeasible: "unbounded",
    STATUS.kTimeLimit: "stopped",
    STATUS.kSolutionLimit: "stopped",
}


def highs_version() -> str:
    """Return the version of HiGHS."""
    return str(highspy.Highs().version())


def run_highs(program: ArrayProgram, options: Options, start: Floats | None) -> Answer:
    """Solve a program with at least one column.

    Raises:
        SolverError: HiGHS refuses the program or fails.
        KeyboardInterrupt: Ctrl-C, after HiGHS has stopped.
    """
    began = time.perf_counter()
    solver = _solver(options)
    _require(solver.passModel(_model(program)), "takes no such program")
    if start is not None:
        known = np.flatnonzero(~np.isnan(start))
        _require(solver.setSolution(len(known), known.astype(np.int32), start[known]), "takes no such start")
    _run(solver)
    status = solver.getModelStatus()
    if status not in VERDICTS:
        raise SolverError(f"HiGHS ended with {solver.modelStatusToString(status)!r}")
    verdict = VERDICTS[status]
    info = solver.getInfo()
    x = None
    if (
        verdict in ("optimal", "stopped")
        and info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    ):
        x = np.array(solver.getSolution().col_value)
    is_mip = bool(program.integer.any())
    if not is_mip and verdict == "stopped" and x is not None and program.violation(x) is not None:
        x = None
    bound = -np.inf
    if is_mip:
        bound = float(info.mip_dual_bound)
    elif verdict == "optimal" and x is not None:
        bound = program.objective_of(x)
    limit = STOPPED_BY.get(status)
    return Answer(verdict, x, bound, max(0, int(info.mip_node_count)), limit, time.perf_counter() - began)


def _solver(options: Options) -> highspy.Highs:
    solver = highspy.Highs()
    settings: dict[str, bool | int | float] = {
        "output_flag": False,
        "random_seed": SEED,
        "threads": options.threads,
        "mip_rel_gap": options.relative_gap,
    }
    if options.absolute_gap is not None:
        settings["mip_abs_gap"] = options.absolute_gap
    if options.time_limit_s is not None:
        settings["time_limit"] = float(options.time_limit_s)
    if options.node_limit is not None:
        settings["mip_max_nodes"] = options.node_limit
    for name, value in settings.items():
        _require(solver.setOptionValue(name, value), f"takes no {name} = {value!r}")
    return solver


def _model(program: ArrayProgram) -> highspy.HighsLp:
    m, n = program.rows.shape
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n, m
    model.col_cost_ = program.cost
    model.col_lower_, model.col_upper_ = program.lower, program.upper
    model.row_lower_, model.row_upper_ = program.row_lower, program.row_upper
    model.offset_ = program.constant
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.num_row_, matrix.num_col_ = m, n
    matrix.start_, matrix.index_, matrix.value_ = program.rows.indptr, program.rows.indices, program.rows.data
    if program.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        model.integrality_ = [kinds[int(whole)] for whole in program.integer]
    return model


def _require(status: highspy.HighsStatus, what: str) -> None:
    """A warning passes: HiGHS warns of crossed bounds, and reports the program infeasible when it runs."""
    if status == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS {what}")


def _run(solver: highspy.Highs) -> None:
    """Run in a thread, so that Ctrl-C and other signals reach Python meanwhile; an exception here stops HiGHS first.

    Waited for by an event: a ``Thread.join`` that was interrupted takes the thread for ended (Python 3.11).
    """
    stop, done = threading.Event(), threading.Event()

    def look(kind: object, message: str, out: object, into: Any, data: object) -> None:
        if stop.is_set():
            into.user_interrupt = True

    solver.setCallback(look, None)
    for kind in ("kCallbackMipInterrupt", "kCallbackSimplexInterrupt", "kCallbackIpmInterrupt"):
        solver.startCallback(getattr(highspy.cb.HighsCallbackType, kind))
    ended: list[highspy.HighsStatus] = []

    def work() -> None:
        try:
            ended.append(solver.run())
            highspy.Highs.resetGlobalScheduler(True)
        finally:
            done.set()

    thread = threading.Thread(target=work, name="highs", daemon=True)
    thread.start()
    try:
        done.wait()
    except BaseException:
        stop.set()
        done.wait()
        raise
    finally:
        thread.join()
    if not ended or ended[0] == highspy.HighsStatus.kError:
        raise SolverError("HiGHS failed while it ran")
