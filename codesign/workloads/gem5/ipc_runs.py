"""The gem5 runs that arXiv 2402.18746 learns from: 13 programs on three cores with two memories, 8 cores each.

The authors' repository has no licence, so nothing of it is in this package: ``codesign data get ipc-gem5`` assembles
one file from their statistics files, their table and their saved predictions.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from codesign.errors import UnknownNameError, WorkloadError
from codesign.workloads.gem5.statistics import per_core, read_dumps

NAME = "ipc-gem5"
SOURCE = "arXiv 2402.18746; wajidali4907/IPC-prediction, commit 0d161a8"
CORES = 8
CORE_PATH = "system.o3Cpu"
STATISTICS = (
    "numCycles",
    "intAluAccesses",
    "numInsts",
    "numLoadInsts",
    "numBranches",
    "numStoreInsts",
    "ipc",
    "branchPred.condPredicted",
    "branchPred.condIncorrect",
    "thread_0.numOps",
)
"""What is kept of each core, by gem5's names."""
RUN_COLUMNS = ("file", "suite", "program", "input", "configuration", "memory")
ROW_COLUMNS = (*RUN_COLUMNS, "core", *STATISTICS)
TABLE = "output1.csv"
"""The table that the authors trained on."""
SAVED = tuple(
    f"{regressor}_{features}"
    for regressor in ("RandomForest", "LinearRegression", "SVM_regression")
    for features in ("without_normalize", "normalize")
)
"""Their saved predictions."""
_SAVED_FOLDER = "Actual_vs_predicted_Ipc"
_ROWS = "rows.csv"
_DATE, _UNIX = (1980, 1, 1, 0, 0, 0), 3
"""Of the members of the assembled file: the same on every machine."""

Read = Callable[[str], bytes]
"""Gives the content of a file of a repository, by its path in it; raises OSError or ValueError where it can't."""


@dataclass(frozen=True)
class IpcRuns:
    """The set.

    Attributes:
        rows: one row for each core of each run, columns ``ROW_COLUMNS``: counts and IPC of the whole run.
        table: the authors' table as they published it, in its order: columns model, numLoadInsts, numStoreInsts,
            numInsts, numBranches, intAluAccesses, numOps, ipc, L1Icache, L1Dcache, L2cache, pipelinewidth.
        saved: name of ``SAVED`` -> the authors' predictions of their test rows, columns truth and predicted (IPC).
    """

    rows: pd.DataFrame
    table: pd.DataFrame
    saved: Mapping[str, pd.DataFrame]


@cache
def known_runs() -> pd.DataFrame:
    """Return what was run in each statistics file: columns ``RUN_COLUMNS``, source and year.

    File names disagree about how they say it, and some misspell the program (``bfc``, ``ic``, ``mgc``): the folder that
    holds a file of equal content decides.
    """
    with files("codesign.workloads.gem5").joinpath("data/ipc_runs.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream)


def assemble(read: Read) -> bytes:
    """Return the set as one file: parsed rows, and the authors' table and predictions as they are.

    Args:
        read: gives the files of the repository.

    Raises:
        WorkloadError: a statistics file can't be read.
        What ``read`` raises.
    """
    parts = {_ROWS: _rows_text(read).encode(), TABLE: read(TABLE)}
    parts |= {path: read(path) for path in map(_saved_path, SAVED)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            member = zipfile.ZipInfo(name, _DATE)
            member.create_system = _UNIX
            archive.writestr(member, data)
    return packed.getvalue()


def _saved_path(name: str) -> str:
    return f"{_SAVED_FOLDER}/{name}.csv"


def _rows_text(read: Read) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(ROW_COLUMNS)
    for run in known_runs()[list(RUN_COLUMNS)].itertuples(index=False):
        path = f"stats/{run.file}"
        dumps = read_dumps(read(path).decode("utf-8", "replace"), path)
        if len(dumps) != 1:
            raise WorkloadError(f"{path}: {len(dumps)} dumps of gem5 statistics; one run has one")
        for core, row in enumerate(per_core(dumps[0], CORE_PATH, CORES, STATISTICS, path)):
            writer.writerow([*run, core, *map(_digits, row.values())])
    return text.getvalue()


def _digits(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def read_ipc_runs(path: Path | str) -> IpcRuns:
    """Read the assembled file.

    Raises:
        UnknownNameError: there is no such file.
        WorkloadError: it isn't the assembled file.
    """
    found = Path(path)
    if not found.is_file():
        raise UnknownNameError(f"no such file: {found}")
    status = found.stat()
    runs = _read(str(found), status.st_mtime_ns, status.st_size)
    return IpcRuns(runs.rows.copy(), runs.table.copy(), {name: one.copy() for name, one in runs.saved.items()})


@lru_cache(maxsize=2)
def _read(path: str, changed_ns: int, size_bytes: int) -> IpcRuns:
    """Read a file; when it was changed and its size are part of the key under which it is kept."""
    try:
        with zipfile.ZipFile(path) as archive:
            rows, table = (_table(archive, name) for name in (_ROWS, TABLE))
            saved = {name: _table(archive, _saved_path(name)) for name in SAVED}
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise WorkloadError(f"{path}: not the file that codesign data get {NAME} assembles: {error}") from error
    return IpcRuns(rows, table, {name: one.set_axis(["truth", "predicted"], axis=1) for name, one in saved.items()})


def _table(archive: zipfile.ZipFile, name: str) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(archive.read(name)))
