"""Approximate normalisation: against the exact product within its bound, and in Verilog."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration, Rtl
from codesign.models.pe.elements.approximate import ELEMENTS, coarse_normaliser, exact_normaliser, multiply_add
from codesign.models.pe.emulation.approximate import EMULATIONS, Sum, add, coarse_shift, dot, exact_shift, product
from codesign.models.pe.emulation.float_arithmetic import BF16, decode, encode
from codesign.models.pe.emulation.operands import Encoded
from tests.models.pe.elements_floating.operands import random_floats, values
from tests.models.pe.elements_floating.simulator import simulate

APPROXIMATE = ELEMENTS[0]


def bound(activations, weights):
    size = np.abs(activations).T @ np.abs(weights)
    return len(activations) * 2.0 ** (np.floor(np.log2(size)) + 2 - 23)


def number(text):
    """A significand from its first bits."""
    return np.array([int(text.ljust(24, "0"), 2)])


class TestNormalisers:
    @pytest.mark.parametrize(
        ("bits", "places"),
        [("1", 0), ("01", 1), ("001", 1), ("0001", 3), ("00001", 3), ("0" * 23 + "1", 3), ("0", 3)],
    )
    def test_the_coarse_one_shifts_by_nothing_k_or_k_plus_l(self, bits, places):
        assert coarse_shift(number(bits), 1, 2).tolist() == [places]

    @pytest.mark.parametrize(("bits", "places"), [("1", 0), ("01", 1), ("0001", 3), ("0" * 23 + "1", 23)])
    def test_the_exact_one_shifts_to_the_leading_one(self, bits, places):
        assert exact_shift(number(bits)).tolist() == [places]


class TestEmulation:
    @given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 2.0, 8.0]))
    def test_stays_within_its_stated_bound(self, seed, spread):
        rng = np.random.default_rng(seed)
        a, w = (random_floats(rng, "bf16", (48, size), spread=spread) for size in (3, 4))
        ours = EMULATIONS[0].multiply(a, w, Configuration(16, 16))
        assert (np.abs(ours - values(a).T @ values(w)) <= bound(values(a), values(w))).all()

    def test_loses_places_after_cancellation_that_exact_normalisation_keeps(self):
        a = encode(np.array([[1.0], [1.0], [2.0**-10]]), BF16)
        w = encode(np.array([[1.0], [-1.0 + 2.0**-8], [1.0 + 2.0**-7]]), BF16)
        exact = decode(a, BF16).T @ decode(w, BF16)
        assert dot(a, w, exact_shift)[0, 0] == exact[0, 0]
        rng = np.random.default_rng(9)
        a, w = (random_floats(rng, "bf16", (200, 20), spread=4.0) for _ in range(2))
        exact = values(a).T @ values(w)
        approximate = EMULATIONS[0].multiply(a, w, Configuration(16, 16))
        normalised = dot(a.codes, w.codes, exact_shift)
        assert np.abs(normalised - exact).sum() < np.abs(approximate - exact).sum()

    def test_small_integers_are_exact(self):
        rng = np.random.default_rng(10)
        a, w = rng.integers(-8, 9, (40, 5)).astype(float), rng.integers(-8, 9, (40, 6)).astype(float)
        operands = [Encoded("bf16", 16, encode(x, BF16), 40, np.ones((1, x.shape[1]))) for x in (a, w)]
        assert np.array_equal(EMULATIONS[0].multiply(*operands, Configuration(16, 16)), a.T @ w)

    def test_products_below_the_range_are_zero(self):
        tiny = encode(np.array([2.0**-70]), BF16)
        assert product(tiny, tiny).values().tolist() == [0.0]


class TestStructure:
    def test_the_coarse_normaliser_has_neither_counter_nor_shifter(self):
        kinds = {part.unit.kind for part in coarse_normaliser(1, 2)}
        assert kinds == {"or_reduce", "multiplexer"}
        assert {"leading_zeros", "barrel_shifter"} <= {part.unit.kind for part in exact_normaliser()}

    def test_holds_both_operands_and_an_unrounded_sum(self):
        structure = APPROXIMATE.structure(APPROXIMATE.default)
        held = sum(part.unit.sizes[0] for part in structure.element if "register" in part.unit.kind)
        assert held == 16 + 16 + 33
        assert {part.unit.kind for part in structure.column} == {"leading_zeros", "barrel_shifter", "adder"}

    def test_a_narrow_sum_is_refused(self):
        with pytest.raises(ModelInputError, match="bf16-approx sums are FP32, found accumulator_bits=16"):
            APPROXIMATE.structure(Configuration(16, 16, 16))

    def test_the_normaliser_is_all_that_differs(self):
        coarse, exact = multiply_add(coarse_normaliser(1, 2)), multiply_add(exact_normaliser())
        assert [part for part in coarse if part not in coarse_normaliser(1, 2)] == [
            part for part in exact if part not in exact_normaliser()
        ]


class TestVerilog:
    @pytest.mark.parametrize(("first", "following", "exact"), [(1, 2, 0), (1, 1, 0), (2, 2, 0), (1, 2, 1)])
    def test_an_element_sums_as_the_emulation(self, first, following, exact, tmp_path):
        rng, count = np.random.default_rng(11), 3000
        ordinary = rng.integers(118, 137, (2, count))
        exponents = np.where(rng.random((2, count)) < 0.1, rng.integers(1, 190, (2, count)), ordinary)
        a, w = (rng.integers(0, 2, (2, count)) << 15) | (exponents << 7) | rng.integers(0, 128, (2, count))
        a[:40] &= 0x8000
        w[20:60] &= 0x8000
        given_product = product(a, w)
        near = np.clip(given_product.exponent + rng.integers(-30, 31, count), 1, 250)
        near = np.where(rng.random(count) < 0.4, given_product.exponent, near)
        near = np.where(rng.random(count) < 0.1, rng.integers(1, 251, count), near)  # too far apart to count
        significand = rng.integers(1, 1 << 24, count) >> rng.integers(0, 24, count)
        significand = np.where(
            rng.random(count) < 0.3, given_product.significand + rng.integers(0, 2, count), significand
        )
        zero = (near == 0) | (significand == 0)
        before = Sum(rng.integers(0, 2, count), np.where(zero, 0, near), np.where(zero, 0, significand))
        word = (before.sign << 32) | (before.exponent << 24) | before.significand
        found = simulate(
            Rtl(
                ("units.v", "approximate.v"),
                "pe_bf16_unnormalised",
                {"FIRST": first, "FOLLOWING": following, "EXACT": exact},
            ),
            {
                "load_weight": (1, np.ones(count, dtype=int)),
                "activation_in": (16, a),
                "weight_in": (16, w),
                "sum_in": (33, word),
            },
            {"sum": 33, "activation": 16, "weight": 16},
            tmp_path,
            edges=2,
        )
        shift = exact_shift if exact else lambda significand: coarse_shift(significand, first, following)
        expected = add(given_product, before, shift)
        assert np.array_equal(found["sum"] & 0xFFFFFFFF, (expected.exponent << 24) | expected.significand)
        nonzero = expected.significand > 0
        assert np.array_equal((found["sum"] >> 32)[nonzero], expected.sign[nonzero])
        assert np.array_equal(found["activation"], a)
        assert np.array_equal(found["weight"], w)

    def test_the_element_names_this_module(self):
        assert APPROXIMATE.rtl(APPROXIMATE.default).top == "pe_bf16_unnormalised"
