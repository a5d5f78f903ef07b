"""Best accelerators of many networks: what each gets doesn't depend on the others, and equals the program's optimum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import UserError
from codesign.models.fpga.costs import EngineSettings
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.enumeration import best_of_networks, counts_of
from codesign.models.fpga.program import best_accelerators
from codesign.models.fpga.templates import template_named
from codesign.technology.fpga_devices import Fractions, fpga_device
from codesign.workloads.catalogue import load_network
from codesign.workloads.tabular.spaces import tabular_network

from .cases import FEW, dense_networks, shares

ZU3EG = fpga_device("zu3eg")
INVERTED = template_named("inverted_residual")
KEYS = ("00000000", "01222211", "11000011", "12121212", "22200121", "22222222")


def macro(key, weight_bits=8, activation_bits=8):
    network = tabular_network("nas-bench-macro", key)
    return calls_of(network.with_bits(activation_bits, weight_bits), INVERTED)


@settings(max_examples=15)
@given(st.lists(dense_networks(), min_size=2, max_size=4), shares)
def test_a_network_gets_the_same_alone_and_among_others(networks, share):
    together = best_of_networks(networks, ZU3EG, shares=share, settings=FEW)
    for row, network in enumerate(networks):
        alone = best_of_networks([network], ZU3EG, shares=share, settings=FEW)
        assert alone.feasible[0] == together.feasible[row]
        assert alone.considered_of[0] == together.considered_of[row]
        if alone.feasible[0]:
            assert alone.cycles[0] == together.cycles[row]
            assert alone.latency_ms[0] == together.latency_ms[row]
            one, other = (found.accelerators[found.accelerator[i]].use for found, i in ((alone, 0), (together, row)))
            assert one == other


def test_order_and_repetition_change_nothing():
    networks = [macro(key) for key in KEYS]
    forward = best_of_networks(networks, ZU3EG, settings=FEW)
    backward = best_of_networks([*networks[::-1], networks[0]], ZU3EG, settings=FEW)
    assert forward.latency_ms.tolist() == backward.latency_ms[-2::-1].tolist()
    assert backward.latency_ms[-1] == forward.latency_ms[0]


@pytest.mark.parametrize("key", KEYS)
def test_networks_of_nas_bench_macro_have_the_programs_optimum(key):
    together = best_of_networks([macro(other) for other in KEYS], ZU3EG)
    found = best_accelerators(macro(key), ZU3EG)
    assert found.status == "optimal"
    assert together.cycles[KEYS.index(key)] == found.cycles
    assert together.latency_ms[KEYS.index(key)] == pytest.approx(found.latency_ms, rel=1e-12)


def test_networks_of_different_bits_are_compared_side_by_side():
    networks = [macro("12121212", bits, 8) for bits in (2, 4, 8)]
    together = best_of_networks(networks, ZU3EG, settings=FEW)
    alone = [best_of_networks([network], ZU3EG, settings=FEW).cycles[0] for network in networks]
    assert together.cycles.tolist() == alone
    assert alone == sorted(alone)


def test_what_does_not_fit_is_marked():
    found = best_of_networks([macro("22222222")], ZU3EG, shares=Fractions(lut=0.001), settings=FEW)
    assert not found.feasible[0]
    assert found.accelerator[0] == -1
    assert found.accelerators == ()
    assert np.isnan(found.latency_ms[0])


def test_considered_is_every_way_to_build_the_slots_that_are_used():
    found = best_of_networks([macro("00000000"), macro("22222222")], ZU3EG, settings=FEW)
    assert found.considered_of.tolist() == [8**3, 8**4]  # identities that change the shape are 1x1, two to a call


def test_counts_are_of_distinct_calls():
    table, counts = counts_of([macro(key) for key in KEYS])
    assert len(set(table.calls)) == len(table.calls) == counts.shape[1]
    assert counts.sum(axis=1).tolist() == [macro(key).call_count for key in KEYS]


def test_different_templates_are_refused():
    resnet = calls_of(load_network("resnet18"), template_named("dense"))
    with pytest.raises(UserError, match="cut for one template, found inverted_residual, dense"):
        counts_of([macro("00000000"), resnet])
    with pytest.raises(UserError, match="found no network"):
        counts_of([])


def test_too_many_accelerators_are_refused():
    many = EngineSettings(outputs=tuple(range(1, 33)), inputs=tuple(range(1, 33)))
    with pytest.raises(UserError, match="accelerators to look at, more than 20,000,000; give fewer values"):
        best_of_networks([macro("22222222")], ZU3EG, settings=many)
