"""Small floats: against numpy's, against ml_dtypes, and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.models.pe.emulation.float_arithmetic import (
    BF16,
    FP4_E2M1,
    FP8_E4M3,
    FP8_E5M2,
    FP16,
    FP32,
    accumulate,
    add,
    convert,
    decode,
    encode,
    flushed,
    multiply,
    split,
)

SMALL = (FP4_E2M1, FP8_E4M3, FP8_E5M2, BF16, FP16)
NUMPY = {FP16: (np.float16, np.uint16), FP32: (np.float32, np.uint32)}


def same(ours, theirs):
    """Equal, with equal signs of zero; not-a-number equals itself, whatever its sign."""
    known = ~np.isnan(ours)
    signs = np.array_equal(np.signbit(ours[known]), np.signbit(theirs[known]))
    return signs and np.array_equal(ours, theirs, equal_nan=True)


def bits_of(values, form):
    kind, word = NUMPY[form]
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(kind).view(word).astype(np.int64)


def finite_codes(form, count, rng):
    """Random codes of normal numbers and zeros, all exponents alike."""
    codes = rng.integers(0, 1 << form.bits, count)
    exponent = split(codes, form)[1]
    return np.where((exponent == 0) | (exponent == (1 << form.exponent_bits) - 1), codes & form.sign_bit, codes)


def hardware(values, form):
    """Numpy's own rounding, with subnormals flushed."""
    codes = bits_of(values, form)
    return np.where(split(codes, form)[1] == 0, codes & form.sign_bit, codes)


class TestFormats:
    @pytest.mark.parametrize(
        ("form", "largest", "normal", "bits"),
        [
            (FP4_E2M1, 6.0, 1.0, 4),
            (FP8_E4M3, 448.0, 2.0**-6, 8),
            (FP8_E5M2, 57344.0, 2.0**-14, 8),
            (FP16, 65504.0, 2.0**-14, 16),
            (BF16, 3.3895313892515355e38, 2.0**-126, 16),
            (FP32, 3.4028234663852886e38, 2.0**-126, 32),
        ],
    )
    def test_have_the_range_that_their_standards_give(self, form, largest, normal, bits):
        assert (form.largest, form.smallest_normal, form.bits) == (largest, normal, bits)

    def test_fp4_is_these_sixteen_numbers(self):
        positive = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
        assert same(decode(np.arange(16), FP4_E2M1), np.array(positive + [-value for value in positive]))

    @pytest.mark.parametrize("form", SMALL, ids=lambda form: form.name)
    def test_every_code_comes_back_through_its_value(self, form):
        codes = np.arange(1 << form.bits)
        values = decode(codes, form)
        known = ~np.isnan(values)
        assert np.array_equal(encode(values[known], form), codes[known])

    @pytest.mark.parametrize("form", SMALL, ids=lambda form: form.name)
    def test_encode_takes_the_nearest_and_of_two_equally_near_the_even_code(self, form):
        finite = np.arange(form.largest_code + 1)
        values = decode(finite, form)
        middle = (values[:-1] + values[1:]) / 2
        even = finite[:-1] + (finite[:-1] & 1)
        assert np.array_equal(encode(middle, form), even)
        assert np.array_equal(encode(np.nextafter(middle, 0), form), finite[:-1])
        assert np.array_equal(encode(np.nextafter(middle, np.inf), form), finite[1:])


class TestAgainstNumpy:
    def test_all_of_fp16_decodes_alike(self):
        codes = np.arange(1 << 16)
        assert same(decode(codes, FP16), codes.astype(np.uint16).view(np.float16).astype(np.float64))

    @pytest.mark.parametrize("form", [FP16, FP32], ids=lambda form: form.name)
    def test_encode_rounds_alike_down_to_subnormals_and_up_to_infinity(self, form):
        rng = np.random.default_rng(1)
        lowest = int(math.log2(form.smallest_normal)) - form.mantissa_bits - 3
        values = rng.normal(size=200_000) * 2.0 ** rng.integers(lowest, form.bias + 3, 200_000)
        values = np.concatenate([values, [0.0, -0.0, np.inf, -np.inf, form.largest * (1 + 2.0**-30)]])
        assert np.array_equal(encode(values, form), bits_of(values, form))

    @pytest.mark.parametrize("form", [FP16, FP32], ids=lambda form: form.name)
    @pytest.mark.parametrize("near", [False, True])
    def test_multiply_and_add_round_alike_with_subnormals_flushed(self, form, near):
        rng = np.random.default_rng(2)
        a, b = (finite_codes(form, 200_000, rng) for _ in range(2))
        if near:  # the same exponents, give or take two: cancellation and rounding
            exponent = np.clip(split(a, form)[1] + rng.integers(-2, 3, a.size), 1, (1 << form.exponent_bits) - 2)
            b = (b & (form.sign_bit | ((1 << form.mantissa_bits) - 1))) | (exponent << form.mantissa_bits)
        x, y = decode(a, form), decode(b, form)
        kind = NUMPY[form][0]
        with np.errstate(over="ignore", under="ignore"):
            product, total = x.astype(kind) * y.astype(kind), x.astype(kind) + y.astype(kind)
        assert np.array_equal(multiply(a, b, form), flush_like_hardware(product, x * y, form))
        expected = hardware(total, form)
        assert np.array_equal(add(a, b, form), np.where(expected == form.sign_bit, 0, expected))


def flush_like_hardware(product, exact, form):
    """Numpy keeps a subnormal grid below the smallest normal number, the unit rounds there as if it were normal."""
    codes = hardware(product, form)
    below = np.abs(exact) < form.smallest_normal
    kept = np.abs(exact) >= form.smallest_normal * (1 - 2.0 ** -(form.mantissa_bits + 2))
    sign = np.where(np.signbit(exact), form.sign_bit, 0)
    return np.where(below, sign | np.where(kept, 1 << form.mantissa_bits, 0), codes)


class TestAgainstMlDtypes:
    @pytest.mark.parametrize(
        ("form", "kind"),
        [
            (FP4_E2M1, "float4_e2m1fn"),
            (FP8_E4M3, "float8_e4m3fn"),
            (FP8_E5M2, "float8_e5m2"),
            (BF16, "bfloat16"),
        ],
    )
    def test_codes_and_rounding_agree(self, form, kind):
        ml_dtypes = pytest.importorskip("ml_dtypes")
        if not hasattr(ml_dtypes, kind):
            pytest.skip(f"this ml_dtypes has no {kind}")
        kind = getattr(ml_dtypes, kind)
        word = np.uint16 if form.bits == 16 else np.uint8
        codes = np.arange(1 << form.bits)
        with np.errstate(invalid="ignore"):
            theirs = codes.astype(word).view(kind).astype(np.float64)
        assert same(decode(codes, form), theirs)
        rng = np.random.default_rng(3)
        # Values of 24 bits, so that their way through float32 doesn't round twice.
        values = rng.normal(size=50_000).astype(np.float32) * 2.0 ** rng.integers(-20, 16, 50_000)
        values = values[np.abs(values) < form.largest]
        theirs = values.astype(np.float32).astype(kind).view(word).astype(np.int64)
        assert np.array_equal(encode(values, form), theirs)


class TestEdges:
    def test_too_large_becomes_infinity_or_the_largest(self):
        large = np.array([1e6, -1e6, np.inf])
        assert decode(encode(large, FP16), FP16).tolist() == [np.inf, -np.inf, np.inf]
        assert decode(encode(large, FP16, saturate=True), FP16).tolist() == [65504.0, -65504.0, 65504.0]
        assert decode(encode(large, FP8_E4M3), FP8_E4M3).tolist() == [448.0, -448.0, 448.0]
        assert decode(encode(large, FP4_E2M1), FP4_E2M1).tolist() == [6.0, -6.0, 6.0]

    def test_not_a_number_is_kept_where_it_can_be(self):
        assert np.isnan(decode(encode(np.array([np.nan]), FP8_E4M3), FP8_E4M3)).all()
        assert np.isnan(decode(encode(np.array([np.nan]), FP32), FP32)).all()
        with pytest.raises(ValueError, match=r"fp4-e2m1 has no code for not-a-number, found at 1 of 2"):
            encode(np.array([1.0, np.nan]), FP4_E2M1)

    def test_subnormals_are_stored_but_not_computed_with(self):
        subnormal = np.array([1])
        assert decode(subnormal, FP16)[0] == 2.0**-24
        assert flushed(subnormal, FP16)[0] == 0.0
        tiny = encode(np.array([2.0**-13]), FP16)
        assert multiply(tiny, tiny, FP16).tolist() == [0]
        assert encode(np.array([-(2.0**-20)]), FP16, flush=True).tolist() == [FP16.sign_bit]

    def test_what_rounds_up_to_the_smallest_normal_is_not_flushed(self):
        just_below = np.array([2.0**-14 * (1 - 2.0**-13)])
        assert encode(just_below, FP16, flush=True).tolist() == [1 << 10]

    def test_cancellation_gives_plus_zero(self):
        one, minus_one = encode(np.array([1.0, -1.0]), FP16)
        assert add(np.array([one]), np.array([minus_one]), FP16).tolist() == [0]
        assert add(np.array([FP16.sign_bit]), np.array([FP16.sign_bit]), FP16).tolist() == [0]

    def test_sums_are_rounded_one_after_the_other(self):
        terms = encode(np.array([[2048.0], [1.0], [1.0]]), FP16)
        assert decode(accumulate(terms, FP16, (1,)), FP16).tolist() == [2048.0]
        assert decode(accumulate(terms[::-1], FP16, (1,)), FP16).tolist() == [2050.0]

    def test_a_product_may_have_a_wider_format(self):
        a = encode(np.array([1.0 + 2.0**-10]), FP16)
        assert decode(multiply(a, a, FP16), FP16)[0] == 1.0 + 2.0**-9
        assert decode(multiply(a, a, FP16, FP32), FP32)[0] == (1.0 + 2.0**-10) ** 2

    def test_conversion_rounds_to_nearest_even(self):
        codes = encode(np.array([1.0 + 2.0**-11, 1.0 + 3 * 2.0**-11, 1e-30]), FP32)
        assert decode(convert(codes, FP32, FP16), FP16).tolist() == [1.0, 1.0 + 2.0**-9, 0.0]


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=20))
def test_any_float32_comes_back_from_fp32(values):
    values = np.array(values, dtype=np.float64)
    assert same(decode(encode(values, FP32), FP32), values)
