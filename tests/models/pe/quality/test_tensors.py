"""Drawn tensors have the statistics that they were asked for."""

import csv
from importlib.resources import files

import numpy as np
import pytest

from codesign.errors import UnknownNameError
from codesign.models.pe.quality.tensors import (
    PROBABILITIES,
    ActivationCurves,
    activation_curves,
    activations_of,
    draw_activations,
    draw_weights,
    kinds,
    summary,
    weight_curves,
    weights_of,
)


@pytest.mark.parametrize("kind", kinds())
def test_weights_have_the_measured_quantiles(kind):
    asked = weights_of(kind)
    found = weight_curves(draw_weights(asked, 1024, 512, seed=3))
    middle = [PROBABILITIES.index(p) for p in (0.05, 0.25, 0.75, 0.95)]
    assert found.row[middle] == pytest.approx(asked.row[middle], rel=0.15)
    assert found.column[middle] == pytest.approx(asked.column[middle], rel=0.15)
    assert found.residual[middle] == pytest.approx(asked.residual[middle], rel=0.1)


@pytest.mark.parametrize("kind", kinds())
def test_activations_have_the_measured_quantiles(kind):
    asked = activations_of(kind)
    found = activation_curves(draw_activations(asked, 1024, 512, seed=3))
    middle = [PROBABILITIES.index(p) for p in (0.05, 0.25, 0.5, 0.75, 0.95)]
    assert found.channel[middle] == pytest.approx(asked.channel[middle], rel=0.2)


def test_outlier_channels_stay_outliers():
    drawn = summary(draw_activations(activations_of("ffn-up"), 512, 64, seed=0))
    assert drawn.largest_channel > 6
    assert 0 < drawn.outlier_channels < 0.02


def test_equal_seeds_give_equal_tensors():
    curves = weights_of("qkv")
    assert np.array_equal(draw_weights(curves, 64, 8, 1), draw_weights(curves, 64, 8, 1))
    assert not np.array_equal(draw_weights(curves, 64, 8, 1), draw_weights(curves, 64, 8, 2))


def test_a_constant_channel_is_all_mean():
    ones = np.ones(len(PROBABILITIES))
    curves = ActivationCurves(channel=2 * ones, residual=0 * ones, share=np.ones(7))
    drawn = draw_activations(curves, 16, 8, seed=0)
    assert np.array_equal(np.abs(drawn), np.full((16, 8), 2.0))
    assert np.array_equal(drawn, np.repeat(drawn[:, :1], 8, axis=1))


def test_summary_of_known_matrices():
    found = summary(np.array([[1.0, -1.0], [1.0, -1.0], [10.0, -10.0]]))
    assert found.largest_channel == 10.0
    assert found.outlier_channels == pytest.approx(1 / 3)
    assert found.deviation == pytest.approx(np.sqrt(34))
    gaussian = summary(np.random.default_rng(0).standard_normal((400, 400)))
    assert gaussian.kurtosis == pytest.approx(0, abs=0.05)
    assert gaussian.percentile_99_9 == pytest.approx(3.29, abs=0.05)


def test_every_real_layer_is_in_the_table():
    with files("codesign.models.pe").joinpath("data", "tensor_statistics.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(kinds()) * 6 * 2
    assert all(row["source"] and row["unit"] and row["year"] for row in rows)


def test_unknown_tensors():
    with pytest.raises(UnknownNameError, match="unknown tensors 'ffn-op'.*did you mean 'ffn-up'"):
        weights_of("ffn-op")
