"""Rates of events: of a program's own simulations, or the walk's with what other programs teach."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.cpu.core import CoreSettings
from codesign.models.cpu.design import drawn_cores
from codesign.models.cpu.features.memory_view import MEMORY_RATES
from codesign.models.cpu.predictor.encoding import seen_rates, settings_of
from codesign.models.cpu.predictor.rates import (
    LEARNED,
    RATES,
    RIDGE,
    SCALE,
    OwnRates,
    counterparts,
    fitted_common,
    fitted_own,
    rate_inputs,
)
from codesign.models.cpu.predictor.rows import LOG_CPI, POINTS, feature_rows
from codesign.models.cpu.silicon.of_simulation import timed_rates
from codesign.models.cpu.simulator import simulate

from .conftest import tiny_program

DRAW = np.random.default_rng(0)
INPUTS = DRAW.random((400, 6), dtype=np.float32)
LINES = np.exp(DRAW.normal(1, 1, (400, len(LEARNED))))


def test_every_rate_is_one_that_a_simulation_has():
    run = simulate(tiny_program("near", 0), warmup=400, core=CoreSettings())
    known = {f"{name}_mpki" for name in run.mpki} | set(timed_rates(run))
    assert set(RATES) <= known
    assert ("branch_mpki", *LEARNED) == RATES


def test_own_rates_come_back():
    """Rates of which the log is a sum over the inputs; in 40,000 rows a ridge of 1 is next to nothing."""
    weights = DRAW.normal(0, 0.5, (6, len(LEARNED)))
    truth = np.expm1(3 + INPUTS @ weights) / SCALE
    found = fitted_own(np.tile(INPUTS, (100, 1)), np.tile(truth, (100, 1))).values(INPUTS, LINES)
    assert found == pytest.approx(truth, rel=0.01)


def test_own_rates_of_few_cores_are_drawn_to_their_mean():
    """The slope of the sum of squares is minus the ridge times the weights."""
    own, logs = fitted_own(INPUTS[:20], LINES[:20]), np.log1p(SCALE * LINES[:20])
    known = np.concatenate((np.ones((20, 1)), INPUTS[:20].astype(np.float64)), axis=1)
    weights = own.weights.astype(np.float64)
    missed = known @ weights - logs
    weights[0] -= logs.mean(axis=0)
    assert known.T @ missed == pytest.approx(-RIDGE * weights, abs=1e-4)


def test_own_rates_do_not_read_the_walks():
    own = fitted_own(INPUTS, LINES)
    assert own.values(INPUTS, LINES).tolist() == own.values(INPUTS, 7 * LINES).tolist()


def test_own_rates_that_never_change_stay():
    truth = np.tile(np.arange(len(LEARNED), dtype=np.float64), (400, 1))
    assert fitted_own(INPUTS, truth).values(INPUTS[:3], LINES) == pytest.approx(truth[:3], rel=1e-5, abs=1e-5)


def test_common_rates_are_the_walks_where_these_are_right():
    found = fitted_common(INPUTS, LINES, LINES)
    assert found.values(INPUTS, LINES) == pytest.approx(LINES, rel=1e-12)
    assert found.values(INPUTS, 3 * LINES) == pytest.approx(3 * LINES, rel=1e-12)


def test_common_rates_learn_what_the_walks_leave_out():
    """Half the cores have twice the events: within a tenth after so few trees."""
    factor = np.where(INPUTS[:, :1] > 0.5, 2.0, 1.0)
    found = fitted_common(INPUTS, LINES, np.expm1(np.log1p(SCALE * LINES) + np.log(factor)) / SCALE)
    wanted = np.expm1(np.log1p(SCALE * 2 * LINES) + np.log(factor)) / SCALE
    assert found.values(INPUTS, 2 * LINES) == pytest.approx(wanted, rel=0.1)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_rates_are_never_below_zero(seed):
    draw = np.random.default_rng(seed)
    inputs = draw.normal(0, 3, (10, 6)).astype(np.float32)
    own = OwnRates(draw.normal(0, 1, (7, len(LEARNED))).astype(np.float32))
    assert own.values(inputs, LINES[:10]).min() >= 0


def test_counterparts_stand_in_the_order_of_the_learned_rates():
    seen = {name: np.array([float(2**place)]) for place, name in enumerate(MEMORY_RATES)} | {
        "uop_misses": np.ones(1) / 4
    }
    found = dict(zip(LEARNED, (counterparts(seen)[0] / 1000).tolist(), strict=True))
    at = {name: float(value[0]) for name, value in seen.items()}
    expected = {
        "uop_hits": 0.75,
        "l1i_accesses": at["blocks"],
        "l2_accesses": at["l1d"] + at["l1i"] + at["ahead"],
        "llc_accesses": at["l2"] + at["l1i_l2"],
        "l2_mpki": at["l2"] + at["l1i_l2"],
        "llc_mpki": at["llc"],
    } | {f"{name}_mpki": at[name] for name in ("l1i", "l1d", "itlb", "dtlb", "stlb")}
    assert found == pytest.approx(expected)


def test_inputs_are_the_point_the_surface_and_the_walks_logs(surfaces):
    cores = drawn_cores(8)
    rows = feature_rows(surfaces["near"], cores, settings_of(cores))
    seen = seen_rates(surfaces["near"].program, cores)
    found, points = rate_inputs(rows, seen), rows[:, POINTS].shape[1]
    assert found.shape == (8, points + 1 + len(MEMORY_RATES))
    assert found[:, :points].tolist() == rows[:, POINTS].tolist()
    assert found[:, points].tolist() == rows[:, LOG_CPI].tolist()
    place = points + 1 + MEMORY_RATES.index("l1d")
    assert found[:, place] == pytest.approx(np.log(1 + 10_000 * seen["l1d"]), rel=1e-6)
