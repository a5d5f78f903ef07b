"""A core as the sum of its parts; the energy of events; what may never fall."""

import math
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.cpu.silicon import CacheSilicon, CoreEvents, core_costs, core_energy
from codesign.models.cpu.silicon.events import EVENT_NAMES
from codesign.models.cpu.silicon.front_end_part import predictor_part
from codesign.models.cpu.silicon.process import process_at
from codesign.models.cpu.silicon.rules import OUTER_CACHES

from .cores import SETTINGS, small_core

COSTS = core_costs(small_core())
COUNTED = [name for name in SETTINGS if isinstance(SETTINGS[name], int) and name not in ("word_bits", "vector_bits")]
SOME_EVENTS = {name: 1.0 + place for place, name in enumerate(EVENT_NAMES)}


def assert_no_part_smaller(larger, smaller):
    for name, part in smaller.parts.items():
        other = larger.parts[name]
        assert other.area_mm2 >= part.area_mm2 * (1.0 - 1e-12), name
        assert other.leakage_mw >= part.leakage_mw * (1.0 - 1e-12), name
        for event, price in part.event_pj.items():
            assert other.event_pj[event] >= price * (1.0 - 1e-12), (name, event)


def test_areas_and_leakages_are_sums_of_parts():
    parts = COSTS.parts.values()
    assert COSTS.area_mm2 == pytest.approx(math.fsum(part.area_mm2 for part in parts))
    assert COSTS.leakage_mw == pytest.approx(math.fsum(part.leakage_mw for part in parts))
    outer = sum(COSTS.parts[name].area_mm2 for name in OUTER_CACHES)
    assert COSTS.core_area_mm2 == pytest.approx(COSTS.area_mm2 - outer)


def test_every_part_has_area_and_none_is_negative():
    for part in COSTS.parts.values():
        assert part.area_mm2 > 0.0
        assert part.leakage_mw > 0.0
        assert all(price > 0.0 for price in part.event_pj.values())


def test_every_event_but_time_costs_something_somewhere():
    priced = {event for part in COSTS.parts.values() for event in part.event_pj}
    assert priced | {"cycles"} == set(EVENT_NAMES)


def test_energy_is_counts_times_prices_and_leakage_times_time():
    events = CoreEvents(**SOME_EVENTS)
    energy = core_energy(COSTS, events)
    dynamic = math.fsum(
        getattr(events, event) * price for part in COSTS.parts.values() for event, price in part.event_pj.items()
    )
    seconds = events.cycles / 2e9
    assert energy.time_s == pytest.approx(seconds)
    assert sum(energy.dynamic_pj.values()) == pytest.approx(dynamic)
    assert sum(energy.leakage_pj.values()) == pytest.approx(COSTS.leakage_mw * 1e-3 * seconds * 1e12)
    assert energy.total_pj == pytest.approx(sum(energy.dynamic_pj.values()) + sum(energy.leakage_pj.values()))
    assert energy.pj_per_instruction == pytest.approx(energy.total_pj / events.committed)
    assert energy.power_w == pytest.approx(energy.total_pj * 1e-12 / seconds)


def test_an_idle_core_only_leaks():
    energy = core_energy(COSTS, CoreEvents(cycles=1000.0, committed=1.0, renamed=0.0))
    committed = COSTS.parts["rob"].event_pj["committed"]
    assert sum(energy.dynamic_pj.values()) == pytest.approx(committed)
    assert energy.power_w == pytest.approx(COSTS.leakage_mw / 1000.0, rel=1e-3)


def test_an_event_is_charged_where_it_happens():
    energy = core_energy(COSTS, CoreEvents(cycles=1.0, committed=1.0, l2_accesses=3.0))
    assert energy.dynamic_pj["l2"] == pytest.approx(3.0 * COSTS.parts["l2"].event_pj["l2_accesses"])
    assert energy.dynamic_pj["l1d"] == energy.dynamic_pj["llc"] == 0.0


def test_a_load_looks_up_tlb_and_cache_and_searches_the_store_queue():
    holders = {name for name, part in COSTS.parts.items() if "loads" in part.event_pj}
    assert holders == {"dtlb", "l1d", "load_queue", "store_queue", "alu"}


def test_a_cache_that_is_not_there_costs_nothing():
    parts = core_costs(small_core(l2=None, llc=None)).parts
    for name in OUTER_CACHES:
        assert parts[name].area_mm2 == parts[name].leakage_mw == 0.0
        assert not parts[name].event_pj


def test_a_core_without_rename_pairs_needs_no_check():
    one = core_costs(small_core(rename_width=1)).parts["rename"]
    two = core_costs(small_core(rename_width=2)).parts["rename"]
    assert 0.0 < one.area_mm2 < two.area_mm2


def test_control_is_the_published_fit():
    """14 stages: 3.57 ln 14 - 1.2643 = 8.157 mm2 at 90 nm."""
    at_90 = core_costs(small_core(node_nm=90.0)).parts["control"]
    assert at_90.area_mm2 == pytest.approx(8.1572, abs=1e-3)
    assert core_costs(small_core(node_nm=45.0)).parts["control"].area_mm2 == pytest.approx(8.1572 / 2.8, abs=1e-3)


def test_equal_cores_cost_the_same():
    again = core_costs(small_core())
    assert again == COSTS


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("step", [1, 2, 5, 64])
def test_more_of_anything_never_costs_less_in_any_part(name, step):
    assert_no_part_smaller(core_costs(small_core(**{name: SETTINGS[name] + step})), COSTS)


@pytest.mark.parametrize("name", ["l1i", "l1d", "l2", "llc"])
@pytest.mark.parametrize("change", ["sets", "ways"])
def test_a_larger_cache_never_costs_less(name, change):
    cache = SETTINGS[name]
    for factor in (2, 4):
        larger = replace(cache, **{change: factor * getattr(cache, change)})
        found, before = core_costs(small_core(**{name: larger})).parts[name], COSTS.parts[name]
        assert found.area_mm2 > before.area_mm2
        assert all(found.event_pj[event] >= price for event, price in before.event_pj.items())


@pytest.mark.parametrize("name", ["l1i", "l1d", "l2", "llc"])
def test_more_ways_at_equal_size_never_cost_less(name):
    cache = SETTINGS[name]
    ways = CacheSilicon(cache.sets // 2, cache.ways * 2)
    found, before = core_costs(small_core(**{name: ways})).parts[name], COSTS.parts[name]
    assert found.area_mm2 > before.area_mm2
    lookups = [event for event in before.event_pj if not event.endswith("_misses")]
    assert lookups
    assert all(found.event_pj[event] >= before.event_pj[event] for event in lookups)


@given(st.floats(0.5, 64.0), st.floats(1.0, 8.0))
def test_a_larger_predictor_never_costs_less(kib, factor):
    process = process_at(45.0, 1.0)
    less, more = (predictor_part(small_core(predictor_kib=size), process) for size in (kib, kib * factor))
    assert more.area_mm2 >= less.area_mm2
    assert more.leakage_mw >= less.leakage_mw
    assert more.event_pj["branches"] >= less.event_pj["branches"]


@pytest.mark.parametrize(("smaller", "larger"), [(7.0, 14.0), (14.0, 22.0), (22.0, 32.0), (32.0, 65.0), (65.0, 130.0)])
def test_a_smaller_node_never_costs_more_area(smaller, larger):
    assert core_costs(small_core(node_nm=smaller)).area_mm2 < core_costs(small_core(node_nm=larger)).area_mm2


@pytest.mark.parametrize("supply", [0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2])
def test_a_higher_supply_never_costs_less(supply):
    low, high = core_costs(small_core(supply_v=supply)), core_costs(small_core(supply_v=supply + 0.1))
    assert_no_part_smaller(high, low)


def test_the_clock_changes_power_and_not_energy_per_event():
    fast = core_costs(small_core(frequency_ghz=4.0))
    assert fast.parts == COSTS.parts
    events = CoreEvents(**SOME_EVENTS)
    slow_energy, fast_energy = core_energy(COSTS, events), core_energy(fast, events)
    assert fast_energy.dynamic_pj == slow_energy.dynamic_pj
    assert sum(fast_energy.leakage_pj.values()) == pytest.approx(sum(slow_energy.leakage_pj.values()) / 2.0)


@pytest.mark.parametrize("name", [field.name for field in fields(CoreEvents)])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_counts_are_finite_and_not_negative(name, value):
    with pytest.raises(ModelInputError, match=rf"{name} = .*; a count is a finite number of at least 0"):
        CoreEvents(**(SOME_EVENTS | {name: value}))


@pytest.mark.parametrize("name", ["cycles", "committed"])
def test_energy_per_instruction_and_power_need_instructions_and_time(name):
    with pytest.raises(ModelInputError, match=rf"{name} = 0; energy per instruction and power need some"):
        CoreEvents(**(SOME_EVENTS | {name: 0.0}))
