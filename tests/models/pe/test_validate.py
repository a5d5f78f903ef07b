"""Prices beside synthesis: the rows, and how far off they may be."""

import math

import pytest

from codesign.models.pe.reference_elements import BASELINE, reference_elements, reference_parts
from codesign.models.pe.validate import (
    TOLERANCE,
    Pair,
    reference_energies,
    reference_pairs,
    root_mean_square,
    synthesis,
)

LIBRARIES = ("nangate45", "sky130hd", "asap7")


@pytest.fixture(scope="module")
def rows():
    return synthesis()


def test_every_row_is_computed_and_readable_by_itself(rows):
    assert all(math.isfinite(row.difference) for row in rows)
    assert len({row.item for row in rows}) == len(rows)
    assert all(row.source and row.tolerance == TOLERANCE for row in rows)


def test_a_row_beyond_its_tolerance_says_why(rows):
    assert all(row.note for row in rows if row.verdict == "differs")


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_kind_of_unit_has_a_row_on_every_library(rows, library):
    kinds = [row for row in rows if row.item.startswith(f"{library} ") and "root mean square" in row.note]
    assert sum(" area, " in row.item and " element " not in row.item for row in kinds) == 20


def test_root_mean_square_by_hand():
    assert root_mean_square([Pair("", 10.0, 11.0), Pair("", 10.0, 8.0)]) == pytest.approx(math.sqrt((0.01 + 0.04) / 2))


def test_reference_elements_are_complete():
    """Nine elements on three libraries, seven of them with an energy on NanGate45 (and one without)."""
    assert len(reference_elements()) == 27
    assert {one.library for one in reference_elements()} == set(LIBRARIES)
    assert sum(one.energy_fj is not None for one in reference_elements()) == 8
    assert any(one.key == BASELINE for one in reference_elements())
    for one in reference_elements():
        assert reference_parts(*one.key)
        assert one.source


@pytest.mark.parametrize("library", LIBRARIES)
def test_reference_elements_are_within_a_tenth(library):
    for area, ratio in reference_pairs(library):
        assert abs(area.error) <= TOLERANCE, area
        assert abs(ratio.error) <= TOLERANCE, ratio


def test_energies_that_were_not_fitted_are_within_a_sixth():
    """Compositions alone: multiply-adds are above the measurement, whose sums were extended from 16 bits."""
    for pair in reference_energies():
        assert abs(pair.error) <= 1 / 6, pair
