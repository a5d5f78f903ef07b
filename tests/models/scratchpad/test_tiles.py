"""Stripes for operators that don't fit."""

import pytest

from codesign.errors import WorkloadError
from codesign.models.scratchpad.planning import Options, plan_network
from codesign.models.scratchpad.preparation import PAPER, Accounting, problem_of
from codesign.models.scratchpad.schedule import CapacityError
from codesign.models.scratchpad.tiles import tiled_to_fit
from codesign.workloads.builder import NetworkBuilder

ACTIVATIONS = Accounting()


def image_network():
    """x, a, y of 8 x 8 bytes; a point-wise convolution, then a relu: 128 bytes each."""
    net = NetworkBuilder("image")
    net.input("x", 1, 1, 8, 8)
    net.conv("x", 1, 1, norm=False, name="a")
    net.elementwise("relu", "a", name="y")
    return net.build("y")


def rows_network():
    """A softmax over the rows, which needs all of them."""
    net = NetworkBuilder("rows")
    net.input("x", 1, 1, 8, 8)
    net.operator("softmax", ["x"], (1, 1, 8, 8), {"axis": 1}, name="a")
    net.operator("mystery", ["a"], (1, 1, 8, 8), name="y")
    return net.build("y")


def stripes_of(network, name):
    return sum(tensor.name.startswith(f"{name}.stripe") for tensor in network.tensors)


def test_what_fits_stays_whole():
    network = image_network()
    assert tiled_to_fit(network, ACTIVATIONS, 128, 8) is network


@pytest.mark.parametrize(("capacity", "stripes"), [(127, 2), (64, 2), (63, 4), (32, 4), (16, 8)])
def test_as_many_stripes_as_it_takes(capacity, stripes):
    """Two stripes of 64 / n bytes at a time; the numbers are doubled."""
    tiled = tiled_to_fit(image_network(), ACTIVATIONS, capacity, 8)
    assert [stripes_of(tiled, name) for name in "xay"] == [stripes] * 3
    assert problem_of(tiled, ACTIVATIONS).minimum_bytes == 128 // stripes


def test_only_what_the_large_operators_touch_is_cut():
    """y reduces 8 x 8 to 1: 65 bytes fit, 128 don't, so a and x are cut, and y reads all stripes of a."""
    net = NetworkBuilder("reduced")
    net.input("x", 1, 1, 8, 8)
    net.conv("x", 1, 1, norm=False, name="a")
    net.global_pool("a", name="y")
    tiled = tiled_to_fit(net.build("y"), ACTIVATIONS, 65, 8)
    assert [stripes_of(tiled, name) for name in "xay"] == [2, 2, 0]


def test_too_few_stripes_are_an_error():
    with pytest.raises(CapacityError, match=r"image: the scratchpad of 0.05 KiB is smaller than M_R = 0.06 KiB"):
        tiled_to_fit(image_network(), ACTIVATIONS, 50, 2)


def test_what_has_no_rows_left_is_an_error():
    with pytest.raises(CapacityError, match="the operator 'a.stripe0' needs at once"):
        tiled_to_fit(image_network(), ACTIVATIONS, 15, 1000)


def test_what_cannot_be_computed_by_rows_is_an_error():
    with pytest.raises(WorkloadError, match="mystery"):
        tiled_to_fit(rows_network(), ACTIVATIONS, 100, 8)


@pytest.mark.parametrize("capacity", [60, 20])
def test_an_input_that_does_not_fit_is_cut_in_the_papers_accounting_too(capacity):
    tiled = tiled_to_fit(image_network(), PAPER, capacity, 8)
    assert problem_of(tiled, PAPER).minimum_bytes <= capacity
    assert plan_network(image_network(), capacity, Options(accounting=PAPER, most_stripes=8)).report.passed


@pytest.mark.parametrize("order", ["default", "search"])
@pytest.mark.parametrize("capacity", [100, 40, 16])
def test_plans_with_stripes_are_right(capacity, order):
    """One stripe after the other needs no traffic but what is compulsory; the network's order, all of a first, may."""
    planned = plan_network(image_network(), capacity, Options(order=order, most_stripes=8))
    assert planned.report.passed
    assert planned.report.offchip_bytes == planned.schedule.offchip_bytes
    assert planned.schedule.compulsory_bytes == 128
    assert order == "default" or planned.schedule.noncompulsory_bytes == 0
