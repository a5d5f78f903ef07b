"""The smallest capacity, with a bound that no packing goes below."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codesign.models.scratchpad.packing.check import check_packing
from codesign.models.scratchpad.packing.packer import PackingError, max_load, minimum_capacity
from tests.models.scratchpad.packing.small_instances import (
    FRAGMENTED,
    MINIMALLOC_EXAMPLE,
    Problem,
    dense,
    nearly_fragmented,
    smallest_by_every_offset,
    sparse,
)


@given(st.one_of(sparse(), dense(), nearly_fragmented()), st.sampled_from([1, 1, 2, 3]))
@example(FRAGMENTED, 1)
@example(FRAGMENTED, 2)
def test_agrees_with_trying_every_offset(instance, alignment):
    packing, bound = minimum_capacity(*instance, alignment=alignment)
    assert packing.height == packing.capacity == bound == smallest_by_every_offset(instance, alignment)
    assert check_packing(*instance, packing.offsets, packing.capacity, alignment=alignment) == []
    assert (packing.status, packing.reason) == ("packed", "the smallest capacity")


def test_the_example_of_minimalloc_needs_12():
    packing, bound = minimum_capacity(*MINIMALLOC_EXAMPLE)
    assert (packing.height, bound) == (12, 12)


def test_where_the_load_is_not_enough_the_bound_is_proven_above_it():
    packing, bound = minimum_capacity(*FRAGMENTED)
    assert max_load(*FRAGMENTED)[0] == 4
    assert (packing.height, bound) == (5, 5)


def test_no_buffers_need_no_memory():
    packing, bound = minimum_capacity([], [], [])
    assert (packing.height, packing.capacity, bound) == (0, 0, 0)
    assert minimum_capacity([0], [1], [0])[1] == 0


@pytest.mark.parametrize("time_limit_s", [1e-6, 0.3])
def test_without_enough_time_packing_and_bound_are_still_true(time_limit_s):
    rng = np.random.default_rng(5)
    lower = rng.integers(0, 400, 400)
    instance = Problem(lower, lower + rng.integers(20, 120, 400), rng.integers(100, 1000, 400))
    packing, bound = minimum_capacity(*instance, time_limit_s=time_limit_s)
    load, _ = max_load(*instance)
    assert load <= bound < packing.capacity <= instance.size.sum()
    assert check_packing(*instance, packing.offsets, packing.capacity) == []
    assert f"nothing fits below {bound:,}" in packing.reason


def test_wrong_input_is_refused():
    with pytest.raises(PackingError, match="upper must be greater than lower"):
        minimum_capacity([0], [0], [1])
