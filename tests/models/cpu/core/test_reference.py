"""The simulator against ChampSim: 33 runs, limits set before the comparison."""

import csv

import numpy as np
import pytest

from codesign.models.cpu.core_file import core_named
from codesign.models.cpu.simulator import simulate
from codesign.workloads.instructions.npz import read_instruction_trace

SHORT = ("chase", "stream", "bfs")
"""Runs of 50,000 instructions of warm-up and 100,000 timed; the others 200,000 and 1,000,000."""


@pytest.mark.shared
def test_ipc_of_33_runs(shared):
    with (shared / "reference/cpu/champsim.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    theirs = {(row["trace"], row["cfg"]): row for row in rows}
    assert len(theirs) == 33
    ours, ipc, branches = [], [], []
    for (name, core), row in theirs.items():
        trace = read_instruction_trace(shared / f"reference/cpu/traces/{name}.npz")
        warmup, count = (50_000, 100_000) if name in SHORT else (200_000, 1_000_000)
        done = simulate(trace, core_named(core), warmup=warmup, instructions=count, compatibility="champsim")
        ours.append(done.ipc)
        ipc.append(float(row["ipc"]))
        branches.append(abs(done.mpki["branch"] - float(row["br_mpki"])))
    error = np.abs(np.array(ours) / ipc - 1)
    assert np.median(error) <= 0.05
    assert error.mean() <= 0.08
    assert error.max() <= 0.25
    assert np.corrcoef(np.log(ours), np.log(ipc))[0, 1] >= 0.99
    assert max(branches) <= 0.1
