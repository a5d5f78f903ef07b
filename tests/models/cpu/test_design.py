"""The space of cores: what a choice of parameters stands for, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.columns import read_columns
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.design import PARAMETERS, SPACE, core_settings, drawn_cores, setting_columns
from codesign.space.domain import Choices, Integer


def one(**values):
    """The core of one design."""
    return core_settings(pd.DataFrame([values]) if values else pd.DataFrame(index=[0]))[0]


def test_a_core_by_hand():
    shares = {"scheduler_share": 0.375, "load_queue_share": 0.2, "store_queue_share": 0.15, "register_share": 0.65}
    caches = {"l1d_kib": 64, "llc_mib": 4, "dram_data_rate_mts": 2400.0, "dram_cas_ns": 12.5}
    core = one(width=5, extra_issue=1, rob=100, alu_share=0.5, **shares, **caches)
    assert (core.fetch_width, core.decode_width, core.uop_width, core.dispatch_width, core.commit_width) == (5,) * 5
    assert (core.issue_width, core.fetch_buffer, core.decode_buffer, core.dispatch_buffer) == (6, 40, 20, 20)
    assert (core.rob, core.scheduler, core.load_queue, core.store_queue) == (100, 38, 20, 15)
    assert (core.physical_registers, core.alu_units) == (129, 2)
    assert core.l1d_sets * core.l1d_ways * 64 == 64 * 1024
    assert core.llc_sets * core.llc_ways * 64 == 4 * 1024 * 1024
    assert (core.dram_tcas, core.dram_trcd, core.dram_trp, core.dram_tras) == (15, 15, 15, 33)


def test_queues_of_a_small_window_hold_at_least_four_and_there_is_an_alu():
    core = one(width=1, rob=4, scheduler_share=0.25, load_queue_share=0.2, store_queue_share=0.2, alu_share=0.25)
    assert (core.scheduler, core.load_queue, core.store_queue, core.alu_units) == (4, 4, 4, 1)


def test_what_isn_t_chosen_is_the_default():
    given = {name: parameter.default for name, parameter in PARAMETERS.items()}
    assert one() == one(**given)
    assert one().frequency_mhz == CoreSettings().frequency_mhz


def test_drawn_values_are_allowed_and_so_are_the_defaults_values_to_draw():
    assert list(PARAMETERS) == list(SPACE)
    for name, parameter in PARAMETERS.items():
        assert all(parameter.domain.contains(value) for value in SPACE[name]), name
        assert parameter.default in SPACE[name]
        assert parameter.unit or isinstance(parameter.domain, Choices), name
        assert parameter.description, name


def test_fewer_drawn_cores_are_the_first_of_more_and_every_value_is_drawn():
    some, more = drawn_cores(37), drawn_cores(512)
    pd.testing.assert_frame_equal(some, more.iloc[:37])
    for name, values in SPACE.items():
        assert set(more[name]) == set(values), name


def test_derived_columns_are_the_cores():
    designs = drawn_cores(64, seed=3)
    table = pd.DataFrame(setting_columns(read_columns(designs, PARAMETERS, "test")))
    for row, core in zip(table.to_dict("records"), core_settings(designs), strict=True):
        assert row == {name: getattr(core, name) for name in row}


def _values(parameter):
    domain = parameter.domain
    if isinstance(domain, Choices):
        return st.sampled_from(domain.values)
    if isinstance(domain, Integer):
        return st.integers(domain.low, domain.high)
    return st.floats(domain.low, domain.high)


@given(st.fixed_dictionaries({name: _values(parameter) for name, parameter in PARAMETERS.items()}))
def test_every_allowed_design_is_a_core(values):
    """``CoreSettings`` checks itself: no allowed design gives one that it refuses."""
    core = one(**(values | {"rob": max(values["rob"], values["width"])}))
    assert core.rob >= core.commit_width


def test_cores_come_in_the_order_of_the_table():
    designs = drawn_cores(20)
    cores = core_settings(designs)
    backwards = core_settings(designs.iloc[::-1])
    assert cores == backwards[::-1]
    assert core_settings(designs.iloc[:0]) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rob": 3}, "row second: rob = 3 is not allowed; allowed: at least width = 4"),
        ({"rob": 0}, "row second: rob = 0 is not allowed; allowed: 1 ... 2048"),
        ({"rob": 100.5}, "row second: rob = 100.5 is not allowed"),
        ({"width": 0}, "row second: width = 0 is not allowed; allowed: 1 ... 16"),
        ({"l1d_kib": 48}, "row second: l1d_kib = 48 is not allowed; allowed: {4, 8, 16, 32, 64, 128, 256, 512, 1024}"),
        ({"l2_kib": 0}, "row second: l2_kib = 0 is not allowed; allowed: {32, 64"),
        ({"predictor_entries": 5000}, "row second: predictor_entries = 5000 is not allowed; allowed: {64, 128"),
        ({"branch_predictor": "tege"}, "branch_predictor = 'tege' is not allowed (did you mean 'tage'?); allowed"),
        ({"l2_prefetcher": "stride"}, "row second: l2_prefetcher = 'stride' is not allowed; allowed: {none, "),
        ({"dram_cas_ns": np.nan}, "row second: dram_cas_ns has no value; allowed: 5 ... 60"),
        ({"load_ports": "two"}, "row second: load_ports = 'two' is not allowed"),
    ],
)  # fmt: skip
def test_what_can_t_be_is_refused_by_row_column_and_value(change, message):
    base = {name: parameter.default for name, parameter in PARAMETERS.items()}
    designs = pd.DataFrame([base, base | change, base], index=["first", "second", "third"])
    with pytest.raises(ModelInputError) as caught:
        core_settings(designs)
    assert message in str(caught.value)


def test_the_smallest_window_is_refused_where_only_the_width_is_given():
    designs = pd.DataFrame({"width": [4, 8], "rob": [6, 6]})
    with pytest.raises(ModelInputError, match="row 1: rob = 6 is not allowed; allowed: at least width = 8"):
        core_settings(designs)


def test_an_unknown_column_is_refused_with_the_nearest_name():
    with pytest.raises(ModelInputError, match=r"reads no 'l1d_kb' \(did you mean 'l1d_kib'\?\)"):
        core_settings(drawn_cores(2).rename(columns={"l1d_kib": "l1d_kb"}))
