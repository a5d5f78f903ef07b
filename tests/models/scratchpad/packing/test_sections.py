"""Sections keep what matters of lifetimes: who overlaps with whom, and the largest load."""

import numpy as np
from hypothesis import given

from codesign.models.scratchpad.packing.sections import sections
from tests.models.scratchpad.packing.small_instances import FRAGMENTED, sparse


def overlap_matrix(lower, upper):
    matrix = (lower[:, None] < upper[None, :]) & (lower[None, :] < upper[:, None])
    np.fill_diagonal(matrix, False)
    return matrix


def test_a_section_is_a_largest_set_of_buffers_alive_together():
    #   0  1  2  3  4  5
    #   aaaaaaaa           [0, 3)
    #      bbbbbbbbb       [1, 4)
    #               ccccc  [4, 6)
    found = sections(np.array([0, 1, 4]), np.array([3, 4, 6]))
    assert found.count == 2
    assert found.first.tolist() == [0, 0, 1]
    assert found.end.tolist() == [1, 1, 2]
    assert found.time.tolist() == [1, 4]
    assert found.sums(np.array([5, 6, 7])).tolist() == [11, 7]
    assert [part.tolist() for part in found.components()] == [[0, 1], [2]]


@given(sparse())
def test_overlaps_loads_and_times_are_those_of_the_lifetimes(problem):
    found = sections(problem.lower, problem.upper)
    matrix = overlap_matrix(problem.lower, problem.upper)
    assert (overlap_matrix(found.first, found.end) == matrix).all()
    start, others = found.overlaps
    for buffer in range(len(problem.size)):
        assert others[start[buffer] : start[buffer + 1]].tolist() == np.flatnonzero(matrix[buffer]).tolist()
    at_time = [problem.size[(problem.lower <= t) & (t < problem.upper)].sum() for t in range(12)]
    assert found.sums(problem.size).max() == max(at_time)
    for section, time in enumerate(found.time):
        in_section = (found.first <= section) & (section < found.end)
        assert (in_section == ((problem.lower <= time) & (time < problem.upper))).all()


@given(sparse())
def test_components_share_no_time_and_cannot_be_split(problem):
    found = sections(problem.lower, problem.upper)
    matrix = overlap_matrix(problem.lower, problem.upper)
    parts = found.components()
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(problem.size)))
    for part in parts:
        rest = np.setdiff1d(np.arange(len(problem.size)), part)
        assert not matrix[np.ix_(part, rest)].any()
        reached = np.linalg.matrix_power(matrix[np.ix_(part, part)].astype(int) + np.eye(len(part), dtype=int), 7)
        assert reached.all()


def test_crossings_count_the_buffers_on_both_sides_of_a_border():
    found = sections(FRAGMENTED.lower, FRAGMENTED.upper)
    for border in range(found.count - 1):
        assert found.crossings()[border] == ((found.first <= border) & (border + 1 < found.end)).sum()
