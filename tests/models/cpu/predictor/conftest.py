"""Features of two tiny programs on the real anchors, and a predictor trained on a truth that follows from them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import sklearn.ensemble  # noqa: F401 (what isn't loaded yet can't be limited)
from threadpoolctl import threadpool_limits

from codesign.models.cpu.design import core_settings, drawn_cores
from codesign.models.cpu.features.program import program_features
from codesign.models.cpu.features.sample import sample
from codesign.models.cpu.predictor import rows
from codesign.models.cpu.predictor.anchors import anchors
from codesign.models.cpu.predictor.artefact import IpcPredictor, SimulatedProgram
from codesign.models.cpu.predictor.encoding import COORDINATES, seen_rates
from codesign.models.cpu.predictor.evaluation import training_table
from codesign.models.cpu.predictor.learned import Learned, rows_of
from codesign.models.cpu.predictor.rates import counterparts, fitted_common, fitted_own, rate_inputs
from codesign.models.cpu.predictor.rows import surface_of
from codesign.models.cpu.predictor.surface import Scales
from tests.models.cpu.features.programs import mixed, trace

CORES = 64
FAMILIES = {"near": "a", "far": "b"}


def tiny_program(name, seed, count=4400):
    """Loads, additions, stores, branches."""
    return trace(mixed(count, seed, lines=1500 * (seed + 1)), name)


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """Tables here are too small to be shared out."""
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="module")
def rough_scales():
    """Scales of the kernel from few anchors, which is quicker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "SCALE_ANCHORS", 64)
        yield


@pytest.fixture(scope="session")
def features():
    """One program on the anchors, and another that takes twice as long everywhere."""
    part = sample(tiny_program("near", 0), 400)
    near = program_features(part, core_settings(anchors()), core_settings(drawn_cores(2, 2)))
    return {"near": near, "far": replace(near, name="far", log_cpi=near.log_cpi + np.float32(np.log(2)))}


@pytest.fixture(scope="session")
def scales():
    return Scales(np.full(len(COORDINATES), 0.2), 1e-4, 1e-3)


@pytest.fixture(scope="session")
def surfaces(features, scales):
    return {name: surface_of(one, anchors(), scales) for name, one in features.items()}


@pytest.fixture(scope="session")
def table(surfaces):
    """Labels on the first drawn cores: 0.9 times the surface's IPC."""
    found = training_table(unlabelled(surfaces), surfaces, FAMILIES, drawn_cores(CORES))
    return found.assign(ipc=0.9 * found["one_pass_ipc"])


@pytest.fixture(scope="session")
def trained(table, surfaces):
    """``near`` was simulated; both taught the correction. Rates are 1.5 times the walk's."""
    learned = Learned({name: surface.scales for name, surface in surfaces.items()})
    learned.fit(table, table["ipc"].to_numpy())
    seen = {name: seen_rates(surface.program, drawn_cores(CORES)) for name, surface in surfaces.items()}
    inputs = {name: rate_inputs(rows_of(table[table["program"] == name]), seen[name]) for name in surfaces}
    lines = {name: counterparts(one) for name, one in seen.items()}
    common = fitted_common(
        np.concatenate(list(inputs.values())),
        np.concatenate(list(lines.values())),
        1.5 * np.concatenate(list(lines.values())),
    )
    near = SimulatedProgram(
        surfaces["near"].scales,
        table.loc[table["program"] == "near", "ipc"].to_numpy().astype(np.float32),
        learned.noise("near"),
        fitted_own(inputs["near"], 1.5 * lines["near"]),
        {0.8: 1.02, 0.9: 1.05},
    )
    return IpcPredictor(learned.trees, common, {0.8: 1.1, 0.9: 1.2}, {"near": near})


def unlabelled(programs):
    """A table of labels whose IPC is 1 everywhere."""
    return pd.DataFrame([{"program": name, "core": core, "ipc": 1.0} for name in programs for core in range(CORES)])
