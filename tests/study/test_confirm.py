"""A frontier under another model: what moved, what stays, what is refused."""

import numpy as np
import pandas as pd
import pytest

from codesign.errors import ModelFailureError, StudyError
from codesign.models.protocol import Metric
from codesign.pareto import csv_text
from codesign.pareto.csv_file import read_csv
from codesign.space import parse_space
from codesign.study import Study
from codesign.study.confirm import confirmed, write_confirmed
from codesign.study.folder import read_study_frontier
from codesign.testing.toys import TOY_SPACE, ToyAccelerator

LINE = """\
title: Three arrays
model: toy.accelerator
parameters:
  rows: [8, 16, 32]
fixed: {columns: 8, clock_mhz: 500, work: 1000}
limits:
  area_mm2: {at_most: 4.0}
objectives:
  time_ms: {direction: minimize, reference: 40}
  energy_mj: {direction: minimize, reference: 30}
"""


class Slower(ToyAccelerator):
    """The toy with its figures changed by what ``change`` makes of its answer."""

    name = "toy.slower"

    def __init__(self, change):
        super().__init__()
        self.change = change

    def evaluate(self, designs):
        return self.change(super().evaluate(designs), designs)


def searched(folder, text=LINE):
    Study(parse_space(text, "line"), model=ToyAccelerator()).run(folder)
    return folder


def by_rows(found):
    return found.table.set_index("rows").sort_index()


def test_the_same_model_confirms_every_value(tmp_path):
    found = confirmed(searched(tmp_path), ToyAccelerator())
    assert len(found.after) == len(found.table) == 3
    assert (found.table["time_ms_change_percent"] == 0).all()
    assert (found.table["energy_mj"] == found.table["energy_mj_was"]).all()
    assert found.volumes[0] == found.volumes[1]


def test_changes_and_volumes_worked_out_by_hand(tmp_path):
    """8, 16, 32 rows of 8: 31.25, 15.625, 7.8125 ms; 10, 14.14, 20 mJ. Times get 1.25 times as long."""
    model = Slower(lambda answer, _: answer.assign(time_ms=1.25 * answer["time_ms"]))
    found = confirmed(searched(tmp_path), model)
    table = by_rows(found)
    assert table["time_ms_was"].tolist() == [31.25, 15.625, 7.8125]
    assert table["time_ms"].tolist() == [39.0625, 19.53125, 9.765625]
    np.testing.assert_allclose(table["time_ms_change_percent"], 25.0)
    np.testing.assert_allclose(table["energy_mj"], [10.0, 200**0.5, 20.0])

    def volume(times, energies=(10.0, 200**0.5, 20.0)):
        corners = (30.0, *reversed(energies))
        widths = 40.0 - np.array(sorted(times))
        return sum(w * (c - e) for w, c, e in zip(widths, corners, corners[1:]))

    assert found.volumes == pytest.approx((volume((31.25, 15.625, 7.8125)), volume((39.0625, 19.53125, 9.765625))))


def test_both_volumes_have_the_reference_point_of_the_study(tmp_path):
    worse = Slower(lambda answer, _: answer.assign(time_ms=40.0 + answer["time_ms"]))
    found = confirmed(searched(tmp_path), worse)
    assert len(found.after) == 3
    assert found.volumes[0] > found.volumes[1] == 0.0


def test_what_another_design_dominates_now_leaves_the_frontier(tmp_path):
    def costly_middle(answer, designs):
        return answer.assign(energy_mj=answer["energy_mj"] + 50.0 * (designs["rows"] == 16))

    found = confirmed(searched(tmp_path), Slower(costly_middle))
    assert sorted(found.after.table["rows"]) == [8, 32]
    assert len(found.table) == 3
    assert found.after.certificate.kind == "heuristic"
    assert found.after.certificate.statement == (
        "searched with toy.accelerator, its 3 designs evaluated with toy.slower"
    )


def test_limits_of_the_study_hold_under_the_new_model_too(tmp_path):
    larger = Slower(lambda answer, _: answer.assign(area_mm2=20.0 * answer["area_mm2"]))
    found = confirmed(searched(tmp_path), larger)
    table = by_rows(found)
    assert table["feasible"].tolist() == [True, True, False]
    assert table["reason"].tolist() == ["", "", "area_mm2 is above 4"]
    assert sorted(found.after.table["rows"]) == [8, 16]


def test_designs_that_the_new_model_can_not_take_are_rows_with_a_reason(tmp_path):
    def refusing(answer, designs):
        small = (designs["rows"] == 8).to_numpy()
        return answer.assign(
            time_ms=answer["time_ms"].mask(small), feasible=~small, reason=np.where(small, "too small", "")
        )

    found = confirmed(searched(tmp_path), Slower(refusing))
    table = by_rows(found)
    assert table["reason"].tolist() == ["too small", "", ""]
    assert np.isnan(table["time_ms_change_percent"].iloc[0])
    assert sorted(found.after.table["rows"]) == [16, 32]


def test_nothing_feasible_is_an_empty_frontier_without_volume(tmp_path):
    nothing = Slower(lambda answer, _: answer.assign(feasible=False, reason="no"))
    found = confirmed(searched(tmp_path), nothing)
    assert len(found.after) == 0
    assert found.volumes[1] == 0.0


def test_a_model_that_raises_leaves_a_row_with_the_reason(tmp_path):
    def raising(answer, designs):
        if (designs["rows"] == 32).any():
            raise ZeroDivisionError("no rows left")
        return answer

    table = by_rows(confirmed(searched(tmp_path), Slower(raising)))
    assert table["feasible"].tolist() == [True, True, False]
    assert table["reason"].iloc[2] == "the model raised ZeroDivisionError: no rows left"


def test_a_value_that_was_zero_has_no_change_in_percent(tmp_path):
    found = confirmed(searched(tmp_path, LINE.replace("work: 1000", "work: 0")),
                      Slower(lambda answer, _: answer.assign(time_ms=answer["time_ms"] + 1.0)))  # fmt: skip
    assert found.table["time_ms_was"].tolist() == [0.0]
    assert found.table["time_ms_change_percent"].isna().all()


def test_inactive_parameters_have_the_models_default(tmp_path):
    found = confirmed(searched(tmp_path, TOY_SPACE), ToyAccelerator())
    assert found.table["cache_kib"].isna().any()
    assert found.table["feasible"].all()
    assert (found.table["time_ms_change_percent"] == 0).all()
    assert len(found.after) == len(read_study_frontier(tmp_path))


def test_columns_come_as_described(tmp_path):
    found = confirmed(searched(tmp_path), ToyAccelerator())
    assert list(found.table) == [
        "rows",
        "time_ms", "time_ms_was", "time_ms_change_percent",
        "energy_mj", "energy_mj_was", "energy_mj_change_percent",
        "area_mm2", "feasible", "reason", "in_validated_range",
    ]  # fmt: skip
    pd.testing.assert_series_equal(found.table["time_ms_was"], found.before.table["time_ms"], check_names=False)


def test_the_file_is_the_whole_table(tmp_path):
    model = ToyAccelerator()
    found = confirmed(searched(tmp_path), model)
    path = write_confirmed(tmp_path, model, found)
    assert path == tmp_path / "confirmed-toy.accelerator.csv"
    assert path.read_bytes() == csv_text(found.table).encode()
    assert csv_text(read_csv(path)) == csv_text(found.table)
    assert not list(tmp_path.glob(".confirmed*"))


def test_no_study_and_an_unfinished_one_are_refused(tmp_path):
    with pytest.raises(StudyError, match=r"holds no study.json; run codesign sweep first"):
        confirmed(tmp_path, ToyAccelerator())
    searched(tmp_path)
    (tmp_path / "study.json").unlink()
    with pytest.raises(StudyError, match="its study is unfinished: run it again with --resume"):
        confirmed(tmp_path, ToyAccelerator())


def test_an_empty_frontier_is_refused(tmp_path):
    searched(tmp_path, LINE.replace("at_most: 4.0", "at_most: 0.001"))
    with pytest.raises(StudyError, match="has an empty frontier: there is nothing to confirm"):
        confirmed(tmp_path, ToyAccelerator())


class Other(ToyAccelerator):
    """A model without some of the toy's parameters or metrics."""

    name = "toy.other"

    def __init__(self, parameter=None, metric=None):
        super().__init__()
        self.lost = (parameter, metric)

    @property
    def parameters(self):
        return {name: one for name, one in super().parameters.items() if name not in self.lost}

    @property
    def metrics(self):
        given = {name: one for name, one in super().metrics.items() if name not in self.lost}
        return given | {"length_mm": Metric("length_mm", "mm", "minimize", "made up")}


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Other(parameter="rows"), "toy.other reads no 'rows', which the study of toy.accelerator has"),
        (Other(parameter="clock_mhz"), "toy.other reads no 'clock_mhz', which the study of toy.accelerator has"),
        (Other(metric="energy_mj"), "toy.other gives no 'energy_mj', which the study of toy.accelerator has"),
        (Other(metric="area_mm2"), "toy.other gives no 'area_mm2', which the study of toy.accelerator has"),
    ],
)
def test_a_model_that_does_not_fit_the_study_is_refused(tmp_path, model, message):
    with pytest.raises(StudyError, match=message):
        confirmed(searched(tmp_path), model)


def test_a_model_that_breaks_its_contract_is_refused(tmp_path):
    with pytest.raises(ModelFailureError, match="the model toy.other returned no column length_mm"):
        confirmed(searched(tmp_path), Other())
