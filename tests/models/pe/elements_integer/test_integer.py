"""Integer elements: exact sums that wrap, one scale per channel outside the array."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements import integer as elements
from codesign.models.pe.emulation import integer
from tests.models.pe.elements_integer.operands import (
    encoded,
    exact_products,
    nearest_fp32,
    random_codes,
    signed,
    wrap,
)

INT8, INT4 = elements.ELEMENTS
MULTIPLY = {emulation.element: emulation.multiply for emulation in integer.EMULATIONS}


@pytest.mark.parametrize(("bits", "codes"), [(2, [0, 1, -2, -1]), (4, [*range(8), *range(-8, 0)])])
def test_sign_extension_reads_twos_complement(bits, codes):
    assert integer.sign_extended(np.arange(1 << bits), bits).tolist() == codes


@given(st.integers(-(2**40), 2**40), st.integers(2, 40))
def test_a_register_wraps_modulo_its_width(value, bits):
    assert int(integer.wrapped(np.array([value]), bits)[0]) == wrap(value, bits)


@pytest.mark.parametrize(
    ("element", "weight_bits", "activation_bits", "sum_bits"),
    [("int8", 8, 8, 32), ("int8", 4, 8, 32), ("int8", 2, 8, 32), ("int4", 4, 4, 24)],
)
def test_products_equal_python_integers(element, weight_bits, activation_bits, sum_bits):
    rng = np.random.default_rng(weight_bits)
    a, w = random_codes(rng, activation_bits, (96, 5)), random_codes(rng, weight_bits, (96, 7))
    exact = exact_products(
        [[signed(code, activation_bits) for code in row] for row in a.tolist()],
        [[signed(code, weight_bits) for code in row] for row in w.tolist()],
    )
    found = MULTIPLY[element](
        encoded(a, "int-sym", activation_bits),
        encoded(w, "int-sym", weight_bits),
        Configuration(weight_bits, activation_bits),
    )
    assert found.tolist() == [[wrap(value, sum_bits) for value in row] for row in exact]


@pytest.mark.parametrize(("length", "total"), [(511, 511 * 2**14), (512, -(2**23)), (513, -(2**23) + 2**14)])
def test_a_sum_of_24_bits_wraps_and_does_not_saturate(length, total):
    lowest = np.full((length, 1), 0x80)
    found = MULTIPLY["int8"](
        encoded(lowest, "int-sym", 8), encoded(lowest, "int-sym", 8), Configuration(8, 8, accumulator_bits=24)
    )
    assert found.tolist() == [[total]]


def test_zeros_give_zero():
    zeros = encoded(np.zeros((8, 2)), "int-sym", 8)
    assert not MULTIPLY["int8"](zeros, zeros, INT8.default).any()


@given(
    st.lists(st.integers(-(2**23), 2**23 - 1), min_size=1, max_size=4),
    st.data(),
)
def test_scaled_sums_round_once_for_a_product_and_once_for_an_addition(sums, data):
    scales = [data.draw(st.floats(2.0**-24, 1000.0, width=16)) for _ in sums]
    total = Fraction(0)
    for value, scale in zip(sums, scales, strict=True):
        total = nearest_fp32(total + nearest_fp32(value * Fraction(scale)))
    found = integer.scaled_sum(np.array(sums)[:, None, None], np.array(scales)[:, None])
    assert Fraction(float(found[0, 0])) == total


def test_scales_of_channels_and_tokens_are_applied_in_fp32():
    a = encoded([[1, 2]], "int-sym", 8, scales=[[0.1, 0.3]])
    w = encoded([[3]], "int-sym", 8, scales=[[0.25]])
    expected = [float(np.float32(0.75) * np.float32(0.1)), float(np.float32(1.5) * np.float32(0.3))]
    assert MULTIPLY["int8"](a, w, INT8.default)[:, 0].tolist() == expected


def test_other_formats_are_refused():
    codes = np.zeros((4, 1))
    with pytest.raises(ModelInputError, match="int8 reads weights as int-sym or ternary, found flint"):
        MULTIPLY["int8"](encoded(codes, "int-sym", 8), encoded(codes, "flint", 8), INT8.default)


def test_other_widths_than_the_configurations_are_refused():
    codes = np.zeros((4, 1))
    with pytest.raises(ModelInputError, match="int8 is configured for W8A8, found W4A8"):
        MULTIPLY["int8"](encoded(codes, "int-sym", 8), encoded(codes, "int-sym", 4), INT8.default)


def test_lengths_that_differ_are_refused():
    with pytest.raises(ModelInputError, match="length 4 don't meet weights of length 6"):
        MULTIPLY["int8"](encoded(np.zeros((4, 1)), "int-sym", 8), encoded(np.zeros((6, 1)), "int-sym", 8), INT8.default)


def test_activation_groups_are_refused():
    a = encoded(np.zeros((4, 1)), "int-sym", 8, group=2)
    with pytest.raises(ModelInputError, match="one activation scale per token, found one per 2 of 4"):
        MULTIPLY["int8"](a, encoded(np.zeros((4, 1)), "int-sym", 8), INT8.default)


def test_narrow_weights_are_packed_in_memory_and_full_width_in_the_multiplier():
    narrow, wide = INT8.structure(Configuration(2, 8, group=0)), INT8.structure(Configuration(8, 8, group=0))
    assert narrow.element == wide.element
    assert (narrow.weight_bits_stored, wide.weight_bits_stored) == (2, 8)


@pytest.mark.parametrize(("element", "registers"), [(INT8, 8 + 8 + 32), (INT4, 4 + 4 + 24)])
def test_an_element_registers_both_operands_and_the_sum(element, registers):
    parts = element.structure(element.default).element
    assert sum(part.unit.sizes[-1] for part in parts if part.unit.kind.startswith("register")) == registers


def test_groups_and_other_widths_are_refused():
    assert "group must be 0, found 128" in INT8.refusal(Configuration(8, 8, group=128))
    assert "can't multiply W3A8; it can: W8A8, W4A8, W2A8" in INT8.refusal(Configuration(3, 8, group=0))
    assert not INT4.refusal(INT4.default)
