"""Bounds that resources set one by one."""

import numpy as np
import pytest

from codesign.models.cpu.design import SPACE, drawn_cores
from codesign.models.cpu.features.distributions import ROB_SIZES
from codesign.models.cpu.predictor.bounds import RESOURCES, between, bounds, static_bound, window_size


@pytest.fixture
def numbers(features):
    return features["near"].numbers


def test_units_over_their_share(numbers):
    """Of five instructions one loads, one stores, one branches and two go to an ALU."""
    core = drawn_cores(1).assign(width=4, alu_share=0.5, load_ports=2, store_ports=1, branch_units=1)
    found = dict(zip(RESOURCES, bounds(numbers, core)[0].tolist(), strict=True))
    expected = {"width": 4, "alu": 2 / 0.4, "loads": 2 / 0.2, "stores": 1 / 0.2, "branch": 1 / 0.2}
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert static_bound(numbers, core).tolist() == [min(list(found.values())[:8])]


@pytest.mark.parametrize(
    "name", ["width", "rob", "load_ports", "fp_units", "alu_share", "load_queue_share", "store_queue_share"]
)
def test_more_of_a_resource_never_lowers_a_bound(name, numbers):
    cores, values = drawn_cores(32), sorted(SPACE[name])
    less, more = (bounds(numbers, cores.assign(**{name: value})) for value in (values[0], values[-1]))
    assert less.shape == (32, len(RESOURCES))
    assert np.all(more >= less)
    assert np.any(more > less)


def test_sizes_between_those_that_were_run_are_interpolated_in_the_log():
    numbers = {f"rob_{size}_all": np.log2(size) for size in ROB_SIZES}
    found = between(np.array([4.0, 16, 23, 300, 512, 4096]), "rob", numbers)
    assert found == pytest.approx([4, 4, np.log2(23), np.log2(300), 9, 9])


def test_the_smallest_buffer_sets_how_many_instructions_fit(numbers):
    core = drawn_cores(1).assign(rob=100, load_queue_share=0.5, store_queue_share=0.1, register_share=1.0)
    assert window_size(numbers, core) == pytest.approx([100 * 0.1 / 0.2])
    assert window_size(numbers, core.assign(store_queue_share=0.35)) == pytest.approx([100])
    fewer = window_size(numbers, core.assign(store_queue_share=0.35, register_share=0.2))
    assert fewer == pytest.approx([(64 - numbers["registers"] + 20) / numbers["writes"]])
