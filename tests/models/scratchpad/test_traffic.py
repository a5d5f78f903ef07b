"""A plan's transfers as requests to DRAM: the plan's bytes, at the model's times."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import WorkloadError
from codesign.models.scratchpad.overlap import Machine, latency_cycles
from codesign.models.scratchpad.plan import Placement, Plan, Residency, Transfer
from codesign.models.scratchpad.planning import Options, plan_network, prepare
from codesign.models.scratchpad.preparation import Accounting
from codesign.models.scratchpad.problem import Buffer, Operation, Problem
from codesign.models.scratchpad.traffic import plan_traffic, planned_trace
from codesign.workloads.catalogue import load_network
from codesign.workloads.memory.traffic import Transfer as Block

MACHINE = Machine(macs_per_cycle=10.0, dram_bytes_per_cycle=5.0)


def by_hand():
    """Three steps of 10, 20 and 2 cycles. x (50 bytes) is loaded for step 0 and written over by none. A (100 bytes)
    is made in step 0, spilled while step 1 runs and retrieved in front of step 2; y (30 bytes) is stored at the end."""
    buffers = (
        Buffer("x", (("x", 0),), 50, 50, stored=True),
        Buffer("A", (("A", 0),), 100, 100),
        Buffer("B", (("B", 0),), 40, 40),
        Buffer("y", (("y", 0),), 30, 30, wanted=True),
    )
    operations = (
        Operation("a", (0,), (1,), (), 100),
        Operation("b", (0,), (2,), (0,), 200),
        Operation("c", (1, 2), (3,), (1,), 20),
    )
    problem = Problem("hand", buffers, operations)
    plan = Plan(
        network="hand",
        order=("a", "b", "c"),
        views=(),
        pools_bytes=(300,),
        alignment_bytes=1,
        placements=tuple(Placement(b.name, b.tensors, b.size_bytes, b.space_bytes) for b in buffers),
        residencies=(
            Residency("A", 0, 1, 0, 0, "created", True),
            Residency("x", 0, 1, 100, 0, "loaded", False),
            Residency("B", 1, 2, 150, 0, "created", False),
            Residency("A", 2, 2, 0, 0, "retrieved", False),
            Residency("y", 2, 2, 190, 0, "created", False),
        ),
        transfers=(
            Transfer(0, "x", "load", 50),
            Transfer(2, "A", "spill", 100),
            Transfer(2, "A", "retrieve", 100),
            Transfer(3, "y", "store", 30),
        ),
    )
    return problem, plan


def test_a_plan_by_hand():
    """x: cycles 0 to 10, exposed; step 0 to 20; step 1 to 40 with the spill beside it; the retrieval to 60; step 2 to
    62; the store to 68. In DRAM x is at 0, A at 64, y at 192; B is never moved."""
    problem, plan = by_hand()
    traffic = plan_traffic(problem, (0, 1, 2), plan, MACHINE)
    assert traffic.transfers == (
        Block(0, 50, 0, False),
        Block(20, 100, 64, True),
        Block(40, 100, 64, False),
        Block(62, 30, 192, True),
    )
    assert traffic.cycles == 68
    assert latency_cycles(problem, (0, 1, 2), plan, MACHINE) == 68
    moved = plan_traffic(problem, (0, 1, 2), plan, MACHINE, base_address=100, alignment_bytes=1000)
    assert [transfer.address for transfer in moved.transfers] == [1000, 2000, 2000, 3000]


def test_a_step_waits_for_the_transfers_beside_it():
    problem, plan = by_hand()
    slow = Machine(macs_per_cycle=10.0, dram_bytes_per_cycle=2.0)
    traffic = plan_traffic(problem, (0, 1, 2), plan, slow)
    assert [transfer.start_cycle for transfer in traffic.transfers] == [0, 35, 85, 137]
    assert traffic.cycles == latency_cycles(problem, (0, 1, 2), plan, slow) == 152


def test_what_is_written_leaves_before_what_is_read_comes():
    problem, plan = by_hand()
    early = Transfer(2, "A", "spill", 100)
    mixed = Plan(**{**plan.__dict__, "transfers": (Transfer(2, "B", "retrieve", 40), early)})
    assert [t.write for t in plan_traffic(problem, (0, 1, 2), mixed, MACHINE).transfers] == [True, False]


def test_plans_that_are_refused():
    problem, plan = by_hand()
    idle = Plan(**{**plan.__dict__, "transfers": ()})
    with pytest.raises(WorkloadError, match="the plan of 'hand' moves nothing to or from DRAM"):
        plan_traffic(problem, (0, 1, 2), idle, MACHINE)
    with pytest.raises(WorkloadError, match="from an address of at least 0; found 0 and 0"):
        plan_traffic(problem, (0, 1, 2), plan, MACHINE, alignment_bytes=0)


CASES = [
    ("darts", {"resolution": 32}, Options()),
    ("darts", {"resolution": 32}, Options(goal="latency")),
    ("darts", {"resolution": 32}, Options(accounting=Accounting(weights=True), banks=2)),
    ("densenet121", {"resolution": 32}, Options(order="default")),
    ("densenet121", {"resolution": 32}, Options(order="default", recompute_bytes_per_mac=0.0)),
]


@cache
def planned(case):
    name, given_settings, options = CASES[case]
    network = load_network(name, **given_settings).with_bits(8, 8)
    _, problem = prepare(network, 1 << 40, options)
    return plan_network(network, problem.minimum_bytes * options.banks, options), options


@pytest.mark.parametrize("case", range(len(CASES)))
def test_the_bytes_are_the_plans_and_the_time_is_the_models(case):
    found, options = planned(case)
    traffic = plan_traffic(found.problem, found.schedule.placed.timeline.order, found.plan, options.machine)
    assert sum(t.size_bytes for t in traffic.transfers) == found.plan.offchip_bytes
    for write, kinds in ((False, ("load", "retrieve")), (True, ("store", "spill"))):
        moved = sum(t.size_bytes for t in traffic.transfers if t.write == write)
        assert moved == found.plan.moved_bytes(*kinds)
    assert traffic.cycles == pytest.approx(found.latency_cycles, rel=1e-12)
    starts = [t.start_cycle for t in traffic.transfers]
    assert starts == sorted(starts)
    assert starts[-1] <= traffic.cycles
    trace = list(planned_trace(found, options.machine, requests=1000))
    bursts = sum(-(-t.size_bytes // 64) for t in traffic.transfers)
    assert sum(len(part) for part in trace) == bursts
    assert max(len(part) for part in trace) <= 1000
    sent = np.concatenate([part.cycle for part in trace])
    assert sent[-1] <= traffic.cycles + len(traffic.transfers) * 64 / options.machine.dram_bytes_per_cycle


def test_buffers_share_no_burst():
    found, options = planned(0)
    order = found.schedule.placed.timeline.order
    ends = {}
    for block in plan_traffic(found.problem, order, found.plan, options.machine).transfers:
        assert block.address % 64 == 0
        assert ends.setdefault(block.address, block.size_bytes) == block.size_bytes
    places = sorted(ends)
    assert all(a + ends[a] <= b for a, b in pairwise(places))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.5, 5000), st.floats(0.05, 60))
def test_the_end_is_the_latency_on_any_machine(macs, bandwidth):
    problem, plan = by_hand()
    machine = Machine(macs, bandwidth)
    end = plan_traffic(problem, (0, 1, 2), plan, machine).cycles
    assert end == pytest.approx(latency_cycles(problem, (0, 1, 2), plan, machine), rel=1e-12)


def test_the_port_follows_the_machines_bandwidth_or_a_given_rate():
    found, _ = planned(0)
    slow = Machine(1e9, 8.0)
    first = next(planned_trace(found, slow, requests=50))
    assert first.cycle[:5].tolist() == [0, 8, 16, 24, 32]
    quick = next(planned_trace(found, slow, requests_per_cycle=1.0, clock_mhz=500.0, requests=50))
    assert quick.cycle[:5].tolist() == [0, 1, 2, 3, 4]
    assert quick.clock_mhz == 500.0
