"""What may never be: from rates and designs to metrics, without a simulator."""

from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.models.columns import read_columns
from codesign.models.cpu.design import PARAMETERS as CORE_PARAMETERS
from codesign.models.cpu.design import drawn_cores
from codesign.models.cpu.metrics import METRICS, MISS_METRICS
from codesign.models.cpu.outcome import ENDS, ProgramOutcome, metric_columns, silicon_of
from codesign.models.cpu.parameters import PARAMETERS
from codesign.models.cpu.silicon.event_columns import TIMED_RATES
from codesign.models.cpu.silicon.of_simulation import trace_events
from codesign.space.domain import Choices, Integer
from codesign.workloads.instructions.catalogue import instruction_trace

GROWING = (
    "width", "extra_issue", "rob", "scheduler_share", "load_queue_share", "store_queue_share", "register_share",
    "alu_share", "fp_units", "branch_units", "load_ports", "store_ports", "predictor_entries", "l1i_kib", "l1d_kib",
    "l2_kib", "llc_mib",
)  # fmt: skip
WITHOUT_AREA = (
    "l1d_mshrs", "l1d_latency", "l1d_prefetcher", "prefetch_degree", "l2_latency", "l2_prefetcher", "llc_latency",
    "dram_data_rate_mts", "dram_cas_ns",
)  # fmt: skip


def silicon(designs):
    return silicon_of(read_columns(designs.assign(program="gzip"), PARAMETERS, "test"))


@cache
def four():
    """Silicon of four cores."""
    return silicon(drawn_cores(4))


@cache
def of_trace():
    return trace_events(instruction_trace("gzip"), 1000, 2000)


def outcome(rows, ipc=1.0, **rates):
    """A program that does the same on every core."""
    given = dict.fromkeys((*TIMED_RATES, *MISS_METRICS), 0.0) | dict.fromkeys(("ipc", *ENDS), ipc) | rates
    return ProgramOutcome(of_trace(), {name: np.full(rows, value) for name, value in given.items()})


def sizes(name):
    """Some of a parameter's values, rising."""
    domain = CORE_PARAMETERS[name].domain
    if isinstance(domain, Choices):
        return list(domain.values)[::3]
    values = np.linspace(domain.low, domain.high, 4)
    return np.unique(np.round(values)).astype(int) if isinstance(domain, Integer) else values


@pytest.mark.parametrize("name", GROWING)
def test_area_and_leakage_never_fall_with_a_size(name):
    base = drawn_cores(6, seed=2).assign(rob=64)
    values = [value for value in sizes(name) if name != "rob" or value >= base["width"].max()]
    found = [silicon(base.assign(**{name: value})).costs for value in values]
    for less, more in pairwise(found):
        assert (more.area_mm2 >= less.area_mm2).all()
        assert (more.leakage_mw >= less.leakage_mw).all()
    assert (found[-1].area_mm2 > found[0].area_mm2).all()


@pytest.mark.parametrize("name", WITHOUT_AREA)
def test_latencies_prefetchers_and_dram_take_no_area(name):
    base = drawn_cores(12, seed=2)
    first, *_, last = sizes(name) if len(sizes(name)) > 1 else CORE_PARAMETERS[name].domain.values
    np.testing.assert_array_equal(
        silicon(base.assign(**{name: first})).costs.area_mm2, silicon(base.assign(**{name: last})).costs.area_mm2
    )


def test_every_parameter_of_a_core_has_area_or_is_known_to_have_none():
    assert {*GROWING, *WITHOUT_AREA, "branch_predictor", "mispredict_penalty"} == set(CORE_PARAMETERS)


@given(st.floats(0.05, 8.0), st.sampled_from(["l2_accesses", "llc_accesses", "llc_mpki", "l1i_accesses", "dtlb_mpki"]))
def test_more_of_an_event_takes_more_energy_and_no_time(ipc, event):
    rates = ({"uop_hits": 1000.0, event: rate} for rate in (400.0, 500.0))
    less, more = (metric_columns(four(), [outcome(4, ipc, **one)]) for one in rates)
    assert (more["energy_per_instruction_pj"] > less["energy_per_instruction_pj"]).all()
    np.testing.assert_array_equal(more["time_per_instruction_ns"], less["time_per_instruction_ns"])


@given(st.floats(0.05, 7.0), st.floats(1.01, 3.0))
def test_a_faster_program_leaks_less_in_the_same_events(ipc, factor):
    slow, fast = (metric_columns(four(), [outcome(4, one)]) for one in (ipc, ipc * factor))
    assert (fast["energy_per_instruction_pj"] < slow["energy_per_instruction_pj"]).all()
    assert (fast["power_w"] > slow["power_w"]).all()
    lost = slow["leakage_w"] * (slow["time_per_instruction_ns"] - fast["time_per_instruction_ns"]) * 1000
    np.testing.assert_allclose(slow["energy_per_instruction_pj"] - fast["energy_per_instruction_pj"], lost, rtol=1e-6)


def test_the_interval_of_several_programs_is_the_harmonic_mean_of_its_ends():
    found = metric_columns(
        silicon(drawn_cores(2)),
        [outcome(2, 1.0, ipc_low=0.5, ipc_high=2.0), outcome(2, 3.0, ipc_low=1.5, ipc_high=6.0)],
    )
    np.testing.assert_allclose(found["ipc"], 1.5)
    np.testing.assert_allclose(found["ipc_low"], 0.75)
    np.testing.assert_allclose(found["ipc_high"], 3.0)


def test_a_program_named_twice_is_a_mean_that_changes_nothing_and_all_metrics_are_there():
    cores, one = silicon(drawn_cores(3)), outcome(3, 1.3, l2_accesses=20.0, branch_mpki=4.0)
    alone, twice = metric_columns(cores, [one]), metric_columns(cores, [one, one])
    assert tuple(alone) == tuple(METRICS)
    for name in METRICS:
        np.testing.assert_allclose(alone[name], twice[name], rtol=1e-14)


def test_a_row_depends_on_itself_alone():
    designs = drawn_cores(30, seed=4)
    rng = np.random.default_rng(0)
    rates = {name: rng.uniform(0.1, 3.0, 30) for name in outcome(1).rates}
    events = of_trace()
    whole = pd.DataFrame(metric_columns(silicon(designs), [ProgramOutcome(events, rates)]))
    for row in (0, 7, 29):
        own = {name: values[[row]] for name, values in rates.items()}
        alone = pd.DataFrame(metric_columns(silicon(designs.iloc[[row]]), [ProgramOutcome(events, own)]))
        pd.testing.assert_frame_equal(whole.iloc[[row]].reset_index(drop=True), alone, check_exact=True)
