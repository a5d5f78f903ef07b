"""The command line as a contract: names, options, JSON keys, exit codes, files."""

import io
import json
import sys

import pandas as pd
import pytest

from codesign.models import registry
from codesign.testing.toys import TOY_SPACE

FILES = (
    "frontier.csv",
    "frontier.tex",
    "frontier.png",
    "frontier.pdf",
    "report.html",
    "evaluations.parquet",
    "study.json",
)


def test_sweep_without_arguments_explains_itself(command_line):
    done = command_line("sweep")
    assert done.code == 0
    assert "codesign sweep my.yaml --resume" in done.out


def test_sweep_writes_the_whole_folder(toy_space_file, tmp_path, command_line):
    done = command_line("sweep", toy_space_file, "--out", tmp_path / "results")
    assert (done.code, done.err) == (0, "")
    assert "toy: 1,232 designs evaluated (896 feasible)" in done.out
    assert "enumerated" in done.out
    folder = tmp_path / "results" / "toy"
    assert all((folder / name).stat().st_size > 100 for name in FILES)


def test_sweep_options_reach_the_study(toy_space_file, tmp_path, command_line):
    command_line("sweep", toy_space_file, "--out", tmp_path, "--search", "nsga2", "--budget", 80, "--seed", 5)
    summary = json.loads((tmp_path / "toy" / "study.json").read_text())
    assert summary["search"] == {"method": "nsga2", "options": {}, "seed": 5, "budget": 80, "ended": "budget"}


def test_a_folder_of_spaces_and_its_long_ones(tmp_path, toy_model, command_line):
    spaces = tmp_path / "spaces"
    (spaces / "a" / "long").mkdir(parents=True)
    (spaces / "a" / "one.yaml").write_text(TOY_SPACE)
    (spaces / "a" / "two.yaml").write_text(TOY_SPACE)
    (spaces / "a" / "long" / "three.yaml").write_text(TOY_SPACE)
    command_line("sweep", spaces, "--out", tmp_path / "out", "--budget", 20, "--quiet")
    assert sorted(p.parent.name for p in (tmp_path / "out").rglob("study.json")) == ["one", "two"]
    command_line("sweep", spaces, "--out", tmp_path / "out", "--budget", 20, "--long")
    assert (tmp_path / "out" / "a" / "long" / "three" / "study.json").exists()


def test_one_bad_space_does_not_stop_the_others(tmp_path, toy_model, command_line):
    (tmp_path / "a.yaml").write_text("model: 3")
    (tmp_path / "b.yaml").write_text(TOY_SPACE)
    done = command_line("sweep", tmp_path / "a.yaml", tmp_path / "b.yaml", "--out", tmp_path / "out")
    assert done.code == 2
    assert (tmp_path / "out" / "b" / "frontier.csv").exists()


def test_no_feasible_design_is_exit_code_3(tmp_path, toy_model, command_line):
    (tmp_path / "none.yaml").write_text(TOY_SPACE.replace("at_most: 4.0", "at_most: 0.0001"))
    done = command_line("sweep", tmp_path / "none.yaml", "--out", tmp_path / "out")
    assert done.code == 3, done.err
    assert "(0 feasible)" in done.out
    assert "no feasible design; most often because" in done.err
    assert "designs: area_mm2 is above 0.0001" in done.err
    assert "area_mm2 at most 0.0001: met by 0 of " in done.err
    assert "nearest reachable" in done.err
    assert (tmp_path / "out" / "none" / "frontier.csv").read_text().count("\n") == 1


def test_resume_of_a_finished_study_gives_the_same(toy_space_file, tmp_path, command_line):
    command_line("sweep", toy_space_file, "--out", tmp_path)
    before = (tmp_path / "toy" / "frontier.csv").read_bytes()
    done = command_line("sweep", toy_space_file, "--out", tmp_path, "--resume")
    assert done.code == 0
    assert (tmp_path / "toy" / "frontier.csv").read_bytes() == before


def rows(text, how):
    return json.loads(text) if how == "json" else pd.read_csv(io.StringIO(text)).to_dict("records")


@pytest.mark.parametrize("how", ["json", "csv"])
def test_frontier_prints_one_object_a_design(how, toy_space_file, tmp_path, command_line):
    command_line("sweep", toy_space_file, "--out", tmp_path)
    printed = rows(command_line("frontier", tmp_path / "toy", "--format", how).out, how)
    table = pd.read_csv(tmp_path / "toy" / "frontier.csv")
    assert len(printed) == len(table)
    assert list(printed[0]) == list(table.columns)
    assert printed[0]["time_ms"] == table.time_ms[0]


def test_frontier_as_a_table_names_the_certificate(toy_space_file, tmp_path, command_line):
    command_line("sweep", toy_space_file, "--out", tmp_path)
    done = command_line("frontier", tmp_path / "toy")
    assert "enumerated: all 1,232 designs that meet the constraints were evaluated" in done.out
    assert "time_ms" in done.out


def test_compare_sets_two_studies_side_by_side(toy_space_file, tmp_path, command_line):
    command_line("sweep", toy_space_file, "--out", tmp_path / "a")
    command_line("sweep", toy_space_file, "--out", tmp_path / "b", "--search", "random", "--budget", 60)
    done = command_line("compare", tmp_path / "a" / "toy", tmp_path / "b" / "toy", "--format", "json")
    assert done.code == 0
    printed = {row["quantity"]: row for row in json.loads(done.out)}
    assert printed["hypervolume"]["a"] >= printed["hypervolume"]["b"]
    assert printed["coverage"]["a"] == 1.0
    read = command_line("compare", tmp_path / "a" / "toy", tmp_path / "b" / "toy").out
    assert "method: exhaustive in A, random in B" in read
    assert "designs on one frontier only" in read
    assert "moved" not in read


def test_compare_shows_what_a_changed_model_moved(toy_space_file, tmp_path, command_line, toy_model, monkeypatch):
    command_line("sweep", toy_space_file, "--out", tmp_path / "a")
    before = toy_model.evaluate

    def slower(self, designs):
        answer = before(self, designs)
        return answer.assign(time_ms=answer["time_ms"] * 1.25)

    monkeypatch.setattr(toy_model, "evaluate", slower)
    monkeypatch.setattr(toy_model, "version", "2")
    command_line("sweep", toy_space_file, "--out", tmp_path / "b")
    read = command_line("compare", tmp_path / "a" / "toy", tmp_path / "b" / "toy").out
    assert "model version: 1 in A, 2 in B" in read
    assert "metrics of common designs that moved" in read
    assert "0.25" in read


@pytest.mark.parametrize("how", ["table", "json", "csv"])
def test_spaces_lists_and_shows(how, tmp_path, toy_model, command_line):
    (tmp_path / "toy.yaml").write_text(TOY_SPACE)
    listed = command_line("spaces", "--folder", tmp_path, "--format", how)
    assert listed.code == 0
    assert "Toy accelerator" in listed.out
    shown = command_line("spaces", "show", tmp_path / "toy.yaml", "--format", how)
    assert shown.code == 0
    assert "cache_kib" in shown.out
    if how == "table":
        assert "1,400 designs, of which 1,232 (88.0000%) meet the constraints" in shown.out
        assert "rows >= columns / 4" in shown.out
    if how == "json":
        assert json.loads(shown.out)[0]["feasible_designs"] == 1232
        assert json.loads(listed.out)[0]["designs"] == 1400


def test_models_lists_and_shows(toy_model, command_line):
    names = [row["model"] for row in json.loads(command_line("models", "--format", "json").out)]
    assert names == [
        "asic.heterogeneous",
        "cpu.predicted",
        "cpu.simulated",
        "dram.controller",
        "fpga.subgraph",
        "pe.mpgemm",
        "scratchpad.plan",
        "systolic.array",
        "toy.accelerator",
    ]
    shown = json.loads(command_line("models", "show", "systolic.array", "--format", "json").out)
    assert {"array_rows", "array_columns", "dataflow", "depthwise", "group_channels", "network"} <= {
        row["name"] for row in shown if row["what"] == "parameter"
    }
    assert {"compute_cycles", "utilisation"} <= {row["name"] for row in shown if row["what"] == "metric"}
    assert all(row["unit"] and row["description"] for row in shown if row["what"] == "metric")
    read = command_line("models", "show", "systolic.array").out
    assert "PARAMETERS" in read
    assert "dataflow: {ws, os, is, rs}; default ws" in read
    assert "arXiv 2006.15103" in read


def test_evaluate_one_design(toy_model, command_line):
    done = command_line(
        "evaluate", "toy.accelerator", "--set", "rows=8", "--set", "columns=16", "--set", "work=1e6", "--format", "json"
    )
    assert done.code == 0
    (design,) = json.loads(done.out)
    assert design["time_ms"] == 1000 * 1e6 / (8 * 16 * 500)
    assert design["feasible"] is True
    table = command_line("evaluate", "toy.accelerator", "--set", "rows=8", "--set", "columns=16")
    assert "time_ms" in table.out


def test_evaluate_a_file_of_designs(tmp_path, toy_model, command_line):
    (tmp_path / "designs.csv").write_text("rows,columns\n8,8\n1024,1024\n")
    done = command_line("evaluate", "toy.accelerator", "--designs", tmp_path / "designs.csv", "--format", "json")
    assert done.code == 0
    first, second = json.loads(done.out)
    assert first["feasible"] is True
    assert (second["feasible"], second["reason"], second["time_ms"]) == (False, "more than 4096 units", None)


def test_evaluate_only_infeasible_is_exit_code_3(toy_model, command_line):
    done = command_line("evaluate", "toy.accelerator", "--set", "rows=1024", "--set", "columns=1024")
    assert done.code == 3
    assert "more than 4096 units" in done.out


def test_systolic_evaluate_equals_the_published_cycles(command_line):
    settings = ["network=mobilenetv1", "array_rows=64", "array_columns=64", "dataflow=rs", "layers=conv"]
    for channels, cycles in ((1, 378_000), (4, 214_200), (8, 220_752), (16, 248_031)):
        arguments = [word for setting in [*settings, f"group_channels={channels}"] for word in ("--set", setting)]
        done = command_line("evaluate", "systolic.array", *arguments, "--format", "json")
        assert json.loads(done.out)[0]["compute_cycles"] == cycles


def test_reproduce_draco(command_line):
    done = command_line("reproduce", "draco", "--format", "json")
    assert done.code == 0, done.err
    table = json.loads(done.out)
    assert {"published", "ours", "difference", "tolerance", "verdict", "note"} <= set(table[0])
    assert sum(row["verdict"] == "match" for row in table) >= 10
    assert all(row["note"] for row in table if row["verdict"] != "match")


def test_validate_writes_its_page(tmp_path, command_line, monkeypatch):
    kept = {registry.REPRODUCTIONS_GROUP: ["draco"], registry.VALIDATIONS_GROUP: ["workloads"]}
    monkeypatch.setattr(registry, "names", lambda group: kept[group])
    done = command_line("validate", "--write", tmp_path / "validation.md")
    assert done.code == 0, done.err
    assert "## workloads" in (tmp_path / "validation.md").read_text()
    assert "match" in done.out


@pytest.mark.slow
def test_validate_recomputes_every_comparison(tmp_path, command_line):
    done = command_line("validate", "--write", tmp_path / "validation.md")
    assert done.code == 0, done.err
    assert "## workloads" in (tmp_path / "validation.md").read_text()
    assert "match" in done.out


def test_version_and_help(command_line):
    assert command_line("--version").out.startswith("codesign 0.")
    assert "sweep" in command_line("--help").out


def test_a_defect_of_ours_is_exit_code_1_without_a_traceback(monkeypatch, command_line):
    from codesign.models import registry

    monkeypatch.setattr(registry, "names", lambda *_: 1 / 0)
    done = command_line("models")
    assert done.code == 1
    assert "internal error, please report: ZeroDivisionError" in done.err
    assert "Traceback" not in done.err


def test_ctrl_c_is_exit_code_130(monkeypatch, toy_space_file, tmp_path, command_line, toy_model):
    def interrupt(self, designs):
        raise KeyboardInterrupt

    monkeypatch.setattr(toy_model, "evaluate", interrupt)
    done = command_line("sweep", toy_space_file, "--out", tmp_path)
    assert done.code == 130
    assert "run again with --resume" in done.err
    assert sys.exc_info() == (None, None, None)
