"""What holds for every program and every core."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.simulator import simulate, simulate_many

from .programs import Step, trace_of

TOLERANCE = 0.03
"""Share of IPC that more of a resource may cost: ports are given out in program order, so that an instruction that is
ready earlier may take the slot of one on the critical path; and accesses that come in another order change what a cache
keeps."""
EDGE = 40
"""Cycles that a short program may lose besides."""
OPERATIONS = ("int_alu", "int_mul", "fp_add", "int_div", "lea", "vector_int")


@st.composite
def programs(draw, most=300):
    """Loops over random bodies: registers, loads and stores over a few pages, branches with random outcomes."""
    seed = draw(st.integers(0, 2**32 - 1))
    body = draw(st.integers(4, 40))
    lines = draw(st.sampled_from([4, 40, 4000]))
    random = np.random.default_rng(seed)
    kinds = random.choice(["plain", "load", "store", "branch"], body, p=[0.5, 0.25, 0.12, 0.13])
    registers = random.integers(1, 6, (body, 2)).tolist()
    operations = random.choice(OPERATIONS, body)
    steps = []
    while len(steps) < most:
        for k in range(body):
            pc, (a, b) = 0x400000 + 4 * k, registers[k]
            address = 0x100000 + 64 * int(random.integers(lines))
            if kinds[k] == "load":
                steps.append(Step(pc, "load", (a,), (b,), loads=(address,)))
            elif kinds[k] == "store":
                steps.append(Step(pc, "store", (a, b), stores=(address,)))
            elif kinds[k] == "branch":
                steps.append(Step(pc, "branch", (25,), branch="conditional", taken=bool(random.integers(2))))
            else:
                steps.append(Step(pc, str(operations[k]), (a, b), (a, 25)))
    return trace_of(steps)


@st.composite
def cores(draw):
    width = draw(st.sampled_from([1, 2, 4, 8]))
    return CoreSettings(
        fetch_width=width,
        decode_width=draw(st.sampled_from([width, 2 * width])),
        uop_width=2 * width,
        dispatch_width=width,
        issue_width=draw(st.integers(1, 8)),
        commit_width=width,
        fetch_buffer=8 * width,
        decode_buffer=4 * width,
        dispatch_buffer=4 * width,
        rob=draw(st.sampled_from([16, 64, 256])),
        scheduler=draw(st.sampled_from([8, 40, 100])),
        load_queue=draw(st.sampled_from([4, 32])),
        store_queue=draw(st.sampled_from([4, 32])),
        branch_predictor=draw(st.sampled_from(["bimodal", "gshare", "tournament", "tage", "perfect"])),
        l1d_prefetcher=draw(st.sampled_from(["none", "next_line", "stride"])),
        page_fault_cycles=draw(st.sampled_from([0, 200])),
    )


COMPATIBILITIES = st.sampled_from([None, "champsim"])


@settings(max_examples=40)
@given(programs(), cores(), COMPATIBILITIES)
def test_commit_slots_sum_to_all_cycles_and_no_width_is_exceeded(trace, core, compatibility):
    done = simulate(trace, core, compatibility=compatibility)
    assert sum(done.stall_slots.values()) == done.cycles * core.commit_width
    assert done.stall_slots["base"] == done.instructions == len(trace)
    assert all(slots >= 0 for slots in done.stall_slots.values())
    narrowest = min(core.fetch_width, core.uop_width, core.dispatch_width, core.issue_width, core.commit_width)
    assert done.ipc <= narrowest


@settings(max_examples=15)
@given(programs(), cores(), COMPATIBILITIES)
def test_equal_inputs_give_equal_bits(trace, core, compatibility):
    done = simulate(trace, core, compatibility=compatibility)
    assert done == simulate(trace, core, compatibility=compatibility)
    table = simulate_many(trace, [core, CoreSettings(), core], compatibility=compatibility, threads=2)
    assert table.iloc[0].to_dict() == table.iloc[2].to_dict() == pytest.approx(done.row(), rel=0, nan_ok=True)


MORE = {
    "rob": lambda core: replace(core, rob=2 * core.rob),
    "scheduler": lambda core: replace(core, scheduler=2 * core.scheduler),
    "load queue": lambda core: replace(core, load_queue=2 * core.load_queue),
    "store queue": lambda core: replace(core, store_queue=2 * core.store_queue),
    "units": lambda core: replace(core, alu_units=8, multiply_units=2, divide_units=2, fp_units=4, branch_units=2),
    "l1d latency": lambda core: replace(core, l1d_latency=core.l1d_latency - 1),
    "l2 latency": lambda core: replace(core, l2_latency=core.l2_latency // 2),
    "dram latency": lambda core: replace(core, dram_tcas=12, dram_trcd=12, dram_trp=12),
    "penalty": lambda core: replace(core, mispredict_penalty=0),
    "divide latency": lambda core: replace(core, divide_latency=10),
    "perfect branches": lambda core: replace(core, branch_predictor="perfect"),
}


@pytest.mark.parametrize("what", MORE)
@settings(max_examples=15)
@given(trace=programs(), core=cores())
def test_more_of_a_resource_or_less_latency_never_costs_more_than_the_tolerance(what, trace, core):
    core = replace(core, l1d_prefetcher="none")
    less, more = simulate(trace, core), simulate(trace, MORE[what](core))
    assert more.cycles <= less.cycles * (1 + TOLERANCE) + EDGE


@settings(max_examples=20)
@given(programs(), st.sampled_from([4, 8, 16, 64]))
def test_a_larger_fully_associative_cache_never_misses_more(trace, ways):
    """Least-recently-used replacement keeps a subset of what it keeps in a larger one."""
    small = CoreSettings(l1d_sets=1, l1d_ways=ways, fetch_width=1, dispatch_width=1, issue_width=1, commit_width=1)
    large = replace(small, l1d_ways=4 * ways)
    few, many = simulate(trace, small), simulate(trace, large)
    assert many.mpki["l1d"] <= few.mpki["l1d"] * (1 + TOLERANCE) + 1000 * 2 / len(trace)
    assert many.cycles <= few.cycles * (1 + TOLERANCE) + EDGE
