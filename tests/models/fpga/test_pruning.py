"""Frontiers that ask only what bounds can't exclude are those of asking everything."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from codesign.errors import UserError
from codesign.models.fpga.bounds import latency_bounds
from codesign.models.fpga.costs import EngineSettings
from codesign.models.fpga.cutting import calls_of
from codesign.models.fpga.enumeration import best_of_networks
from codesign.models.fpga.pruning import Stage, network_frontier, pruned_frontier
from codesign.models.fpga.templates import template_named
from codesign.pareto import dominated_by, non_dominated
from codesign.technology.fpga_devices import Fractions, fpga_device
from codesign.workloads.tabular import nas_bench_macro
from codesign.workloads.tabular.spaces import tabular_network

SPACE = "nas-bench-macro"
BITS = ((8, 8), (4, 8), (4, 4))
ZU3EG = fpga_device("zu3eg")
FEW = EngineSettings(outputs=(1, 8, 32), inputs=(1, 8, 32), taps=(1, 9, 25))
"""Few accelerators, so that many networks are mapped at once."""
KEYS = ["".join(digits) for digits in itertools.product("012", repeat=8)]


def cut(keys, bits):
    template = template_named("inverted_residual")
    return [calls_of(tabular_network(SPACE, key).with_bits(a, w), template) for key in keys for w, a in bits]


def made_up_accuracy(keys):
    """A fixture, no measurement: wider blocks are better, with a disturbance that depends on the key."""
    return np.array([50.0 + sum(map(int, key)) + (int(key, 3) * 7919 % 97) / 97.0 for key in keys])


@st.composite
def bounded_costs(draw):
    """Costs of candidates, and how far below them the bounds of the first two columns are."""
    rows = draw(st.integers(1, 25))
    exact = draw(arrays(np.float64, (rows, 3), elements=st.integers(0, 8)))
    slack = draw(arrays(np.float64, (rows, 3), elements=st.integers(0, 3)))
    slack[:, 2] = 0.0
    return exact, exact - slack


def stages(exact, count):
    names = ("latency", "accuracy")[:count]
    return [Stage(name, column, lambda rows, column=column: exact[rows, column]) for column, name in enumerate(names)]


@given(bounded_costs(), st.sampled_from((1, 2, 5, 100)))
def test_the_frontier_is_that_of_the_exact_costs(case, at_least):
    exact, corners = case
    found = pruned_frontier(corners, stages(exact, 2), at_least=at_least)
    assert found.rows.tolist() == np.flatnonzero(non_dominated(exact)).tolist()
    assert np.array_equal(found.costs[found.rows], exact[found.rows])
    assert (found.asked["accuracy"] <= found.asked["latency"]).all()


@given(bounded_costs())
def test_exactly_what_no_exact_cost_dominates_is_asked(case):
    exact, corners = case
    corners[:, 1] = exact[:, 1]
    found = pruned_frontier(corners, stages(exact, 1))
    assert np.array_equal(found.asked["latency"], ~dominated_by(corners, exact))


@given(bounded_costs(), st.integers(0, 8))
def test_what_is_beyond_a_limit_is_not_on_the_frontier_and_not_asked(case, limit):
    exact, corners = case
    found = pruned_frontier(corners, stages(exact, 2), [limit, np.inf, np.inf])
    within = np.flatnonzero(exact[:, 0] <= limit)
    assert found.rows.tolist() == within[non_dominated(exact[within])].tolist()
    assert not found.asked["latency"][corners[:, 0] > limit].any()
    assert not found.asked["accuracy"][exact[:, 0] > limit].any()


def test_a_candidate_that_turns_out_impossible_excludes_nothing():
    exact = np.array([[np.nan, 0.0], [3.0, 1.0], [np.inf, 0.0]])
    found = pruned_frontier([[1.0, 0.0], [2.0, 1.0], [np.inf, 0.0]], stages(exact, 1))
    assert found.rows.tolist() == [1]
    assert found.asked["latency"].tolist() == [True, True, False]


def test_where_nothing_is_possible_the_frontier_is_empty_and_nothing_asked():
    found = pruned_frontier([[np.inf, 0.0], [3.0, 1.0]], stages(np.zeros((2, 2)), 1), [2.0, np.inf])
    assert found.rows.tolist() == []
    assert not found.asked["latency"].any()
    assert found.rounds == 0


def test_more_candidates_in_a_round_save_rounds():
    exact = np.column_stack([np.arange(9.0), np.arange(9.0)])
    corners = exact - [0.0, 20.0]
    stage = [Stage("accuracy", 1, lambda rows: exact[rows, 1])]
    one, three = (pruned_frontier(corners, stage, at_least=count) for count in (1, 3))
    assert one.rounds == 3 * three.rounds == 9
    with pytest.raises(UserError, match="at_least must be 1 or more, found 0"):
        pruned_frontier(corners, stage, at_least=0)


def test_a_bound_that_is_none_is_refused():
    with pytest.raises(UserError, match=r"latency of candidate 1 is 1\.0, below its lower bound 2\.0"):
        pruned_frontier([[2.0, 2.0], [2.0, 1.0]], stages(np.array([[3.0, 2.0], [1.0, 1.0]]), 1))


@settings(max_examples=6)
@given(
    st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True),
    st.sampled_from(BITS),
    st.sampled_from(("zu3eg", "zu9eg", "u280")),
    st.floats(0.2, 1.0),
    st.floats(0.2, 1.0),
)
def test_the_bound_is_never_above_the_optimum(keys, bits, device, lut, dsp):
    networks = cut(keys, [bits])
    shares = Fractions(lut=lut, dsp=dsp)
    bounds = latency_bounds(networks, fpga_device(device), shares=shares)
    best = best_of_networks(networks, fpga_device(device), shares=shares)
    assert (bounds[best.feasible] <= best.latency_ms[best.feasible] * (1 + 1e-12)).all()
    assert best.feasible[np.isinf(bounds)].sum() == 0


def test_the_bound_holds_where_larger_memories_leave_more_luts():
    """Buffers of at most 128 words take LUTs, deeper ones block memory: alone, calls would be slower than together."""
    networks = cut([KEYS[13878 // 3]], [(8, 8)])
    assert latency_bounds(networks, ZU3EG)[0] <= best_of_networks(networks, ZU3EG).latency_ms[0]


def test_the_bound_of_a_network_of_one_call_is_its_optimum():
    whole = cut(["00000000"], [(8, 8)])[0]
    call = max(whole.counts, key=lambda call: call.macs)
    alone = [type(whole)(whole.network, whole.template, {call: 3}, ())]
    settings_free = Fractions(lut=1.0, dsp=0.5)
    best = best_of_networks(alone, ZU3EG, shares=settings_free)
    assert latency_bounds(alone, ZU3EG, shares=settings_free)[0] == pytest.approx(best.latency_ms[0], rel=0.05)


def test_what_fits_nowhere_has_no_finite_bound():
    assert np.isinf(latency_bounds(cut(["00000000"], [(8, 8)]), ZU3EG, shares=Fractions(lut=0.001)))[0]


def enumerated(keys, accuracy, cap=np.inf):
    """Return (key, weight bits, activation bits) on the frontier of everything evaluated."""
    best = best_of_networks(cut(keys, BITS), ZU3EG, settings=FEW)
    rows = list(itertools.product(keys, BITS))
    costs = np.column_stack(
        [best.latency_ms, -np.repeat(accuracy, len(BITS)), -np.tile([w + a for w, a in BITS], len(keys))]
    )
    kept = np.flatnonzero(costs[:, 0] <= cap)
    return {(rows[i][0], *rows[i][1]) for i in kept[non_dominated(costs[kept])]}


def rows_of(found):
    return set(zip(found.table["key"], found.table["weight_bits"], found.table["activation_bits"], strict=True))


def test_over_networks_the_frontier_is_the_enumerated_one_and_programs_are_saved():
    keys = KEYS[5::331]
    accuracy = made_up_accuracy(keys)
    found = network_frontier(SPACE, keys, BITS, ZU3EG, made_up_accuracy, ceiling_percent=accuracy, settings=FEW)
    assert rows_of(found) == enumerated(keys, accuracy)
    assert found.candidates == 3 * len(keys)
    assert found.programs < found.candidates
    assert found.table["latency_ms"].is_monotonic_increasing


def test_a_cap_on_latency_saves_accuracies_and_none_is_asked_twice():
    keys = KEYS[5::331]
    asked = []

    def accuracy(some):
        asked.extend(some)
        return made_up_accuracy(some)

    cap = float(np.median(latency_bounds(cut(keys, BITS), ZU3EG, settings=FEW)))
    found = network_frontier(SPACE, keys, BITS, ZU3EG, accuracy, latency_cap_ms=cap, at_least=6, settings=FEW)
    assert rows_of(found) == enumerated(keys, made_up_accuracy(keys), cap)
    assert len(asked) == len(set(asked)) == found.accuracies < found.networks == len(keys)


def test_a_ceiling_that_is_none_is_refused():
    with pytest.raises(UserError, match=r"accuracy of candidate 0 is -50\.\d+, below its lower bound -40\.0"):
        network_frontier(SPACE, KEYS[:1], BITS, ZU3EG, made_up_accuracy, ceiling_percent=40.0)


@pytest.mark.parametrize(("keys", "bits"), [([], BITS), (KEYS[:1] * 2, BITS), (KEYS[:1], []), (KEYS[:1], [(8, 8)] * 2)])
def test_keys_and_bits_are_given_once(keys, bits):
    with pytest.raises(UserError, match="keys and bits must be given, each once"):
        network_frontier(SPACE, keys, bits, ZU3EG, made_up_accuracy)


@pytest.mark.shared
def test_with_the_trained_accuracies(shared):
    table = nas_bench_macro.SPACE.read(shared / "reference" / "nas" / "nas-bench-macro.json.gz")
    keys = list(np.random.default_rng(3).choice(table.index, 40, replace=False))

    def accuracy(some):
        return table.loc[list(some), "top1_percent"].to_numpy()

    found = network_frontier(SPACE, keys, BITS, ZU3EG, accuracy, ceiling_percent=accuracy(keys), settings=FEW)
    assert rows_of(found) == enumerated(keys, accuracy(keys))
    assert found.programs < found.candidates / 2
