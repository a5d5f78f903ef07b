"""Errors of IPC on tables with known answers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error, r2_score, root_mean_squared_error

from codesign.errors import ModelInputError
from codesign.models.cpu.splits_metrics import METRICS, ipc_errors

IPC = st.floats(0.01, 8.0)


def errors(truth, predicted):
    return ipc_errors(np.array(truth, dtype=float), np.array(predicted, dtype=float))


def test_a_table_by_hand():
    found = errors([1.0, 2.0, 4.0, 1.0], [2.0, 1.0, 4.0, 0.5])
    assert tuple(found) == METRICS
    assert found["rows"] == 4
    assert found["rmse_ipc"] == pytest.approx(math.sqrt((1 + 1 + 0 + 0.25) / 4))
    assert found["mae_ipc"] == pytest.approx(2.5 / 4)
    assert found["mape_ipc_percent"] == pytest.approx(100 * (1 + 0.5 + 0 + 0.5) / 4)
    assert found["mape_cpi_percent"] == pytest.approx(100 * (0.5 + 1 + 0 + 1) / 4)
    assert found["r2"] == pytest.approx(1 - 2.25 / (1 + 0 + 4 + 1))
    ranks, others = np.array([1.5, 3, 4, 1.5]), np.array([3, 2, 4, 1.0])
    assert found["spearman"] == pytest.approx(np.corrcoef(ranks, others)[0, 1])


def test_a_perfect_prediction():
    found = errors([0.5, 1.0, 2.0], [0.5, 1.0, 2.0])
    assert list(found.values()) == [3, 0, 0, 0, 0, 1, 1]


def test_the_mean_of_the_tested_rows_has_an_r2_of_nothing():
    found = errors([1.0, 2.0, 3.0], [2.0, 2.0, 2.0])
    assert found["r2"] == 0
    assert math.isnan(found["spearman"])


def test_an_equal_truth_has_neither_r2_nor_rank():
    found = errors([1.0, 1.0], [1.0, 2.0])
    assert math.isnan(found["r2"])
    assert math.isnan(found["spearman"])


@pytest.mark.parametrize("wrong", [0.0, -0.5])
def test_a_prediction_without_cycles_has_an_infinite_error(wrong):
    found = errors([1.0, 2.0], [1.0, wrong])
    assert found["mape_cpi_percent"] == math.inf
    assert found["mape_ipc_percent"] == pytest.approx(50 * (1 - wrong / 2))


@given(st.lists(st.tuples(IPC, IPC), min_size=2, max_size=30))
def test_errors_are_those_of_scikit_learn(pairs):
    truth, predicted = np.array(pairs).T
    found = ipc_errors(truth, predicted)
    assert found["rmse_ipc"] == pytest.approx(root_mean_squared_error(truth, predicted))
    assert found["mae_ipc"] == pytest.approx(mean_absolute_error(truth, predicted))
    assert found["mape_ipc_percent"] == pytest.approx(100 * mean_absolute_percentage_error(truth, predicted))
    assert found["mape_cpi_percent"] == pytest.approx(100 * mean_absolute_percentage_error(1 / truth, 1 / predicted))
    if np.ptp(truth) > 1e-3:
        assert found["r2"] == pytest.approx(r2_score(truth, predicted))


@pytest.mark.parametrize(
    ("truth", "predicted", "message"),
    [
        ([1.0, 2.0], [1.0], r"true IPC has shape \(2,\), predicted \(1,\)"),
        ([], [], "one of each per row"),
        ([[1.0]], [[1.0]], "one of each per row"),
        ([1.0, 0.0], [1.0, 1.0], "a true IPC is not a number above 0"),
        ([1.0, math.inf], [1.0, 1.0], "a true IPC is not a number above 0"),
        ([1.0, 2.0], [1.0, math.nan], "a predicted IPC is not a number"),
    ],
)
def test_what_has_no_error_is_refused(truth, predicted, message):
    with pytest.raises(ModelInputError, match=message):
        errors(truth, predicted)
