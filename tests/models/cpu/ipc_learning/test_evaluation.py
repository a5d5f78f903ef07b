"""The splits and the errors on the made-up runs; the figures of the authors' runs."""

import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor

from codesign.errors import UnknownNameError
from codesign.models.cpu.ipc_learning import evaluation, regressors
from codesign.models.cpu.ipc_learning.evaluation import SPLITS, evaluate, folds_of, predictions
from codesign.models.cpu.ipc_learning.tables import corrected_table, published_table, simulated_table
from codesign.models.cpu.splits_metrics import METRICS
from codesign.workloads.gem5.ipc_runs import NAME, known_runs, read_ipc_runs
from codesign.workloads.tabular.store import stored_path


@pytest.fixture
def table(made_runs):
    return simulated_table(made_runs.rows)


@pytest.fixture
def small_forest(monkeypatch):
    """Three trees instead of a hundred, so that the tests are fast."""
    few = dict(regressors.REGRESSORS)
    few["random forest"] = lambda: RandomForestRegressor(n_estimators=3, random_state=42)
    monkeypatch.setattr(regressors, "REGRESSORS", few)


@pytest.mark.parametrize(
    ("split", "column", "folds"),
    [("whole runs", "run", 10), ("whole configurations", "configuration", 3), ("whole programs", "program", 13)],
)
def test_no_group_is_on_both_sides(table, split, column, folds):
    found = folds_of(table, split)
    assert len(found) == folds
    for fold in found:
        assert not set(table[column].iloc[fold.train]) & set(table[column].iloc[fold.test])


def test_the_published_split_has_every_tested_run_among_the_training_rows(table):
    for split in ("random rows", "random fifths", "one core of each run"):
        for fold in folds_of(table, split):
            assert set(table["run"].iloc[fold.test]) <= set(table["run"].iloc[fold.train])


def test_every_row_is_tested_once_but_in_the_published_split(table):
    for split in SPLITS:
        tested = [row for fold in folds_of(table, split) for row in fold.test]
        assert len(tested) == len(set(tested)) == (119 if split == "random rows" else 592)


def test_errors_are_one_row_for_each_split_and_predictor(table, small_forest):
    found = evaluate(table, ["raw"], ["random forest", "linear regression"], ["random rows", "whole programs"])
    assert list(found.columns) == ["split", "features", "predictor", *METRICS]
    assert list(found[["split", "features", "predictor"]].itertuples(index=False, name=None)) == [
        ("random rows", "", "constant"),
        ("random rows", "", "nearest run"),
        ("random rows", "", "own run"),
        ("random rows", "raw", "random forest"),
        ("random rows", "raw", "linear regression"),
        ("whole programs", "", "constant"),
        ("whole programs", "", "nearest run"),
        ("whole programs", "raw", "random forest"),
        ("whole programs", "raw", "linear regression"),
    ]
    assert found["rows"].tolist() == [119] * 5 + [592] * 4


def test_the_split_flatters_a_method_that_knows_nothing_of_other_programs(table, small_forest):
    """In the made-up runs the features say nothing of a program's speed: random rows hide it."""
    found = evaluate(table, ["normalised"], ["random forest"], ["random fifths", "whole programs"])
    error = found.set_index(["split", "predictor"])["rmse_ipc"]
    assert error["random fifths", "random forest"] < 0.2 * error["random fifths", "constant"]
    assert error["whole programs", "random forest"] > 0.7 * error["whole programs", "constant"]
    assert found.query("predictor == 'own run'")["r2"].item() > 0.999


def test_equal_inputs_give_equal_bits(table, small_forest):
    first, second = (predictions(table, ["raw"], ["random forest", "linear SVR"], ["random rows"]) for _ in range(2))
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_names_that_mean_nothing_are_refused(table):
    with pytest.raises(UnknownNameError, match=r"unknown split 'whole program' \(did you mean 'whole programs'\?\)"):
        evaluate(table, splits=["whole program"])
    with pytest.raises(UnknownNameError, match="unknown features 'ratios'"):
        evaluate(table, features=["ratios"])
    with pytest.raises(UnknownNameError, match="unknown regressor 'boosting'"):
        evaluate(table, regressors=["boosting"])


@pytest.fixture
def reference_table(shared):
    """The authors' rows, as they were parsed elsewhere."""
    parsed = pd.read_csv(shared / "reference/cpu/gem5-paper-rows.csv")
    return simulated_table(known_runs().merge(parsed, on="file", validate="1:m"))


@pytest.mark.shared
@pytest.mark.slow
def test_published_method_on_the_parsed_rows(reference_table):
    """RMSE at most 0.065 on random rows, above that on whole runs, and no better than a constant on whole programs."""
    splits = [evaluation.RANDOM_ROWS, evaluation.RANDOM_FIFTHS, evaluation.RUNS, evaluation.PROGRAMS]
    found = evaluate(reference_table, ["raw"], ["random forest"], splits).set_index(["split", "predictor"])
    forest = found.xs("random forest", level="predictor")
    assert forest.loc["random rows", "rmse_ipc"] <= 0.065
    assert forest.loc["random fifths", "rmse_ipc"] <= 0.065
    assert 0.09 < forest.loc["whole runs", "rmse_ipc"] < 0.11
    assert forest.loc["whole programs", "r2"] < 0
    assert forest.loc["whole programs", "rmse_ipc"] == pytest.approx(0.249, rel=0.02)


@pytest.mark.shared
def test_the_other_cores_of_a_run_tell_its_ipc(reference_table):
    found = evaluate(reference_table, [], [], [evaluation.ONE_CORE]).set_index("predictor")
    assert found.loc["own run", "rmse_ipc"] == pytest.approx(0.054, rel=0.02)
    assert found.loc["own run", "mape_ipc_percent"] == pytest.approx(5.3, rel=0.02)


@pytest.mark.shared
def test_random_rows_of_the_published_table():
    path = stored_path(NAME)
    if path is None:
        pytest.skip(f"the set is not on this machine: codesign data get {NAME}")
    runs = read_ipc_runs(path)
    for table, features in ((published_table(runs), "normalised as published"), (corrected_table(runs), "raw")):
        found = evaluate(table, [features], ["random forest"], [evaluation.RANDOM_ROWS])
        assert found.query("predictor == 'random forest'")["rmse_ipc"].item() <= 0.065
