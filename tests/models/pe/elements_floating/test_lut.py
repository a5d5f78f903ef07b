"""Table lookup: by definition, against the exact product, and in Verilog."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration, Rtl
from codesign.models.pe.elements.lut import LUT, WEIGHT_FORMATS, integer_sum_bits, table_bits
from codesign.models.pe.emulation.float_arithmetic import FP16, FP32, add, decode, encode
from codesign.models.pe.emulation.lut import (
    EMULATIONS,
    integer_sum,
    integer_tables,
    placed,
    reinterpreted,
    stored_indices,
    table_sums,
)
from codesign.models.pe.emulation.operands import Encoded
from tests.models.pe.elements_floating.operands import random_integers, random_operand, values
from tests.models.pe.elements_floating.simulator import simulate

MULTIPLY = EMULATIONS[0].multiply
BITS = tuple(WEIGHT_FORMATS)
each_width = pytest.mark.parametrize("bits", BITS)
each_group = pytest.mark.parametrize("group", [2, 3, 4, 5])


class TestReinterpretation:
    @each_width
    @pytest.mark.parametrize("name", ["binary", "int-asym", "int-sym", "ternary"])
    def test_symmetric_bits_mean_the_same_weights(self, name, bits):
        if (name == "binary") != (bits == 1) or (name == "ternary" and bits != 2):
            pytest.skip("no such format")
        weights = random_integers(np.random.default_rng(1), name, bits, (60, 7), 20)
        plain = reinterpreted(weights)
        symmetric = sum((2 * ((plain.codes >> place) & 1) - 1) << place for place in range(bits))
        scales, zeros = (np.repeat(part, 20, axis=0) for part in (plain.scales, plain.zeros))
        assert np.array_equal(scales * (symmetric - zeros), values(weights))

    @each_group
    def test_half_a_table_and_a_sign_give_every_sum(self, group):
        rng = np.random.default_rng(2)
        activations = rng.integers(-127, 128, (group, 3)).astype(float)
        codes = np.stack([(np.arange(1 << group) >> weight) & 1 for weight in range(group)])  # one bit each, all cases
        table, index = table_sums(activations, group)[0], stored_indices(codes, 1, group)[0, 0]
        half = 1 << (group - 1)
        assert table.shape == (half, 3)
        found = np.where(index & half, -1, 1)[:, None] * table[index & (half - 1)]
        assert np.array_equal(found, (2 * codes - 1).T @ activations)

    def test_a_table_of_two_by_hand(self):
        assert table_sums(np.array([[3.0], [10.0]]), 2)[0, :, 0].tolist() == [-13.0, -7.0]

    def test_the_largest_sum_becomes_127(self):
        entries, scale = integer_tables(np.array([[[254.0, 0.0], [-100.0, 0.0]]]))
        assert scale.tolist() == [2.0, 1.0]
        assert entries[0].tolist() == [[127, 0], [-50, 0]]


class TestEmulation:
    @each_width
    @each_group
    def test_integer_activations_and_wide_tables_are_exact(self, bits, group):
        """Sums of a few 8-bit integers are FP16 numbers, and their sums FP32 numbers."""
        rng = np.random.default_rng(3)
        activations = random_operand(rng, "int-sym", 8, (60, 4))
        weights = random_operand(rng, WEIGHT_FORMATS[bits], bits, (60, 5), 60)
        activations = Encoded("int-sym", 8, activations.codes, 60, np.ones((1, 4)))
        weights = Encoded(weights.format, bits, weights.codes, 60, np.full((1, 5), 0.5), weights.zeros)
        chosen = Configuration(bits, 8, group=60, lut_group=group, table_bits=16)
        assert np.array_equal(MULTIPLY(activations, weights, chosen), values(activations).T @ values(weights))

    @each_width
    @pytest.mark.parametrize("activation_bits", [8, 16])
    def test_integer_tables_stay_within_their_stated_bound(self, bits, activation_bits):
        rng, length, group, table = np.random.default_rng(4), 256, 64, 4
        activations = random_operand(rng, LUT.activation_format[activation_bits], activation_bits, (length, 6))
        weights = random_operand(rng, WEIGHT_FORMATS[bits], bits, (length, 5), group)
        chosen = Configuration(bits, activation_bits, group=group, lut_group=table, table_bits=8)
        a, w = values(activations), values(weights)
        ours, exact = MULTIPLY(activations, weights, chosen), a.T @ w
        bound = 2.0**-20 * np.abs(a).T @ np.abs(w)
        for number in range(length // group):
            part = slice(number * group, (number + 1) * group)
            scale = np.abs(table_sums(a[part], table)).max(axis=(0, 1)) / 127
            weight_scale = reinterpreted(weights).scales[number]  # half the scale, as in s / 2
            bound += np.outer(scale / 2, weight_scale * ((1 << bits) - 1)) * (group / table) * 1.001
        assert (np.abs(ours - exact) <= bound).all()

    @pytest.mark.parametrize("sum_bits", [16, 32])
    def test_fp16_tables_stay_near_the_exact_product(self, sum_bits):
        rng = np.random.default_rng(5)
        activations = random_operand(rng, "fp16", 16, (128, 6))
        weights = random_operand(rng, "int-asym", 4, (128, 5), 32)
        chosen = Configuration(4, 16, sum_bits, group=32)
        a, w = values(activations), values(weights)
        error = np.abs(MULTIPLY(activations, weights, chosen) - a.T @ w)
        additions = 8 * 4 if sum_bits == 16 else 1  # steps x bits of a group, or the rounding of the entries alone
        levels = np.repeat(weights.scales, 32, axis=0) * 15  # what |q'| and |z'| s / 2 can reach
        assert (error <= (additions + 1) * 2.0**-11 * np.abs(a).T @ levels).all()

    def test_sums_wrap_in_a_narrow_accumulator(self):
        tables = np.full((1, 8, 1), 127)
        indices = np.zeros((1, 2, 1), dtype=np.int64)
        assert integer_sum(tables, indices, 24).tolist() == [[381]]
        assert integer_sum(tables, indices, 9).tolist() == [[381 - 512]]

    @given(st.integers(0, 2**32 - 1), st.sampled_from(BITS))
    def test_negated_weights_give_negated_sums(self, seed, bits):
        rng = np.random.default_rng(seed)
        tables = rng.integers(-127, 128, (3, 8, 2))
        codes = rng.integers(0, 1 << bits, (12, 2))
        opposite = (1 << bits) - 1 - codes
        plain, turned = (integer_sum(tables, stored_indices(part, bits, 4), 32) for part in (codes, opposite))
        assert np.array_equal(plain, -turned)


class TestStructure:
    @each_width
    def test_takes_a_step_of_the_group_in_as_many_cycles_as_weight_bits(self, bits):
        structure = LUT.structure(Configuration(bits, 8, lut_group=4))
        assert (structure.step_macs, structure.step_cycles) == (4, bits)
        assert structure.table_bits_per_row == 8 * 8
        assert structure.table_additions == (8 + 2) / 4
        assert bool(structure.array) == (bits > 1)

    def test_by_default_tables_are_as_wide_as_activations(self):
        assert [table_bits(Configuration(2, bits)) for bits in (8, 16)] == [8, 16]
        assert table_bits(Configuration(2, 16, table_bits=8)) == 8

    def test_the_sum_of_integer_entries_holds_a_group(self):
        assert integer_sum_bits(Configuration(4, 8)) == 24
        assert integer_sum_bits(Configuration(8, 8)) == 32

    @pytest.mark.parametrize(
        ("chosen", "message"),
        [
            (Configuration(2, 8, lut_group=6), "a lookup table is of 2 to 5 activations, found lut_group=6"),
            (Configuration(2, 8, lut_group=3, group=128), "lut_group=3 doesn't divide the group of 128 weights"),
            (Configuration(2, 8, table_bits=4), "entries of 8 or 16 bits, found table_bits=4"),
            (Configuration(2, 8, 9), "sums of 8-bit entries have 10 to 32 bits here, found accumulator_bits=9"),
            (Configuration(2, 16, 24), "sums of FP16 entries have 16 or 32 bits, found accumulator_bits=24"),
        ],
    )
    def test_what_it_cannot_be_is_refused(self, chosen, message):
        with pytest.raises(ModelInputError, match=message):
            LUT.structure(chosen)
        assert message in LUT.refusal(chosen)


def packed(words, bits):
    """Rows of words as one integer each, word 0 lowest."""
    return [sum(int(word) << (bits * place) for place, word in enumerate(row)) for row in words & ((1 << bits) - 1)]


class TestVerilog:
    @each_group
    @each_width
    def test_an_integer_element_sums_as_the_emulation(self, group, bits, tmp_path):
        rng, steps, runs = np.random.default_rng(6), 4, 40
        chosen = Configuration(bits, 8, group=0, lut_group=group)
        tables = rng.integers(-127, 128, (runs, steps, 1 << (group - 1)))
        tables[:4] = np.array([127, -127, 0, 1])[:, None, None]
        codes = rng.integers(0, 1 << bits, (runs, steps * group))
        codes[:2], codes[2:4] = 0, (1 << bits) - 1
        indices = stored_indices(codes.T, bits, group)  # steps x bits x runs
        order = [(run, step, place) for run in range(runs) for step in range(steps) for place in range(bits)]
        clear = np.array([step == 0 and place == 0 for _, step, place in order])
        sum_bits = integer_sum_bits(chosen)
        found = simulate(
            LUT.rtl(chosen),
            {
                "clear": (1, clear),
                "table_words": (8 << (group - 1), packed(np.array([tables[run, step] for run, step, _ in order]), 8)),
                "index": (group, np.array([indices[step, place, run] for run, step, place in order])),
                "place": (max(1, (bits - 1).bit_length()), np.array([place for _, _, place in order])),
            },
            {"sum": sum_bits},
            tmp_path,
        )["sum"]
        found = found.reshape(runs, -1)[:, -1]
        found = found - ((found >> (sum_bits - 1)) << sum_bits)
        expected = [
            integer_sum(tables[run][:, :, None], indices[:, :, run : run + 1], sum_bits)[0, 0] for run in range(runs)
        ]
        assert np.array_equal(found, expected)

    @pytest.mark.parametrize("sum_bits", [16, 32])
    @pytest.mark.parametrize("bits", [1, 2, 4, 8])
    def test_a_floating_element_sums_as_the_emulation(self, sum_bits, bits, tmp_path):
        rng, count = np.random.default_rng(7), 1000
        chosen = Configuration(bits, 16, sum_bits, lut_group=4)
        total = FP16 if sum_bits == 16 else FP32
        tables = encode(rng.normal(size=(count, 8)) * 2.0 ** rng.integers(-14, 12, (count, 8)), FP16, flush=True)
        tables[:30] &= FP16.sign_bit
        index, place = rng.integers(0, 16, count), rng.integers(0, bits, count)
        clear = rng.random(count) < 0.1
        clear[0] = True
        found = simulate(
            LUT.rtl(chosen),
            {
                "clear": (1, clear),
                "table_words": (128, packed(tables, 16)),
                "index": (4, index),
                "place": (max(1, (bits - 1).bit_length()), place),
            },
            {"sum": sum_bits},
            tmp_path,
        )["sum"]
        entry = tables[np.arange(count), index & 7] ^ np.where(index & 8, FP16.sign_bit, 0)
        expected = np.zeros(count, dtype=np.int64)
        for cycle in range(count):
            before = 0 if clear[cycle] else expected[cycle - 1]
            addend = placed(entry[cycle : cycle + 1], int(place[cycle]), total)
            expected[cycle] = add(addend, np.array([before]), total)[0]
        assert np.array_equal(found, expected)

    @each_width
    def test_a_column_hands_out_one_bit_of_each_weight_a_cycle(self, bits, tmp_path):
        rng, count, group = np.random.default_rng(8), 200, 4
        weights = rng.integers(0, 1 << bits, (count, group))
        place = rng.integers(0, bits, count)
        found = simulate(
            Rtl(("units.v", "lut.v"), "lut_column", {"GROUP": group, "WEIGHT_BITS": bits}),
            {
                "load": (1, np.ones(count, dtype=int)),
                "weights_in": (group * bits, packed(weights, bits)),
                "place": (max(1, (bits - 1).bit_length()), place),
            },
            {"index": group},
            tmp_path,
        )["index"]
        expected = sum(((weights[:, weight] >> place) & 1) << weight for weight in range(group))
        assert np.array_equal(found, expected)


def test_placing_multiplies_by_a_power_of_two():
    entries = encode(np.array([1.5, -3.0, 0.0, 40000.0]), FP16)
    assert decode(placed(entries, 3, FP32), FP32).tolist() == [12.0, -24.0, 0.0, 320000.0]
    assert (placed(entries, 7, FP16)[3] >> 10) == 31
