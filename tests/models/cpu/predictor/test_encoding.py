"""Cores as points: settings scaled to their range, and what a program makes of them."""

import numpy as np
import pandas as pd
import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu.design import SPACE, core_settings, drawn_cores
from codesign.models.cpu.features.branch_view import branch_view
from codesign.models.cpu.features.memory_view import MEMORY_RATES, memory_view
from codesign.models.cpu.features.sample import sample
from codesign.models.cpu.predictor.anchors import anchors
from codesign.models.cpu.predictor.bounds import static_bound
from codesign.models.cpu.predictor.encoding import (
    COORDINATES,
    DECODE_COST,
    PREFETCHERS,
    SETTINGS,
    coordinates,
    seen_program,
    seen_rates,
    settings_of,
)

from .conftest import tiny_program


@pytest.fixture(scope="module")
def program(features):
    return seen_program(features["near"], anchors())


@pytest.fixture(scope="module")
def part():
    return sample(tiny_program("near", 0), 400)


def column(points, name):
    return points[:, COORDINATES.index(name)]


def test_names_are_distinct():
    assert len(set(COORDINATES)) == len(COORDINATES)
    assert COORDINATES[: len(SETTINGS)] == SETTINGS


def test_settings_lie_between_zero_and_one_and_reach_both_ends():
    points = settings_of(drawn_cores(1024))
    assert points.shape == (1024, len(SETTINGS) + len(PREFETCHERS))
    assert points.min() == 0
    assert points.max() == 1
    ends = {name: (min(values), max(values)) for name, values in SPACE.items() if not isinstance(values[0], str)}
    low, high = (drawn_cores(1).assign(**{name: end[place] for name, end in ends.items()}) for place in (0, 1))
    assert np.all(settings_of(low)[0, : len(SETTINGS)] == 0)
    assert np.all(settings_of(high)[0, : len(SETTINGS)] == 1)


def test_shares_count_as_entries():
    """A quarter of 128 entries is as many as half of 64."""
    cores = drawn_cores(2).assign(rob=[128, 64], scheduler_share=[0.25, 0.5])
    first, second = settings_of(cores)[:, SETTINGS.index("scheduler")]
    assert first == second


def test_the_degree_is_a_coordinate_of_the_stride_prefetcher_alone():
    cores = drawn_cores(3).assign(l1d_prefetcher=["none", "next_line", "stride"], prefetch_degree=4)
    points = settings_of(cores)[:, len(SETTINGS) :]
    lines = PREFETCHERS.index("stride_lines")
    assert points[:, lines].tolist() == [0, 0, 1]
    assert points[:, :3].tolist() == np.eye(3).tolist()


def test_mispredictions_are_those_of_the_cores_predictor(program, part):
    cores = drawn_cores(24)
    execution, decode = np.array([list(branch_view(part, core).rates.values()) for core in core_settings(cores)]).T
    rates = seen_rates(program, cores)["mispredicted"]
    assert rates == pytest.approx(execution + decode, rel=1e-6)
    points = coordinates(program, cores, settings_of(cores))
    assert column(points, "wrong") == pytest.approx(20 * (execution + DECODE_COST * decode), rel=1e-5)
    assert len(np.unique(rates)) > 3


def test_misses_are_those_of_caches_that_were_walked(program, part):
    """Within a tenth of the spread: pairs of settings don't tell everything about real caches."""
    cores = anchors().head(24)
    walked = [memory_view(part, core).rates for core in core_settings(cores)]
    rates = seen_rates(program, cores)
    for name in MEMORY_RATES:
        truth = np.array([one[name] for one in walked])
        assert np.abs(rates[name] - truth).max() <= 0.1 * max(np.ptp(truth), 1e-3), name


def test_coordinates_of_bounds_are_their_logs(program):
    cores = drawn_cores(16)
    points = coordinates(program, cores, settings_of(cores))
    assert column(points, "static") == pytest.approx(np.log2(static_bound(program.numbers, cores)) / 3, rel=1e-6)
    least = np.minimum(column(points, "static"), column(points, "window_bound"))
    assert column(points, "least_bound").tolist() == least.tolist()


def test_a_core_has_the_same_point_among_others(program):
    cores = drawn_cores(100)
    together = coordinates(program, cores, settings_of(cores))
    alone = cores.iloc[[41]]
    assert coordinates(program, alone, settings_of(alone))[0].tolist() == together[41].tolist()


@pytest.mark.parametrize(("name", "value"), [("predictor_entries", 2048), ("l1d_kib", 48)])
def test_values_between_those_that_were_walked_are_refused(program, name, value):
    cores = drawn_cores(2).assign(**{name: value}).set_index(pd.Index([5, 6]))
    with pytest.raises(ModelInputError, match=f"core 5: {name} is {value}; allowed: {SPACE[name][0]}, "):
        coordinates(program, cores, settings_of(cores))
    with pytest.raises(ModelInputError, match=f"core 5: {name} is {value}"):
        seen_rates(program, cores)
