"""Tables to learn from: one row for each core of each run."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from codesign.errors import WorkloadError
from codesign.workloads.gem5.ipc_runs import IpcRuns

COUNTS = ("numLoadInsts", "numStoreInsts", "numInsts", "numBranches", "intAluAccesses", "numOps")
"""Application features of the paper, by gem5's names: executed loads, stores, instructions and branches, accesses to
integer units, committed micro-operations, each over the whole run."""
CONFIGURATION = ("model", "L1Icache", "L1Dcache", "L2cache", "pipelinewidth")
"""Core features of the paper: number of the configuration, sizes in bytes, width."""
MISPREDICTED, PREDICTED = "branchPred.condIncorrect", "branchPred.condPredicted"
TRUTH = "ipc"
_COLUMNS = {"model": "model", "L1Icache": "l1i_bytes", "L1Dcache": "l1d_bytes", "L2cache": "l2_bytes"} | {
    "pipelinewidth": "width"
}


@cache
def configurations() -> pd.DataFrame:
    """Return the three cores that were simulated: one row each under its name."""
    with files("codesign.models.cpu.ipc_learning").joinpath("data/configurations.csv").open(encoding="utf-8") as stream:
        return pd.read_csv(stream, index_col="configuration")


def simulated_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return every row with the configuration that it was simulated with.

    Columns: run (its file), program, configuration, memory, core, ``COUNTS``, ``CONFIGURATION``, the conditional
    branches predicted and mispredicted, and ``ipc``.

    Args:
        rows: of ``IpcRuns``.
    """
    table = rows.rename(columns={"file": "run", "thread_0.numOps": "numOps"})
    sizes = configurations().loc[table["configuration"]]
    for name, column in _COLUMNS.items():
        table[name] = sizes[column].to_numpy(dtype=np.float64)
    identity = ["run", "program", "configuration", "memory", "core"]
    return table[[*identity, *COUNTS, *CONFIGURATION, PREDICTED, MISPREDICTED, TRUTH]]


def corrected_table(runs: IpcRuns) -> pd.DataFrame:
    """Return the rows of the authors' table, in its order, with the configuration that each was simulated with.

    Raises:
        WorkloadError: a row of the table isn't one of the runs.
    """
    table = simulated_table(runs.rows)
    keys = [*COUNTS, TRUTH]
    position = table[keys].reset_index(names="position")
    found = runs.table[keys].merge(position, on=keys, how="left", validate="one_to_one")["position"]
    if found.isna().any():
        missing = int(np.flatnonzero(found.isna())[0])
        raise WorkloadError(f"row {missing} of the published table is not a core of any run")
    return table.iloc[found.to_numpy(dtype=np.int64)].reset_index(drop=True)


def published_table(runs: IpcRuns) -> pd.DataFrame:
    """Return the rows of the authors' table, in its order, with the configuration columns that they learned from.

    The script that wrote the table appended the configuration of a file once for each of the 56 statistics that it read
    there, and not once for each of the 8 rows: row i carries the configuration of file i // 56, not of file i // 8.

    Raises:
        WorkloadError: a row of the table isn't one of the runs.
    """
    table = corrected_table(runs)
    for name in CONFIGURATION:
        table[name] = runs.table[name].to_numpy(dtype=np.float64)
    return table


def rows_with_their_configuration(runs: IpcRuns) -> int:
    """Return how many rows of the authors' table carry the configuration that they were simulated with."""
    return int((published_table(runs)["model"] == corrected_table(runs)["model"]).sum())


def spread_between_cores(table: pd.DataFrame) -> dict[str, float]:
    """Return how much IPC differs within runs and between them.

    Returns:
        ``within`` the median over runs of the standard deviation of the cores of one run (n - 1), ``between`` the
        standard deviation of the means of runs (n - 1).
    """
    by_run = table.groupby("run")[TRUTH]
    return {"within": float(by_run.std().median()), "between": float(by_run.mean().std())}
