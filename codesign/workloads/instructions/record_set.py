"""Record the committed set of traces anew: ``python -m codesign.workloads.instructions.record_set FOLDER [NAME ...]``.

Needs Debian's tools that ``recipes`` names, gcc, QEMU and Capstone. Inputs are made by rule, programs run in an
environment of their own with fixed random bytes, so that a second recording on the same system gives nearly the same
traces (what a program reads from the clock and its process number may differ).
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from codesign.errors import UnknownNameError, WorkloadError, nearest
from codesign.pareto.csv_file import write_atomically
from codesign.workloads.instructions.capture.record import record
from codesign.workloads.instructions.inputs import make_inputs
from codesign.workloads.instructions.npz import SUFFIX, write_instruction_trace
from codesign.workloads.instructions.recipes import WINDOW, WINDOWS, Recipe, kernel_source, recipes
from codesign.workloads.instructions.set_readme import readme

TABLE = "programs.csv"
README = "README.md"
COLUMNS = (
    "name",
    "family",
    "command",
    "standard_input",
    "description",
    "made_by",
    "run_instructions",
    "instructions",
    "static_instructions",
    "file_bytes",
)
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/"}
_KERNEL_FLAGS = ("-O2", "-static")
_Row = dict[str, str | int]


def record_set(folder: Path, names: Sequence[str] = ()) -> None:
    """Record the programs of these names (all where none is given) into a folder, and their rows into its table.

    Raises:
        UnknownNameError: no program of the set has that name.
        WorkloadError: a tool is missing or fails.
        StorageError: the folder can't be written to.
    """
    known = {recipe.name: recipe for recipe in recipes()}
    for name in names:
        if name not in known:
            raise UnknownNameError(f"no program {name!r} in the set{nearest(name, known)}; known: {', '.join(known)}")
    with tempfile.TemporaryDirectory(prefix="codesign-set-") as work:
        _prepare(Path(work))
        for name in names or known:
            row = _recorded(known[name], Path(work), folder)
            rows = {kept["name"]: kept for kept in _rows(folder)} | {name: row}
            _write_table(folder, [rows[kept] for kept in known if kept in rows])


def _prepare(work: Path) -> None:
    """Make inputs, kernels and objects."""
    make_inputs(work)
    (work / "kernels").mkdir()
    for recipe in recipes():
        program = recipe.command[0]
        if not program.startswith("kernels/"):
            continue
        for name in (f"{recipe.name}.c", "kernel.h"):
            (work / "kernels" / name).write_text(kernel_source(name))
        _run(["gcc", *_KERNEL_FLAGS, "-o", program, f"{program}.c", "-lm"], work)
    _run(["gcc", "-O1", "-S", "-o", "source.s", "source.c"], work)
    _run(["gcc", "-O1", "-c", "-o", "source.o", "source.c"], work)


def _run(command: list[str], work: Path) -> str:
    done = subprocess.run(command, cwd=work, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WorkloadError(f"{' '.join(command)} failed: {done.stderr.strip()[-400:]}")
    return done.stdout.strip()


def _recorded(recipe: Recipe, work: Path, folder: Path) -> _Row:
    """Record one program; return its row of the table."""
    words = [_run(["gcc", "-print-prog-name=cc1"], work) if word == "{cc1}" else word for word in recipe.command]
    path = shutil.which(words[0], path=ENVIRONMENT["PATH"]) or str(work / words[0])
    taken = record(
        [path, *words[1:]],
        name=recipe.name,
        windows=WINDOWS,
        window=WINDOW,
        standard_input=work / recipe.standard_input if recipe.standard_input else None,
        environment=ENVIRONMENT,
        folder=work,
    )
    file = folder / f"{recipe.name}{SUFFIX}"
    write_instruction_trace(taken.trace, file)
    return {
        "name": recipe.name,
        "family": recipe.family,
        "command": " ".join(recipe.command),
        "standard_input": recipe.standard_input,
        "description": recipe.description,
        "made_by": _made_by(recipe, path, work),
        "run_instructions": taken.instructions or 0,
        "instructions": len(taken.trace),
        "static_instructions": len(taken.trace.code),
        "file_bytes": file.stat().st_size,
    }


def _made_by(recipe: Recipe, path: str, work: Path) -> str:
    """Return package and version of a tool, compiler and options of a kernel."""
    if recipe.command[0].startswith("kernels/"):
        return f"{_run(['gcc', '--version'], work).splitlines()[0]} {' '.join(_KERNEL_FLAGS)}"
    real = os.path.realpath(path)
    for known in (path, real, real.removeprefix("/usr"), path.removeprefix("/usr")):
        found = subprocess.run(["dpkg-query", "-S", known], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            package = found.stdout.split(":")[0]
            return _run(["dpkg-query", "-W", "-f", "${Package} ${Version}", package], work)
    return ""


def _rows(folder: Path) -> list[_Row]:
    file = folder / TABLE
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        return [dict(row) for row in csv.DictReader(stream)]


def _write_table(folder: Path, rows: list[_Row]) -> None:
    text = StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(folder / TABLE, text.getvalue().encode())
    write_atomically(folder / README, readme(rows, WINDOWS, WINDOW).encode())


if __name__ == "__main__":
    record_set(Path(sys.argv[1]), sys.argv[2:])
