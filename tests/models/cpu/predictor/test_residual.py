"""A correction drawn through simulated cores; its noise is the one that leaves least error on cores left out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.models.cpu.predictor.residual import NOISES, _left_out_error, fitted_residual
from codesign.models.cpu.predictor.surface import Scales, kernel

DRAW = np.random.default_rng(0)
POINTS = DRAW.random((80, 4), dtype=np.float32)
SCALES = Scales(np.array([2.0, 1.0, 0.5, 0.1]), 1e-3, 1e-4)
PLAIN = Scales(SCALES.inverse, 0.0, 0.0)


def bent(points):
    return 0.05 * np.sin(4 * points[:, 0].astype(np.float64)) + 0.02 * points[:, 1]


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.sampled_from(NOISES))
def test_the_formula_equals_leaving_cores_out_one_by_one(seed, noise):
    draw = np.random.default_rng(seed)
    points, values = draw.random((14, 4)), draw.normal(size=14)
    alike = kernel(points, points, PLAIN)
    errors = []
    for left_out in range(14):
        others = np.arange(14) != left_out
        matrix = alike[np.ix_(others, others)] + noise * np.eye(13)
        errors.append(values[left_out] - alike[left_out, others] @ np.linalg.solve(matrix, values[others]))
    assert _left_out_error(alike, values, noise) == pytest.approx(np.mean(np.square(errors)), rel=1e-8)


def test_the_noise_with_the_least_error_is_chosen():
    noisy = bent(POINTS) + 0.02 * DRAW.normal(size=80)
    for values in (bent(POINTS), noisy):
        at = POINTS.astype(np.float64)
        errors = {noise: _left_out_error(kernel(at, at, PLAIN), values - values.mean(), noise) for noise in NOISES}
        assert fitted_residual(POINTS, values, SCALES).scales.noise == min(errors, key=errors.get)
    clean, rough = (fitted_residual(POINTS, values, SCALES).scales.noise for values in (bent(POINTS), noisy))
    assert clean < rough


def test_little_noise_meets_the_cores_and_much_only_their_mean():
    values = bent(POINTS)
    near, far = (fitted_residual(POINTS, values, SCALES, noise) for noise in (1e-6, 1e9))
    assert near.values(POINTS) == pytest.approx(values, abs=2e-4)
    assert far.values(POINTS) == pytest.approx(np.full(80, values.mean()), abs=1e-6)


def test_cores_between_are_near():
    others = DRAW.random((40, 4), dtype=np.float32)
    found = fitted_residual(POINTS, bent(POINTS), SCALES).values(others)
    assert np.abs(found - bent(others)).max() < 0.1 * np.ptp(bent(others))


def test_the_surfaces_trend_is_left_out():
    sloped = Scales(SCALES.inverse, 10.0, SCALES.noise)
    first, second = (fitted_residual(POINTS, bent(POINTS), scales) for scales in (SCALES, sloped))
    assert first.values(POINTS).tolist() == second.values(POINTS).tolist()


def test_a_kept_noise_gives_the_same_correction():
    chosen = fitted_residual(POINTS, bent(POINTS), SCALES)
    again = fitted_residual(POINTS, bent(POINTS), SCALES, chosen.scales.noise)
    assert again.values(POINTS).tobytes() == chosen.values(POINTS).tobytes()
