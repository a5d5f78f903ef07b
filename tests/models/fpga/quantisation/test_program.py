"""The program finds the assignment that trying everything finds."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings

from codesign.models.fpga.quantisation import QuantisationProblem, assign_bits, build_program
from tests.models.fpga.quantisation.small_problems import brute_force, problems


def two_layers(cap, **changes):
    """Dropping the first layer to 4 bits loses 1 and saves 4; dropping the second loses 2 and saves 6."""
    return QuantisationProblem(
        ["first", "second"],
        [4, 8],
        np.array([[1.0, 0.0], [2.0, 0.0]]),
        np.array([[4.0, 8.0], [6.0, 12.0]]),
        cap,
        **changes,
    )


@pytest.mark.parametrize(
    ("cap", "bits", "sensitivity", "cost"),
    [
        (math.inf, {"first": 8, "second": 8}, 0.0, 20.0),
        (20.0, {"first": 8, "second": 8}, 0.0, 20.0),
        (19.9, {"first": 4, "second": 8}, 1.0, 16.0),
        (15.0, {"first": 8, "second": 4}, 2.0, 14.0),
        (10.0, {"first": 4, "second": 4}, 3.0, 10.0),
    ],
)
def test_two_layers_by_hand(cap, bits, sensitivity, cost):
    found = assign_bits(two_layers(cap))
    assert (found.status, found.bits, found.sensitivity, found.cost) == ("optimal", bits, sensitivity, cost)
    assert found.gap <= 1e-12


def test_a_tie_takes_one_width():
    found = assign_bits(two_layers(19.0, ties=[["first", "second"]]))
    assert found.bits == {"first": 4, "second": 4}


def test_a_layer_that_may_not_narrow_stays():
    found = assign_bits(two_layers(19.0, choices={"first": [8]}))
    assert found.bits == {"first": 8, "second": 4}


@pytest.mark.parametrize(
    "impossible",
    [
        two_layers(9.9),
        two_layers(19.0, choices={"first": [8], "second": [8]}),
        two_layers(100.0, choices={"first": [8], "second": [4]}, ties=[["first", "second"]]),
    ],
    ids=["cap below the least cost", "choices above the cap", "a tie without a common width"],
)
def test_what_cannot_be_is_proven_infeasible(impossible):
    found = assign_bits(impossible)
    assert (found.status, found.bits, found.sensitivity, found.cost) == ("infeasible", {}, None, None)
    assert found.bound == math.inf
    assert found.gap == math.inf


def test_the_program_can_be_read():
    program = build_program(two_layers(15.0, ties=[["first", "second"]]))
    assert len(program.takes) == 4
    rows = program.lp.constraints()
    assert len(rows) == 2 + 1 + 2, "one width each, the cap, and a tie for each width"


@given(problems())
def test_agrees_with_trying_everything(problem):
    found = assign_bits(problem)
    within = brute_force(problem)
    if not within:
        assert found.status == "infeasible"
        return
    assert found.status == "optimal"
    best = min(sensitivity for _, sensitivity in within)
    spread = np.nanmax(problem.sensitivity) - np.nanmin(problem.sensitivity)
    assert found.sensitivity == pytest.approx(best, rel=1e-9, abs=1e-9 * spread)
    assert found.bound <= found.sensitivity
    assert found.bound == pytest.approx(best, rel=1e-9, abs=1e-9 * spread)
    assert found.cost <= problem.limit
    widths = [found.bits[layer] for layer in problem.layers]
    assert (found.cost, found.sensitivity) == (problem.cost_of(widths), problem.sensitivity_of(widths))
    assert all(len({found.bits[name] for name in group}) == 1 for group in problem.ties)
    assert all(found.bits[name] in widths for name, widths in problem.choices.items())


def test_a_width_far_above_the_cap_does_no_harm():
    cost = np.array([[4.0, 1e40], [6.0, 12.0]])
    found = assign_bits(dataclasses.replace(two_layers(17.0), cost=cost))
    assert found.bits == {"first": 4, "second": 8}
    assert assign_bits(dataclasses.replace(two_layers(17.0, choices={"first": [8]}), cost=cost)).status == "infeasible"


@settings(max_examples=40)
@given(problems())
def test_a_wider_cap_never_loses_more(problem):
    tight, wide = assign_bits(problem), assign_bits(dataclasses.replace(problem, cap=2.0 * problem.cap))
    assert tight.sensitivity is None or wide.sensitivity <= tight.sensitivity * (1 + 1e-9)
