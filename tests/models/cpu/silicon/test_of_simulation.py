"""From a simulated core to its silicon and events."""

import numpy as np
import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.silicon import core_costs, core_energy
from codesign.models.cpu.silicon.of_simulation import core_events, core_silicon, predictor_bits
from codesign.models.cpu.simulator import CoreSimulation
from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS, InstructionTrace, StaticCode


def code(*instructions):
    """Static code of (operation, branch, sources, destinations)."""
    count = len(instructions)
    sources, destinations = np.zeros((count, 6), np.uint8), np.zeros((count, 3), np.uint8)
    for row, (_, _, read, written) in enumerate(instructions):
        sources[row, : len(read)], destinations[row, : len(written)] = read, written
    return StaticCode(
        address=np.arange(count, dtype=np.uint64) * 4,
        length=np.full(count, 4, np.uint8),
        encoding=np.zeros((count, 15), np.uint8),
        operation=np.array([OPERATIONS.index(name) for name, *_ in instructions], np.uint8),
        branch=np.array([BRANCHES.index(kind) for _, kind, *_ in instructions], np.uint8),
        sources=sources,
        destinations=destinations,
    )


@pytest.fixture
def trace():
    """A load, an addition, a fused multiply-add and a conditional jump, four times; the first pass is the warm-up."""
    static = code(
        ("load", "none", [1], [2]),
        ("int_alu", "none", [2, 3], [2, 25]),
        ("fp_fma", "none", [32, 33, 34], [32]),
        ("branch", "conditional", [25, 26], [26]),
    )
    which = np.tile(np.arange(4, dtype=np.int32), 4)
    loads = (which == 0).astype(np.uint8)
    return InstructionTrace(
        name="loop",
        code=static,
        which=which,
        taken=which == 3,
        loads=loads,
        stores=np.zeros(16, np.uint8),
        operand_address=np.zeros(4, np.uint64),
        operand_size=np.full(4, 8, np.uint8),
        operand_store=np.zeros(4, np.bool_),
        windows=np.array([0]),
    )


SIMULATION = CoreSimulation(
    instructions=12,
    cycles=24,
    commit_width=4,
    mpki={"branch": 0.0, "l1i": 0.0, "l1d": 250.0, "l2": 0.0, "llc": 0.0, "itlb": 0.0, "dtlb": 0.0, "stlb": 0.0},
    stall_slots={},
    counts={"l1i_accesses": 5, "l2_accesses": 3, "llc_accesses": 0},
)


def test_events_are_those_after_the_warm_up(trace):
    events = core_events(trace, SIMULATION, warmup=4)
    assert (events.cycles, events.committed, events.renamed) == (24.0, 12.0, 12.0)
    assert (events.loads, events.stores, events.branches) == (3.0, 0.0, 3.0)
    assert events.integer_operations == 3.0
    assert events.float_additions == events.float_multiplications == 3.0
    assert (events.fetches, events.l2_accesses, events.l1d_misses) == (5.0, 3.0, 3.0)


def test_registers_are_counted_by_kind_and_the_instruction_pointer_is_none(trace):
    events = core_events(trace, SIMULATION, warmup=4)
    assert (events.integer_reads, events.integer_writes) == (3.0 * 4, 3.0 * 3)
    assert (events.float_reads, events.float_writes) == (3.0 * 3, 3.0 * 1)


def test_a_simulated_core_has_silicon():
    core = CoreSettings()
    found = core_silicon(core, 14.0, 0.9)
    assert found.frequency_ghz == 4.0
    assert (found.rob_entries, found.issue_queue_entries) == (core.rob, core.scheduler)
    assert found.integer_registers + found.float_registers == core.physical_registers
    assert found.l1d.kib == core.l1d_sets * core.l1d_ways * 64 / 1024
    assert found.l2 is not None
    assert found.stlb_entries == core.stlb_sets * core.stlb_ways


def test_energy_of_a_simulated_core(trace):
    costs = core_costs(core_silicon(CoreSettings(), 14.0, 0.9))
    energy = core_energy(costs, core_events(trace, SIMULATION, warmup=4))
    assert energy.dynamic_pj["l1d"] > 0.0
    assert energy.dynamic_pj["llc"] == 0.0
    assert energy.time_s == pytest.approx(6e-9)


@pytest.mark.parametrize(
    ("predictor", "bits"),
    [
        ("bimodal", 2 * 4096),
        ("gshare", 2 * 4096),
        ("tournament", 4 * 4096 + 1024 * 12),
        ("tage", 2 * 4096 + 6 * 1024 * 15),
        ("perfect", 0),
    ],
)
def test_state_of_a_predictor(predictor, bits):
    assert predictor_bits(CoreSettings(branch_predictor=predictor, predictor_entries=4096)) == bits


def test_a_perfect_predictor_takes_no_area():
    costs = core_costs(core_silicon(CoreSettings(branch_predictor="perfect"), 14.0, 0.9))
    assert costs.parts["predictor"].area_mm2 == 0.0


def test_a_node_outside_the_table_is_refused():
    with pytest.raises(ModelInputError, match="node_nm = 3; it lies within 7 ... 130 nm"):
        core_silicon(CoreSettings(), 3.0, 0.9)
