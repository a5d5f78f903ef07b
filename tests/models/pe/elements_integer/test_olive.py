"""OliVe: outlier-victim pairs as its repository defines them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from codesign.errors import ModelInputError
from codesign.models.pe.element import Configuration
from codesign.models.pe.elements.olive import ELEMENTS
from codesign.models.pe.emulation.olive import (
    EMULATIONS,
    IDENTIFIER,
    OUTLIER_MAGNITUDES,
    decode_abfloat,
    encode_abfloat,
    split_abfloat,
)
from tests.models.pe.elements_integer.operands import encoded, exact_products, random_codes, signed

(OLIVE,) = ELEMENTS
(EMULATION,) = EMULATIONS


def pair_values(first, second):
    """The two integers of a pair of codes, by the rules of the format."""

    def outlier(code):
        return (-1) ** (code >> 3) * (2 + (code & 1)) * 2 ** (((code >> 1) & 3) + 2)

    if first == IDENTIFIER and second == IDENTIFIER:
        return 0, 0
    if first == IDENTIFIER:
        return 0, outlier(second)
    if second == IDENTIFIER:
        return outlier(first), 0
    return signed(first, 4), signed(second, 4)


def test_outliers_begin_where_integers_end():
    """The definition: 2^e (1 + m / 2) for e = 5 ... 8 without the first, in units of a quarter."""
    definition = [2**e * (1 + m / 2) / 4 for e in range(5, 9) for m in (0, 1)][1:]
    assert list(OUTLIER_MAGNITUDES) == definition


def test_every_pair_of_codes_decodes_by_the_rules():
    first, second = (side.ravel() for side in np.meshgrid(np.arange(16), np.arange(16)))
    found = decode_abfloat(np.stack([first, second]))
    assert found.T.tolist() == [list(pair_values(a, b)) for a, b in zip(first, second, strict=True)]


@pytest.mark.parametrize(
    ("pair", "codes", "values"),
    [
        ((3.2, -7.4), (3, 0b1001), (3, -7)),
        ((50.0, 5.0), (0b0101, IDENTIFIER), (48, 0)),
        ((5.0, -50.0), (IDENTIFIER, 0b1101), (0, -48)),
        ((20.0, 90.0), (0b0011, IDENTIFIER), (24, 0)),
        ((9.4, 0.0), (7, 0), (7, 0)),
        ((9.5, 1.0), (1, IDENTIFIER), (12, 0)),
        ((-9.5, 1.0), (0b1001, IDENTIFIER), (-12, 0)),
        ((1e6, -0.2), (7, IDENTIFIER), (96, 0)),
    ],
)
def test_pairs_with_known_codes(pair, codes, values):
    found = encode_abfloat(np.array(pair)[:, None])
    assert tuple(found[:, 0]) == codes
    assert tuple(decode_abfloat(found)[:, 0]) == values


@given(arrays(np.float64, (6, 2), elements=st.floats(-150, 150)))
def test_encoding_takes_the_nearest_value_except_for_victims(values):
    codes = encode_abfloat(values)
    decoded = decode_abfloat(codes)
    grid = np.array([sign * magnitude for magnitude in (*range(8), *OUTLIER_MAGNITUDES) for sign in (1, -1)])
    nearest = np.abs(values[..., None] - grid).min(axis=-1)
    victim = codes == IDENTIFIER
    assert (np.abs(values - decoded) == nearest)[~victim].all()
    assert not decoded[victim].any()
    partner = decoded.reshape(3, 2, 2)[:, ::-1].reshape(6, 2)
    assert (np.abs(partner[victim]) >= 12).all()


@given(arrays(np.int64, (4, 3), elements=st.integers(0, 15)))
def test_base_and_exponent_make_the_value(codes):
    base, exponent = split_abfloat(codes)
    assert (base << exponent == decode_abfloat(codes)).all()
    assert np.abs(base).max() <= 7
    assert exponent.max() <= 5


@pytest.mark.parametrize(("weight_bits", "activation_bits"), OLIVE.operands)
def test_products_equal_python_integers(weight_bits, activation_bits):
    rng = np.random.default_rng(weight_bits + activation_bits)
    names = {4: "abfloat", 8: "int-sym"}
    a, w = random_codes(rng, activation_bits, (48, 4)), random_codes(rng, weight_bits, (48, 5))

    def meaning(codes, bits):
        if bits == 8:
            return [[signed(code, 8) for code in row] for row in codes.tolist()]
        pairs = [pair_values(*codes[k : k + 2, n]) for k in range(0, 48, 2) for n in range(codes.shape[1])]
        return np.array(pairs).reshape(24, -1, 2).transpose(0, 2, 1).reshape(48, -1).tolist()

    found = EMULATION.multiply(
        encoded(a, names[activation_bits], activation_bits),
        encoded(w, names[weight_bits], weight_bits),
        Configuration(weight_bits, activation_bits),
    )
    assert found.tolist() == exact_products(meaning(a, activation_bits), meaning(w, weight_bits))


def test_odd_lengths_are_refused():
    with pytest.raises(ModelInputError, match="an even length along the reduction, found 3"):
        encode_abfloat(np.zeros((3, 1)))
    with pytest.raises(ModelInputError, match="an even length along the reduction, found 5"):
        decode_abfloat(np.zeros((5, 1), dtype=np.int64))


@pytest.mark.parametrize(("group", "bits"), [(128, 24), (0, 32)])
def test_a_whole_column_has_a_wider_sum_than_a_group(group, bits):
    assert OLIVE.rtl(Configuration(4, 4, group=group)).parameters["SUM_BITS"] == bits
