"""Which buffers don't fit together: infeasible by themselves, and none of them needless."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codesign.models.scratchpad.packing.packer import NotProvenError, infeasible_subset, max_load, pack
from tests.models.scratchpad.packing.small_instances import (
    FRAGMENTED,
    MINIMALLOC_EXAMPLE,
    Problem,
    dense,
    every_offset,
    nearly_fragmented,
    problem,
    sparse,
)


def some_of(instance, indices):
    return Problem(*(column[indices] for column in instance))


@given(st.one_of(sparse(), dense(), nearly_fragmented()), st.sampled_from([1, 1, 2, 3]), st.integers(0, 2))
@example(FRAGMENTED, 1, 0)
def test_the_subset_cannot_be_packed_and_every_smaller_one_can(instance, alignment, below):
    capacity = max(0, max_load(*instance)[0] - below)
    if every_offset(instance, capacity, alignment):
        with pytest.raises(NotProvenError, match="no proof"):
            infeasible_subset(*instance, capacity, alignment=alignment)
        return
    chosen = infeasible_subset(*instance, capacity, alignment=alignment)
    assert chosen.tolist() == sorted(set(chosen.tolist()))
    assert not every_offset(some_of(instance, chosen), capacity, alignment)
    for left_out in chosen:
        assert every_offset(some_of(instance, chosen[chosen != left_out]), capacity, alignment)


def test_an_overloaded_moment_gives_the_fewest_large_buffers():
    instance = problem((0, 9, 1), (0, 9, 5), (2, 4, 6), (3, 9, 2), (20, 30, 7))
    assert infeasible_subset(*instance, 10).tolist() == [1, 2]
    assert infeasible_subset(*instance, 6).tolist() == [4]


def test_fragmentation_is_found_inside_a_larger_problem():
    far = Problem(MINIMALLOC_EXAMPLE.lower + 50, MINIMALLOC_EXAMPLE.upper + 50, MINIMALLOC_EXAMPLE.size // 4)
    both = Problem(*(np.concatenate(pair) for pair in zip(far, FRAGMENTED, strict=True)))
    assert infeasible_subset(*both, 4).tolist() == [5, 6, 7, 8, 9, 10, 11]


def test_what_was_proven_before_stays_infeasible_without_time():
    assert pack(*FRAGMENTED, 4).status == "infeasible"
    without_size = Problem(*(np.append(column, last) for column, last in zip(FRAGMENTED, (0, 9, 0), strict=True)))
    chosen = infeasible_subset(*without_size, 4, proven=True, time_limit_s=1e-9)
    assert chosen.tolist() == list(range(7))


def test_buffers_that_fit_are_not_called_infeasible():
    with pytest.raises(NotProvenError, match="no proof in 5 s that 5 buffers can't be packed into 12"):
        infeasible_subset(*MINIMALLOC_EXAMPLE, 12)
