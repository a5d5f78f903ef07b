"""The rows of ``codesign reproduce ipc``."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from codesign.models.cpu.ipc_learning import regressors
from codesign.models.cpu.ipc_learning.reproduce import METRICS, OWN, _published, ipc, refit
from codesign.models.cpu.ipc_learning.tables import published_table
from codesign.models.cpu.predictor.artefact import trained_errors
from codesign.models.cpu.splits_metrics import ipc_errors
from codesign.workloads.gem5.ipc_runs import NAME, SAVED, read_ipc_runs
from codesign.workloads.tabular import store


def test_without_the_data_every_row_says_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(tmp_path))
    rows = published_rows()
    assert len(rows) == 6 * 4 + 6 + 1 + 7
    assert {row.verdict for row in rows} == {"not available"}
    assert all("codesign data get ipc-gem5" in row.note for row in rows)
    assert all(row.reference is not None for row in rows)


def published_rows():
    return [row for row in ipc() if not row.item.startswith(OWN)]


def test_the_predictor_of_this_project_stands_beside_on_every_split():
    rows = [row for row in ipc() if row.item.startswith(OWN)]
    told = {(row["split"], row["predictor"]): row["rmse_ipc"] for row in trained_errors()["errors"]}
    assert len(rows) == len(told) == 4 * 5
    for row in rows:
        predictor, split = row.item.removeprefix(OWN).removesuffix(": RMSE").split(", ", 1)
        assert row.ours == told[split, predictor]
        assert row.reference == 0.0609
        assert "other data" in row.note


@pytest.fixture
def made_here(monkeypatch, tmp_path, made_set):
    """The made-up set lies on this machine, and a forest has three trees."""
    data = made_set.read_bytes()
    known = replace(store.public_set(NAME), sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data))
    monkeypatch.setattr(store, "public_sets", lambda: {NAME: known})
    monkeypatch.setenv(store.FOLDER_VARIABLE, str(tmp_path))
    store.import_set(NAME, made_set, tmp_path)
    few = dict(regressors.REGRESSORS)
    few["random forest"] = lambda: RandomForestRegressor(n_estimators=3, random_state=42)
    monkeypatch.setattr(regressors, "REGRESSORS", few)


def test_other_data_differ_and_say_so(made_here):
    """Nothing is copied from the reference: made-up runs give made-up numbers, the same number of rows."""
    rows = published_rows()
    assert len(rows) == 6 * 4 + 6 + 1 + 7
    assert all(row.ours is not None and np.isfinite(row.ours) for row in rows)
    figures = [row for row in rows if row.item.endswith("RMSE") and "random rows" in row.item]
    assert len(figures) == 6
    assert all(row.verdict == "differs" for row in figures)
    assert [row.ours for row in rows if "saved predictions met" in row.item] == [0.0] * 6


def test_a_refit_predicts_the_rows_of_the_published_split(made_runs):
    table = published_table(made_runs)
    found = refit(table, "LinearRegression_normalize")
    assert len(found) == 116
    assert (found["truth"].to_numpy() == table["ipc"].to_numpy()[found["row"]]).all()


@pytest.mark.shared
def test_saved_predictions_and_their_figures():
    """The figures in the data file are those of the saved predictions; refits of equal rows meet them."""
    path = store.stored_path(NAME)
    if path is None:
        pytest.skip(f"the set is not on this machine: codesign data get {NAME}")
    runs = read_ipc_runs(path)
    for name in SAVED:
        saved = runs.saved[name]
        errors = ipc_errors(saved["truth"].to_numpy(), saved["predicted"].to_numpy())
        for metric in METRICS:
            digits = len(_published()[name][metric].split(".")[1])
            assert round(errors[metric], digits) == float(_published()[name][metric]), (name, metric)
    found = refit(published_table(runs), "LinearRegression_normalize")
    assert found["predicted"].to_numpy() == pytest.approx(runs.saved["LinearRegression_normalize"]["predicted"])
