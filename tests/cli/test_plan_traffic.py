"""``codesign plan --dram-trace``: the plan's transfers as a trace that ``codesign dram simulate`` takes."""

import json

import numpy as np
import onnx
import pytest

from codesign.workloads.memory.reader import read_trace
from tests.cli.test_plan import DETOUR, detour

SMALL = [*DETOUR, "--budget", "minimum"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    onnx.save(detour(), "detour.onnx")
    return tmp_path


@pytest.fixture
def traced(folder, command_line):
    """Return a function that plans and gives the answer's row and the trace."""

    def run(*arguments, file="plan.stl"):
        done = command_line("plan", *SMALL, *arguments, "--dram-trace", file, "--format", "json")
        assert done.code == 0, done.err
        (row,) = json.loads(done.out)
        return row, read_trace(file)

    return run


def test_the_trace_has_the_bytes_of_the_plan(traced):
    row, trace = traced()
    assert row["noncompulsory_bytes"] > 0
    moved = 64 * len(trace)
    transfers = row["spills"] + row["retrievals"] + 2
    assert row["offchip_bytes"] <= moved < row["offchip_bytes"] + 64 * transfers
    assert trace.write.sum() >= row["spills"] + 1
    assert trace.cycle[-1] <= row["latency_cycles"] + 64 * transfers / 16, "whole bursts take longer than their bytes"


def test_speeds_of_the_machine_set_the_times(traced):
    _, usual = traced("--word-bits", "32")
    row, slow = traced("--word-bits", "32", "--macs-per-cycle", "64", "--dram-bytes-per-cycle", "4")
    assert np.array_equal(slow.address, usual.address)
    assert slow.cycle[1] - slow.cycle[0] == 16
    assert usual.cycle[-1] < slow.cycle[-1] <= row["latency_cycles"] + 64 * 4 / 4


def test_packed_files_hold_the_same_trace(traced):
    _, plain = traced()
    _, packed = traced(file="plan.stl.gz")
    assert np.array_equal(plain.address, packed.address)
    assert np.array_equal(plain.cycle, packed.cycle)


def test_a_plan_that_moves_nothing_has_no_trace(folder, command_line):
    arguments = [*DETOUR, "--budget", "peak", "--paper-accounting", "--dram-trace", "plan.stl"]
    done = command_line("plan", *arguments)
    assert done.code == 2
    assert "offchip" in done.out
    assert "moves nothing to or from DRAM, so there is no trace of it" in done.err
    assert not (folder / "plan.stl").exists()


def test_other_files_are_refused_before_the_work(folder, command_line):
    done = command_line("plan", *SMALL, "--dram-trace", "plan.trace")
    assert (done.code, done.out) == (2, "")
    assert "--dram-trace: plan.trace must end on .stl or .gz" in done.err
