"""Programs whose cycles are known: what n more repetitions cost is exact, whatever filling the pipeline costs."""

import pytest

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.simulator import simulate

from .programs import Step, repeated, straight

CORE = CoreSettings(
    fetch_width=4, decode_width=4, uop_width=4, dispatch_width=4, issue_width=6, commit_width=4, alu_units=4
)
R1, R2 = 1, 2


def cycles_of(core, steps, times, compatibility=None):
    """Cycles of ``times`` more repetitions, behind as many that warm everything up."""
    first, second = (
        simulate(repeated(steps, 100 + n), core, warmup=50 * len(steps), compatibility=compatibility).cycles
        for n in (times, 2 * times)
    )
    return second - first


def test_a_chain_of_additions_runs_at_one_per_cycle():
    assert cycles_of(CORE, straight(16, sources=(R1,), destinations=(R1,)), 50) == 16 * 50


def test_independent_additions_run_at_the_width():
    assert cycles_of(CORE, straight(16), 50) == 4 * 50


@pytest.mark.parametrize(("units", "cycles"), [(4, 4), (2, 8), (1, 16)])
def test_or_at_the_number_of_units(units, cycles):
    core = CoreSettings(fetch_width=4, dispatch_width=4, commit_width=4, alu_units=units)
    assert cycles_of(core, straight(16), 50) == cycles * 50


@pytest.mark.parametrize(
    ("operation", "latency"), [("int_mul", 3), ("fp_add", 4), ("fp_mul", 4), ("int_div", 20), ("fp_div", 13)]
)
def test_a_chain_pays_the_latency_of_its_class(operation, latency):
    steps = straight(16, operation=operation, sources=(R1,), destinations=(R1,))
    assert cycles_of(CORE, steps, 20) == 16 * latency * 20


def test_divisions_share_a_unit_that_is_not_pipelined():
    assert cycles_of(CORE, straight(16, operation="int_div"), 20) == 16 * 20 * 20


@pytest.mark.parametrize("latency", [3, 4, 5, 8])
def test_a_pointer_chase_in_the_first_level_pays_its_latency(latency):
    core = CoreSettings(l1d_latency=latency)
    steps = straight(16, operation="load", sources=(R1,), destinations=(R1,), loads=(0x10000,))
    assert cycles_of(core, steps, 50) == 16 * latency * 50


def test_a_chase_over_more_lines_than_the_first_level_has_pays_for_the_second_level():
    core = CoreSettings(l1d_sets=1, l1d_ways=8, l1d_latency=5, l2_latency=10)
    steps = [Step(0x400000 + 4 * k, "load", (R1,), (R1,), loads=(0x10000 + 64 * k,)) for k in range(16)]
    assert cycles_of(core, steps, 20) == 16 * (5 + 10) * 20


def test_and_over_more_than_the_second_level_has_for_the_last_level():
    core = CoreSettings(l1d_sets=1, l1d_ways=8, l2_sets=1, l2_ways=8, l1d_latency=5, l2_latency=10, llc_latency=20)
    steps = [Step(0x400000 + 4 * k, "load", (R1,), (R1,), loads=(0x10000 + 64 * k,)) for k in range(16)]
    assert cycles_of(core, steps, 20) == 16 * (5 + 10 + 20) * 20


@pytest.mark.parametrize(("ports", "cycles"), [(1, 16), (2, 8), (4, 4)])
def test_independent_loads_run_at_the_load_ports(ports, cycles):
    core = CoreSettings(load_ports=ports, fetch_width=4, dispatch_width=4, commit_width=4)
    assert cycles_of(core, straight(16, operation="load", loads=(0x10000,)), 50) == cycles * 50


@pytest.mark.parametrize("latency", [1, 5])
def test_a_value_that_goes_through_memory_pays_for_forwarding(latency):
    core = CoreSettings(forward_latency=latency)
    pair = [
        Step(0x400000, "store", (R1,), (), stores=(0x10000,)),
        Step(0x400004, "load", (R2,), (R1,), loads=(0x10000,)),
    ]
    assert cycles_of(core, pair, 200) == (1 if latency == 1 else latency) * 200


@pytest.mark.parametrize("penalty", [1, 4, 20])
def test_a_jump_whose_target_always_changes_costs_the_refill_of_the_pipeline(penalty):
    """Fetch to resolution are 7 cycles."""
    core = CoreSettings(mispredict_penalty=penalty)
    jumps = [
        Step(0x400000, "branch", (R1,), (), branch="indirect_jump", taken=True),
        Step(0x400100, "branch", (), (), branch="jump", taken=True),
        Step(0x400000, "branch", (R1,), (), branch="indirect_jump", taken=True),
        Step(0x400200, "branch", (), (), branch="jump", taken=True),
    ]
    assert cycles_of(core, jumps, 50) == 2 * (7 + penalty + 1) * 50


def test_fetch_stops_at_a_taken_branch():
    loop = [*straight(3), Step(0x40000C, "branch", branch="jump", taken=True)]
    assert cycles_of(CoreSettings(fetch_width=8, branch_units=4), loop, 100) == 100


def test_the_reference_chains_branches_through_the_instruction_pointer():
    steps = [Step(0x400000 + 4 * k, "branch", (26, 25), (26,), branch="conditional") for k in range(16)]
    assert cycles_of(CORE, steps, 50, "champsim") == 16 * 50
    wide = CoreSettings(branch_units=4, fetch_width=4, dispatch_width=4, commit_width=4)
    assert cycles_of(wide, steps, 50) == 4 * 50


def test_the_reference_takes_up_four_accesses_in_three_cycles():
    """One load and one store in a cycle, at most four of both in three cycles; late translations take some of these."""
    steps = []
    for k in range(0, 256, 2):
        steps.append(Step(0x400000 + 4 * k, "load", loads=(0x10000 + 64 * k,)))
        steps.append(Step(0x400004 + 4 * k, "store", stores=(0x10040 + 64 * k,)))
    core = CoreSettings(issue_width=8, uop_width=8, store_ports=4, load_ports=4, write_queue=64)
    least = 256 * 20 * 3 / 4
    assert least <= cycles_of(core, steps, 20, "champsim") <= 1.1 * least
