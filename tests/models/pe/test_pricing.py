"""The price of an element: additive over its parts, scaled with the node, cut by the clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import UnknownNameError
from codesign.models.pe.chain import chain_factors
from codesign.models.pe.element import Part, Structure
from codesign.models.pe.pricing import MOST_STAGES, pipeline_stages, price
from codesign.technology import units
from codesign.technology.nodes import node_scaling
from codesign.technology.unit_costs import unit_cost

MULTIPLIER, ADDER, REGISTER = units.multiplier(8, 8), units.adder(24), units.register(40)
STRUCTURE = Structure(
    element=(Part(MULTIPLIER), Part(ADDER, activity=0.5), Part(REGISTER)),
    path=(MULTIPLIER, ADDER),
    cut_bits=40,
    column=(Part(units.float_multiply(5, 10), 2.0),),
)


def test_parts_add_up_by_hand():
    found = price(STRUCTURE, "nangate45", 45, 100)
    each = [unit_cost(unit) for unit in (MULTIPLIER, ADDER, REGISTER)]
    logic = each[0].area_um2 + each[1].area_um2
    assert found.element.area_um2 == pytest.approx(chain_factors()["nangate45"].on_path * logic + each[2].area_um2)
    energy = each[0].energy_fj + 0.5 * each[1].energy_fj + each[2].energy_fj + each[2].clock_fj
    assert found.element.busy_fj == pytest.approx(energy)
    assert found.element.idle_fj == pytest.approx(each[2].clock_fj)
    assert found.element.leakage_nw == pytest.approx(sum(one.leakage_nw for one in each))
    assert found.column.area_um2 == pytest.approx(2 * unit_cost(units.float_multiply(5, 10)).area_um2)
    assert found.row.area_um2 == found.array.area_um2 == 0
    assert found.path_ps == pytest.approx(each[0].delay_ps + each[1].delay_ps)
    assert (found.stages, found.cut_registers, found.refusal) == (1, 0, "")
    assert found.in_fitted_range
    assert found.tabulated_node


@pytest.mark.parametrize(
    ("path_ps", "clock_mhz", "stages"), [(999, 1000, 1), (1000, 1000, 1), (1001, 1000, 2), (3368, 1000, 4), (0, 1, 1)]
)
def test_stages_are_clock_periods_on_the_path(path_ps, clock_mhz, stages):
    assert pipeline_stages(path_ps, clock_mhz) == stages


def test_each_cut_costs_registers():
    slow = price(STRUCTURE, "nangate45", 45, 100)
    fast = price(STRUCTURE, "nangate45", 45, 1000)
    assert fast.stages == 2
    assert fast.cut_registers == 40
    assert fast.element.area_um2 - slow.element.area_um2 == pytest.approx(unit_cost(REGISTER).area_um2)
    assert fast.element.idle_fj == pytest.approx(2 * slow.element.idle_fj)
    assert fast.column == slow.column


def test_a_clock_that_asks_for_too_many_stages_is_refused_with_the_demand():
    found = price(STRUCTURE, "nangate45", 45, 8000)
    assert found.stages > MOST_STAGES
    assert found.refusal.endswith(f"at 8000 MHz needs {found.stages} pipeline stages; at most 8")


def test_another_node_scales_every_figure():
    here, there = (price(STRUCTURE, "nangate45", node, 100) for node in (45, 16))
    factor = node_scaling(45, 16)
    assert there.element.area_um2 == pytest.approx(here.element.area_um2 * factor.area)
    assert there.element.busy_fj == pytest.approx(here.element.busy_fj * factor.energy)
    assert there.path_ps == pytest.approx(here.path_ps * factor.delay)


def test_a_supply_is_that_of_the_node():
    low = price(STRUCTURE, "nangate45", 45, 100, 0.9)
    factor = node_scaling(45, 45, 1.1, 0.9)
    own = price(STRUCTURE, "nangate45", 45, 100)
    assert low.element.busy_fj == pytest.approx(own.element.busy_fj * factor.energy)
    assert low.path_ps == pytest.approx(own.path_ps * factor.delay)


def test_marks():
    wide = Structure(element=(Part(units.adder(500)),), path=(), cut_bits=1)
    assert not price(wide, "nangate45", 45, 100).in_fitted_range
    assert not price(STRUCTURE, "nangate45", 28, 100).tabulated_node


def test_unknown_nodes_and_libraries_are_refused():
    with pytest.raises(UnknownNameError, match="node_nm = 3"):
        price(STRUCTURE, "nangate45", 3, 100)
    with pytest.raises(UnknownNameError, match="did you mean 'asap7'"):
        price(STRUCTURE, "asap8", 7, 100)


@given(st.floats(50, 4000), st.floats(1.0, 4.0))
def test_a_faster_clock_never_makes_an_element_cheaper(clock_mhz, factor):
    slow, fast = (price(STRUCTURE, "sky130hd", 130, clock) for clock in (clock_mhz, clock_mhz * factor))
    assert fast.stages >= slow.stages
    assert fast.element.area_um2 >= slow.element.area_um2
