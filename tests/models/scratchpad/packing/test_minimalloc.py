"""MiniMalloc's challenging instances (google/minimalloc, benchmarks/challenging): all are feasible at 1,048,576."""

import numpy as np
import pytest

from codesign.models.scratchpad.packing.check import check_packing
from codesign.models.scratchpad.packing.files import read_buffers
from codesign.models.scratchpad.packing.packer import max_load, minimum_capacity, pack

CAPACITY = 1_048_576
FULL = ("A", "B", "E", "F")


def read(shared, name):
    buffers = read_buffers(shared / "reference" / "minimalloc" / f"{name}.{CAPACITY}.csv")
    return buffers.lower, buffers.upper, buffers.size


def assert_packs(instance):
    packing = pack(*instance, CAPACITY, time_limit_s=600)
    assert packing.status == "packed"
    assert packing.nodes > 0
    assert check_packing(*instance, packing.offsets, CAPACITY) == []


@pytest.mark.shared
def test_one_of_them_is_packed(shared):
    assert_packs(read(shared, "C"))


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("name", "ABCDEF")
def test_each_of_them_is_packed(shared, name):
    assert_packs(read(shared, name))


@pytest.mark.shared
@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("less", [1, 1024, CAPACITY // 2])
def test_less_than_the_load_is_infeasible(shared, name, less):
    instance = read(shared, name)
    assert max_load(*instance)[0] == CAPACITY
    packing = pack(*instance, CAPACITY - less)
    assert (packing.status, packing.offsets, packing.nodes) == ("infeasible", None, 0)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "share"), [("A", 1.0), ("B", 1.0), ("C", 0.991), ("D", 0.940), ("E", 1.0), ("F", 1.0)]
)
def test_loads_are_the_stated_ones(shared, name, share):
    assert max_load(*read(shared, name))[0] / CAPACITY == pytest.approx(share, abs=5e-4)


@pytest.mark.shared
def test_one_of_them_fits_into_less_namely_into_its_load(shared):
    instance = read(shared, "C")
    packing, bound = minimum_capacity(*instance, time_limit_s=600)
    assert packing.height == bound == max_load(*instance)[0] == 1_039_360
    assert check_packing(*instance, packing.offsets, bound) == []


@pytest.mark.shared
def test_the_order_of_the_buffers_does_not_matter_for_the_load(shared):
    lower, upper, size = read(shared, "D")
    mixed = np.random.default_rng(0).permutation(len(size))
    assert max_load(lower[mixed], upper[mixed], size[mixed]) == max_load(lower, upper, size)
