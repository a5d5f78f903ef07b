"""MixPE: dequantisation after the group's integer product equals dequantisation before it."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.mixpe import ELEMENTS, row_sum_bits
from codesign.models.pe.emulation.mixpe import EMULATIONS, shift_add_sums
from tests.models.pe.elements_integer.operands import (
    encoded,
    exact_products,
    nearest_fp32,
    random_codes,
    signed,
    wrap,
)

W4A8, W4A16 = ELEMENTS
MULTIPLY = {emulation.element: emulation.multiply for emulation in EMULATIONS}


def grouped(rng, bits, length, columns, group):
    """Unsigned codes with random zero points and FP16 scales."""
    scales = np.exp2(rng.uniform(-12, 2, (length // group, columns))).astype(np.float16)
    zeros = rng.integers(0, 1 << bits, scales.shape)
    return encoded(rng.integers(0, 1 << bits, (length, columns)), "int-asym", bits, group, scales, zeros)


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_shifted_activations_add_up_to_every_product(bits):
    activations, codes = np.arange(-128, 128)[None, :], np.arange(1 << bits)[None, :]
    found = shift_add_sums(activations, codes, bits, 1)[0]
    assert (found == activations[0][:, None] * codes[0][None, :]).all()


@pytest.mark.parametrize(("bits", "group"), [(4, 16), (3, 32), (2, 64), (4, 64)])
def test_w4a8_equals_the_definition_with_each_rounding(bits, group):
    rng = np.random.default_rng(bits)
    a, w = random_codes(rng, 8, (64, 3)), grouped(rng, bits, 64, 4, group)
    total = [[Fraction(0)] * 4 for _ in range(3)]
    for index in range(64 // group):
        here = slice(index * group, (index + 1) * group)
        levels = w.codes[here] - w.zeros[index]
        sums = exact_products([[signed(c, 8) for c in row] for row in a[here].tolist()], levels.tolist())
        for m, n in np.ndindex(3, 4):
            scaled = nearest_fp32(sums[m][n] * Fraction(float(w.scales[index, n])))
            total[m][n] = nearest_fp32(total[m][n] + scaled)
    found = MULTIPLY["mixpe-w4a8"](encoded(a, "int-sym", 8), w, Configuration(bits, 8, group=group))
    assert [[Fraction(value) for value in row] for row in found.tolist()] == total


@pytest.mark.parametrize("zero", [0, 15])
def test_w4a8_sums_wrap_at_their_width(zero):
    a, w = np.full((16, 1), 0x80), encoded(np.full((16, 1), 15), "int-asym", 4, zeros=np.array([[zero]]))
    found = MULTIPLY["mixpe-w4a8"](encoded(a, "int-sym", 8), w, Configuration(4, 8, accumulator_bits=14))
    assert found.tolist() == [[wrap(-128 * (15 - zero) * 16, 14)]]


def fp16_operand(values):
    return encoded(np.asarray(values, dtype=np.float16).view(np.uint16), "fp16", 16)


def test_w4a16_adds_exact_products_in_fp32():
    rng = np.random.default_rng(5)
    a = (rng.normal(size=(32, 2)) * 10).astype(np.float16)
    w = grouped(rng, 4, 32, 3, 32)
    expected = np.zeros((2, 3))
    for m, n in np.ndindex(2, 3):
        total, row = Fraction(0), Fraction(0)
        for k in range(32):
            total = nearest_fp32(total + Fraction(float(a[k, m])) * int(w.codes[k, n]))
            row = nearest_fp32(row + Fraction(float(a[k, m])))
        difference = nearest_fp32(total - nearest_fp32(row * int(w.zeros[0, n])))
        expected[m, n] = float(nearest_fp32(difference * Fraction(float(w.scales[0, n]))))
    assert (MULTIPLY["mixpe-w4a16"](fp16_operand(a), w, W4A16.default) == expected).all()


@given(st.integers(0, 2**32 - 1))
def test_w4a16_stays_within_its_error_bound(seed):
    rng = np.random.default_rng(seed)
    a, w = rng.normal(size=(64, 2)).astype(np.float16), grouped(rng, 4, 64, 3, 64)
    levels = (w.codes - w.zeros) * w.scales
    exact = a.astype(np.float64).T @ levels
    magnitude = np.abs(a.astype(np.float64)).T @ ((w.codes + w.zeros) * w.scales)
    error = np.abs(MULTIPLY["mixpe-w4a16"](fp16_operand(a), w, W4A16.default) - exact)
    assert (error <= (64 + 4) * 2.0**-24 * magnitude).all()


def test_weights_without_zero_points_are_refused():
    a = encoded(np.zeros((4, 1)), "int-sym", 8)
    with pytest.raises(ModelInputError, match="found no zero points"):
        MULTIPLY["mixpe-w4a8"](a, encoded(np.zeros((4, 1)), "int-asym", 4), W4A8.default)
    with pytest.raises(ModelInputError, match="mixpe-w4a8 reads weights as int-asym, found int-sym"):
        MULTIPLY["mixpe-w4a8"](a, encoded(np.zeros((4, 1)), "int-sym", 4), W4A8.default)


def test_w4a16_refuses_integer_activations_and_other_sums():
    w = encoded(np.zeros((4, 1)), "int-asym", 4, zeros=np.zeros((1, 1), dtype=np.int64))
    with pytest.raises(ModelInputError, match="reads activations as fp16, found int-sym"):
        MULTIPLY["mixpe-w4a16"](encoded(np.zeros((4, 1)), "int-sym", 16), w, W4A16.default)
    with pytest.raises(ModelInputError, match="mixpe-w4a16 sums have 32 bits, found accumulator_bits=16"):
        W4A16.structure(Configuration(4, 16, accumulator_bits=16))


@pytest.mark.parametrize(("group", "bits"), [(128, 15), (32, 13), (0, 24)])
def test_the_sum_of_a_groups_activations_fits(group, bits):
    assert row_sum_bits(Configuration(4, 8, group=group)) == bits


def test_memory_holds_a_scale_and_a_zero_point_per_group():
    structure = W4A8.structure(Configuration(3, 8))
    assert (structure.weight_bits_stored, structure.group_bits, structure.scale_cycles) == (3, 16 + 3, 1)
