"""Reading a results folder."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from codesign.errors import StudyError
from codesign.report.results import CLOUD_ROWS, read_results
from tests.report.folders import designs, make_results


def test_a_folder_is_read_whole(folder):
    results = read_results(folder)
    evaluations = pd.read_parquet(folder / "evaluations.parquet")
    feasible = evaluations[evaluations["feasible"]].reset_index(drop=True)
    assert results.feasible_rows == len(feasible) == len(results.cloud)
    assert results.cloud["latency_ms"].tolist() == feasible["latency_ms"].tolist()
    assert results.metric_names == ["latency_ms", "energy_mj", "area_mm2", "accuracy"]
    assert str(results.labels["energy_mj"]) == "Energy (mJ)"
    assert results.metrics["latency_ms"].known_error == "3 % against RTL"
    assert (results.figure_setting("x"), results.figure_setting("colour")) == (None, "dataflow")


def test_a_large_cloud_is_a_seeded_sample_of_the_feasible_rows(tmp_path):
    table = designs(20_000)
    folder = make_results(tmp_path, table)
    table.to_parquet(folder / "evaluations.parquet", index=False, row_group_size=3_000)
    first, again = read_results(folder), read_results(folder)
    assert len(first.cloud) == CLOUD_ROWS
    assert first.feasible_rows == table["feasible"].sum()
    assert first.cloud["feasible"].all()
    pd.testing.assert_frame_equal(first.cloud, again.cloud)
    # In the order of evaluation, each at most once.
    positions = pd.Series(np.arange(len(table)), index=table["latency_ms"])[first.cloud["latency_ms"]]
    assert positions.is_monotonic_increasing
    assert positions.is_unique


def test_a_folder_without_evaluations_has_no_cloud(tmp_path):
    folder = make_results(tmp_path)
    (folder / "evaluations.parquet").unlink()
    results = read_results(folder)
    assert (len(results.cloud), results.feasible_rows) == (0, 0)


def damage(folder, name, text):
    (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "study.json").unlink(), r"holds no study\.json: not the results folder of a finished study"),
        (lambda f: damage(f, "study.json", "{"), r"study\.json can't be read"),
        (lambda f: damage(f, "study.json", '{"format": 9}'), "found no format 1"),
        (lambda f: damage(f, "study.json", '{"format": 1}'), "lacks 'parameters'; found: format"),
        (lambda f: (f / "frontier.csv").unlink(), r"frontier\.csv can't be read"),
        (lambda f: damage(f, "frontier.csv", "a,b\n1,2\n"), "the results can't be used: no column 'latency_ms'"),
        (lambda f: damage(f, "evaluations.parquet", "?"), r"evaluations\.parquet can't be read"),
    ],
)
def test_damaged_folders_are_refused(folder, tmp_path, spoil, message):
    copy = shutil.copytree(folder, tmp_path / "copy")
    spoil(copy)
    with pytest.raises(StudyError, match=message):
        read_results(copy)


def test_a_frontier_that_is_none_is_refused(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    study = json.loads((copy / "study.json").read_text())
    study["objectives"][0]["direction"] = "maximize"
    damage(copy, "study.json", json.dumps(study))
    with pytest.raises(StudyError, match="is dominated by another"):
        read_results(copy)
