"""The checker finds every fault and none where there is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.models.scratchpad.packing.check import check_packing
from tests.models.scratchpad.packing.small_instances import MINIMALLOC_EXAMPLE, sparse


def test_the_published_solution_has_no_faults():
    # google/minimalloc, README.md (commit 9f5cf81), "Example output file".
    assert check_packing(*MINIMALLOC_EXAMPLE, [8, 8, 4, 4, 0], 12) == []


@pytest.mark.parametrize(
    ("offsets", "capacity", "fault"),
    [
        ([8, 8, 4, 4, 0], 11, "buffer 0 ends at 12, beyond the capacity 11"),
        ([8, 8, 4, 4, -1], 12, "buffer 4 starts at -1, below 0"),
        ([8, 8, 4, 3, 0], 12, "buffers 3 and 4 are both alive in [9, 21) and both occupy [3, 4)"),
        ([7, 8, 4, 4, 0], 12, "buffers 0 and 2 are both alive in [0, 3) and both occupy [7, 8)"),
        ([8, 8, 4, 4], 12, "4 offsets for 5 buffers (5 ends, 5 sizes)"),
    ],
)
def test_each_fault_is_named(offsets, capacity, fault):
    assert fault in check_packing(*MINIMALLOC_EXAMPLE, offsets, capacity)


def test_offsets_off_the_alignment_are_faults():
    assert check_packing([0], [1], [4], [4], 8, alignment=8) == ["buffer 0 starts at 4, not a multiple of 8"]


def test_a_buffer_without_size_collides_with_nothing():
    assert check_packing([0, 0], [5, 5], [4, 0], [0, 2], 4) == []


@given(sparse(), st.lists(st.integers(0, 12), min_size=7, max_size=7))
def test_collisions_are_those_of_a_map_of_the_memory(problem, offsets):
    """Paint every (time, address) cell; a cell painted twice is a collision."""
    offsets = np.array(offsets[: len(problem.size)])
    cells = np.zeros((16, 20), dtype=int)
    for lower, upper, size, offset in zip(*problem, offsets, strict=True):
        cells[lower:upper, offset : offset + size] += 1
    faults = check_packing(*problem, offsets, 20)
    assert bool(faults) == bool((cells > 1).any())
