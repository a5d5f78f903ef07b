"""CBC as a process of its own: the program goes out as MPS, bound and nodes come from its log.

PuLP's own call of CBC is not used because it splits its command line at blanks (a folder with a blank in its name
breaks it) and leaves CBC running when Python is interrupted. Where CBC has no solution it writes the values of the
relaxation, which are dropped here.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pulp

from codesign.ilp.answer import Answer, Verdict
from codesign.ilp.array_program import ArrayProgram, Floats
from codesign.ilp.errors import SolverError
from codesign.ilp.options import Options
from codesign.ilp.pulp_arrays import problem_of
from codesign.ilp.solution import Limit

SEED = 1
LOG_ROUNDING = 5e-4
"""The log gives the bound with three decimals."""


@cache
def cbc_version() -> str | None:
    """Return the version of the CBC that is found (on the path, or else the one inside PuLP), or None."""
    path = _path()
    if path is None:
        return None
    try:
        log = subprocess.run(
            [path, "-quit"], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"^Version: *(\S+)", log, re.MULTILINE)
    return found.group(1) if found else None


@cache
def _path() -> str | None:
    on_path = pulp.COIN_CMD(msg=False)
    if on_path.available():
        return str(on_path.path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        bundled = getattr(pulp, "PULP_CBC_CMD", None)
        if bundled is None or not bundled(msg=False).available():
            return None
        return str(Path(bundled.pulp_cbc_path).resolve())


def run_cbc(program: ArrayProgram, options: Options, start: Floats | None) -> Answer:
    """Solve a program with at least one column; CBC is ended when this is interrupted."""
    began = time.perf_counter()
    problem, variables = problem_of(program)
    with tempfile.TemporaryDirectory(prefix="codesign-cbc-") as folder:
        _, short_names, _, _ = problem.writeMPS(str(Path(folder, "program.mps")), rename=1)
        if start is not None:
            names = [short_names[variable.name] for variable in variables]
            Path(folder, "start.txt").write_text(_start_text(names, start))
        arguments = ["program.mps", *(["-mips", "start.txt"] if start is not None else []), *_options(options)]
        log = _call([*arguments, "-solve", "-printingOptions", "all", "-solution", "solution.txt"], folder)
        solution = Path(folder, "solution.txt")
        if not solution.exists():
            raise SolverError(f"CBC ended without an answer: {log.strip().splitlines()[-1:]}")
        first, *lines = solution.read_text().splitlines()
    values = dict(line.replace("**", "").split()[1:3] for line in lines if line.strip())
    x = np.array([float(values[short_names[variable.name]]) for variable in variables])
    return _answer(program, first, log, x, time.perf_counter() - began)


def _start_text(names: list[str], start: Floats) -> str:
    lines = ["Stopped on time - objective value 0"]
    known = [(name, value) for name, value in zip(names, start, strict=True) if not np.isnan(value)]
    lines += [f"{number} {name} {float(value)!r} 0" for number, (name, value) in enumerate(known)]
    return "\n".join(lines) + "\n"


def _options(options: Options) -> list[str]:
    words = ["-randomCbcSeed", str(SEED), "-randomSeed", str(SEED), "-timeMode", "elapsed"]
    words += ["-ratio", repr(options.relative_gap)]
    if options.absolute_gap is not None:
        words += ["-allow", repr(options.absolute_gap)]
    if options.time_limit_s is not None:
        words += ["-sec", repr(options.time_limit_s)]
    if options.node_limit is not None:
        words += ["-maxNodes", str(options.node_limit)]
    if options.threads > 1:
        words += ["-threads", str(options.threads)]
    return words


def _call(arguments: list[str], folder: str) -> str:
    command = [str(_path()), *arguments]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            log, _ = process.communicate()
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise SolverError(f"CBC ended with the code {process.returncode}: {log.strip().splitlines()[-1:]}")
    return log


def _answer(program: ArrayProgram, first: str, log: str, x: Floats, solve_s: float) -> Answer:
    """Read the first line of the solution file and the log's statistics."""
    nodes = int(_number(r"^Enumerated nodes: *(\d+)", log) or 0)
    is_mip = bool(program.integer.any())
    if first.startswith("Unbounded") or "infeasible or unbounded" in log:
        return Answer("unbounded", None, -np.inf, nodes, None, solve_s)
    if first.startswith(("Infeasible", "Integer infeasible")):
        return Answer("infeasible", None, np.inf, nodes, None, solve_s)
    if not first.startswith(("Optimal", "Stopped")):
        raise SolverError(f"CBC ended with {first!r}")
    stated = _number(r"^Lower bound: *(\S+)", log)
    verdict: Verdict = "optimal" if first.startswith("Optimal") else "stopped"
    limit: Limit | None = None
    if verdict == "stopped":
        limit = "nodes" if "Stopped on node limit" in log else "time"
    has_values = "continuous used" not in first and not (verdict == "stopped" and program.violation(x))
    bound = -np.inf
    if stated is not None and is_mip:
        bound = stated - LOG_ROUNDING + program.constant
    elif verdict == "optimal":
        bound = program.objective_of(x)
    return Answer(verdict, x if has_values else None, bound, nodes, limit, solve_s)


def _number(pattern: str, log: str) -> float | None:
    found = re.search(pattern, log, re.MULTILINE)
    return float(found.group(1)) if found else None
