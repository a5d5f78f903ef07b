"""Measured error: the formats' part, the arithmetic's part, and what is refused."""

import math

import numpy as np
import pytest

from codesign.errors import ModelInputError, UnknownNameError
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements import elements
from codesign.models.pe.emulation import emulations
from codesign.models.pe.quality.measured import format_error, measured_error, sqnr_db
from codesign.models.pe.quality.tensors import kinds

CASES = [
    (name, Configuration(weight, activation, group=128 if element.groups else 0))
    for name, element in elements().items()
    if name in emulations()
    for weight, activation in element.operands
]


def label(case):
    return f"{case.weight_bits}-{case.activation_bits}" if isinstance(case, Configuration) else case


def test_known_ratio():
    assert sqnr_db(np.array([[3.0, 4.0]]), np.array([[3.0, 3.5]])) == pytest.approx(20.0)
    assert math.isinf(sqnr_db(np.ones((2, 2)), np.ones((2, 2))))


class TestFormatError:
    def test_more_bits_and_smaller_groups_lose_less(self):
        by_bits = [format_error("int-asym", bits, 128).output_sqnr_db for bits in (2, 3, 4, 8)]
        by_group = [format_error("int-asym", 4, group).output_sqnr_db for group in (0, 128, 32)]
        assert by_bits == sorted(by_bits)
        assert by_group == sorted(by_group)

    def test_unquantised_activations_add_nothing(self):
        found = format_error("int-asym", 4, 128)
        assert found.activation_sqnr_db > 140
        assert format_error("int-asym", 4, 128, "int-sym", 8).output_sqnr_db < found.output_sqnr_db

    def test_outliers_hurt_integers_more_than_floats(self):
        integers, floats = (format_error("fp32", 32, 0, name, 8).activation_sqnr_db for name in ("int-sym", "fp8-e4m3"))
        without = format_error("fp32", 32, 0, "int-sym", 8, tensors="qkv").activation_sqnr_db
        assert integers < without - 3
        assert floats > 31

    @pytest.mark.parametrize("kind", kinds())
    def test_a_product_averages_the_error_of_its_weights(self, kind):
        found = format_error("int-asym", 4, 128, tensors=kind)
        assert found.output_sqnr_db == pytest.approx(found.weight_sqnr_db, abs=2.5)


class TestMeasuredError:
    @pytest.mark.parametrize(("name", "configuration"), CASES, ids=label)
    def test_an_element_is_as_good_as_its_formats_allow(self, name, configuration):
        found = measured_error(name, configuration)
        assert math.isfinite(found.sqnr_db)
        assert found.output_mse > 0
        if emulations()[name].exact:
            # Scaled sums are rounded to FP32, aligned activations of FIGNA and FIGLUT to 2^-11 of the largest.
            assert found.arithmetic_sqnr_db > 60
            assert found.sqnr_db == pytest.approx(found.format_sqnr_db, abs=0.1)

    def test_narrow_accumulators_show_up_in_the_arithmetic(self):
        wide, narrow = (
            measured_error("int8", Configuration(8, 8, accumulator_bits=bits, group=0)) for bits in (32, 16)
        )
        assert narrow.format_sqnr_db == wide.format_sqnr_db
        assert narrow.arithmetic_sqnr_db < 20 < wide.arithmetic_sqnr_db

    def test_equal_questions_are_answered_from_memory(self):
        configuration = Configuration(8, 8, group=0)
        first = measured_error("int8", configuration)
        assert measured_error("int8", Configuration(8, 8, group=0)) is first

    def test_what_the_element_refuses(self):
        with pytest.raises(ModelInputError, match="int8 can't multiply W8A16"):
            measured_error("int8", Configuration(8, 16, group=0))

    def test_a_group_that_does_not_divide(self):
        with pytest.raises(ModelInputError, match="a group of 96 doesn't divide a reduction of 512 values"):
            measured_error("mixpe-w4a8", Configuration(4, 8, group=96))

    def test_unknown_element(self):
        with pytest.raises(UnknownNameError, match="unknown processing element 'int9'"):
            measured_error("int9", Configuration(8, 8))
