"""The integer program: agrees with trying every accelerator, keeps its budget, and more budget never hurts."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import UserError
from codesign.models.fpga.calls import Call, NetworkCalls
from codesign.models.fpga.checker import cycles_of, faults
from codesign.models.fpga.costs import USUAL, EngineSettings, call_table, cost_table
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.enumeration import best_of_networks
from codesign.models.fpga.program import best_accelerators, build_program
from codesign.models.fpga.templates import template_named
from codesign.technology.fpga_devices import Fractions, fpga_device
from codesign.workloads.catalogue import load_network

from .cases import FEW, dense_networks, every_accelerator, least_cycles, shares, step

ZU3EG = fpga_device("zu3eg")
MOBILENET = calls_of(load_network("mobilenetv2"), template_named("inverted_residual"))
FEWER = EngineSettings(outputs=(8, 16, 32), inputs=(8, 16, 32))


@settings(max_examples=40)
@given(dense_networks(), shares, st.sampled_from(("zu3eg", "z7020", "vck190")))
def test_the_program_enumeration_and_trying_everything_agree(calls, share, name):
    device = fpga_device(name)
    best = least_cycles(calls, device, share, FEW)
    found = best_accelerators(calls, device, shares=share, settings=FEW)
    enumerated = best_of_networks([calls], device, shares=share, settings=FEW)
    assert (found.cycles is None) == (best is None) == (not enumerated.feasible[0])
    if best is None:
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    assert found.cycles == enumerated.cycles[0] == best[0]
    assert faults(calls, found, device, shares=share, settings=FEW) == []
    use = enumerated.accelerators[enumerated.accelerator[0]].use
    assert (use.dsp, use.lut, use.bram18, use.uram) == best[1:]


@pytest.mark.parametrize("name", ["zu3eg", "zu9eg", "u280", "vck190"])
@pytest.mark.parametrize("bits", [4, 8])
def test_mobilenetv2_is_proven_and_within_the_budget(name, bits):
    calls = calls_of(load_network("mobilenetv2").with_bits(bits, bits), template_named("inverted_residual"))
    device = fpga_device(name)
    found = best_accelerators(calls, device)
    assert found.status == "optimal"
    assert found.gap == 0
    assert faults(calls, found, device) == []


def test_a_full_mobilenetv2_needs_few_nodes():
    """Proven well within the 5 s that are asked for: a small program whose relaxation is tight."""
    found = best_accelerators(MOBILENET, ZU3EG, time_limit_s=5)
    assert found.status == "optimal"
    assert found.nodes < 1000
    assert found.variables < 400


@pytest.mark.parametrize("resource", ["lut", "dsp", "bram18", "dram"])
def test_halving_a_budget_never_helps_and_doubling_never_hurts(resource):
    latencies = []
    for factor in (0.25, 0.5, 1.0):
        whole = Fractions(lut=0.7, dsp=1.0, bram18=1.0, uram=1.0, dram=1.0)
        share = replace(whole, **{resource: getattr(whole, resource) * factor})
        found = best_of_networks([MOBILENET], ZU3EG, shares=share, settings=FEWER)
        latencies.append(found.latency_ms[0] if found.feasible[0] else float("inf"))
    assert latencies == sorted(latencies, reverse=True)
    assert latencies[0] > latencies[-1]


@settings(max_examples=15)
@given(dense_networks(), shares, st.sampled_from(("lut", "dsp", "bram18", "dram")))
def test_less_budget_never_helps_small_networks(calls, share, resource):
    less = replace(share, **{resource: getattr(share, resource) / 2})
    if less.dram == 0:
        return
    full, half = (best_of_networks([calls], ZU3EG, shares=s, settings=FEW) for s in (share, less))
    assert full.feasible[0] >= half.feasible[0]
    if half.feasible[0]:
        assert full.cycles[0] <= half.cycles[0]


@settings(max_examples=10)
@given(dense_networks(), shares)
def test_two_accelerators_are_never_slower_than_one_that_fits_twice(calls, share):
    """Two may both be built as the single one where the budget has room for it twice; then each call has its choice."""
    half = replace(share, lut=share.lut / 2, dsp=share.dsp / 2, bram18=share.bram18 / 2)
    single = best_accelerators(calls, ZU3EG, shares=half, settings=FEW)
    double = best_accelerators(calls, ZU3EG, shares=share, settings=FEW, accelerators=2)
    if single.cycles is not None:
        assert double.cycles is not None
        assert double.cycles <= single.cycles
        assert faults(calls, double, ZU3EG, shares=share, settings=FEW) == []


@settings(max_examples=8)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=3, unique=True), shares)
@pytest.mark.parametrize("objective", ["latency", "interval"])
def test_two_accelerators_agree_with_trying_every_pair(objective, channels, share):
    """One slot each: 8 x 8 pairs, and every share-out of the calls."""
    counts = {Call((step(*pair, 3),), 0, 100, 100, 0): number + 1 for number, pair in enumerate(channels)}
    calls = NetworkCalls("pairs", template_named("single"), counts, ())
    budget = ZU3EG.budget(share)
    best = None
    for pair in itertools.product(every_accelerator(calls, ZU3EG, FEW), repeat=2):
        if any(pair[0][1][name] + pair[1][1][name] > getattr(budget, name) for name in pair[0][1]):
            continue
        times = [
            [n * cycles_of(call, accelerator, calls, ZU3EG, budget, FEW) for call, n in counts.items()]
            for accelerator, _ in pair
        ]
        for picks in itertools.product((0, 1), repeat=len(counts)):
            loads = [sum(times[a][i] for i, pick in enumerate(picks) if pick == a) for a in (0, 1)]
            value = max(loads) if objective == "interval" else sum(loads)
            best = value if best is None else min(best, value)
    found = best_accelerators(calls, ZU3EG, shares=share, settings=FEW, accelerators=2, objective=objective)
    assert found.cycles == best
    if best is not None:
        assert faults(calls, found, ZU3EG, shares=share, settings=FEW) == []


def test_the_checker_finds_what_is_wrong():
    found = best_accelerators(MOBILENET, ZU3EG, settings=FEWER)
    assert faults(MOBILENET, found, ZU3EG, settings=FEWER) == []
    (accelerator,) = found.accelerators
    cheaper = replace(accelerator, use=replace(accelerator.use, dsp=1))
    assert "states 1 dsp" in faults(MOBILENET, replace(found, accelerators=(cheaper,)), ZU3EG, settings=FEWER)[0]
    faster = replace(found, call_cycles=(1, *found.call_cycles[1:]))
    assert "call 0 states 1 cycles" in faults(MOBILENET, faster, ZU3EG, settings=FEWER)[0]
    sooner = replace(found, latency_ms=1.0)
    assert "latency is stated as 1.0 ms" in faults(MOBILENET, sooner, ZU3EG, settings=FEWER)[0]
    small = Fractions(lut=0.1)
    assert "lut are beyond the budget of 7056" in faults(MOBILENET, found, ZU3EG, shares=small, settings=FEWER)[0]


def test_the_program_is_written_with_the_names_of_its_docstring(tmp_path):
    costs = cost_table(call_table(MOBILENET.template, tuple(MOBILENET.counts)), ZU3EG, settings=FEW)
    program = build_program(costs, tuple(MOBILENET.counts.values()))
    program.lp.writeLP(tmp_path / "program.lp")
    text = (tmp_path / "program.lp").read_text()
    assert "x_0_expand_0" in text
    assert "T_0_0" in text
    assert not program.y


def test_overheads_and_clock_are_settings():
    quick = best_of_networks([MOBILENET], ZU3EG, settings=replace(FEWER, call_overhead_us=0.0))
    usual = best_of_networks([MOBILENET], ZU3EG, settings=FEWER)
    assert usual.cycles[0] - quick.cycles[0] == MOBILENET.call_count * 86 * 250
    idle = best_of_networks([MOBILENET], ZU3EG, settings=replace(FEWER, processor_ns_per_word=0.0))
    assert usual.latency_ms[0] - idle.latency_ms[0] == pytest.approx(62_720 * 4.25e-6)


def test_wrong_questions_are_refused():
    with pytest.raises(UserError, match="accelerators must be at least 1, found 0"):
        best_accelerators(MOBILENET, ZU3EG, accelerators=0)
    empty = NetworkCalls("nothing", MOBILENET.template, {}, ())
    with pytest.raises(UserError, match="network 'nothing' makes no call"):
        best_accelerators(empty, ZU3EG)
    with pytest.raises(UserError, match="needs DRAM bandwidth; the share of it is 0"):
        best_accelerators(MOBILENET, ZU3EG, shares=Fractions(dram=0.0))
    with pytest.raises(UserError, match=r"outputs must be whole numbers of at least 1, found \(0,\)"):
        EngineSettings(outputs=(0,))
    with pytest.raises(UserError, match="clock_mhz must be above 0, found 0"):
        EngineSettings(clock_mhz=0)
    with pytest.raises(UserError, match="call_overhead_us must be 0 or more, found -1"):
        EngineSettings(call_overhead_us=-1)
    assert USUAL.clock_of(ZU3EG) == 250
