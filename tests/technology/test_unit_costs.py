"""Prices of units: every kind on every library, monotone in size, with the right marks and refusals."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import UnknownNameError
from codesign.technology import units
from codesign.technology.unit_costs import (
    cell_library,
    energy_is_measured,
    libraries,
    read_range,
    unit_cost,
    write_range,
)
from codesign.technology.units import KINDS, Unit

LIBRARIES = ("nangate45", "sky130hd", "asap7")
MIDDLE = {"stages": 3, "inputs": 8, "in_bits": 5, "exponent_bits": 5, "sum_bits": 24}


def example(kind, **changed):
    return Unit(kind, tuple(changed.get(name, MIDDLE.get(name, 8)) for name in KINDS[kind]))


def test_libraries():
    assert tuple(libraries()) == LIBRARIES
    assert [library.node_nm for library in libraries().values()] == [45, 130, 7]
    assert [library.supply_v for library in libraries().values()] == [1.1, 1.8, 0.7]
    assert all(library.source for library in libraries().values())


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_price_on_every_library(kind, library):
    cost = unit_cost(example(kind), library)
    assert cost.area_um2 > 0
    assert cost.gate_equivalents == pytest.approx(cost.area_um2 / cell_library(library).nand2_um2)
    assert cost.energy_fj > 0
    assert cost.leakage_nw > 0
    is_register = kind in ("register", "register_enable")
    assert (cost.flip_flops == 8) == is_register
    assert (cost.clock_fj > 0) == is_register
    assert (cost.delay_ps > 0) != is_register


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_size_makes_a_unit_cheaper_by_growing(kind, library):
    base = unit_cost(example(kind), library)
    for name in KINDS[kind]:
        size = example(kind).named_sizes[name]
        grown = unit_cost(example(kind, **{name: size + 1}), library)
        if (kind, name) == ("constant_table", "out_bits"):
            assert grown.area_um2 > base.area_um2
        assert grown.area_um2 >= base.area_um2 * (1 - 1e-9), name


def test_a_flip_flop_is_a_flip_flop():
    for library in LIBRARIES:
        one = unit_cost(units.register(32), library).area_um2 / 32
        assert one == pytest.approx(cell_library(library).flip_flop_um2, rel=0.01)


def test_clock_energy_of_a_flip_flop():
    """The register row measured at random inputs: 267.2 fJ for 32 flip-flops."""
    assert unit_cost(units.register(32)).clock_fj == pytest.approx(267.2)


def test_energy_of_other_libraries_goes_with_the_capacitance_and_supply_of_their_gates():
    """Per gate equivalent: C V^2 of an input of a NAND, sky130hd over NanGate45 2.3195 1.8^2 / (1.6316 1.1^2)."""
    ours, theirs = unit_cost(units.multiplier(8, 8), "nangate45"), unit_cost(units.multiplier(8, 8), "sky130hd")
    ratio = (theirs.energy_fj / theirs.gate_equivalents) / (ours.energy_fj / ours.gate_equivalents)
    assert ratio == pytest.approx(2.3195 * 1.8**2 / (1.6316 * 1.1**2))
    assert energy_is_measured("nangate45")
    assert not energy_is_measured("sky130hd")
    assert not energy_is_measured("asap7")


def test_outside_the_fitted_sizes_is_marked():
    assert unit_cost(units.multiplier(8, 8)).in_fitted_range
    assert not unit_cost(units.multiplier(200, 8)).in_fitted_range
    assert not unit_cost(units.multiplier(8, 1)).in_fitted_range
    assert unit_cost(units.register(5000)).in_fitted_range


@given(st.dictionaries(st.sampled_from(["a_bits", "b_bits", "bits"]), st.tuples(st.integers(1, 9), st.integers(1, 99))))
def test_ranges_are_read_as_they_were_written(fitted):
    assert read_range(write_range(fitted)) == fitted


def test_an_unknown_library_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match=r"unknown cell library 'nangate54' \(did you mean 'nangate45'\?\)"):
        unit_cost(units.adder(8), "nangate54")
    with pytest.raises(UnknownNameError, match="known: nangate45, sky130hd, asap7"):
        cell_library("tsmc5")


@given(st.integers(2, 24), st.integers(2, 24))
def test_a_product_costs_the_same_whichever_operand_comes_first(a_bits, b_bits):
    one, other = unit_cost(units.multiplier(a_bits, b_bits)), unit_cost(units.multiplier(b_bits, a_bits))
    assert one.area_um2 == other.area_um2
    assert math.isfinite(one.energy_fj)
