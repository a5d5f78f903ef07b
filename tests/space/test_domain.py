"""Domains: validated when built, equal by value, numbered, back and forth through JSON."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import SpaceError
from codesign.space import Choices, Float, Integer, Parameter, boolean, powers_of_two
from codesign.space.domain import Name, domain_from_json


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Choices(()), "the list of values is empty"),
        (lambda: Choices((1, 1)), "the value 1 is listed twice"),
        (lambda: Choices((1, 1.0)), "the value 1.0 is listed twice"),
        (lambda: Choices((1, "a")), "mix number and text"),
        (lambda: Choices((True, 1)), "mix boolean and number"),
        (lambda: Choices((1.0, float("nan"))), "must be finite"),
        (lambda: Choices((None,)), "a value must be a text, a number or true/false, found None"),
        (lambda: Choices(([1],)), "found \\[1\\]"),
        (lambda: Choices((2**60, 1)), "within \\+-2\\*\\*53"),
        (lambda: Integer(5, 4), "the range \\[5, 4\\] is empty"),
        (lambda: Integer(0, 4, 0), "step must be at least 1"),
        (lambda: Integer(0.5, 4), "low must be a whole number"),
        (lambda: Integer(True, 4), "low must be a number"),
        (lambda: Float(2, 1), "the range \\[2.0, 1.0\\] is empty"),
        (lambda: Float(0, 1, -0.1), "step must be above 0"),
        (lambda: Float(0, 1, log=True), "log: true needs a low end above 0"),
        (lambda: Float(1, 2, 0.5, log=True), "either a step or log"),
        (lambda: Float(0, float("inf")), "high must be finite"),
        (lambda: powers_of_two(3, 16), "low end of powers_of_two must be a power of two, found 3"),
        (lambda: powers_of_two(16, 8), "the range \\[16, 8\\] is empty"),
        (lambda: powers_of_two(0, 8), "whole number of at least 1"),
        (lambda: powers_of_two(2.5, 8), "whole number of at least 1"),
        (lambda: Parameter("2x", boolean()), "is not a word of letters"),
        (lambda: Parameter("and", boolean()), "word of the expression grammar"),
        (lambda: Parameter("log2", boolean()), "word of the expression grammar"),
        (lambda: Parameter("rows", Integer(1, 4), default=9), "default 9 of rows is not in 1 ... 4"),
    ],
)
def test_what_is_refused(build, message):
    with pytest.raises(SpaceError, match=message):
        build()


@pytest.mark.parametrize(
    ("domain", "values"),
    [
        (Choices(("b", "a")), ["b", "a"]),
        (boolean(), [False, True]),
        (Integer(3, 10, 3), [3, 6, 9]),
        (Float(0.1, 0.4, 0.1), [0.1, 0.2, 0.3, 0.4]),
        (Float(2, 2), [2.0]),
        (powers_of_two(2, 16), [2, 4, 8, 16]),
    ],
)
def test_values_and_indices(domain, values):
    assert domain.size == len(values)
    assert domain.at(np.arange(domain.size)).tolist() == values
    assert domain.index(values).tolist() == list(range(len(values)))
    assert all(domain.contains(value) for value in values)
    assert not domain.contains(None)
    assert domain_from_json(json.loads(json.dumps(domain.to_json()))) == domain
    assert hash(domain) == hash(domain_from_json(domain.to_json()))


def test_what_is_not_a_value_has_no_index():
    assert Integer(3, 10, 3).index([2, 4, 12, 9.5]).tolist() == [-1, -1, -1, -1]
    assert Choices(("a", "b")).index(["c", "a"]).tolist() == [-1, 0]
    assert Float(0.1, 0.4, 0.1).index([0.15, 0.5, float("nan")]).tolist() == [-1, -1, -1]
    assert not Choices((1, 2)).contains(True)


@given(st.floats(0.001, 100), st.floats(0.001, 100), st.booleans(), st.floats(0, 1))
def test_unit_maps_are_inverse(low, width, log, unit):
    domain = Float(low, low + width, log=log)
    value = domain.from_unit(np.array([unit]))
    assert domain.low <= value[0] <= domain.high
    assert domain.to_unit(value)[0] == pytest.approx(unit, abs=1e-6)


def test_a_name_is_known_or_a_file(tmp_path):
    domain = Name(("resnet18",), (".csv",))
    file = tmp_path / "net.csv"
    assert domain.contains("resnet18")
    assert not domain.contains(str(file))
    file.write_text("")
    assert domain.contains(str(file))
    assert not domain.contains(3)
    assert domain_from_json(domain.to_json()) == domain
