"""Features to numbers: what is a choice, what is a number, and what lies outside the training rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import ModelInputError
from codesign.models.fpga.accuracy.encoding import MOST_CHOICES, encoding_of

ROWS = pd.DataFrame(
    {
        "kind": ["a", "b", "a", "b"],
        "bits": [4, 8, 8, 8],
        "wide": [False, True, True, True],
        "macs": [1.5, 2.5, 4.5, 3.5],
    }
)


def test_texts_truth_values_and_few_whole_numbers_are_choices():
    found = {column.name: column for column in encoding_of(ROWS).columns}
    assert found["kind"].choices == ("a", "b")
    assert found["bits"].choices == (4, 8)
    assert found["wide"].choices == (False, True)
    assert (found["macs"].choices, found["macs"].low, found["macs"].high) == ((), 1.5, 4.5)


def test_many_whole_numbers_are_one_number():
    few = pd.DataFrame({"layers": range(MOST_CHOICES)})
    many = pd.DataFrame({"layers": range(MOST_CHOICES + 1)})
    assert [encoding_of(rows).columns[0].width for rows in (few, many)] == [MOST_CHOICES, 1]


def test_encoded_columns_are_standardised():
    values = encoding_of(ROWS).encode(ROWS).values
    assert values.shape == (4, 7)
    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(values.std(axis=0), 1)
    # macs: mean 3, deviation sqrt(1.25); bits = 4: one row of four, deviation sqrt(3) / 4.
    np.testing.assert_allclose(values[:, -1], (np.array([1.5, 2.5, 4.5, 3.5]) - 3) / np.sqrt(1.25))
    np.testing.assert_allclose(values[:, 2], np.array([0.75, -0.25, -0.25, -0.25]) / (np.sqrt(3) / 4))


def test_a_column_without_variation_says_nothing():
    assert encoding_of(pd.DataFrame({"x": [5.5, 5.5]})).encode(pd.DataFrame({"x": [5.5]})).values.tolist() == [[0.0]]


def test_what_lies_outside_is_named():
    new = pd.DataFrame(
        {"kind": ["a", "c", "a", "a"], "bits": [8, 8, 2, 8], "wide": [True] * 4, "macs": [2.0, 2.0, 9.0, 9.0]}
    )
    found = encoding_of(ROWS).encode(new)
    assert found.known.tolist() == [True, False, False, True]
    assert found.inside.tolist() == [True, False, False, False]
    assert found.reasons == (
        "",
        "kind = c: trained on a, b only",
        "bits = 2: trained on 4, 8 only",
        "macs = 9.0: trained from 1.5 to 4.5 only",
    )


@pytest.mark.parametrize("value", [np.nan, None, "8"])
def test_a_value_of_another_kind_is_not_a_known_choice(value):
    new = ROWS.iloc[:1].astype({"bits": object})
    new.loc[0, "bits"] = value
    assert encoding_of(ROWS).encode(new).known.tolist() == [False]


def test_a_missing_number_is_outside():
    found = encoding_of(ROWS).encode(ROWS.iloc[:1].assign(macs=np.nan))
    assert (found.inside.tolist(), found.reasons) == ([False], ("macs = nan: trained from 1.5 to 4.5 only",))


@given(order=st.permutations(range(4)))
def test_rows_are_encoded_each_for_itself(order):
    encoding = encoding_of(ROWS)
    shuffled = ROWS.iloc[list(order)]
    np.testing.assert_array_equal(encoding.encode(shuffled).values, encoding.encode(ROWS).values[list(order)])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (pd.DataFrame(), "at least one row and one column"),
        (pd.DataFrame({"x": ["a", 1]}), "'x' mixes texts, truth values and numbers"),
        (pd.DataFrame({"x": [True, 1.5]}), "mixes"),
        (pd.DataFrame({"x": [1.0, np.nan]}), "'x' holds nan"),
        (pd.DataFrame({"x": [(1,), (2,)]}), r"'x' holds \(1,\)"),
    ],
)
def test_features_that_can_not_be_encoded_are_refused(rows, message):
    with pytest.raises(ModelInputError, match=message):
        encoding_of(rows)


def test_new_rows_need_the_columns_trained_on():
    with pytest.raises(ModelInputError, match="no column 'macs'.*did you mean 'mac'"):
        encoding_of(ROWS).encode(ROWS.rename(columns={"macs": "mac"}))
    with pytest.raises(ModelInputError, match="'macs' must hold numbers"):
        encoding_of(ROWS).encode(ROWS.assign(macs="many"))
