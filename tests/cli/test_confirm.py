"""``codesign confirm``: a frontier under another model."""

import io
import json

import pandas as pd
import pytest

from codesign import Study, read_space
from codesign.testing.toys import TOY_SPACE


@pytest.fixture
def study(toy_space_file, tmp_path):
    """The folder of the toy's finished study."""
    Study(read_space(toy_space_file)).run(tmp_path / "toy")
    return tmp_path / "toy"


@pytest.fixture
def slower(monkeypatch, toy_model):
    """Let the toy take 1.25 times as long from here on."""
    before = toy_model.evaluate

    def set_up(**more):
        def changed(self, designs):
            answer = before(self, designs)
            return answer.assign(time_ms=1.25 * answer["time_ms"], **more)

        monkeypatch.setattr(toy_model, "evaluate", changed)

    return set_up


def test_says_how_the_designs_moved(study, slower, command_line):
    slower()
    done = command_line("confirm", study, "toy.accelerator")
    assert (done.code, done.err) == (0, "")
    count = len(pd.read_csv(study / "frontier.csv"))
    assert f"{count} of {count} designs stay on the frontier; hypervolume " in done.out
    assert " %), one reference point" in done.out
    assert "time_ms_change_percent" in done.out
    assert done.out.endswith(f"{study / 'confirmed-toy.accelerator.csv'}\n")


@pytest.mark.parametrize("how", ["json", "csv"])
def test_prints_one_object_a_design_and_writes_the_same(how, study, slower, command_line):
    slower()
    out = command_line("confirm", study, "toy.accelerator", "--format", how).out
    printed = json.loads(out) if how == "json" else pd.read_csv(io.StringIO(out)).to_dict("records")
    written = pd.read_csv(study / "confirmed-toy.accelerator.csv")
    searched = pd.read_csv(study / "frontier.csv")
    assert len(printed) == len(written) == len(searched)
    assert list(printed[0]) == list(written)
    assert [row["time_ms_was"] for row in printed] == searched["time_ms"].tolist()
    assert [row["time_ms"] for row in printed] == (1.25 * searched["time_ms"]).tolist()


def test_the_study_itself_stays_as_it_was(study, slower, command_line):
    before = {path.name: path.read_bytes() for path in study.iterdir() if path.is_file()}
    slower()
    command_line("confirm", study, "toy.accelerator")
    after = {path.name: path.read_bytes() for path in study.iterdir() if path.is_file()}
    assert after.pop("confirmed-toy.accelerator.csv")
    assert after == before


def test_infeasible_designs_are_named_with_their_reason(study, slower, command_line):
    slower(feasible=False, reason="no such array")
    done = command_line("confirm", study, "toy.accelerator")
    assert done.code == 0
    assert "infeasible under it" in done.out
    assert "no such array" in done.out
    assert "0 of " in done.out
    assert "0 as confirmed (-100.00 %)" in done.out


def test_a_frontier_without_volume_has_no_change_of_it(tmp_path, toy_model, command_line):
    one = TOY_SPACE.replace(
        "objectives: {time_ms: minimize,", "objectives: {time_ms: {direction: minimize, reference: 0},"
    )
    (tmp_path / "toy.yaml").write_text(one)
    Study(read_space(tmp_path / "toy.yaml")).run(tmp_path / "toy")
    done = command_line("confirm", tmp_path / "toy", "toy.accelerator")
    assert done.code == 0, done.err
    assert "hypervolume 0 as searched, 0 as confirmed, one reference point" in done.out


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("toy.acelerator", "no model 'toy.acelerator' (did you mean 'toy.accelerator'?)"),
        ("systolic.array", "systolic.array reads no 'rows', which the study of toy.accelerator has"),
    ],
)
def test_a_model_that_does_not_fit_is_one_line(model, message, study, command_line):
    done = command_line("confirm", study, model)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert not list(study.glob("confirmed*"))


def test_a_folder_without_a_study_is_one_line(tmp_path, command_line):
    done = command_line("confirm", tmp_path, "systolic.array")
    assert (done.code, done.out) == (2, "")
    assert "holds no study.json; run codesign sweep first" in done.err
