"""Logic, multi-ported memories and tags: known answers by hand, and what may never fall."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.models.cpu.silicon.process import process_at
from codesign.models.cpu.silicon.structures import (
    Block,
    access_pj,
    cell_sides_um,
    comparator,
    index_bits,
    logic,
    memory,
    tags,
    wires_pj,
)
from codesign.technology.nodes import buffer_area_mm2, buffer_energy_pj, node_scaling
from codesign.technology.sram_area import bit_cells
from codesign.technology.unit_costs import unit_cost
from codesign.technology.units import adder, or_reduce, register_enable, xor_row

AT_45 = process_at(45.0, 1.1)
processes = st.builds(process_at, st.sampled_from([7.0, 14.0, 28.0, 45.0, 90.0]), st.just(0.9))
ports = st.integers(1, 16)
sizes = st.integers(2, 512)
widths = st.integers(4, 256)


def assert_not_smaller(larger, smaller):
    for name in ("area_mm2", "leakage_mw", "read_pj", "write_pj", "search_pj"):
        assert getattr(larger, name) >= getattr(smaller, name) * (1.0 - 1e-12), name


def test_logic_at_the_library_s_own_node_and_supply_is_its_cells_times_the_layout_factor():
    cost, found = unit_cost(adder(32)), logic(adder(32), 3, AT_45)
    assert found.area_mm2 == pytest.approx(3 * cost.area_um2 * 1.5e-6)
    assert found.read_pj == pytest.approx(cost.energy_fj * 1.5e-3)
    assert found.leakage_mw == pytest.approx(3 * cost.leakage_nw * 1e-6)


def test_logic_elsewhere_is_scaled():
    here, there = logic(adder(32), 1, AT_45), logic(adder(32), 1, process_at(14.0, 0.8))
    scaling = node_scaling(45.0, 14.0, 1.1, 0.8)
    assert there.area_mm2 == pytest.approx(here.area_mm2 * scaling.area)
    assert there.read_pj == pytest.approx(here.read_pj * scaling.energy)


def test_blocks_add_up():
    one, two = Block(1.0, 2.0, 3.0, 4.0, 5.0, 6.0), Block(10.0, 20.0, 30.0, 40.0, 50.0, 60.0)
    assert one + two == Block(11.0, 22.0, 33.0, 44.0, 55.0, 66.0)


def test_a_cell_of_one_port_is_the_published_one():
    height, width = cell_sides_um(0, 1, AT_45)
    assert height * width == pytest.approx(bit_cells()[45].cell_um2)
    assert height / width == pytest.approx(1.46)


def test_a_port_adds_a_word_line_and_its_bit_lines():
    """8 read and 4 write ports: 11 further word lines, 14 further bit lines."""
    height, width = cell_sides_um(0, 1, AT_45)
    tall, wide = cell_sides_um(8, 4, AT_45)
    pitch = AT_45.metal_pitch_um
    assert tall - height == pytest.approx(11 * pitch)
    assert wide - width == pytest.approx(14 * pitch)


@pytest.mark.parametrize(("node", "pitch_nm"), [(32.0, 112.5), (22.0, 80.0), (14.0, 52.0), (7.0, 40.0), (64.0, 225.0)])
def test_metal_pitches_are_the_published_ones_and_grow_with_the_node_above(node, pitch_nm):
    assert process_at(node, 0.9).metal_pitch_um == pytest.approx(pitch_nm / 1000.0)


def test_a_memory_of_one_port_is_a_buffer():
    """8 KiB in words of 64 bits: one array of 1024 rows would take more than the published 10 pJ at 45 nm and 0.9 V."""
    found = memory(1024, 64, 0, 1, process_at(45.0, 0.9))
    assert found.area_mm2 == pytest.approx(float(buffer_area_mm2(8.0, 45.0)))
    assert found.read_pj == pytest.approx(10.0)
    assert found.read_pj == pytest.approx(float(buffer_energy_pj(64, 8.0, 45.0)))


def test_a_small_memory_costs_its_bit_and_word_lines():
    """32 rows of 64 bits: 64 e (2 x 32 h + 4 w)."""
    process = process_at(45.0, 0.9)
    height, width = cell_sides_um(2, 1, process)
    lines_mm = (2 * 32 * height + 4 * width) / 1000.0
    assert memory(32, 64, 2, 1, process).read_pj == pytest.approx(64 * lines_mm * process.wire_pj_per_bit_mm)


def test_wires_are_the_published_ones_at_their_node_and_supply():
    assert process_at(40.0, 0.9).wire_pj_per_bit_mm == pytest.approx(0.12109375)
    assert wires_pj(256, 10.0, process_at(40.0, 0.9)) == pytest.approx(310.0)


def test_wire_energy_goes_with_the_square_of_the_supply():
    low, high = process_at(40.0, 0.6), process_at(40.0, 1.2)
    assert high.wire_pj_per_bit_mm == pytest.approx(4.0 * low.wire_pj_per_bit_mm)


def test_leakage_of_memory_is_that_of_the_published_cache():
    """16 MiB at 65 nm and 1.25 V leak 9.9 W."""
    assert process_at(65.0, 1.25).sram_leakage_mw_per_kib * 16384 == pytest.approx(9900.0)
    assert memory(16384 * 128, 64, 0, 1, process_at(65.0, 1.25)).leakage_mw == pytest.approx(9900.0)


def test_leakage_counts_transistors():
    """Two read ports and one write port: 6 + 4 transistors."""
    one, more = memory(32, 64, 0, 1, AT_45), memory(32, 64, 2, 1, AT_45)
    assert more.leakage_mw == pytest.approx(one.leakage_mw * 10.0 / 6.0)


def test_what_has_no_entries_costs_nothing():
    assert memory(0, 64, 4, 2, AT_45) == Block()
    assert tags(0, 48, 2, AT_45) == Block()


def test_a_comparator_is_gates():
    found = comparator(8, 5, AT_45)
    row, join = logic(xor_row(8), 5, AT_45), logic(or_reduce(8), 5, AT_45)
    assert found.area_mm2 == pytest.approx(row.area_mm2 + join.area_mm2)
    assert found.search_pj == pytest.approx(row.read_pj + join.read_pj)


def test_a_search_compares_every_entry_and_drives_its_wires():
    found, one = tags(16, 8, 2, AT_45), comparator(8, 1, AT_45)
    expected_area = 16 * (logic(register_enable(8), 1, AT_45).area_mm2 + 2 * one.area_mm2)
    assert found.area_mm2 == pytest.approx(expected_area)
    assert found.search_pj == pytest.approx(16 * one.search_pj + wires_pj(8, math.sqrt(expected_area), AT_45))


def test_writing_a_tag_clocks_one_entry():
    unit = unit_cost(register_enable(8))
    assert tags(16, 8, 2, AT_45).write_pj == pytest.approx((unit.energy_fj + unit.clock_fj) * 1.5e-3)


@pytest.mark.parametrize(("entries", "bits"), [(1, 1), (2, 1), (3, 2), (64, 6), (65, 7)])
def test_an_index_names_every_entry(entries, bits):
    assert index_bits(entries) == bits


@given(processes, sizes, widths, ports, ports)
def test_more_read_ports_never_cost_less(process, entries, bits, reads, writes):
    assert_not_smaller(memory(entries, bits, reads + 1, writes, process), memory(entries, bits, reads, writes, process))


@given(processes, sizes, widths, ports, ports)
def test_more_write_ports_never_cost_less(process, entries, bits, reads, writes):
    assert_not_smaller(memory(entries, bits, reads, writes + 1, process), memory(entries, bits, reads, writes, process))


@given(processes, st.integers(2, 100_000), widths, st.integers(0, 8), st.integers(1, 8))
def test_more_entries_never_cost_less(process, entries, bits, reads, writes):
    assert_not_smaller(memory(entries + 1, bits, reads, writes, process), memory(entries, bits, reads, writes, process))


@given(processes, sizes, widths, st.integers(0, 8), st.integers(1, 8))
def test_wider_words_never_cost_less(process, entries, bits, reads, writes):
    assert_not_smaller(memory(entries, bits + 1, reads, writes, process), memory(entries, bits, reads, writes, process))


@given(processes, sizes, widths, ports)
def test_tags_never_cost_less_with_more_entries_or_ports(process, entries, bits, searches):
    found = tags(entries, bits, searches, process)
    assert_not_smaller(tags(entries + 1, bits, searches, process), found)
    assert_not_smaller(tags(entries, bits, searches + 1, process), found)


@given(processes, sizes, widths, st.integers(0, 8), st.integers(1, 8))
def test_area_grows_at_most_with_the_square_of_the_ports(process, entries, bits, reads, writes):
    once, twice = memory(entries, bits, reads, writes, process), memory(entries, bits, 2 * reads, 2 * writes, process)
    assert twice.area_mm2 <= 9.0 * once.area_mm2


@given(sizes, widths)
def test_the_cheaper_way_to_build_a_memory_is_taken(entries, bits):
    sides = cell_sides_um(0, 1, AT_45)
    lines_mm = (2 * entries * sides[0] + 4 * sides[1]) / 1000.0
    found = access_pj(entries, bits, sides, AT_45)
    assert found <= wires_pj(bits, lines_mm, AT_45) * (1.0 + 1e-9)
    assert found <= AT_45.sram_energy_pj(bits, entries * bits / 8192.0) * (1.0 + 1e-9)
