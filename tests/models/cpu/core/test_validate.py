"""ChampSim's runs on the shipped traces, and ours beside them."""

import math
from collections import Counter

import pytest

from codesign.models.cpu import validate
from codesign.models.cpu.core_file import core_names
from codesign.models.cpu.validate import STRUCTURES, cpu_core, reference_runs, repeated
from codesign.workloads.instructions.catalogue import recorded_programs

RUNS = {(run.program, run.core): run for run in reference_runs()}


def test_ninety_runs_of_twenty_programs():
    assert len(RUNS) == len(reference_runs()) == 90
    assert {program for program, _ in RUNS} <= set(recorded_programs())
    assert Counter(core for _, core in RUNS) == dict.fromkeys(("small", "mid", "big"), 20) | dict.fromkeys(
        ("scalar", "narrow", "wide"), 10
    )
    assert {core for _, core in RUNS} < set(core_names())


@pytest.mark.parametrize(
    ("program", "core"), [("zstd", "small"), ("grep", "mid"), ("cc1", "big"), ("sort", "scalar"), ("tree", "wide")]
)
def test_a_run_is_repeated(program, core):
    run = RUNS[program, core]
    ours = repeated(run)
    assert ours.instructions == run.instructions
    assert ours.ipc == pytest.approx(run.ipc, rel=0.05)
    assert set(ours.mpki) == set(STRUCTURES) == set(run.mpki)
    assert ours.mpki["branch"] == pytest.approx(run.mpki["branch"], abs=0.1)
    assert ours.mpki["llc"] == pytest.approx(run.mpki["llc"], abs=0.1)


def test_rows_from_two_runs(monkeypatch):
    """Ours is 10 % too fast on one and right on the other."""
    runs = [RUNS["zstd", "small"], RUNS["stencil", "big"]]

    class Ours:
        def __init__(self, run, factor):
            self.ipc, self.mpki = run.ipc * factor, {name: value + 1.0 for name, value in run.mpki.items()}

    factors = {"zstd": 1.11, "stencil": 1.0}
    monkeypatch.setattr(validate, "reference_runs", lambda: runs)
    monkeypatch.setattr(validate, "repeated", lambda run: Ours(run, factors[run.program]))
    rows = {check.item: check for check in cpu_core()}
    assert rows["zstd on core small, IPC"].verdict == "differs"
    assert rows["stencil on core big, IPC"].verdict == "match"
    median = rows["median of 1 + |error of IPC| over 2 runs"]
    assert (median.difference, median.verdict) == (pytest.approx(0.055), "differs")
    largest = rows["largest of 1 + |error of IPC| over 2 runs"]
    assert (largest.difference, largest.verdict) == (pytest.approx(0.11), "match")
    branches = rows["mispredicted branches, mean over 2 runs"]
    assert branches.ours == pytest.approx(branches.reference + 1.0)


@pytest.mark.slow
def test_every_row_that_differs_says_why():
    checks = cpu_core()
    assert len(checks) == 90 + 4 + len(STRUCTURES)
    assert not any(math.isnan(check.difference) for check in checks)
    differs = [check for check in checks if check.verdict == "differs"]
    assert all(check.note for check in differs)
    assert not any("|error of IPC|" in check.item or "correlation" in check.item for check in differs)
