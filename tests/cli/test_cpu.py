"""``codesign cpu simulate``."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from codesign.models.cpu.machine.layout import STALLS

TRACE = str(files("codesign.workloads.instructions").joinpath("data/queens.npz"))


def test_ipc_cycles_misses_and_stalls(command_line):
    done = command_line(
        "cpu", "simulate", "--trace", TRACE, "--core", "small", "--warmup", 1000, "--instructions", 5000,
        "--compatibility", "champsim", "--format", "json",
    )  # fmt: skip
    assert done.code == 0, done.err
    (row,) = json.loads(done.out)
    assert list(row)[:4] == ["ipc", "cycles", "instructions", "branch_mpki"]
    assert row["ipc"] == pytest.approx(row["instructions"] / row["cycles"])
    assert sum(row[f"{stall}_cycles"] for stall in STALLS) == pytest.approx(row["cycles"])


def test_the_table_has_one_line_per_metric(command_line):
    done = command_line("cpu", "simulate", "--trace", TRACE, "--instructions", 2000)
    assert done.code == 0, done.err
    assert "llc_mpki" in done.out
    assert "branch_mispredict_cycles" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--trace", "none.npz"), "the trace file 'none.npz' does not exist"),
        (("--trace", TRACE, "--core", "huge"), "unknown core 'huge'"),
        (("--trace", TRACE, "--instructions", 10**9), "don't fit"),
        (("--trace", TRACE, "--warmup", -1), "don't fit"),
    ],
)
def test_bad_input_is_one_line(command_line, arguments, message):
    done = command_line("cpu", "simulate", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1
