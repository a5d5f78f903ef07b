"""What a problem of bits is, and which ones are refused."""

import math

import numpy as np
import pytest

from codesign.models.fpga.quantisation import QuantisationError, QuantisationProblem

GOOD = {
    "layers": ["stem", "left", "right"],
    "bits": [2, 4, 8],
    "sensitivity": np.array([[9.0, 3.0, 1.0], [8.0, 2.0, 0.5], [4.0, 1.0, 0.25]]),
    "cost": np.array([[2.0, 4.0, 8.0], [1.0, 2.0, 4.0], [3.0, 6.0, 12.0]]),
    "cap": 20.0,
}


def problem(**changes):
    return QuantisationProblem(**(GOOD | changes))


def test_sums_over_an_assignment():
    assert problem().sensitivity_of([8, 4, 2]) == 1.0 + 2.0 + 4.0
    assert problem().cost_of([8, 4, 2]) == 8.0 + 2.0 + 3.0


def test_tied_groups_that_overlap_are_one_unit():
    assert problem().units() == [[0], [1], [2]]
    assert problem(ties=[["right", "left"]]).units() == [[0], [1, 2]]
    assert problem(ties=[["left", "right"], ["right", "stem"]]).units() == [[0, 1, 2]]


def test_a_layer_may_be_kept_from_widths():
    limited = problem(choices={"stem": [8]})
    assert limited.allowed.tolist() == [[False, False, True], [True, True, True], [True, True, True]]


def test_cells_that_are_no_choice_need_no_number():
    cost = GOOD["cost"].copy()
    cost[0, 0] = math.nan
    assert problem(cost=cost, choices={"stem": [4, 8]}).cost_of([4, 2, 2]) == 4.0 + 1.0 + 3.0
    with pytest.raises(QuantisationError, match="cost of layer 'stem' at 2 bits must be a finite number, 0 or more"):
        problem(cost=cost)


def test_the_tables_are_copies_that_cannot_be_written():
    table = GOOD["cost"].copy()
    made = problem(cost=table)
    table[:] = 0.0
    assert made.cost_of([2, 2, 2]) == 6.0
    with pytest.raises(ValueError, match="read-only"):
        made.cost[0, 0] = 1.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": []}, "layers is empty"),
        ({"layers": ["a", "b", "a"]}, "layers: 'a' is given twice"),
        ({"bits": [4, 2, 8]}, r"ascending order, each once; found \[4, 2, 8\]"),
        ({"bits": [0, 4, 8]}, "whole numbers from 1"),
        ({"bits": []}, "whole numbers from 1"),
        ({"cost": GOOD["cost"][:2]}, r"cost must have 3 rows \(layers\) and 3 columns \(bits\), found \(2, 3\)"),
        ({"cost": -GOOD["cost"]}, "cost of layer 'stem' at 2 bits must be a finite number, 0 or more, found -2.0"),
        ({"sensitivity": GOOD["cost"] * math.inf}, "sensitivity of layer 'stem' at 2 bits must be a finite number"),
        ({"cap": 0.0}, r"the cap must be above 0 \(inf for none\), found 0.0"),
        ({"cap": math.nan}, "the cap must be above 0"),
        ({"ties": [["left", "rigth"]]}, r"ties: no layer 'rigth' \(did you mean 'right'\?\)"),
        ({"choices": {"stam": [8]}}, r"choices: no layer 'stam' \(did you mean 'stem'\?\)"),
        ({"choices": {"stem": [3]}}, "choices: layer 'stem' may take 3 bits; the tables have 2, 4, 8"),
        ({"choices": {"stem": []}}, "choices: layer 'stem' has no width to take"),
    ],
)
def test_what_does_not_fit_together_is_refused(changes, message):
    with pytest.raises(QuantisationError, match=message):
        problem(**changes)


def test_an_assignment_of_other_widths_has_no_sums():
    with pytest.raises(QuantisationError, match="layer 'left' can't take 3 bits; it may take 2, 4, 8"):
        problem().cost_of([2, 3, 2])
    with pytest.raises(QuantisationError, match="layer 'stem' can't take 2 bits; it may take 8"):
        problem(choices={"stem": [8]}).sensitivity_of([2, 2, 2])
    with pytest.raises(QuantisationError, match="3 layers need as many widths, found 2"):
        problem().cost_of([2, 4])
