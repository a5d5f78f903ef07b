"""Direction predictors on patterns of which it is known who can learn them."""

import numpy as np
import pytest

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.simulator import simulate

from .programs import Step, trace_of

NAMES = ("bimodal", "gshare", "tournament", "tage")


def missed(predictor, outcomes, **settings):
    """Share of the branches mispredicted in the second half; ``outcomes``: (address, taken) in order.

    All branches jump to the next address, so that only their direction can be wrong.
    """
    steps = []
    for address, taken in outcomes:
        steps.append(Step(address, "branch", (25,), branch="conditional", taken=taken))
    core = CoreSettings(branch_predictor=predictor, **settings)
    half = len(steps) // 2
    done = simulate(trace_of(steps), core, warmup=half)
    return done.mpki["branch"] / 1000


def one_branch(pattern, times):
    return [(0x400000, bool(taken)) for _ in range(times) for taken in pattern]


def correlated(times, distance, seed=0):
    """Random branches; the last of each group goes where the first one went."""
    random = np.random.default_rng(seed)
    outcomes = []
    for _ in range(times):
        first = bool(random.integers(2))
        group = [(0x400000, first)]
        group += [(0x400010 + 16 * k, True) for k in range(distance)]
        outcomes += [*group, (0x400800, first)]
    return outcomes


@pytest.mark.parametrize("name", NAMES)
def test_one_way_branches_are_learnt_by_all(name):
    assert missed(name, one_branch([1], 400)) == 0
    assert missed(name, one_branch([0], 400)) == 0


def test_two_counters_miss_once_per_loop():
    assert missed("bimodal", one_branch([1] * 9 + [0], 100)) == pytest.approx(0.1)


def test_an_alternating_branch_needs_history():
    pattern = one_branch([1, 0], 400)
    assert missed("bimodal", pattern) == pytest.approx(0.5)
    assert all(missed(name, pattern) == 0 for name in ("gshare", "tournament", "tage"))


@pytest.mark.parametrize("period", [3, 5, 9])
def test_loops_shorter_than_the_history_are_learnt_to_the_end(period):
    pattern = one_branch([1] * (period - 1) + [0], 300)
    assert all(missed(name, pattern) == 0 for name in ("gshare", "tournament", "tage"))


def test_a_loop_longer_than_the_history_of_gshare_is_learnt_by_tage():
    pattern = one_branch([1] * 24 + [0], 300)
    assert missed("gshare", pattern) == pytest.approx(1 / 25)
    assert missed("tage", pattern) == 0


@pytest.mark.parametrize("distance", [2, 6])
def test_correlated_branches_order_the_predictors(distance):
    """Of ``distance + 2`` branches one is random; who sees the first one's outcome knows the last one's."""
    outcomes = correlated(1500, distance)
    bimodal, gshare, tage = (missed(name, outcomes) for name in ("bimodal", "gshare", "tage"))
    once, twice = 0.5 / (distance + 2), 1.0 / (distance + 2)
    assert bimodal == pytest.approx(twice, rel=0.1)
    assert gshare < 0.75 * bimodal
    assert tage < 1.15 * once


def test_long_correlations_need_the_long_histories_of_tage():
    outcomes = correlated(2500, 20)
    assert missed("gshare", outcomes) > 1.5 * missed("tage", outcomes)


def test_a_perfect_predictor_misses_nothing():
    assert missed("perfect", correlated(100, 3)) == 0
