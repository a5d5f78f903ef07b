"""Kriging: exact at the anchors, smooth between them, scales found from the data."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from codesign.models.cpu.predictor.surface import (
    BLOCK,
    Scales,
    _unlikeliness,
    fitted_scales,
    kernel,
    surface_values,
    weights,
)

DRAW = np.random.default_rng(0)
POINTS = DRAW.random((120, 3), dtype=np.float32)
OTHERS = DRAW.random((50, 3), dtype=np.float32)
SHARP = Scales(np.full(3, 1.0), 1e-3, 1e-6)
SMOOTH = Scales(np.full(3, 1.0), 1e-3, 1e-3)


def bent(points):
    return np.sin(3 * points[:, 0]) + 0.3 * points[:, 1] ** 2


def values_at(points, anchors, scales):
    """The surfaces through ``bent`` and the last coordinate of anchors."""
    values = np.stack((bent(anchors), anchors[:, 2]), axis=1).astype(np.float64)
    mean, slopes = weights(anchors, values, scales)
    return surface_values(points, anchors, slopes.astype(np.float32), mean, scales)


def test_a_kernel_is_symmetric_positive_and_one_on_its_diagonal():
    matrix = kernel(POINTS, POINTS, Scales(np.ones(3), 0.0, 0.0)).astype(np.float64)
    assert np.allclose(matrix, matrix.T, atol=1e-6)
    assert np.allclose(np.diag(matrix), 1, atol=1e-5)
    assert np.linalg.eigvalsh(matrix).min() > -1e-4


def test_the_kernel_has_its_equation():
    left, right = np.array([[0.0, 1, 2]]), np.array([[1.0, 3, 2]])
    plain = Scales(np.array([1.0, 0.5, 9.0]), 0.0, 0.0)
    assert kernel(left, right, plain)[0, 0] == pytest.approx(1 / (1 + 2 / 4) ** 2)
    sloped = Scales(plain.inverse, 0.1, 0.0)
    assert kernel(left, right, sloped)[0, 0] == pytest.approx(1 / (1 + 2 / 4) ** 2 + 0.1 * 7)


def test_a_surface_goes_through_its_anchors_but_for_the_noise():
    """At an anchor, what is left over is the noise times the anchor's weight."""
    values = bent(POINTS).astype(np.float64)[:, None]
    for scales in (SHARP, SMOOTH):
        mean, slopes = weights(POINTS, values, scales)
        at = POINTS.astype(np.float64)
        left_over = values - (kernel(at, at, scales) @ slopes + mean)
        assert left_over == pytest.approx(scales.noise * slopes, rel=1e-6, abs=1e-9)


def test_it_is_near_what_lies_between_the_anchors():
    mean, slopes = weights(POINTS, bent(POINTS).astype(np.float64)[:, None], SHARP)
    found = kernel(OTHERS.astype(np.float64), POINTS.astype(np.float64), SHARP) @ slopes + mean
    assert np.abs(found[:, 0] - bent(OTHERS)).max() < 0.02


@pytest.mark.parametrize("anchors", [1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_compiled_surfaces_equal_the_kernel_whatever_the_number_of_anchors(anchors):
    """Up to roundings of singles, which grow with the weights."""
    at = np.random.default_rng(1).random((anchors, 3), dtype=np.float32)
    mean, slopes = weights(at, np.stack((bent(at), at[:, 2]), axis=1).astype(np.float64), SMOOTH)
    exact = kernel(OTHERS.astype(np.float64), at.astype(np.float64), SMOOTH) @ slopes + mean
    found = surface_values(OTHERS, at, slopes.astype(np.float32), mean, SMOOTH)
    assert np.abs(found - exact).max() <= 20 * np.finfo(np.float32).eps * (1 + np.abs(slopes).sum(axis=0).max())


def test_a_row_does_not_depend_on_the_others():
    together = values_at(OTHERS, POINTS, SMOOTH)
    for rows in ([7], [7, 3], list(range(50))[::-1]):
        assert values_at(OTHERS[rows], POINTS, SMOOTH).tobytes() == together[rows].tobytes()


def test_the_slope_of_the_likelihood_is_that_of_finite_differences():
    points = POINTS[:30].astype(np.float64)
    squares = [(points[:, j : j + 1] - points[:, j]) ** 2 for j in range(3)]
    targets = bent(points)[:, None]
    targets = (targets - targets.mean()) / targets.std()
    logs = np.log(np.array([0.7, 0.3, 0.2, 1e-2, 1e-2]))
    numeric = approx_fprime(logs, lambda at: _unlikeliness(at, squares, points @ points.T, targets)[0], 1e-6)
    assert _unlikeliness(logs, squares, points @ points.T, targets)[1] == pytest.approx(numeric, rel=1e-3, abs=1e-3)


def test_a_coordinate_that_does_not_matter_gets_the_smallest_scale():
    found = fitted_scales(POINTS, bent(POINTS).astype(np.float64))
    assert found.inverse.argmin() == 2
    assert found.inverse[0] > 3 * found.inverse[2]


def test_scales_are_found_that_predict_better_than_others():
    fitted = fitted_scales(POINTS, bent(POINTS).astype(np.float64))
    rough = Scales(np.full(3, 20.0), 1e-3, 1e-3)
    ours, theirs = (np.abs(values_at(OTHERS, POINTS, one)[:, 0] - bent(OTHERS)).max() for one in (fitted, rough))
    assert ours < 0.1 * theirs


def test_scales_do_not_depend_on_the_unit_of_the_values():
    values = bent(POINTS).astype(np.float64)
    one, other = fitted_scales(POINTS, values), fitted_scales(POINTS, 1000 * values + 7)
    assert other.inverse == pytest.approx(one.inverse, rel=1e-3)


def test_noise_is_told_from_shape():
    rough = bent(POINTS) + 0.2 * DRAW.normal(size=120)
    assert fitted_scales(POINTS, rough).noise > 10 * fitted_scales(POINTS, bent(POINTS).astype(np.float64)).noise
