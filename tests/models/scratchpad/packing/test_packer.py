"""The packer gives offsets that the checker accepts, or a proof that there are none."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codesign.models.scratchpad.packing.check import check_packing
from codesign.models.scratchpad.packing.packer import PackingError, max_load, pack
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

REPOSITORY = Path(__file__).resolve().parents[4]


def assert_packed(instance, packing, capacity, alignment=1):
    assert packing.status == "packed"
    assert packing.offsets.dtype == np.int64
    assert packing.capacity == capacity
    assert check_packing(*instance, packing.offsets, capacity, alignment=alignment) == []
    assert packing.height == (packing.offsets + instance.size).max(initial=0)


@given(st.one_of(sparse(), dense(), nearly_fragmented()), st.sampled_from([1, 1, 2, 3]))
@example(FRAGMENTED, 1)
def test_agrees_with_trying_every_offset_at_every_capacity_from_the_load_up(instance, alignment):
    load, _ = max_load(*instance)
    for capacity in range(max(0, load - 1), load + 4):
        packing = pack(*instance, capacity, alignment=alignment)
        if every_offset(instance, capacity, alignment):
            assert_packed(instance, packing, capacity, alignment)
        else:
            assert (packing.status, packing.offsets, packing.height) == ("infeasible", None, 0)


def test_the_example_of_minimalloc_fits_into_12_and_not_into_11():
    assert_packed(MINIMALLOC_EXAMPLE, pack(*MINIMALLOC_EXAMPLE, 12), 12)
    assert pack(*MINIMALLOC_EXAMPLE, 11).status == "infeasible"


def test_a_load_within_the_capacity_is_not_enough():
    assert max_load(*FRAGMENTED)[0] == 4
    packing = pack(*FRAGMENTED, 4)
    assert packing.status == "infeasible"
    assert packing.nodes > 0
    assert packing.reason.startswith("search exhausted: the 7 buffers around time 0 to 4 can't be packed")
    assert_packed(FRAGMENTED, pack(*FRAGMENTED, 5), 5)


def test_parts_of_time_are_searched_by_themselves():
    shifted = Problem(FRAGMENTED.lower + 100, FRAGMENTED.upper + 100, FRAGMENTED.size)
    both = Problem(*(np.concatenate(pair) for pair in zip(MINIMALLOC_EXAMPLE, shifted, strict=True)))
    assert_packed(both, pack(*both, 12), 12)
    twice = Problem(*(np.concatenate(pair) for pair in zip(FRAGMENTED, shifted, strict=True)))
    assert "the 7 buffers around time 0 to 4" in pack(*twice, 4).reason


def test_too_small_a_capacity_is_infeasible_at_once_and_says_when():
    packing = pack(*problem((0, 10, 3), (5, 20, 4), (8, 12, 2), (15, 30, 1)), 8)
    assert packing.status == "infeasible"
    assert packing.reason == "at time 8, 3 buffers that are alive together need 9, the capacity is 8"
    assert packing.nodes == 0


def test_too_large_a_buffer_is_named():
    packing = pack(*problem((0, 1, 3), (0, 1, 4096)), 4000)
    assert packing.reason == "the buffer with index 1 has the size 4,096, the capacity is 4,000"


def test_half_open_lifetimes_share_an_address():
    packing = pack([0, 5], [5, 9], [4, 4], 4)
    assert packing.offsets.tolist() == [0, 0]


def test_times_may_be_large_and_negative():
    packing = pack([-(10**15), 0], [1, 10**15], [2, 3], 5)
    assert sorted(packing.offsets.tolist()) in ([0, 2], [0, 3])


def test_no_buffers_and_buffers_without_size_need_nothing():
    nothing = pack([], [], [], 0)
    assert (nothing.status, nothing.offsets.tolist(), nothing.height) == ("packed", [], 0)
    assert pack([0, 0], [2, 2], [0, 0], 0).offsets.tolist() == [0, 0]
    assert pack([0, 0, 0], [2, 2, 2], [3, 0, 2], 5).offsets[1] == 0


@pytest.mark.parametrize(
    ("sizes", "alignment", "fits"),
    [
        ((5, 5), 8, 13),  # 0 and 8; the second one ends at 13, not at 16
        ((5, 8), 8, 13),  # the buffer of 8 below
        ((8, 8), 8, 16),
        ((1, 1, 1), 4, 9),
        ((7, 1, 4), 4, 13),  # 7 and 4 fill 12, then 1
    ],
)
def test_alignment_leaves_gaps_below_but_not_above(sizes, alignment, fits):
    instance = problem(*((0, 1, size) for size in sizes))
    assert_packed(instance, pack(*instance, fits, alignment=alignment), fits, alignment)
    assert pack(*instance, fits - 1, alignment=alignment).status == "infeasible"


def test_time_over_says_how_long_was_searched():
    rng = np.random.default_rng(5)
    lower = rng.integers(0, 400, 400)
    instance = Problem(lower, lower + rng.integers(20, 120, 400), rng.integers(100, 1000, 400))
    packing = pack(*instance, max_load(*instance)[0], time_limit_s=0.05)
    assert packing.status == "timeout"
    assert packing.offsets is None
    assert "no packing found and none excluded in" in packing.reason


def test_equal_inputs_give_equal_offsets_in_another_process():
    code = (
        "from tests.models.scratchpad.packing.small_instances import FRAGMENTED;"
        "from codesign.models.scratchpad.packing.packer import pack;"
        "print(pack(*FRAGMENTED, 5).offsets.tolist(), pack(*FRAGMENTED, 4).nodes)"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert runs == {f"{pack(*FRAGMENTED, 5).offsets.tolist()} {pack(*FRAGMENTED, 4).nodes}\n"}


def test_easy_packings_need_no_compiled_code():
    code = (
        "import sys; from codesign.models.scratchpad.packing.packer import pack;"
        "assert pack([0, 0], [2, 2], [3, 4], 7).status == 'packed'; sys.exit('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("lower", "upper", "size", "message"),
    [
        ([0], [1, 2], [1], r"lower, upper and size must be equally long; found the lengths \[1, 2, 1\]"),
        ([0, 3], [1, 3], [1, 1], "buffer 1: upper must be greater than lower; found lower 3, upper 3"),
        ([0], [1], [-1], "buffer 0: size must be 0 or more; found -1"),
        ([0], [1], [1.5], "size must be whole numbers; found values of the type float64"),
        ([0], [1], ["a"], "size must be whole numbers; found values of the type <U1"),
        ([True], [1], [1], "lower must be whole numbers; found values of the type bool"),
        ([[0]], [1], [1], r"lower must have one dimension; found the shape \(1, 1\)"),
        ([0], [2**60], [1], r"upper must lie within ±2\*\*53"),
        ([0, 0], [1, 1], [2**53, 2**53], r"the sizes add up to more than 2\*\*53"),
    ],
)
def test_wrong_arrays_are_refused(lower, upper, size, message):
    with pytest.raises(PackingError, match=message):
        pack(lower, upper, size, 10)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"capacity": -1}, r"capacity must be a whole number from 0 to 2\*\*53; found -1"),
        ({"capacity": 1.5}, "capacity must be a whole number .*; found 1.5"),
        ({"alignment": 0}, "alignment must be a whole number from 1 .*; found 0"),
        ({"time_limit_s": 0.0}, "the time limit must be above 0 seconds; found 0.0"),
        ({"time_limit_s": float("nan")}, "the time limit must be above 0 seconds; found nan"),
    ],
)
def test_wrong_numbers_are_refused(settings, message):
    with pytest.raises(PackingError, match=message):
        pack([0], [1], [1], **{"capacity": 10, **settings})


def test_the_load_and_its_time():
    assert max_load([0, 2, 4], [3, 5, 6], [5, 6, 7]) == (13, 4)
    assert max_load([0, 1], [1, 2], [5, 5]) == (5, 0)
    assert max_load([], [], []) == (0, 0)
