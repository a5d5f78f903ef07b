"""What the correction reads of a program on a core."""

from dataclasses import replace

import numpy as np
import pytest

from codesign.errors import ModelInputError
from codesign.models.cpu.design import drawn_cores
from codesign.models.cpu.predictor.anchors import anchors
from codesign.models.cpu.predictor.bounds import RESOURCES, bounds
from codesign.models.cpu.predictor.encoding import COORDINATES, coordinates, settings_of
from codesign.models.cpu.predictor.rows import (
    BOUND,
    COLUMNS,
    LOG_CPI,
    POINTS,
    PROGRAM_NUMBERS,
    feature_rows,
    surface_of,
)


def rows_on(surface, cores):
    return feature_rows(surface, cores, settings_of(cores))


def test_columns_are_distinct_and_stand_where_they_are_looked_for():
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert COLUMNS[POINTS] == COORDINATES
    assert COLUMNS[-len(PROGRAM_NUMBERS) :] == PROGRAM_NUMBERS


def test_a_row_holds_the_surface_the_bounds_the_point_and_the_program(features, surfaces):
    cores, numbers = drawn_cores(20), features["near"].numbers
    rows = rows_on(surfaces["near"], cores)
    assert rows.shape == (20, len(COLUMNS))
    assert rows[:, POINTS].tolist() == coordinates(surfaces["near"].program, cores, settings_of(cores)).tolist()
    limits = np.log(bounds(numbers, cores))
    assert rows[:, LOG_CPI + 1 : BOUND] == pytest.approx(limits, rel=1e-6)
    assert rows[:, BOUND] == pytest.approx(limits.min(axis=1), rel=1e-6)
    assert len(RESOURCES) == BOUND - LOG_CPI - 1
    for place, name in enumerate(PROGRAM_NUMBERS):
        assert set(rows[:, len(COLUMNS) - len(PROGRAM_NUMBERS) + place]) == {np.float32(numbers[name])}


def test_the_surface_is_near_the_responses_at_the_anchors(features, surfaces):
    found = rows_on(surfaces["near"], anchors())[:, LOG_CPI]
    assert found == pytest.approx(features["near"].log_cpi, abs=0.1)
    assert np.abs(found - features["near"].log_cpi).mean() < 0.01


def test_twice_the_cycles_are_twice_the_cycles_everywhere(surfaces):
    near, far = (rows_on(surfaces[name], drawn_cores(20))[:, LOG_CPI] for name in ("near", "far"))
    assert far - near == pytest.approx(np.full(20, np.log(2)), abs=1e-3)


def test_a_row_does_not_depend_on_the_others(surfaces):
    cores = drawn_cores(70)
    together = rows_on(surfaces["near"], cores)
    for places in ([0], [69, 3], list(range(33))):
        assert rows_on(surfaces["near"], cores.iloc[places]).tobytes() == together[places].tobytes()


def test_features_on_other_anchors_are_refused(features, scales):
    cut = replace(features["near"], log_cpi=features["near"].log_cpi[:5])
    with pytest.raises(ModelInputError, match="'near' hold 5 responses; the anchors are 512"):
        surface_of(cut, anchors(), scales)
