"""Traces and cores that are none, through Python and through the command line: one line with what, where, allowed."""

import re
from dataclasses import replace

import numpy as np
import pytest

from codesign.errors import WorkloadError
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.simulator import simulate, simulate_many
from codesign.workloads.instructions.npz import write_instruction_trace

from .programs import Step, repeated, trace_of

TRACE = repeated([Step(0x400000, "load", loads=(64,)), Step(0x400004, "store", stores=(128,))], 50)
"""100 instructions with 100 memory operands."""


def code(**changes):
    return {"code": replace(TRACE.code, **changes)}


CONTRADICTIONS = {
    "loads": ({"loads": TRACE.loads[:-1]}, "loads has the shape (99,); 100 instructions with 100 memory operands need"),
    "counts": (
        {"stores": np.full(100, 2, np.uint8)},
        "operand_address has the shape (100,); 100 instructions with 250",
    ),
    "addresses": ({"operand_address": TRACE.operand_address[:7]}, "operand_address has the shape (7,)"),
    "directions": ({"operand_store": TRACE.operand_store[:7]}, "operand_store has the shape (7,)"),
    "outcomes": ({"taken": TRACE.taken[:7]}, "taken has the shape (7,)"),
    "which": ({"which": TRACE.which + np.int32(1)}, "which holds 2; allowed are 0 to 1"),
    "before": ({"which": TRACE.which - np.int32(1)}, "which holds -1; allowed are 0 to 1"),
    "class": (code(operation=np.array([7, 99], np.uint8)), "operation holds 99; allowed are 0 to 22"),
    "branch": (code(branch=np.array([8, 0], np.uint8)), "branch holds 8; allowed are 0 to 7"),
    "register": (code(sources=np.full((2, 6), 200, np.uint8)), "sources holds 200; allowed are 0 to 127"),
}


@pytest.mark.parametrize(("change", "message"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
@pytest.mark.parametrize("compatibility", [None, "champsim"])
def test_traces_that_contradict_themselves_are_never_run(change, message, compatibility):
    wrong = replace(TRACE, **change)
    with pytest.raises(WorkloadError, match=re.escape(f"trace 'made': {message}")):
        simulate(wrong, CoreSettings(), compatibility=compatibility)
    with pytest.raises(WorkloadError, match=re.escape(message)):
        simulate_many(wrong, [CoreSettings()], compatibility=compatibility)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "made.npz"
    write_instruction_trace(TRACE, path)
    return path


def cut(path):
    path.write_bytes(path.read_bytes()[:-200])


def changed(**arrays):
    def change(path):
        with np.load(path) as archive:
            found = dict(archive) | arrays
        np.savez(path, **found)

    return change


FILES = {
    "cut short": (cut, r"the archive is damaged or cut short: behind its \d+ bytes the list of its arrays is missing"),
    "empty": (lambda path: path.write_bytes(b""), "is empty; an instruction trace is made by codesign trace record"),
    "no archive": (lambda path: path.write_bytes(b"hello"), r"is no \.npz archive; an instruction trace is made by"),
    "version": (changed(format=np.array(3)), "is of format version 3; this codesign reads version 1 or 2"),
    "short": (changed(nld=np.zeros(99, np.uint8)), r"'nld' has the shape \(99,\) \(uint8\); 100 instructions need"),
    "counts": (changed(nld=np.zeros(100, np.uint8)), "'mstore' has 13 bytes .*; the bits of 50 memory operands need 7"),
    "addresses": (changed(maddr=np.zeros((8, 9), np.uint8)), r"'maddr' has the shape \(8, 9\) .* 100 memory operands"),
}


@pytest.mark.parametrize("command", [("cpu", "simulate", "--trace"), ("trace", "show")], ids=["simulate", "show"])
@pytest.mark.parametrize(("damage", "message"), FILES.values(), ids=FILES)
def test_files_that_are_no_trace_on_the_command_line(command_line, file, command, damage, message):
    damage(file)
    done = command_line(*command, file)
    assert (done.code, done.out) == (2, "")
    assert re.search(f"made.npz: .*{message}", done.err)
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base: big\nrob: 5", "mine.yaml:2:1: rob: must be at least dispatch_width = 6, found 5"),
        ("l1d_ways: 0", "mine.yaml:1:1: l1d_ways: must be 1 to 65536, found 0"),
        ("rob: 64\nllc_sets: 3000", "mine.yaml:2:1: llc_sets: must be a power of two, found 3000"),
        ("fetch_width: -1", "mine.yaml:1:1: fetch_width: must be 1 to 64, found -1"),
        ("l1d_way: 8", "mine.yaml:1:1: l1d_way: unknown setting 'l1d_way' (did you mean 'l1d_ways'?)"),
        ("base: [big]", "mine.yaml:1:1: base: unknown core ['big'] (did you mean 'big'?); shipped: reference,"),
        ("dram_refresh_ns: 4000", "dram_refresh_ns: must be below dram_refresh_interval_ns = 3906.25, found 4000.0"),
        ("frequency_mhz: .nan", "mine.yaml:1:1: frequency_mhz: must be above 0 (and below 1e9), found nan"),
    ],
)
def test_cores_that_are_none_on_the_command_line(command_line, file, tmp_path, text, message):
    core = tmp_path / "mine.yaml"
    core.write_text(text + "\n")
    done = command_line("cpu", "simulate", "--trace", file, "--core", core)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_more_registers_than_are_ever_in_use_change_nothing():
    """Misses that fill the reorder buffer: 192 instructions with three results each."""
    steps = []
    for k in range(60):
        steps.append(Step(0x400000, "load", (1,), (4,), loads=(0x100000 + 4096 * k,)))
        steps += [Step(0x400004 + 4 * n, "int_alu", (1,), (2, 3, 25)) for n in range(99)]
    few, enough, many = (simulate(trace_of(steps), CoreSettings(physical_registers=n)) for n in (64, 1000, 64 + 4096))
    assert many == enough
    assert few.cycles > enough.cycles
