"""The one-pass recurrence on programs whose cycles can be told by hand, and beside the simulator."""

from dataclasses import replace

import numpy as np
import pytest

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.features.branch_view import BranchView, branch_view
from codesign.models.cpu.features.machine import machine
from codesign.models.cpu.features.memory_view import memory_view
from codesign.models.cpu.features.recurrence import one_pass
from codesign.models.cpu.features.state import program_of, views_of
from codesign.models.cpu.simulator import simulate

from .programs import chain, independent, loop, mixed, walk, whole

WIDE = CoreSettings(alu_units=8, issue_width=8)


def commits(part, core, marks, branches=None):
    views = views_of(branches or branch_view(part, core), memory_view(part, core))
    return one_pass(program_of(part), machine(core, part.encoded.registers), views, np.array(marks))


def cycles(steps, core, warmup=0):
    part = whole(steps, warmup)
    return int(commits(part, core, [part.instructions])[0])


def test_stages_of_one_instruction_after_another():
    """Three cycles to decode, then dispatch, scheduler, execution, result, commit, one each; bytes are decoded."""
    part = whole(chain(32), warmup=8)
    assert commits(part, WIDE, [1, 2, 3, 24]).tolist() == [8, 9, 10, 31]


def test_a_chain_takes_one_latency_each():
    assert cycles(chain(8000), WIDE) - cycles(chain(4000), WIDE) == 4000
    slow = replace(WIDE, alu_latency=3)
    assert cycles(chain(8000), slow) - cycles(chain(4000), slow) == 12000


@pytest.mark.parametrize("width", [1, 2, 4])
def test_independent_instructions_fill_the_width(width):
    core = replace(WIDE, fetch_width=width, decode_width=width, dispatch_width=width, commit_width=width)
    assert cycles(independent(8000), core) - cycles(independent(4000), core) == 4000 // width


@pytest.mark.parametrize("units", [1, 2])
def test_units_bound_the_throughput(units):
    core = replace(WIDE, alu_units=units)
    assert cycles(independent(8000), core) - cycles(independent(4000), core) == 4000 // units


def test_serial_loads_take_the_latency_of_the_first_level():
    for latency in (4, 5):
        core = replace(WIDE, l1d_latency=latency)
        gained = cycles(walk([64], 4000, serial=True), core) - cycles(walk([64], 2000, serial=True), core)
        assert gained == 2000 * latency


def test_a_misprediction_stops_fetch_until_the_branch_is_executed():
    body = [{"destinations": (7,)}] * 7 + [{"branch": "conditional", "operation": "branch", "sources": (25,)}]
    part = whole(loop(body, 200))
    right = BranchView(np.zeros(part.instructions, dtype=np.int8))
    wrong = BranchView(np.where(np.arange(part.instructions) % 8 == 7, 1, 0).astype(np.int8))
    without, with_them = (int(commits(part, WIDE, [part.instructions], view)[0]) for view in (right, wrong))
    front_end_depth = 3 + 1 + 1 + 1
    assert (with_them - without) / 200 >= front_end_depth + WIDE.mispredict_penalty - 2


def scattered(count):
    return walk([4096 * 17 * step for step in range(count)])


@pytest.mark.parametrize(
    "steps", [chain(1600), independent(1600), scattered(1600)], ids=["chain", "independent", "misses"]
)
@pytest.mark.parametrize("buffer", ["rob", "scheduler", "load_queue", "physical_registers", "l1d_mshrs"])
def test_larger_buffers_never_cost_cycles_where_order_plays_no_part(steps, buffer):
    sizes = {"physical_registers": (80, 128, 512)}.get(buffer, (8, 32, 128))
    found = [cycles(steps, replace(WIDE, **{buffer: size})) for size in sizes]
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("seed", range(6))
def test_a_larger_window_costs_at_most_a_hundredth(seed):
    """Ports are given out in program order: with more in flight, a later instruction may wait for an earlier one."""
    steps = mixed(3000, seed)
    found = np.array([cycles(steps, CoreSettings(rob=rob), warmup=600) for rob in (16, 32, 64, 128, 256, 512)])
    assert np.all(found <= 1.01 * np.minimum.accumulate(found))
    assert found[-1] < found[0]


def test_a_larger_window_overlaps_misses():
    small, large = (cycles(scattered(1600), replace(WIDE, rob=rob)) for rob in (16, 256))
    assert small > 1.5 * large


def test_a_load_behind_a_store_to_its_address_is_forwarded():
    store = {"operation": "store", "sources": (7,), "stores": (0x9000,)}
    load = {"operation": "load", "loads": (0x9000,), "sources": (), "destinations": (7,)}
    near, far = (cycles(loop([store, load], 400), replace(WIDE, forward_latency=latency)) for latency in (3, 13))
    assert far - near == pytest.approx(400 * 10, rel=0.02)


def test_a_mark_tells_when_the_instruction_before_it_commits():
    steps, core = mixed(2000, 0), CoreSettings()
    part = whole(steps)
    marks = [0, 1, 700, 700, 2000]
    found = commits(part, core, marks).tolist()
    assert found[0] == 0
    assert found == sorted(found)
    assert found[2] == found[3] == cycles(steps[:700], core)
    assert found[4] == cycles(steps, core)


def test_equal_runs_give_equal_bits():
    part, marks = whole(mixed(2000, 1)), np.arange(2001)
    assert commits(part, CoreSettings(), marks).tobytes() == commits(part, CoreSettings(), marks).tobytes()


COMPUTE, MISSES = 0.02, 0.1
"""How far the recurrence may be off the simulator: where all hits the first level, and where all goes to DRAM."""


@pytest.mark.parametrize(
    ("steps", "tolerance"),
    [
        (chain(8000), COMPUTE),
        (independent(8000), COMPUTE),
        (walk([64 * line for line in range(100)], 80), COMPUTE),
        (walk([64], 8000, serial=True), COMPUTE),
        (walk([64 * (line * 7919 % 100_000) for line in range(8000)]), MISSES),
        (walk([64 * (line * 7919 % 100_000) for line in range(8000)], serial=True), MISSES),
    ],
    ids=["chain", "independent", "near loads", "near chain", "far loads", "far chain"],
)
@pytest.mark.parametrize(
    "core", [CoreSettings(), WIDE, CoreSettings(rob=32, l1d_mshrs=4)], ids=["plain", "wide", "small"]
)
def test_it_is_near_the_simulator_on_kernels(steps, tolerance, core):
    warmup = 2000
    theirs = simulate(whole(steps).trace, core, warmup=warmup)
    assert cycles(steps, core, warmup) == pytest.approx(theirs.cycles, rel=tolerance)
