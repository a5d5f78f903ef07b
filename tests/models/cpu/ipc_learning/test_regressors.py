"""The regressors and the two baselines of runs."""

import warnings

import numpy as np
import pandas as pd
import pytest

from codesign.errors import UnknownNameError
from codesign.models.cpu.ipc_learning.features import FEATURES
from codesign.models.cpu.ipc_learning.regressors import REGRESSORS, NearestRun, OnFeatures, OwnRun, regressor
from codesign.models.cpu.ipc_learning.tables import simulated_table


@pytest.fixture
def table(made_runs):
    return simulated_table(made_runs.rows)


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor_learns_and_gives_equal_bits(name, table):
    """Learned rows are met better than by their mean; the same rows give the same bits, without a warning."""
    some = table.iloc[::7]
    truth = (1 + 3 * some["numLoadInsts"] / some["numInsts"]).to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (
            OnFeatures(FEATURES["normalised"], regressor(name)()).fit(some, truth).predict(some) for _ in range(2)
        )
    assert first.tolist() == second.tolist()
    assert np.mean((first - truth) ** 2) < truth.var()


def test_a_line_is_met_by_the_linear_regression(table):
    line = (0.3 * table["numLoadInsts"] / table["numInsts"] + 0.01 * table["pipelinewidth"] + 0.1).to_numpy()
    found = OnFeatures(FEATURES["normalised"], regressor("linear regression")()).fit(table, line).predict(table)
    assert found == pytest.approx(line)


def test_settings_are_the_published_ones():
    assert regressor("random forest")().get_params()["n_estimators"] == 100
    assert regressor("linear SVR")()[-1].get_params()["kernel"] == "linear"
    assert regressor("MLP 64-32")()[-1].get_params()["hidden_layer_sizes"] == (64, 32)
    with pytest.raises(
        UnknownNameError, match=r"unknown regressor 'random forrest' \(did you mean 'random forest'\?\)"
    ):
        regressor("random forrest")


def test_a_run_is_foretold_by_its_other_cores():
    known = pd.DataFrame({"run": ["a", "a", "b"]})
    found = OwnRun().fit(known, np.array([1.0, 3.0, 5.0])).predict(pd.DataFrame({"run": ["b", "a", "c"]}))
    assert found[:2].tolist() == [5.0, 2.0]
    assert np.isnan(found[2])


def test_a_run_is_foretold_by_the_run_that_is_like_it(table):
    truth = table["ipc"].to_numpy()
    asked = table[table["core"] == 3]
    seen = table[table["core"] != 3]
    found = NearestRun(FEATURES["extended"]).fit(seen, truth[table["core"] != 3]).predict(asked)
    own = OwnRun().fit(seen, truth[table["core"] != 3]).predict(asked)
    assert found == pytest.approx(own)
    others = table[table["run"] != "bt-dd-base.txt"]
    run = table[table["run"] == "bt-dd-base.txt"]
    found = NearestRun(FEATURES["extended"]).fit(others, truth[others.index]).predict(run)
    assert len(set(found)) == 1
    assert found[0] in others.groupby("run")["ipc"].mean().to_numpy()
