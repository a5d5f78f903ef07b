"""A made-up repository of the shape of the authors': statistics of all known runs, a table, saved predictions."""

import csv
import io

import numpy as np
import pandas as pd

from codesign.workloads.gem5 import ipc_runs, statistics
from codesign.workloads.gem5.ipc_runs import CORES, SAVED, STATISTICS, TABLE, known_runs

MODEL = {"aggressive": (1.0, 65536, 1048576, 2097152, 16), "base": (2.0, 32768, 524288, 1048576, 8)} | {
    "lean": (3.0, 16384, 262144, 524288, 4)
}
TABLE_COLUMNS = ["model", "numLoadInsts", "numStoreInsts", "numInsts", "numBranches", "intAluAccesses", "numOps", "ipc"]
SIZES = ["L1Icache", "L1Dcache", "L2cache", "pipelinewidth"]


def made_rows(seed=0):
    """One row for each core of each known run; IPC depends on program and configuration, and little on the core."""
    draw = np.random.default_rng(seed)
    speed = {name: draw.uniform(0.05, 1.0) for name in sorted(known_runs()["program"].unique())}
    rows = []
    for run in known_runs().itertuples():
        instructions = int(draw.integers(10**6, 10**8))
        mix = draw.uniform(0.05, 0.4, 4)
        integer, operations = draw.uniform(0.5, 1.0), draw.uniform(1.2, 1.8)
        for core in range(CORES):
            count = instructions + core * 1000 + int(draw.integers(0, 999))
            ipc = round(speed[run.program] * MODEL[run.configuration][-1] ** 0.25 * (1 + 0.01 * draw.normal()), 6)
            loads, stores, branches, wrong = (int(share * count) for share in mix)
            values = [
                int(count / ipc),
                int(integer * count),
                count,
                loads,
                branches,
                stores,
                ipc,
                branches,
                wrong // 50,
            ]
            rows.append([run.file, core, *values, int(operations * count)])
    return pd.DataFrame(rows, columns=["file", "core", *STATISTICS])


def statistics_text(rows):
    """A statistics file with these rows as its cores."""
    lines = ["", statistics.BEGIN, "simSeconds     0.027977     # Number of seconds simulated (Second)"]
    lines.append("system.caches.delay::mean     1.647422   # delay histogram (Unspecified)")
    lines.append("system.caches.delay      |    32453376     97.17%     97.17% |      638786      1.91%     99.09%")
    for row in rows.to_dict("records"):
        path = f"{ipc_runs.CORE_PATH}{row['core']}"
        lines += [f"{path}.{name}     {row[name]}    # words (Count)" for name in STATISTICS]
        lines.append(f"{path}.cpi     nan     # CPI ((Cycle/Count))")
    return "\n".join([*lines, "", statistics.END, ""])


def table_text(rows):
    """The table that the authors' script writes of these rows: without two misnamed files, configurations repeated 56
    times instead of 8."""
    named = [name for name in known_runs()["file"] if name.endswith(".txt")][::-1]
    configuration = known_runs().set_index("file")["configuration"]
    repeated = [MODEL[configuration[name]] for name in named for _ in range(56)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*TABLE_COLUMNS, *SIZES])
    order = pd.concat([rows[rows["file"] == name] for name in named])
    for row, (model, *sizes) in zip(order.to_dict("records"), repeated, strict=False):
        row["numOps"] = row["thread_0.numOps"]
        writer.writerow([model, *(row[name] for name in TABLE_COLUMNS[1:]), *sizes])
    return text.getvalue()


def write_repository(folder, rows):
    """Write it; gives the folder."""
    for name, of_run in rows.groupby("file"):
        path = folder / "stats" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(statistics_text(of_run))
    (folder / TABLE).write_text(table_text(rows))
    for number, name in enumerate(SAVED):
        path = folder / "Actual_vs_predicted_Ipc" / f"{name}.csv"
        path.parent.mkdir(exist_ok=True)
        path.write_text("Actual IPC,Predicted IPC\n" + "".join(f"0.5,{0.5 + number / 100}\n" for _ in range(116)))
    return folder
