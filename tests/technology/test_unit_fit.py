"""The fit: exact on data that obey the model, honest on data that don't; and the stored coefficients are its result."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fit_units import FILE, fits, table
from codesign.technology.energy import data_rows
from codesign.technology.unit_fit import (
    ENERGY_CLASSES,
    SYNTHESIS_FILES,
    features_of,
    fit_all,
    fitted_points,
    fitted_target_ps,
    leave_one_out,
    read_points,
    relative_least_squares,
)
from codesign.technology.units import KINDS, Unit

COLUMNS = ("library", "kind", "sizes", "target_ps", "area_um2", "delay_ps")


def rows(*values):
    return [dict(zip(COLUMNS, row, strict=True)) for row in values]


def shifter_rows(coefficient_mux, coefficient_and, sizes=((8, 3), (16, 4), (24, 5), (32, 5), (48, 6))):
    made = []
    for bits, stages in sizes:
        features = features_of("area", Unit("barrel_shifter", (bits, stages)))
        area = coefficient_mux * features["multiplexers"] + coefficient_and * features["and_gates"]
        made.append(("nangate45", "barrel_shifter", f"{bits}x{stages}", "1000", repr(area), ""))
    return rows(*made)


@given(st.floats(0.1, 5.0), st.floats(0.1, 5.0))
def test_coefficients_of_data_that_obey_the_model_come_back(multiplexer, gate):
    (found,) = fit_all(read_points(shifter_rows(multiplexer, gate)))
    assert found.coefficients["multiplexers"] == pytest.approx(multiplexer, rel=1e-6)
    assert found.coefficients["and_gates"] == pytest.approx(gate, rel=1e-6)
    assert found.worst < 1e-9
    assert found.leave_one_out_worst < 1e-6
    assert found.fitted_range == {"bits": (8, 48), "stages": (3, 6)}
    assert found.points == 5


def test_relative_errors_weigh_small_and_large_alike():
    """One coefficient, values 1 and 1000 with x = 1 and 800: the optimum balances relative, not absolute, errors."""
    found = relative_least_squares(np.array([[1.0], [800.0]]), np.array([1.0, 1000.0]))
    assert found[0] == pytest.approx((1.0 + 0.8) / (1.0 + 0.64))


def test_no_structure_costs_less_than_nothing():
    design = np.array([[1.0, 1.0], [2.0, 4.0], [3.0, 9.0]])
    assert (relative_least_squares(design, np.array([3.0, 2.0, 1.0])) >= 0.0).all()


def test_leave_one_out_of_a_ratio():
    """One coefficient and three points: each is predicted by the other two alone."""
    errors = leave_one_out(np.array([[1.0], [1.0], [1.0]]), np.array([1.0, 1.0, 2.0]))
    assert errors == pytest.approx([1.2 - 1.0, 1.2 - 1.0, 1.0 / 2.0 - 1.0])


def test_too_few_points_leave_nothing_out():
    assert leave_one_out(np.ones((2, 1)), np.ones(2)).size == 0


def test_only_runs_at_the_library_s_own_target_are_fitted():
    points = read_points(
        rows(
            ("nangate45", "adder", "8", "", "50", "200"),
            ("nangate45", "adder", "8", "1000", "42", "250"),
            ("sky130hd", "adder", "8", "", "200", ""),
            ("sky130hd", "adder", "8", "1000", "190", ""),
        )
    )
    chosen = fitted_points(points, "area")
    assert [point.area_um2 for point in chosen] == [42.0, 200.0]
    assert math.isnan(chosen[1].delay_ps)


def test_selecting_gates_are_not_sized_for_speed_where_a_library_has_no_target():
    points = read_points(
        rows(
            ("sky130hd", "and_row", "8", "", "145", "270"),
            ("sky130hd", "and_row", "8", "100000", "50", "400"),
            ("nangate45", "and_row", "8", "1000", "9", "40"),
            ("nangate45", "and_row", "8", "100000", "9", "40"),
        )
    )
    assert [point.area_um2 for point in fitted_points(points, "area")] == [50.0, 9.0]
    assert [point.delay_ps for point in fitted_points(points, "delay")] == [270.0, 40.0]
    assert fitted_target_ps("asap7", "multiplier", "area") is None


def test_units_of_six_inputs_are_not_fitted():
    sizes = ("2x2", "3x3", "4x3", "4x2", "8x1")
    points = read_points(rows(*(("nangate45", "multiplier", size, "1000", "9", "") for size in sizes)))
    assert [point.unit.sizes for point in fitted_points(points, "area")] == [(4, 3), (8, 1)]


def test_every_kind_takes_its_energy_from_measured_kinds():
    measured = {row["kind"] for row in data_rows("unit_energy.csv")}
    assert set(ENERGY_CLASSES) == set(KINDS)
    assert {kind for kinds in ENERGY_CLASSES.values() for kind in kinds} <= measured


def test_stored_coefficients_are_those_of_the_stored_measurements():
    """``python -m benchmarks.fit_units`` writes them anew."""
    with FILE.open(encoding="utf-8") as stream:
        stored = list(csv.DictReader(stream))
    fresh = table(fits())
    assert [{k: row[k] for k in row if k != "value"} for row in stored] == [
        {k: row[k] for k in row if k != "value"} for row in fresh
    ]
    for old, new in zip(stored, fresh, strict=True):
        assert float(old["value"]) == pytest.approx(float(new["value"]), rel=1e-4, abs=1e-4), old


def test_far_fewer_coefficients_than_points():
    for fit in fits():
        if fit.quantity in ("area", "delay"):
            assert len(fit.coefficients) <= 4
            assert fit.points >= len(fit.coefficients) + 2, (fit.library, fit.kind, fit.quantity)


def test_every_measurement_has_tool_year_and_source():
    for row in (row for file in (*SYNTHESIS_FILES, "unit_energy.csv") for row in data_rows(file)):
        assert row["tool"]
        assert row["source"]
        assert row["year"] == "2026"
