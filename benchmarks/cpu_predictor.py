"""The predictor of IPC beside the simulator: cores in a second, and what is lost by exploring with it.

The space is ``spaces/cpu/long/million-cores.yaml``. It is explored with ``cpu.predicted``, its frontier is simulated,
and so are ``DENSE`` designs of the same space drawn at random. Two questions are answered:

- what the explored frontier, as simulated, dominates beside the frontier of the random designs, as simulated;
- of the random designs alone: what those that the predictor holds for the frontier dominate, as simulated, beside the
  true frontier of these.
"""

from __future__ import annotations

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.timing import median_seconds
from codesign.models.cpu.design import core_settings, drawn_cores
from codesign.models.cpu.model import CpuPredicted, CpuSimulated
from codesign.models.cpu.parameters import WARMUP
from codesign.models.cpu.predictor.anchors import features_of_trace
from codesign.models.cpu.predictor.artefact import trained_features, trained_predictor, trained_program
from codesign.models.cpu.simulator import simulate_many
from codesign.pareto.dominance import non_dominated
from codesign.pareto.objective import costs
from codesign.pareto.quality import hypervolume
from codesign.space.reader import read_space
from codesign.study.confirm import confirmed
from codesign.study.study import Study
from codesign.workloads.instructions.catalogue import instruction_trace

PROGRAMS = ("gzip", "sqlite3", "cc1", "queens", "spmv", "triad")
PREDICTED, SIMULATED = 65_536, 12
SPACE = Path(__file__).parents[1] / "spaces" / "cpu" / "long" / "million-cores.yaml"
DENSE, DENSE_SEED = 1500, 0


def speed() -> pd.DataFrame:
    """Return cores a CPU second and program: predicted with and without the program's simulations, and simulated."""
    rows = []
    for program in PROGRAMS:
        trace = instruction_trace(program)
        own, other = trained_program(program), trained_predictor().of_features(trained_features(program))
        cores, few = drawn_cores(PREDICTED), core_settings(drawn_cores(SIMULATED))
        began = time.process_time()
        features_of_trace(trace)
        taken = time.process_time() - began
        simulating = median_seconds(partial(simulate_many, trace, few, warmup=WARMUP, threads=1), 3) / SIMULATED
        row = {"program": program, "features_cpu_s": taken, "simulated_cores_per_s": 1.0 / simulating}
        for name, predictor in (("seen", own), ("unseen", other)):
            row[f"{name}_cores_per_s"] = PREDICTED / median_seconds(partial(predictor.predict, cores), 3)
        row["ratio"] = row["seen_cores_per_s"] * simulating
        rows.append(row)
        print(f"predictor {program}: {row['seen_cores_per_s']:,.0f} cores a CPU second", file=sys.stderr)
    return pd.DataFrame(rows)


def exploration(dense: int = DENSE) -> dict[str, float]:
    """Return how long the space took and the shares of dominated volume that are lost; see the module."""
    space = read_space(SPACE)
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        result = Study(space).run(folder)
        took = time.monotonic() - began
        found = confirmed(folder, CpuSimulated())
    drawn = space.sample(dense, seed=DENSE_SEED).assign(**space.fixed)
    truth, told = (model.evaluate(drawn) for model in (CpuSimulated(), CpuPredicted()))
    objectives = space.objectives
    real, held = costs(truth, objectives), non_dominated(costs(told, objectives))
    explored = costs(found.table, objectives)
    everything = np.concatenate((real, explored))
    corner = everything.max(axis=0) + 0.01 * np.ptp(everything, axis=0)

    def volume(points: np.ndarray) -> float:
        return float(hypervolume(points[non_dominated(points)], corner))

    was, now = found.volumes
    return {
        "designs": float(result.summary["counts"]["evaluated"]),
        "seconds": took,
        "frontier": float(len(found.table)),
        "confirmed_volume_change_percent": 100.0 * (now / was - 1.0),
        "dense_designs": float(dense),
        "gain_over_dense_percent": 100.0 * (volume(explored) / volume(real) - 1.0),
        "loss_within_dense_percent": 100.0 * (1.0 - volume(real[held]) / volume(real)),
    }


def run(out: Path) -> None:
    """Measure, print, and write ``predictor-speed.csv`` and ``predictor-exploration.csv``."""
    table = speed()
    table.to_csv(out / "predictor-speed.csv", index=False)
    print(table.round(1).to_string(index=False))
    explored = pd.DataFrame([exploration()])
    explored.to_csv(out / "predictor-exploration.csv", index=False)
    print(explored.round(3).T.to_string(header=False))
