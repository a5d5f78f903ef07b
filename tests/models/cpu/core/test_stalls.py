"""Where the commit slots go, on programs whose bottleneck is known."""

import numpy as np
import pytest

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.simulator import simulate

from .programs import Step, repeated, straight, trace_of

R1 = 1
LINES = 4000


def shares(core, trace, warmup):
    """Share of all commit slots per cause."""
    done = simulate(trace, core, warmup=warmup)
    return {name: slots / (done.cycles * core.commit_width) for name, slots in done.stall_slots.items()}


def chase(lines, hops, seed=0):
    """Loads whose address depends on the one before, over lines in random order."""
    order = np.random.default_rng(seed).permutation(lines)
    body = [Step(0x400000, "load", (R1,), (R1,), loads=(0x1000000 + 64 * int(order[k % lines]),)) for k in range(hops)]
    return trace_of(body)


def test_a_chain_loses_all_other_slots_to_dependency():
    found = shares(CoreSettings(), repeated(straight(16, sources=(R1,), destinations=(R1,)), 100), 800)
    assert found["base"] == pytest.approx(1 / 4, abs=0.01)
    assert found["base"] + found["dependency"] == pytest.approx(1, abs=0.02)


def test_too_few_units():
    found = shares(CoreSettings(alu_units=1), repeated(straight(16), 200), 1600)
    assert found["execution_units"] + found["scheduler_full"] + found["rob_full"] == pytest.approx(3 / 4, abs=0.03)


@pytest.mark.parametrize(
    ("sizes", "cause"),
    [
        ({}, "l1d"),
        ({"l1d_sets": 1}, "l2"),
        ({"l1d_sets": 1, "l2_sets": 1}, "llc"),
        ({"l1d_sets": 1, "l2_sets": 1, "llc_sets": 1}, "dram"),
    ],
)
def test_a_chase_loses_them_to_the_level_that_serves_it(sizes, cause):
    found = shares(CoreSettings(**sizes), chase(64, 3000), 1000)
    assert found[cause] > 0.6
    assert found[cause] == max(found.values())


def test_translations_that_are_late():
    """One line in each of 512 pages: its data stay in the first level, its translation doesn't."""
    body = [Step(0x400000, "load", (R1,), (R1,), loads=(0x1000000 + 4096 * k + 64 * (k % 64),)) for k in range(512)] * 6
    found = shares(CoreSettings(), trace_of(body), 1024)
    assert found["dtlb"] > 0.5


def test_mispredicted_branches():
    random = np.random.default_rng(1)
    body = []
    for _ in range(600):
        body += straight(8)
        body.append(Step(0x400020, "branch", (25,), branch="conditional", taken=bool(random.integers(2))))
    found = shares(CoreSettings(mispredict_penalty=20), trace_of(body), 900)
    assert found["branch_mispredict"] > 0.6


def test_code_larger_than_the_instruction_cache():
    core = CoreSettings(l1i_sets=1, l1i_ways=2, uop_cache_ways=0, l2_latency=40)
    found = shares(core, repeated(straight(512), 6), 1024)
    assert found["icache"] > 0.5


def test_a_full_store_queue():
    """Every store misses: the write queue and the store queue behind it fill up."""
    body = [Step(0x400000, "store", stores=(0x1000000 + 64 * k,)) for k in range(LINES)]
    core = CoreSettings(store_queue=4, write_queue=1, l1d_mshrs=1)
    found = shares(core, trace_of(body), 100)
    assert found["store_queue_full"] > 0.5
