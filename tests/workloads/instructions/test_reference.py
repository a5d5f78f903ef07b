"""The reference traces: read, consistent, and the same after being written in our own format."""

import numpy as np
import pytest

from codesign.workloads.instructions.npz import read_instruction_trace, write_instruction_trace
from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS
from tests.workloads.instructions.traces import assert_same

PUBLISHED = {
    "awk": (1097, 26.2, 11.4, 23.0, 0.31, 3386),
    "bfs": (24, 21.0, 0.0, 21.0, 0.94, 22648),
    "bzip2": (744, 33.4, 16.8, 13.4, 0.38, 588),
    "chase": (4, 25.0, 0.0, 25.0, 1.00, 65536),
    "gunzip": (1643, 21.2, 5.2, 16.4, 0.62, 997),
    "gzip": (461, 21.4, 6.3, 18.7, 0.52, 2476),
    "matmul": (28, 22.1, 0.1, 11.1, 0.99, 3630),
    "python": (766, 28.5, 16.6, 17.3, 0.17, 59),
    "qsort": (75, 12.5, 5.3, 17.9, 0.59, 8098),
    "queens": (40, 15.1, 15.1, 12.5, 0.24, 8),
    "stream": (12, 25.0, 12.5, 12.5, 1.00, 98307),
}
"""Static instructions, loads, stores and branches %, taken share of conditional branches, lines of 64 bytes."""


@pytest.mark.shared
@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_that_are_stated_with_the_traces(shared, name, tmp_path):
    trace = read_instruction_trace(shared / f"reference/cpu/traces/{name}.npz")
    static, loads, stores, branches, taken, lines = PUBLISHED[name]
    kind = trace.code.branch[trace.which]
    conditional = kind == BRANCHES.index("conditional")
    assert (trace.name, len(trace), len(trace.code)) == (name, 1_200_000, static)
    assert round(100 * trace.loads.mean(), 1) == pytest.approx(loads, abs=0.11)
    assert round(100 * trace.stores.mean(), 1) == pytest.approx(stores, abs=0.11)
    assert round(100 * np.mean(kind > 0), 1) == pytest.approx(branches, abs=0.11)
    assert round(trace.taken[conditional].mean(), 2) == pytest.approx(taken, abs=0.011)
    assert len(np.unique(trace.operand_address // np.uint64(64))) == lines


@pytest.mark.shared
@pytest.mark.parametrize("name", ["gunzip", "queens"])
def test_same_after_our_format(shared, name, tmp_path):
    trace = read_instruction_trace(shared / f"reference/cpu/traces/{name}.npz")
    write_instruction_trace(trace, tmp_path / "ours.npz")
    assert_same(read_instruction_trace(tmp_path / "ours.npz"), trace)


@pytest.mark.shared
def test_only_branches_and_repetitions_leave_the_line(shared):
    trace = read_instruction_trace(shared / "reference/cpu/traces/gunzip.npz")
    code, which = trace.code, trace.which
    elsewhere = code.address[which[1:]] != (code.address + code.length)[which[:-1]]
    repeats = (which[1:] == which[:-1]) & (code.operation[which[:-1]] == OPERATIONS.index("string"))
    np.testing.assert_array_equal(elsewhere & ~repeats, trace.taken[:-1])
