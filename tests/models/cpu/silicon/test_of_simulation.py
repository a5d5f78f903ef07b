"""From a simulated core to its silicon and events."""

import numpy as np
import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.silicon import core_columns, core_costs, core_energy
from codesign.models.cpu.silicon.events import EVENT_NAMES
from codesign.models.cpu.silicon.of_simulation import (
    core_events,
    core_silicon,
    predictor_bits,
    silicon_columns,
    trace_events,
)
from codesign.models.cpu.simulator import CoreSimulation, simulate
from codesign.workloads.instructions.catalogue import instruction_trace
from codesign.workloads.instructions.trace import BRANCHES, OPERATIONS, InstructionTrace, StaticCode

from ..core.programs import Step, trace_of


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
    mpki={"branch": 0.0, "l1i": 250.0, "l1d": 750.0, "l2": 0.0, "llc": 0.0, "itlb": 0.0, "dtlb": 500.0, "stlb": 0.0},
    stall_slots={},
    counts={"uop_hits": 9, "l1i_accesses": 2, "l2_accesses": 4, "llc_accesses": 1},
)
CORE = CoreSettings(fetch_width=1, fetch_buffer=8)
EVENTS = {
    "cycles": 24.0,
    "committed": 12.0,
    "renamed": 12.0,
    "issued": 12.0,
    "fetches": 3.0,
    "decoded": 3.0,
    "integer_operations": 3.0,
    "float_additions": 3.0,
    "float_multiplications": 3.0,
    "branches": 3.0,
    "loads": 3.0,
    "integer_reads": 3.0 * 4,
    "integer_writes": 3.0 * 3,
    "float_reads": 3.0 * 3,
    "float_writes": 3.0 * 1,
    "l1i_accesses": 3.0,
    "l1i_misses": 1.0,
    "l1d_misses": 3.0,
    "l2_accesses": 4.0,
    "l2_misses": 1.0,
    "llc_accesses": 1.0,
    "dtlb_misses": 6.0,
}
"""By hand: three passes of the loop, each entered once by a jump. Nine instructions come from the uop cache; the other
three are decoded, read one at a time. Of four lines from the second level a quarter is code, as of the misses."""


def test_events_by_hand(trace):
    found = core_events(trace, SIMULATION, CORE, warmup=4)
    for name in EVENT_NAMES:
        assert getattr(found, name) == pytest.approx(EVENTS.get(name, 0.0)), name


def test_energy_by_hand(trace):
    """A part's energy is the sum of its events times its prices; here all that may happen happens in some part."""
    costs = core_costs(core_silicon(CORE, 14.0, 0.9))
    energy = core_energy(costs, core_events(trace, SIMULATION, CORE, warmup=4))
    prices = {name: part.event_pj for name, part in costs.parts.items()}
    assert energy.dynamic_pj["l1d"] == pytest.approx(3 * prices["l1d"]["loads"] + 3 * prices["l1d"]["l1d_misses"])
    assert energy.dynamic_pj["l1i"] == pytest.approx(3 * prices["l1i"]["l1i_accesses"] + prices["l1i"]["l1i_misses"])
    uops = 3 * prices["uop_cache"]["fetches"] + 3 * prices["uop_cache"]["decoded"]
    assert energy.dynamic_pj["uop_cache"] == pytest.approx(uops)
    assert energy.dynamic_pj["btb"] == pytest.approx(3 * prices["btb"]["fetches"] + 3 * prices["btb"]["branches"])
    assert energy.dynamic_pj["decode"] == pytest.approx(3 * prices["decode"]["decoded"])
    assert energy.dynamic_pj["l2"] == pytest.approx(4 * prices["l2"]["l2_accesses"] + prices["l2"]["l2_misses"])
    assert energy.dynamic_pj["llc"] == pytest.approx(prices["llc"]["llc_accesses"])
    assert energy.dynamic_pj["stlb"] == pytest.approx(6 * prices["stlb"]["dtlb_misses"])
    total = sum(EVENTS.get(event, 0.0) * price for part in prices.values() for event, price in part.items())
    assert sum(energy.dynamic_pj.values()) == pytest.approx(total)
    assert energy.time_s == pytest.approx(6e-9)


def test_instructions_outside_the_timed_ones_are_not_counted(trace):
    assert trace_events(trace, 4, 12) == trace_events(trace, 0, 16)
    assert trace_events(trace, 0, 4)["loads"] == 0.25
    assert trace_events(trace, 1, 3)["loads"] == 0.0


def test_a_stretch_of_code_is_entered_by_running_into_it_or_by_a_jump():
    steps = [Step(0x1008), Step(0x100C), Step(0x1010), Step(0x1014, branch="jump", taken=True), Step(0x1010)]
    assert trace_events(trace_of(steps), 0, 5)["fetches"] * 5 == pytest.approx(3)
    assert trace_events(trace_of(steps), 0, 4)["fetches"] * 4 == pytest.approx(2)


def test_a_system_call_is_no_branch():
    steps = [Step(0, branch="system"), Step(4, branch="return", taken=True), Step(0)]
    assert trace_events(trace_of(steps), 0, 3)["branches"] == pytest.approx(1 / 3)


def walked(trace, warmup, count):
    """The same events, counted one instruction after the other."""
    found = dict.fromkeys(("branches", "loads", "stores", "integer_reads", "integer_writes", "float_reads"), 0)
    classes = dict.fromkeys(OPERATIONS, 0)
    code = trace.code
    for i in range(warmup, warmup + count):
        now = int(trace.which[i])
        classes[OPERATIONS[code.operation[now]]] += 1
        found["branches"] += BRANCHES[code.branch[now]] not in ("none", "system")
        found["loads"] += int(trace.loads[i])
        found["stores"] += int(trace.stores[i])
        found["integer_reads"] += sum(1 for r in code.sources[now].tolist() if 0 < r < 32 and r != 26)
        found["integer_writes"] += sum(1 for r in code.destinations[now].tolist() if 0 < r < 32 and r != 26)
        found["float_reads"] += sum(1 for r in code.sources[now].tolist() if r >= 32)
    return found, classes


def test_events_of_a_real_trace_are_those_of_a_walk_over_it():
    trace = instruction_trace("nbody")
    events = trace_events(trace, 300, 4000)
    found, classes = walked(trace, 300, 4000)
    for name, count in found.items():
        assert events[name] * 4000 == pytest.approx(count), name
    assert events["float_divisions"] * 4000 == pytest.approx(classes["fp_div"])
    assert events["float_multiplications"] * 4000 == pytest.approx(classes["fp_mul"] + classes["fp_fma"])
    assert events["multiplications"] * 4000 == pytest.approx(classes["int_mul"] + classes["vector_mul"])
    plain = sum(classes[name] for name in ("int_alu", "shift", "lea", "move", "load_op_store", "string", "other"))
    vectors = sum(classes[name] for name in ("vector_int", "vector_move", "vector_shuffle", "system"))
    assert events["integer_operations"] * 4000 == pytest.approx(plain + vectors)


@pytest.mark.parametrize("name", ["gzip", "sqlite3", "triad"])
def test_trace_and_simulator_count_the_same(name):
    """Branches; accesses of the data cache: loads that aren't forwarded, stores (few are still queued), page walks."""
    trace, core = instruction_trace(name), CoreSettings()
    done = simulate(trace, core, warmup=5000, instructions=20_000)
    events = core_events(trace, done, core, warmup=5000)
    assert events.branches == pytest.approx(done.counts["branches"])
    walks = done.counts["l1d_accesses"] - (events.loads - done.counts["forwards"]) - events.stores
    queued = core.store_queue + core.write_queue
    assert done.counts["walks"] - queued <= walks <= 4 * done.counts["walks"]
    assert events.decoded == pytest.approx(20_000 - done.counts["uop_hits"])
    assert events.l1i_misses + events.l1d_misses == pytest.approx(done.counts["l2_accesses"])
    assert events.llc_misses == pytest.approx(done.counts["dram_reads"])


@pytest.mark.parametrize("name", ["gzip", "sqlite3", "tree", "triad"])
def test_without_warm_up_each_line_of_code_data_and_page_table_is_fetched_once(name):
    """A last level that holds everything misses what the trace touches: counted from the trace alone."""
    trace, count = instruction_trace(name), 30_000
    core = CoreSettings(llc_sets=65536)
    operands = int(trace.loads[:count].sum(dtype=np.int64) + trace.stores[:count].sum(dtype=np.int64))
    touched = [trace.operand_address[:operands], trace.code.address[np.unique(trace.which[:count])]]
    lines = {int(address) >> 6 for address in np.concatenate(touched)}
    table = sum(len({line >> (6 + 9 * level + 3) for line in lines}) for level in range(4))
    events = core_events(trace, simulate(trace, core, instructions=count), core)
    assert events.llc_misses == pytest.approx(len(lines) + table)


def test_columns_of_many_cores_are_what_each_is_made_of():
    cores = [
        CoreSettings(branch_predictor=predictor, rob=rob, predictor_entries=1024, physical_registers=64 + rob)
        for predictor, rob in (("bimodal", 64), ("tage", 128), ("tournament", 200), ("perfect", 31))
    ]
    names = ("branch_predictor", "rob", "predictor_entries", "physical_registers")
    settings = {name: np.array([getattr(core, name) for core in cores]) for name in names}
    table = silicon_columns(settings, np.full(4, 14.0), np.linspace(0.7, 1.0, 4))
    found = core_columns(table)
    for place, core in enumerate(cores):
        alone = core_costs(core_silicon(core, 14.0, 0.7 + 0.1 * place))
        assert found.area_mm2[place] == pytest.approx(alone.area_mm2)
        assert found.leakage_mw[place] == pytest.approx(alone.leakage_mw)


def test_a_simulated_core_has_silicon():
    core = CoreSettings()
    found = core_silicon(core, 14.0, 0.9)
    assert found.frequency_ghz == 4.0
    assert (found.rob_entries, found.issue_queue_entries) == (core.rob, core.scheduler)
    assert found.integer_registers + found.float_registers == core.physical_registers
    assert found.l1d.kib == core.l1d_sets * core.l1d_ways * 64 / 1024
    assert found.l2 is not None
    assert found.stlb_entries == core.stlb_sets * core.stlb_ways


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
