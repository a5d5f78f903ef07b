"""From rates of a simulator or predictor to events and energy, for many cores at once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.models.cpu.silicon.columns import CoreColumns
from codesign.models.cpu.silicon.event_columns import TIMED_RATES, energy_columns, event_columns, mean_power_w
from codesign.models.cpu.silicon.events import EVENT_NAMES

OF_TRACE = {"committed": 1.0, "loads": 0.25}


def columns(**rates):
    """Events of two cores of fetch width 4; what isn't given is 0, IPC 2."""
    given = dict.fromkeys(TIMED_RATES, 0.0) | {"ipc": 2.0} | rates
    return event_columns(OF_TRACE, {name: np.full(2, float(value)) for name, value in given.items()}, np.full(2, 4.0))


def test_what_the_trace_decides_is_the_same_on_all_cores():
    found = columns()
    np.testing.assert_array_equal(found["loads"], [0.25, 0.25])
    np.testing.assert_array_equal(found["cycles"], [0.5, 0.5])
    assert set(found) <= set(EVENT_NAMES)


def test_the_instruction_cache_is_read_for_each_block_and_for_what_is_decoded():
    assert columns(uop_hits=1000.0)["l1i_accesses"][0] == 0.0
    assert columns(uop_hits=1000.0, l1i_accesses=50.0)["l1i_accesses"][0] == 0.05
    assert columns(uop_hits=200.0, l1i_accesses=50.0)["l1i_accesses"][0] == pytest.approx(0.8 / 4)
    assert columns(uop_hits=200.0)["decoded"][0] == pytest.approx(0.8)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_lines_written_at_a_level_are_those_that_the_next_one_was_asked_for(code, data, asked):
    found = columns(l1i_mpki=code, l1d_mpki=data, l2_accesses=asked, llc_accesses=asked / 2)
    np.testing.assert_allclose(found["l1i_misses"] + found["l1d_misses"], asked / 1000)
    np.testing.assert_allclose(found["l2_misses"], asked / 2000)
    if code + data > 0:
        np.testing.assert_allclose(found["l1i_misses"], asked / 1000 * code / (code + data))


def test_lines_that_only_a_prefetcher_asked_for_are_data():
    found = columns(l2_accesses=3.0)
    assert (found["l1i_misses"][0], found["l1d_misses"][0]) == (0.0, 0.003)


def test_energy_is_additive_in_events_and_cores_don_t_mix():
    costs = CoreColumns(
        np.ones(2), np.ones(2), np.array([10.0, 0.0]), {"loads": np.array([1.0, 2.0]), "cycles": np.ones(2)}
    )
    one = energy_columns(costs, {"loads": np.array([3.0, 5.0])}, np.array([2.0, 4.0]))
    np.testing.assert_array_equal(one.dynamic_pj, [3.0, 10.0])
    np.testing.assert_array_equal(one.leakage_pj, [20.0, 0.0])
    np.testing.assert_array_equal(one.total_pj, [23.0, 10.0])
    both = energy_columns(costs, {"loads": np.array([3.0, 5.0]), "cycles": np.array([7.0, 7.0])}, np.array([2.0, 4.0]))
    np.testing.assert_array_equal(both.dynamic_pj - one.dynamic_pj, [7.0, 7.0])


def test_a_picojoule_in_a_nanosecond_is_a_milliwatt():
    np.testing.assert_array_equal(mean_power_w(np.array([5.0]), np.array([2.0])), [0.0025])
