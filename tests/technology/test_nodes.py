"""Node scaling: the published factors, interpolation in the right direction, refusals; buffers at a node."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import UnknownNameError
from codesign.technology.energy import data_rows
from codesign.technology.nodes import (
    LARGEST_NODE_NM,
    SMALLEST_NODE_NM,
    bit_cell_um2,
    buffer_area_mm2,
    buffer_energy_pj,
    macro_efficiency,
    node_scaling,
    scale_factors,
    tabulated_nodes,
)
from codesign.technology.sram_area import bit_cells

NODES = st.floats(7.0, 130.0)
PUBLISHED_AREA = [
    (45, 32, 0.46),
    (45, 20, 0.21),
    (45, 16, 0.19),
    (45, 14, 0.17),
    (45, 10, 0.10),
    (45, 7, 0.059),
    (65, 45, 0.66),
    (65, 32, 0.31),
    (130, 65, 0.23),
    (130, 7, 0.0092),
    (90, 7, 0.021),
    (20, 7, 0.28),
]


@pytest.mark.parametrize(("from_nm", "to_nm", "factor"), PUBLISHED_AREA)
def test_published_area_factors(from_nm, to_nm, factor):
    """The table of the paper, printed to two digits; ours are ratios of its 45 nm row."""
    found = node_scaling(from_nm, to_nm)
    assert found.area == pytest.approx(factor, rel=0.03)
    assert found.tabulated


def test_energy_polynomials_by_hand():
    at_45 = 1.103 * 0.64 - 0.362 * 0.8 + 0.2767
    at_7 = 0.1776 * 0.64 - 0.09097 * 0.8 + 0.02447
    assert node_scaling(45, 7).energy == pytest.approx(at_7 / at_45)
    low = 0.1776 * 0.49 - 0.09097 * 0.7 + 0.02447
    high = 1.103 * 1.21 - 0.362 * 1.1 + 0.2767
    assert node_scaling(45, 7, 1.1, 0.7).energy == pytest.approx(low / high)


def test_the_corrigendum_s_example():
    """65 nm at 1.3 V: 3.755 V^2 - 4.398 V + 1.975 = 2.604."""
    row = next(row for row in data_rows("node_scaling.csv") if row["node_nm"] == "65")
    a, b, c = (float(row[f"energy_v{power}"]) for power in (2, 1, 0))
    assert a * 1.69 + b * 1.3 + c == pytest.approx(2.604, abs=5e-4)


def test_delay_polynomials_by_hand():
    at_45 = -501.6 * 0.512 + 1567 * 0.64 - 1619 * 0.8 + 566.1
    at_16 = 24.8 * 0.64 - 47.52 * 0.8 + 28.87
    assert node_scaling(45, 16).delay == pytest.approx(at_16 / at_45)


def test_a_lower_supply_never_speeds_gates_up():
    """The cubic of 45 nm turns up again at 0.95 V, that of 7 nm falls below zero above 1.2 V."""
    for node in tabulated_nodes():
        delays = [node_scaling(node, node, 0.7, volts).delay for volts in np.linspace(0.7, 1.8, 23)]
        assert all(later <= earlier + 1e-12 for earlier, later in pairwise(delays)), node
        assert min(delays) > 0
    assert node_scaling(45, 45, 1.0, 1.1).delay == 1.0


def test_a_node_near_its_larger_neighbour_is_like_it():
    """28 nm lies a third of the way from 32 to 20: 0.46 - (0.46 - 0.21) / 3. Interpolating the index the other way
    round gives 0.293, less than the neighbours on the wrong side allow."""
    found = node_scaling(45, 28)
    assert found.area == pytest.approx(0.46 - 0.25 / 3)
    assert not found.tabulated
    assert node_scaling(45, 31.99).area == pytest.approx(0.46, rel=1e-3)


@given(NODES, NODES, NODES)
def test_factors_multiply_along_a_way(first, second, third):
    direct = node_scaling(first, third)
    one, two = node_scaling(first, second), node_scaling(second, third)
    for name in ("area", "energy", "delay"):
        assert getattr(direct, name) == pytest.approx(getattr(one, name) * getattr(two, name))


@given(NODES, NODES)
def test_a_smaller_node_is_smaller_and_cheaper(one, other):
    small, large = sorted((one, other))
    found = node_scaling(large, small)
    assert 0 < found.area <= 1 + 1e-12
    assert 0 < found.energy <= 1 + 1e-12


@given(st.lists(NODES, min_size=1, max_size=5), NODES)
def test_many_nodes_at_once_are_each_alone(nodes, start):
    found = scale_factors(start, np.array(nodes))
    alone = [node_scaling(start, node) for node in nodes]
    assert found.area.tolist() == [one.area for one in alone]
    assert found.energy.tolist() == [one.energy for one in alone]
    assert found.delay.tolist() == [one.delay for one in alone]


@pytest.mark.parametrize("node", [5, 6.99, 130.5, 180, float("nan")])
def test_scaling_is_not_continued_beyond_the_table(node):
    with pytest.raises(UnknownNameError, match=r"outside the scaling table, 7 ... 130 nm"):
        node_scaling(45, node)
    with pytest.raises(UnknownNameError, match="outside the scaling table"):
        node_scaling(node, 45)


def test_range_of_the_table():
    assert (SMALLEST_NODE_NM, LARGEST_NODE_NM) == (7.0, 130.0)
    assert tabulated_nodes() == (130, 90, 65, 45, 32, 20, 16, 14, 10, 7)


@pytest.mark.parametrize("file", ["node_scaling.csv", "sram_macro.csv"])
def test_every_row_has_unit_source_and_year(file):
    for row in data_rows(file):
        assert row["unit"]
        assert row["source"]
        assert 2010 < int(row["year"]) < 2030


def test_cells_at_their_nodes_are_the_published_ones():
    for node, cell in bit_cells().items():
        if node >= SMALLEST_NODE_NM:
            assert bit_cell_um2(np.array([node]))[0] == pytest.approx(cell.cell_um2)


def test_a_cell_between_two_nodes():
    """sqrt(22 * 28) nm is half-way in the logarithm."""
    middle = bit_cell_um2(np.array([(22 * 28) ** 0.5]))[0]
    assert middle == pytest.approx((0.092 * 0.127) ** 0.5)


def test_a_cell_above_the_published_ones_grows_as_logic():
    assert bit_cell_um2(np.array([90.0]))[0] == pytest.approx(0.57 * 2.8 / 1.5)


def test_a_mebibyte_at_7_nm():
    """31.8 Mib/mm2 with a cell of 0.021 um2: 70 % of a macro are cells."""
    assert macro_efficiency() == pytest.approx(31.8 * 2**20 * 0.021e-6)
    assert float(buffer_area_mm2(1024, 7)) == pytest.approx(2**23 * 0.027e-6 / macro_efficiency())


def test_buffer_energy_at_the_published_capacities():
    assert buffer_energy_pj(64, [8, 32, 1024], 45).tolist() == pytest.approx([10, 20, 100])
    assert float(buffer_energy_pj(16, 8, 45)) == pytest.approx(2.5)
    assert float(buffer_energy_pj(64, 16, 45)) == pytest.approx((10 * 20) ** 0.5)


def test_buffer_energy_scales_with_the_node():
    assert float(buffer_energy_pj(64, 8, 7)) == pytest.approx(10 * node_scaling(45, 7).energy)


@given(st.floats(0.5, 1e5), st.floats(1.0, 8.0), NODES)
def test_a_larger_buffer_costs_more(capacity, factor, node):
    assert buffer_energy_pj(8, capacity * factor, node) >= buffer_energy_pj(8, capacity, node) * (1 - 1e-12)
    assert buffer_area_mm2(capacity * factor, node) >= buffer_area_mm2(capacity, node)


def test_arrays_are_broadcast():
    assert buffer_area_mm2([64, 128], [[45], [7]]).shape == (2, 2)
    assert buffer_energy_pj([1, 2], 64, [[45], [7]]).shape == (2, 2)


def test_buffers_at_a_node_outside_the_table_are_refused():
    with pytest.raises(UnknownNameError, match="node_nm = 5"):
        buffer_area_mm2(64, 5)
    with pytest.raises(UnknownNameError, match="node_nm = 180"):
        buffer_energy_pj(1, 64, [45, 180])
