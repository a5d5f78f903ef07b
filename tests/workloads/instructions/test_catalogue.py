"""The committed set: complete, small, varied, consistent."""

from importlib.resources import files

import numpy as np
import pytest

from codesign.errors import UnknownNameError, WorkloadError
from codesign.workloads.instructions.catalogue import instruction_trace, instruction_traces, recorded_programs
from codesign.workloads.instructions.npz import write_instruction_trace
from codesign.workloads.instructions.recipes import WINDOW, WINDOWS, kernel_source, recipes
from codesign.workloads.instructions.summary import summary
from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS
from tests.workloads.instructions.traces import assert_same, loop_trace

DATA = files("codesign.workloads.instructions").joinpath("data")
ALWAYS = ("jump", "indirect_jump", "call", "indirect_call", "return")
SOME = ("queens", "cc1", "gzip", "tar")


def test_every_recipe_has_a_trace():
    assert instruction_traces() == tuple(recipe.name for recipe in recipes())
    for recipe in recipes():
        found = recorded_programs()[recipe.name]
        assert (found.family, found.command) == (recipe.family, " ".join(recipe.command))
        assert found.made_by


def test_the_set_is_large_enough_and_small_enough():
    sizes = {file.name: file.stat().st_size for file in DATA.iterdir()}
    assert {name for name in sizes if name.endswith(".npz")} == {f"{name}.npz" for name in instruction_traces()}
    assert sum(sizes.values()) <= 12_000_000
    assert len({one.family for one in recorded_programs().values()}) >= 24
    for one in recorded_programs().values():
        assert sizes[f"{one.name}.npz"] == one.file_bytes


@pytest.mark.parametrize("name", SOME)
def test_traces_are_what_the_table_says(name):
    trace, row = instruction_trace(name), recorded_programs()[name]
    assert (trace.name, len(trace), len(trace.code)) == (name, row.instructions, row.static_instructions)
    assert len(trace) == WINDOWS * WINDOW
    assert trace.windows.tolist() == [WINDOW * k for k in range(WINDOWS)]


@pytest.mark.parametrize("name", SOME)
def test_only_branches_and_repetitions_leave_the_line(name):
    trace = instruction_trace(name)
    code, which = trace.code, trace.which
    elsewhere = code.address[which[1:]] != (code.address + code.length)[which[:-1]]
    repeats = (which[1:] == which[:-1]) & (code.operation[which[:-1]] == OPERATIONS.index("string"))
    within = np.ones(len(which) - 1, dtype=np.bool_)
    within[trace.windows[1:] - 1] = False
    always = np.isin(code.branch[which], [BRANCHES.index(kind) for kind in ALWAYS])
    expected = (elsewhere & ~repeats) | always[:-1]
    np.testing.assert_array_equal(expected[within], trace.taken[:-1][within])
    assert trace.taken[always].all()
    assert not (trace.taken & (code.branch[which] == BRANCHES.index("none"))).any()


def test_behaviour_is_varied():
    rows = [summary(instruction_trace(name)).iloc[0] for name in ("queens", "cc1", "triad")]
    assert rows[0]["data_lines"] < 100 < 100_000 > rows[1]["static_instructions"] > 10_000
    assert rows[2]["data_pages"] > 1_000


def test_a_file_is_a_trace_too(tmp_path):
    path = tmp_path / "mine.npz"
    write_instruction_trace(loop_trace(), path)
    assert_same(instruction_trace(str(path)), loop_trace())


def test_the_same_object_again():
    assert instruction_trace("queens") is instruction_trace("queens")


@pytest.mark.parametrize(("name", "message"), [("gizp", "did you mean 'gzip'"), ("no.npz", r"or a file \*\.npz")])
def test_unknown_names(name, message):
    with pytest.raises(UnknownNameError, match=message):
        instruction_trace(name)


def test_a_file_that_is_no_trace(tmp_path):
    (tmp_path / "a.npz").write_text("x")
    with pytest.raises(WorkloadError, match="is no .npz archive"):
        instruction_trace(str(tmp_path / "a.npz"))


def test_sources_of_kernels_are_there():
    kernels = [recipe.name for recipe in recipes() if recipe.command[0].startswith("kernels/")]
    assert len(kernels) > 15
    for name in kernels:
        assert '#include "kernel.h"' in kernel_source(f"{name}.c")
