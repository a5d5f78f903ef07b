"""Floating-point units: equal to numpy in the normal range, to exact rounding in every other format."""

import numpy as np
import pytest

from tests.models.pe.rtl_units.simulation import pairs, simulate, words

FORMATS = [(3, 2), (4, 3), (5, 2), (2, 1), (6, 5), (8, 7), (5, 10)]
RANDOM = np.random.default_rng(4)


def value_of(word, exponent_bits, mantissa_bits):
    """The number that a word stands for; exponent 0 is zero, the highest exponent an ordinary one."""
    exponent = (word >> mantissa_bits) & ((1 << exponent_bits) - 1)
    significand = 1 + (word & ((1 << mantissa_bits) - 1)) / (1 << mantissa_bits)
    magnitude = np.where(exponent == 0, 0.0, np.ldexp(significand, exponent - (1 << (exponent_bits - 1)) + 1))
    return np.where(word >> (exponent_bits + mantissa_bits), -magnitude, magnitude)


def rounded(exact, exponent_bits, mantissa_bits):
    """Nearest even with an unbounded exponent, then 0 below the normal range and infinity above it."""
    bias = (1 << (exponent_bits - 1)) - 1
    fraction, exponent = np.frexp(exact)
    nearest = np.ldexp(np.rint(np.ldexp(fraction, mantissa_bits + 1)), exponent - mantissa_bits - 1)
    nearest = np.where(np.abs(nearest) < 2.0 ** (1 - bias), 0.0, nearest)
    return np.where(np.abs(nearest) >= 2.0 ** (bias + 1), np.copysign(np.inf, nearest), nearest)


def result_of(word, exponent_bits, mantissa_bits):
    """As ``value_of``, with the highest exponent as infinity: what the units give."""
    top = (1 << exponent_bits) - 1
    exponent = (word >> mantissa_bits) & top
    value = value_of(word, exponent_bits, mantissa_bits)
    return np.where(exponent == top, np.copysign(np.inf, value), value)


def operands(exponent_bits, mantissa_bits, count=6000):
    """Pairs of normal numbers or zeros below the highest exponent; all of them where they are few."""
    bits = 1 + exponent_bits + mantissa_bits
    top = (1 << exponent_bits) - 1

    def normal(word):
        exponent = (word >> mantissa_bits) & top
        return np.where(
            exponent == 0, word & (1 << (bits - 1)), np.where(exponent == top, word ^ (1 << mantissa_bits), word)
        )

    if bits <= 8:
        everything = np.unique(normal(words(bits)))
        a, b = np.meshgrid(everything, everything)
        return a.ravel(), b.ravel()
    a, b = RANDOM.integers(0, 1 << bits, (2, count))
    mantissas = np.array([0, 1, (1 << mantissa_bits) - 1, 1 << (mantissa_bits - 1)])
    b[: count // 4] = (b[: count // 4] >> mantissa_bits << mantissa_bits) | RANDOM.choice(mantissas, count // 4)
    near = slice(count // 4, 3 * count // 4)
    shift = RANDOM.integers(-mantissa_bits - 4, mantissa_bits + 5, b[near].shape)
    exponent = np.clip(((a[near] >> mantissa_bits) & top) + shift, 0, top - 1)
    b[near] = (b[near] & ~(top << mantissa_bits)) | (exponent << mantissa_bits)
    a[-50:] ^= (a[-50:] ^ b[-50:]) & ~(1 << (bits - 1))
    return normal(a), normal(b)


def run(folder, kind, exponent_bits, mantissa_bits, a, b):
    bits = 1 + exponent_bits + mantissa_bits
    sizes = {"EXPONENT_BITS": exponent_bits, "MANTISSA_BITS": mantissa_bits}
    output = {"float_multiply": "product", "float_add": "sum"}[kind]
    return simulate(folder, f"unit_{kind}", sizes, {"a": (bits, a), "b": (bits, b)}, (output, bits))


@pytest.mark.parametrize(("exponent_bits", "mantissa_bits"), FORMATS)
@pytest.mark.parametrize(("kind", "operation"), [("float_multiply", np.multiply), ("float_add", np.add)])
def test_result_is_the_exact_one_rounded_once(tmp_path, kind, operation, exponent_bits, mantissa_bits):
    format_ = (exponent_bits, mantissa_bits)
    a, b = operands(*format_)
    got = run(tmp_path, kind, *format_, a, b)
    exact = operation(value_of(a, *format_), value_of(b, *format_))
    if kind == "float_add":  # a float64 sum of operands so far apart may itself be rounded
        far = (
            np.abs(np.log2(np.abs(value_of(a, *format_)) + 1e-300) - np.log2(np.abs(value_of(b, *format_)) + 1e-300))
            > 40
        )
        a, b, got, exact = (array[~far] for array in (a, b, got, exact))
    np.testing.assert_array_equal(result_of(got, *format_), rounded(exact, *format_))


@pytest.mark.parametrize(
    ("float_type", "word_type", "exponent_bits", "mantissa_bits"),
    [(np.float16, np.uint16, 5, 10), (np.float32, np.uint32, 8, 23)],
)
@pytest.mark.parametrize(("kind", "operation"), [("float_multiply", np.multiply), ("float_add", np.add)])
def test_bits_are_numpys_in_the_normal_range(
    tmp_path, kind, operation, float_type, word_type, exponent_bits, mantissa_bits
):
    a, b = operands(exponent_bits, mantissa_bits, 20_000)
    got = run(tmp_path, kind, exponent_bits, mantissa_bits, a, b)
    with np.errstate(over="ignore", under="ignore"):
        expected = operation(a.astype(word_type).view(float_type), b.astype(word_type).view(float_type))
    # On numpy's smallest normal number a result that numpy rounds as a subnormal may end too.
    normal = np.abs(expected) > np.finfo(float_type).tiny
    assert normal.sum() > 12_000
    np.testing.assert_array_equal(got[normal], expected[normal].view(word_type))
    assert not np.any(value_of(got[expected == 0], exponent_bits, mantissa_bits))


@pytest.mark.parametrize("kind", ["float_multiply", "float_add"])
def test_a_result_below_the_normal_range_is_zero_in_all_bits_but_the_sign(tmp_path, kind):
    a, b = operands(4, 3)
    got = run(tmp_path, kind, 4, 3, a, b)
    assert np.all(((got >> 3) & 15 != 0) | (got & 7 == 0))


def test_a_subnormal_operand_of_a_multiplier_is_zero(tmp_path):
    a, b = pairs(8, 8)
    got = run(tmp_path, "float_multiply", 4, 3, a, b)
    flushed = (a >> 3) & 15 == 0
    assert not np.any(got[flushed] & 127)
