"""``codesign trace``: what is recorded, shown and listed; refusals before anything runs."""

import json
import shutil

import pytest

from codesign.workloads.instructions.catalogue import instruction_traces
from codesign.workloads.instructions.npz import read_instruction_trace, write_instruction_trace
from tests.workloads.instructions.traces import loop_trace


@pytest.fixture
def tools():
    pytest.importorskip("capstone")
    for tool in ("qemu-x86_64", "cc", "true"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on the PATH")


@pytest.fixture
def loop(tmp_path):
    path = tmp_path / "loop.npz"
    write_instruction_trace(loop_trace(), path)
    return path


def test_record(command_line, tools, tmp_path):
    file = tmp_path / "mine.npz"
    done = command_line(
        "trace", "record", "--out", file, "--windows", 2, "--window", 1000, "--name", "mine", "--format", "json",
        "--", "true", "--help",
    )  # fmt: skip
    assert done.code == 0, done.err
    row = json.loads(done.out)[0]
    assert (row["file"], row["trace"], row["instructions"], row["windows"]) == (str(file), "mine", 2000, 2)
    assert row["run_instructions"] > 2000
    assert read_instruction_trace(file).name == "mine"


def test_record_into_this_folder(command_line, tools, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command_line("trace", "record", "--skip", 5, "--window", 10, "--", "true").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["true.npz"]


def test_a_program_that_fails_keeps_its_trace(command_line, tools, tmp_path):
    file = tmp_path / "failing.npz"
    done = command_line("trace", "record", "--out", file, "--windows", 1, "--window", 1000, "--", "sh", "-c", "exit 7")
    assert (done.code, file.exists()) == (0, True)
    assert "the program ended with exit code 7; its trace is kept" in done.err


def test_nothing_is_written_where_recording_fails(command_line, tools, tmp_path):
    done = command_line("trace", "record", "--out", tmp_path / "a.npz", "--skip", 10**9, "--", "true")
    assert done.code == 2
    assert "the program ended before the first window" in done.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "a.txt"], "--out: a.txt must end on .npz"),
        (["--out", "none/a.npz"], "--out: the folder none does not exist"),
        (["--skip", "1", "--windows", "2"], "--skip records one window: it can't be combined with --windows"),
        (["--input", "none"], "--input: there is no file none"),
        (["--windows", "0"], "windows must be at least 1, found 0"),
    ],
)
def test_refusals(command_line, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    done = command_line("trace", "record", *options, "--", "true")
    assert done.code == 2
    assert message in done.err
    assert not list(tmp_path.iterdir())


def test_show(command_line, loop):
    done = command_line("trace", "show", loop)
    assert done.code == 0
    for word in ("loop", "int_alu", "conditional", "data_lines"):
        assert word in done.out


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ([], {"trace": "loop", "instructions": 12, "load_share": 0.25}),
        (["--mix"], {"operation": "int_alu", "instructions": 3, "share": 0.25}),
        (["--branches"], {"branch": "conditional", "instructions": 3, "share": 0.25}),
    ],
)
def test_show_as_json(command_line, loop, option, expected):
    rows = json.loads(command_line("trace", "show", loop, *option, "--format", "json").out)
    assert expected.items() <= rows[0].items()


def test_show_what_is_not_there(command_line):
    done = command_line("trace", "show", "gizp")
    assert done.code == 2
    assert "unknown instruction trace 'gizp' (did you mean 'gzip'?)" in done.err


def test_show_both_parts(command_line, loop):
    done = command_line("trace", "show", loop, "--mix", "--branches")
    assert (done.code, "exclude each other" in done.err) == (2, True)


def test_list(command_line):
    rows = json.loads(command_line("trace", "list", "--format", "json").out)
    assert [row["name"] for row in rows] == list(instruction_traces())
