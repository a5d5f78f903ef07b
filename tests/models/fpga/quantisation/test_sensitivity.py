"""Sensitivities and costs by hand."""

import numpy as np

from codesign.models.fpga.quantisation import (
    bit_operations,
    hessian_sensitivity,
    rescaled_squared_error,
    weight_bytes,
)


def test_sensitivity_is_trace_times_error():
    assert hessian_sensitivity([2.0, 3.0], [[0.5, 0.1], [0.4, 0.2]]).tolist() == [
        [1.0, 0.2],
        [1.2000000000000002, 0.6000000000000001],
    ]


def test_costs_of_a_layer():
    assert weight_bytes([8, 100], [4, 8]).tolist() == [[4.0, 8.0], [50.0, 100.0]]
    assert bit_operations([3, 5], [4, 8]).tolist() == [[48.0, 192.0], [80.0, 320.0]]


def test_error_goes_with_the_square_of_the_step():
    found = rescaled_squared_error([1.0, 2.0], 8, [2, 4, 8])
    assert np.allclose(found, [[127.0**2, (127 / 7) ** 2, 1.0], [2 * 127.0**2, 2 * (127 / 7) ** 2, 2.0]])


def test_the_rule_follows_a_quantiser_while_steps_are_small():
    weights = np.random.default_rng(0).normal(size=200_000)

    def error(bits):
        step = np.abs(weights).max() / (2 ** (bits - 1) - 1)
        return float(((weights - step * np.round(weights / step)) ** 2).sum())

    predicted = rescaled_squared_error([error(8)], 8, [5, 6, 7])[0]
    assert np.allclose(predicted, [error(bits) for bits in (5, 6, 7)], rtol=0.02)
