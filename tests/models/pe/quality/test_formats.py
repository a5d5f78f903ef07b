"""Number formats: what is stored, what it means, how far it is from what was meant."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from codesign.errors import ModelInputError, UnknownNameError
from codesign.models.pe.quality.formats import decode, encode, formats

EVERY = [(name, bits) for name, form in formats().items() for bits in form.bits]
SCALE_FROM_SPREAD = ("ternary", "abfloat")
"""Formats whose scale isn't that of the largest value, so that decoded values give another scale."""
SCALED = [(name, bits) for name, bits in EVERY if formats()[name].scaled and not name.startswith("mx")]

values = st.integers(-2048, 2048).map(lambda x: x / 256)
matrices = arrays.arrays(np.float64, st.tuples(st.sampled_from([32, 64]), st.integers(1, 2)), elements=values)


def any_group(name):
    return formats()[name].own_group or 32


def gaussian(length=128, columns=8, seed=0):
    return np.random.default_rng(seed).standard_normal((length, columns))


def step(encoded):
    return np.repeat(encoded.scales, encoded.group, axis=0)


class TestKnownValues:
    def test_symmetric_integers(self):
        coded = encode(np.array([[-7.0], [3.4], [3.6], [0.0]]), "int-sym", 4, 0)
        assert coded.scales.tolist() == [[1.0]]
        assert coded.codes.ravel().tolist() == [9, 3, 4, 0]  # -7 in two's complement is 1001
        assert decode(coded).ravel().tolist() == [-7, 3, 4, 0]

    def test_asymmetric_integers(self):
        coded = encode(np.array([[-5.0], [10.0], [0.2], [4.6]]), "int-asym", 4, 0)
        assert coded.scales.tolist() == [[1.0]]
        assert coded.zeros.tolist() == [[5]]
        assert coded.codes.ravel().tolist() == [0, 15, 5, 10]
        assert decode(coded).ravel().tolist() == [-5, 10, 0, 5]

    def test_asymmetric_range_holds_zero(self):
        # All positive: the range begins at 0, not at the smallest value.
        coded = encode(np.array([[15.0], [14.0]]), "int-asym", 4, 0)
        assert decode(coded).ravel().tolist() == [15, 14]
        assert coded.zeros.tolist() == [[0]]

    def test_ternary_has_the_mean_magnitude(self):
        coded = encode(np.array([[-3.0], [1.0], [0.9], [-3.1]]), "ternary", 2, 0)
        assert coded.scales[0, 0] == 2.0
        assert coded.codes.ravel().tolist() == [3, 0, 0, 3]

    def test_binary_has_the_mean_magnitude(self):
        coded = encode(np.array([[-3.0], [1.0], [1.5], [-2.5]]), "binary", 1, 0)
        assert coded.codes.ravel().tolist() == [0, 1, 1, 0]
        assert decode(coded).ravel().tolist() == [-2, 2, 2, -2]

    def test_flint(self):
        coded = encode(np.array([[16.0], [-7.1], [5.2], [11.0], [-1.0]]), "flint", 4, 0)
        assert decode(coded).ravel().tolist() == [16, -8, 6, 8, -1]

    def test_ant_picks_the_better_type_per_group(self):
        integers, flints = [7.0, -7, 5, -5], [16.0, 8, 1, 0]
        coded = encode(np.array([*integers, *flints])[:, None], "ant", 4, 4)
        assert coded.selectors.ravel().tolist() == [0, 1]
        assert decode(coded).ravel().tolist() == [*integers, *flints]

    def test_abfloat_drops_the_victim(self):
        normal = np.tile([1.0, -1.0], 31)
        coded = encode(np.concatenate([normal, [20.0, 0.7]])[:, None], "abfloat", 4, 0)
        read = decode(coded).ravel()
        assert read[-1] == 0.0
        assert read[-2] == pytest.approx(20.0, rel=0.25)
        assert read[:-2] == pytest.approx(normal, abs=coded.scales[0, 0] / 2)

    @pytest.mark.parametrize(("special", "selector"), [(10, 0), (-10, 1), (16, 2), (-16, 3)])
    def test_bitmod_picks_the_special_value(self, special, selector):
        group = np.array([12.0, -12, 6, special]) if abs(special) == 10 else np.array([8.0, -8, 1, special])
        coded = encode(group[:, None], "bitmod", 4, 0)
        assert coded.selectors.tolist() == [[selector]]
        assert decode(coded).ravel().tolist() == group.tolist()

    def test_fp4(self):
        coded = encode(np.array([[6.0], [-2.6], [0.3], [5.2]]), "fp4-e2m1", 4, 0)
        assert decode(coded).ravel().tolist() == [6, -3, 0.5, 6]

    def test_microscaling_has_powers_of_two_and_saturates(self):
        group = np.zeros((32, 1))
        group[:3, 0] = [7.9, 1.6, -3.4]
        coded = encode(group, "mx-fp4", 4, 32)
        assert coded.scales.tolist() == [[1.0]]
        assert decode(coded)[:3, 0].tolist() == [6, 1.5, -3]

    @pytest.mark.parametrize(("name", "largest"), [("fp8-e4m3", 448), ("fp8-e5m2", 57344)])
    def test_fp8_uses_its_whole_range(self, name, largest):
        coded = encode(np.array([[3.0], [-1.0]]), name, 8, 0)
        assert coded.scales[0, 0] == pytest.approx(3.0 / largest, rel=1e-7)

    @pytest.mark.parametrize(("name", "kind"), [("fp16", np.float16), ("fp32", np.float32)])
    def test_plain_floats_round_as_numpy_does(self, name, kind):
        found = gaussian()
        bits = formats()[name].bits[0]
        assert np.array_equal(decode(encode(found, name, bits, 128)), found.astype(kind).astype(np.float64))


class TestLaws:
    @pytest.mark.parametrize(("name", "bits"), EVERY)
    def test_codes_fit_and_scales_are_positive(self, name, bits):
        coded = encode(gaussian(), name, bits, any_group(name))
        assert coded.codes.min() >= 0
        assert coded.codes.max() < 1 << bits
        assert (coded.scales > 0).all()
        assert coded.scales.shape == (128 // coded.group, 8)

    @pytest.mark.parametrize(("name", "bits"), EVERY)
    def test_zeros_stay_zero(self, name, bits):
        read = decode(encode(np.zeros((32, 2)), name, bits, any_group(name)))
        assert np.isfinite(read).all()
        if name != "binary":
            assert not read.any()

    @pytest.mark.parametrize(("name", "bits"), [pair for pair in EVERY if pair[0] not in SCALE_FROM_SPREAD])
    @settings(max_examples=12)
    @given(matrix=matrices)
    def test_what_was_read_is_stored_without_loss(self, name, bits, matrix):
        coded = encode(matrix, name, bits, any_group(name))
        if name == "int-asym":  # else the range of the codes shrinks, and the scale with it
            codes = coded.codes.reshape(-1, coded.group, matrix.shape[1])
            assume((codes.min(axis=1) == 0).all() and (codes.max(axis=1) == (1 << bits) - 1).all())
        read = decode(coded)
        assert np.array_equal(decode(encode(read, name, bits, any_group(name))), read)

    @given(matrix=matrices)
    def test_ternary_levels_stay(self, matrix):
        coded = encode(matrix, "ternary", 2, 0)
        assume(decode(coded).any(axis=0).all())
        assert np.array_equal(encode(decode(coded), "ternary", 2, 0).codes, coded.codes)

    @pytest.mark.parametrize("name", ["int-sym", "int-asym"])
    @given(bits=st.integers(2, 8), matrix=matrices)
    def test_integers_are_within_half_a_step(self, name, bits, matrix):
        coded = encode(matrix, name, bits, 32)
        # The FP16 scale may be short by 2^-11, which moves the far end of the range.
        bound = step(coded) * (0.5 + ((1 << bits) - 1) * 2.0**-11)
        assert (np.abs(decode(coded) - matrix) <= bound).all()

    @pytest.mark.parametrize("name", ["fp4-e2m1", "fp3", "flint"])
    @given(matrix=matrices)
    def test_tables_are_within_half_a_gap(self, name, matrix):
        bits = formats()[name].bits[0]
        coded = encode(matrix, name, bits, 32)
        largest_gap = {"fp4-e2m1": 2.0, "fp3": 2.0, "flint": 8.0}[name]
        assert (np.abs(decode(coded) - matrix) <= step(coded) * (largest_gap / 2) * (1 + 2.0**-8)).all()

    @pytest.mark.parametrize("name", ["int-sym", "int-asym"])
    def test_more_bits_mean_less_error(self, name):
        found = gaussian()
        errors = [np.square(decode(encode(found, name, bits, 64)) - found).sum() for bits in formats()[name].bits]
        assert errors == sorted(errors, reverse=True)

    @pytest.mark.parametrize(("name", "bits"), [pair for pair in SCALED if pair[0] != "abfloat"])
    def test_smaller_groups_mean_no_more_error(self, name, bits):
        # On a matrix whose rows differ in size; true on the whole, not for each value.
        found = gaussian() * np.exp(gaussian(columns=1, seed=1))
        error = {group: np.square(decode(encode(found, name, bits, group)) - found).sum() for group in (16, 128)}
        assert error[16] < error[128]

    @pytest.mark.parametrize(("name", "bits"), SCALED)
    @settings(max_examples=12)
    @given(power=st.integers(-4, 4), matrix=matrices)
    def test_scaling_by_a_power_of_two_changes_the_scale_only(self, name, bits, power, matrix):
        matrix = matrix + np.sign(matrix)  # scales stay far from FP16's subnormals
        factor = 2.0**power
        one, other = (encode(m, name, bits, 32) for m in (matrix, matrix * factor))
        assume((one.scales > 2.0**-8).all() or formats()[name].scale_rule.startswith("FP32"))
        assert np.array_equal(one.codes, other.codes)
        nonzero = matrix.reshape(-1, 32, matrix.shape[1]).any(axis=1)
        assert np.array_equal(other.scales[nonzero], one.scales[nonzero] * factor)

    @pytest.mark.parametrize(("name", "bits"), [pair for pair in EVERY if not formats()[pair[0]].own_group])
    def test_the_whole_column_as_a_group_is_one_scale_per_channel(self, name, bits):
        found = gaussian()
        whole, channel = encode(found, name, bits, 128), encode(found, name, bits, 0)
        assert np.array_equal(decode(whole), decode(channel))
        assert channel.group == 128

    @pytest.mark.parametrize(("name", "bits"), SCALED)
    def test_groups_are_independent(self, name, bits):
        found = gaussian()
        together = decode(encode(found, name, bits, 32))
        apart = [decode(encode(part, name, bits, 32)) for part in np.split(found, 4)]
        assert np.array_equal(together, np.concatenate(apart))

    @pytest.mark.parametrize(("name", "bits"), [p for p in SCALED if not p[0].startswith("fp8")])
    def test_scales_are_fp16_numbers(self, name, bits):
        scales = encode(gaussian(), name, bits, 32).scales
        assert np.array_equal(scales.astype(np.float16).astype(np.float64), scales)


class TestRefusals:
    def test_a_group_that_does_not_divide(self):
        with pytest.raises(ModelInputError, match="a group of 48 doesn't divide a reduction of 128 values"):
            encode(gaussian(), "int-sym", 4, 48)

    def test_a_width_that_the_format_lacks(self):
        with pytest.raises(ModelInputError, match="flint has no codes of 5 bits; it has: 4"):
            encode(gaussian(), "flint", 5, 32)

    def test_a_group_other_than_the_formats_own(self):
        with pytest.raises(ModelInputError, match="mx-fp4 has one scale per 32 values, found group 128"):
            encode(gaussian(), "mx-fp4", 4, 128)

    def test_an_odd_group_of_pairs(self):
        with pytest.raises(ModelInputError, match="abfloat codes 2 values together, found group 3"):
            encode(gaussian(length=6), "abfloat", 4, 3)

    def test_an_unknown_format(self):
        with pytest.raises(UnknownNameError, match="unknown number format 'int-asim'.*did you mean 'int-asym'"):
            encode(gaussian(), "int-asim", 4, 32)

    def test_values_that_are_no_numbers(self):
        with pytest.raises(ModelInputError, match="1 of 1024 values aren't finite"):
            encode(np.where(np.arange(1024).reshape(128, 8) == 5, np.nan, 1.0), "int-sym", 4, 32)

    def test_a_vector(self):
        with pytest.raises(ModelInputError, match=r"only a matrix K x N can be encoded, found the shape \(4,\)"):
            encode(np.ones(4), "int-sym", 4, 0)

    def test_a_scale_beyond_fp16(self):
        with pytest.raises(ModelInputError, match="a scale of 142857 doesn't fit FP16; the largest is 65504"):
            encode(np.full((2, 1), 1e6), "int-sym", 4, 0)
