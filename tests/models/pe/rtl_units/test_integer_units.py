"""The Verilog of the units does what units.py says: exhaustively at small sizes, on random words at large ones."""

import re
from math import ceil, log2

import numpy as np
import pytest

from codesign.technology.units import KINDS
from tests.models.pe.rtl_units.simulation import UNITS, pairs, signed, simulate, words

RANDOM = np.random.default_rng(4)


def random_words(bits, count=500):
    edges = np.array([0, 1, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1])
    return np.concatenate([edges, RANDOM.integers(0, 1 << bits, count - len(edges))])


def two(a_bits, b_bits):
    return pairs(a_bits, b_bits) if a_bits + b_bits <= 12 else (random_words(a_bits), random_words(b_bits))


def test_every_kind_has_a_module_with_its_sizes_as_parameters():
    modules = dict(re.findall(r"^module unit_(\w+) #\(\n(.*?)\n\) \(", UNITS.read_text(), re.MULTILINE | re.DOTALL))
    assert set(modules) == set(KINDS)
    for kind, parameters in modules.items():
        assert [name.lower() for name in re.findall(r"parameter (\w+)", parameters)] == list(KINDS[kind])


@pytest.mark.parametrize(("a_bits", "b_bits"), [(1, 1), (3, 2), (4, 4), (11, 7), (24, 24)])
def test_multiplier(tmp_path, a_bits, b_bits):
    a, b = two(a_bits, b_bits)
    sizes = {"A_BITS": a_bits, "B_BITS": b_bits}
    got = simulate(
        tmp_path, "unit_multiplier", sizes, {"a": (a_bits, a), "b": (b_bits, b)}, ("product", a_bits + b_bits)
    )
    np.testing.assert_array_equal(got, a * b)


@pytest.mark.parametrize(("a_bits", "b_bits"), [(2, 2), (3, 2), (4, 4), (8, 3), (24, 16)])
def test_signed_multiplier(tmp_path, a_bits, b_bits):
    a, b = two(a_bits, b_bits)
    sizes = {"A_BITS": a_bits, "B_BITS": b_bits}
    inputs = {"a": (a_bits, a), "b": (b_bits, b)}
    got = simulate(tmp_path, "unit_signed_multiplier", sizes, inputs, ("product", a_bits + b_bits))
    np.testing.assert_array_equal(signed(got, a_bits + b_bits), signed(a, a_bits) * signed(b, b_bits))


@pytest.mark.parametrize(("a_bits", "b_bits", "sum_bits"), [(4, 4, 9), (8, 4, 24), (16, 16, 40), (8, 8, 12)])
def test_multiply_add_wraps_at_the_width_of_the_sum(tmp_path, a_bits, b_bits, sum_bits):
    a, b = two(a_bits, b_bits)
    sum_in = RANDOM.integers(0, 1 << sum_bits, len(a))
    sizes = {"A_BITS": a_bits, "B_BITS": b_bits, "SUM_BITS": sum_bits}
    inputs = {"a": (a_bits, a), "b": (b_bits, b), "sum_in": (sum_bits, sum_in)}
    got = simulate(tmp_path, "unit_multiply_add", sizes, inputs, ("sum_out", sum_bits))
    expected = signed(sum_in, sum_bits) + signed(a, a_bits) * signed(b, b_bits)
    np.testing.assert_array_equal(got, expected & ((1 << sum_bits) - 1))


@pytest.mark.parametrize(("a_bits", "b_bits"), [(2, 1), (4, 4), (8, 4), (16, 9)])
def test_shift_add_is_signed_by_unsigned(tmp_path, a_bits, b_bits):
    a, b = two(a_bits, b_bits)
    sizes = {"A_BITS": a_bits, "B_BITS": b_bits}
    got = simulate(
        tmp_path, "unit_shift_add", sizes, {"a": (a_bits, a), "b": (b_bits, b)}, ("product", a_bits + b_bits)
    )
    np.testing.assert_array_equal(signed(got, a_bits + b_bits), signed(a, a_bits) * b)


@pytest.mark.parametrize(("a_bits", "stages"), [(4, 2), (8, 3), (5, 1)])
def test_power_of_two_multiplier(tmp_path, a_bits, stages):
    a, chosen = pairs(a_bits, stages + 1)
    negative, exponent = chosen & 1, chosen >> 1
    bits = a_bits + (1 << stages)
    inputs = {"a": (a_bits, a), "negative": (1, negative), "exponent": (stages, exponent)}
    sizes = {"A_BITS": a_bits, "STAGES": stages}
    got = simulate(tmp_path, "unit_power_of_two_multiplier", sizes, inputs, ("product", bits))
    expected = np.where(negative, -1, 1) * signed(a, a_bits) << exponent
    np.testing.assert_array_equal(signed(got, bits), expected)


@pytest.mark.parametrize("bits", [1, 5, 32])
def test_adder_wraps(tmp_path, bits):
    a, b = two(bits, bits)
    got = simulate(tmp_path, "unit_adder", {"BITS": bits}, {"a": (bits, a), "b": (bits, b)}, ("sum", bits))
    np.testing.assert_array_equal(got, (a + b) % (1 << bits))


@pytest.mark.parametrize(("inputs", "bits"), [(2, 4), (3, 4), (4, 8), (5, 6), (8, 7)])
def test_adder_tree_does_not_overflow(tmp_path, inputs, bits):
    rows = signed(RANDOM.integers(0, 1 << bits, (400, inputs)), bits)
    rows[0], rows[1] = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    packed = [sum((int(word) & ((1 << bits) - 1)) << (bits * place) for place, word in enumerate(row)) for row in rows]
    out_bits = bits + ceil(log2(inputs))
    sizes = {"INPUTS": inputs, "BITS": bits}
    got = simulate(tmp_path, "unit_adder_tree", sizes, {"words": (inputs * bits, packed)}, ("sum", out_bits))
    np.testing.assert_array_equal(signed(got, out_bits), rows.sum(axis=1))


def test_negate(tmp_path):
    a, negative = pairs(6, 1)
    got = simulate(tmp_path, "unit_negate", {"BITS": 6}, {"a": (6, a), "negative": (1, negative)}, ("result", 6))
    np.testing.assert_array_equal(got, np.where(negative, -a, a) & 63)


@pytest.mark.parametrize(("bits", "stages"), [(7, 3), (8, 2), (5, 4)])
def test_barrel_shifter_fills_with_zeros(tmp_path, bits, stages):
    a, amount = pairs(bits, stages)
    sizes = {"BITS": bits, "STAGES": stages}
    inputs = {"a": (bits, a), "amount": (stages, amount)}
    got = simulate(tmp_path, "unit_barrel_shifter", sizes, inputs, ("shifted", bits))
    np.testing.assert_array_equal(got, a >> amount)


@pytest.mark.parametrize("bits", [1, 6, 8, 11])
def test_leading_zeros_counts_all_places_of_zero(tmp_path, bits):
    a = words(bits)
    out_bits = ceil(log2(bits + 1))
    got = simulate(tmp_path, "unit_leading_zeros", {"BITS": bits}, {"a": (bits, a)}, ("count", out_bits))
    np.testing.assert_array_equal(got, [bits - int(word).bit_length() for word in a])


@pytest.mark.parametrize(("inputs", "bits"), [(2, 3), (3, 5), (8, 4), (16, 2)])
def test_multiplexer(tmp_path, inputs, bits):
    rows = RANDOM.integers(0, 1 << bits, (300, inputs))
    index = RANDOM.integers(0, inputs, 300)
    packed = [sum(int(word) << (bits * place) for place, word in enumerate(row)) for row in rows]
    ports = {"words": (inputs * bits, packed), "index": (ceil(log2(inputs)), index)}
    got = simulate(tmp_path, "unit_multiplexer", {"INPUTS": inputs, "BITS": bits}, ports, ("word", bits))
    np.testing.assert_array_equal(got, rows[np.arange(300), index])


@pytest.mark.parametrize(
    ("module", "output", "expected"),
    [("unit_maximum", "larger", np.maximum), ("unit_xor_row", "result", np.bitwise_xor)],
)
def test_two_words_to_one(tmp_path, module, output, expected):
    a, b = pairs(5, 5)
    got = simulate(tmp_path, module, {"BITS": 5}, {"a": (5, a), "b": (5, b)}, (output, 5))
    np.testing.assert_array_equal(got, expected(a, b))


def test_and_row(tmp_path):
    a, enable = pairs(5, 1)
    got = simulate(tmp_path, "unit_and_row", {"BITS": 5}, {"a": (5, a), "enable": (1, enable)}, ("result", 5))
    np.testing.assert_array_equal(got, a * enable)


def test_or_reduce(tmp_path):
    got = simulate(tmp_path, "unit_or_reduce", {"BITS": 7}, {"a": (7, words(7))}, ("any", 1))
    np.testing.assert_array_equal(got, words(7) > 0)


def test_constant_table_is_a_fixed_function_without_bias(tmp_path):
    got = simulate(
        tmp_path, "unit_constant_table", {"IN_BITS": 9, "OUT_BITS": 8}, {"index": (9, words(9))}, ("word", 8)
    )
    place = words(9)[:, None] * 8 + np.arange(8) + 1
    mixed = ((place ^ (place >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    expected = ((mixed ^ (mixed >> 16)) & 1) @ (1 << np.arange(8))
    np.testing.assert_array_equal(got, expected)
    ones = (got[:, None] >> np.arange(8) & 1).sum(axis=0)
    assert np.all(np.abs(ones - 256) < 4 * np.sqrt(512) / 2)


@pytest.mark.parametrize("enabled", [False, True])
def test_registers_load_at_the_clock(tmp_path, enabled):
    clock = np.tile([0, 1], 20)
    d = np.repeat(RANDOM.integers(0, 32, 20), 2)
    enable = np.repeat(RANDOM.integers(0, 2, 20), 2)
    enable[:2] = 1
    ports = {"d": (5, d), **({"enable": (1, enable)} if enabled else {}), "clock": (1, clock)}
    module = "unit_register_enable" if enabled else "unit_register"
    got = simulate(tmp_path, module, {"BITS": 5}, ports, ("q", 5), first=1)
    held, expected = None, []
    for rise, load, word in zip(clock, enable, d, strict=True):
        if rise and (load or not enabled):
            held = word
        expected.append(held)
    np.testing.assert_array_equal(got, expected[1:])
