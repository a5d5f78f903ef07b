"""ANT: flint as its repository defines it, and products of (base, exponent) pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.ant import ELEMENTS
from codesign.models.pe.emulation.ant import (
    EMULATIONS,
    FLINT_VALUES,
    decode_flint,
    encode_flint,
    split_flint,
    split_integer,
)
from tests.models.pe.elements_integer.operands import encoded, exact_products, random_codes, signed, wrap

(ANT,) = ELEMENTS
(EMULATION,) = EMULATIONS
CODES = np.arange(16)
MEANING = {
    "flint": lambda code: FLINT_VALUES[code],
    "int-sym": lambda code: signed(code, 8),
}


def flint_grid(magnitude_bits):
    """The magnitudes by the definition: 2^e with as many mantissa bits as the exponent's code leaves, e below, at and
    above 0; the smallest is 1."""
    lowest = -(magnitude_bits - 1)
    numbers = {0.0, 2.0 ** (magnitude_bits - 1)}
    for exponent in range(lowest, magnitude_bits - 1):
        zeros = -exponent - 1 if exponent < 0 else exponent
        mantissa = magnitude_bits - 2 - zeros
        numbers |= {2.0**exponent * (1 + j / 2**mantissa) for j in range(2**mantissa if mantissa >= 0 else 0)}
    smallest = min(numbers - {0.0})
    return sorted(int(number / smallest) for number in numbers)


def test_the_magnitudes_are_those_of_the_definition():
    assert flint_grid(3) == [0, 1, 2, 3, 4, 6, 8, 16]
    assert sorted(FLINT_VALUES[:8]) == flint_grid(3)


def test_codes_and_values_correspond():
    used = CODES[CODES != 8]
    assert (encode_flint(decode_flint(used).astype(float)) == used).all()
    assert decode_flint(CODES).tolist() == list(FLINT_VALUES)


@given(st.floats(-40, 40))
def test_encoding_takes_the_nearest_value(value):
    found = FLINT_VALUES[int(encode_flint(np.array([value]))[0])]
    assert abs(found - value) == min(abs(candidate - value) for candidate in FLINT_VALUES)


@pytest.mark.parametrize(("value", "code"), [(12.0, 0b0100), (-12.0, 0b1101), (0.5, 1), (-0.5, 0), (99.0, 4)])
def test_a_tie_goes_to_the_larger_value(value, code):
    assert encode_flint(np.array([value])).tolist() == [code]


def test_the_decoder_gives_base_and_exponent_of_every_code():
    base, exponent = split_flint(CODES)
    assert (base << exponent == decode_flint(CODES)).all()
    assert np.abs(base).max() == 6
    assert sorted(set(exponent.tolist())) == [0, 2, 4]


@pytest.mark.parametrize("bits", [4, 8])
def test_an_integer_is_the_sum_of_its_halves(bits):
    codes = np.arange(1 << bits)
    halves = split_integer(codes, bits)
    assert sum(base << exponent for base, exponent in halves).tolist() == [signed(code, bits) for code in codes]
    assert all(base.min() >= -8 and base.max() <= 15 for base, _ in halves)


@pytest.mark.parametrize(
    ("weight_format", "weight_bits", "activation_format", "activation_bits"),
    [("flint", 4, "flint", 4), ("flint", 4, "int-sym", 8), ("int-sym", 8, "int-sym", 8)],
)
def test_products_equal_python_integers(weight_format, weight_bits, activation_format, activation_bits):
    rng = np.random.default_rng(weight_bits + activation_bits)
    a, w = random_codes(rng, activation_bits, (48, 4)), random_codes(rng, weight_bits, (48, 5))
    found = EMULATION.multiply(
        encoded(a, activation_format, activation_bits),
        encoded(w, weight_format, weight_bits),
        Configuration(weight_bits, activation_bits),
    )
    assert found.tolist() == exact_products(
        [[MEANING[activation_format](code) for code in row] for row in a.tolist()],
        [[MEANING[weight_format](code) for code in row] for row in w.tolist()],
    )


def test_a_sum_wraps():
    largest = encoded(np.full((9, 1), 4), "flint", 4)
    found = EMULATION.multiply(largest, largest, Configuration(4, 4, accumulator_bits=12))
    assert found.tolist() == [[wrap(9 * 256, 12)]]


@pytest.mark.parametrize(("weight_bits", "activation_bits", "cycles"), [(4, 4, 1), (4, 8, 2), (8, 8, 4)])
def test_eight_bits_take_a_cycle_for_each_pair_of_halves(weight_bits, activation_bits, cycles):
    assert ANT.structure(Configuration(weight_bits, activation_bits)).step_cycles == cycles


def test_formats_without_a_decoder_are_refused():
    a = encoded(np.zeros((4, 1)), "int-sym", 6)
    with pytest.raises(ModelInputError, match="flint and int-sym of 4 or 8 bits, found int-sym of 6"):
        EMULATION.multiply(a, encoded(np.zeros((4, 1)), "flint", 4), Configuration(4, 6))
