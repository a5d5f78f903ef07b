"""Frontiers of sensitivity against cost: every point is there, and nothing else."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.fpga.quantisation import (
    QuantisationError,
    QuantisationProblem,
    assign_bits,
    exact_frontier,
    hawq_problem,
    sweep_caps,
)
from tests.models.fpga.quantisation.small_problems import brute_force, problems


@given(problems(whole_costs=True))
def test_the_exact_frontier_is_that_of_all_assignments(problem):
    table = exact_frontier(problem)
    within = brute_force(problem)
    points = list(zip(table["cost"], table["sensitivity"], strict=True))
    for cost, sensitivity in points:
        assert sensitivity == pytest.approx(min(lost for spent, lost in within if spent <= cost), rel=1e-9)
    for cost, sensitivity in within:
        assert any(spent <= cost and lost <= sensitivity * (1 + 1e-9) for spent, lost in points)
    assert table["cost"].is_monotonic_increasing
    assert table["sensitivity"].is_monotonic_decreasing
    for _, row in table.iterrows():
        widths = [int(row[layer]) for layer in problem.layers]
        assert row["cost"] == pytest.approx(problem.cost_of(widths), rel=1e-12)
        assert row["sensitivity"] == pytest.approx(problem.sensitivity_of(widths), rel=1e-12, abs=1e-300)


@settings(max_examples=40)
@given(problems(), st.lists(st.floats(0.1, 2.0), min_size=1, max_size=2))
def test_sweep_and_exact_frontier_agree(problem, factors):
    caps = [problem.cap * factor for factor in factors]
    swept = sweep_caps(problem, caps)
    assert list(swept["cap"]) == caps
    for cap, row in zip(caps, swept.itertuples(), strict=True):
        exact = exact_frontier(dataclasses.replace(problem, cap=cap))
        if exact.empty:
            assert row.status == "infeasible"
            assert np.isnan(row.sensitivity)
        else:
            spread = np.nanmax(problem.sensitivity) - np.nanmin(problem.sensitivity)
            best = exact["sensitivity"].iloc[-1]
            assert row.sensitivity == pytest.approx(best, rel=1e-9, abs=1e-9 * spread)


def test_a_sweep_has_a_row_for_each_cap_and_the_bits_of_each_layer():
    problem = hawq_problem("resnet18", "latency")
    table = sweep_caps(problem, [3.0, 4.0, 5.0])
    assert list(table.columns[:6]) == ["cap", "status", "sensitivity", "cost", "bound", "gap"]
    assert list(table.columns[6:]) == list(problem.layers)
    assert (table["cost"].dropna() <= table["cap"][table["cost"].notna()]).all()
    assert table["sensitivity"].dropna().is_monotonic_decreasing


def test_costs_from_any_table_and_three_widths():
    base = hawq_problem("resnet50", "size")
    rng = np.random.default_rng(3)
    cycles = rng.integers(50, 400, len(base.layers))[:, np.newaxis] * np.array([4.0, 6.0, 8.0])
    lost = np.column_stack([base.sensitivity[:, 0], base.sensitivity.mean(axis=1), base.sensitivity[:, 1]])
    problem = QuantisationProblem(base.layers, [4, 6, 8], lost, cycles, float(cycles[:, 1].sum()), base.ties)
    best = exact_frontier(problem)["sensitivity"].iloc[-1]
    assert assign_bits(problem).sensitivity == pytest.approx(best, rel=1e-9)


def test_a_frontier_that_would_not_fit_is_refused():
    problem = hawq_problem("resnet50", "latency")
    with pytest.raises(QuantisationError, match=r"more than 100 partial assignments after \d+ of 48 layers and tied"):
        exact_frontier(problem, max_states=100)
