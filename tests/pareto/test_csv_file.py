"""Frontier tables as CSV, there and back."""

import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.errors import StorageError
from codesign.pareto import FrontierError, csv_text, read_csv
from codesign.pareto.csv_file import write_atomically

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=8)


def test_floats_are_the_shortest_that_read_back():
    table = pd.DataFrame({"x": [0.1 + 0.2, 1 / 3, 1e22, 5e-324, 3.0, np.inf]})
    assert csv_text(table) == "x\n0.30000000000000004\n0.3333333333333333\n1e+22\n5e-324\n3.0\ninf\n"


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=True), st.integers(-(2**53), 2**53), st.integers(0, 9) | st.none(), st.booleans(), TEXTS
        ),
        max_size=6,
    )
)
def test_reading_and_writing_again_gives_the_same_text(tmp_path_factory, rows):
    table = pd.DataFrame(rows, columns=["f", "i", "n", "b", "t"]).astype({"f": float, "n": "Int64", "t": "str"})
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    text = csv_text(table)
    path.write_bytes(text.encode())
    assert csv_text(read_csv(path)) == text


def test_types_come_back(tmp_path):
    table = pd.DataFrame(
        {
            "rows": [8, 16],
            "lanes": pd.array([None, 4], dtype="Int64"),
            "on": [True, False],
            "maybe": pd.array([True, None], dtype="boolean"),
            "latency_ms": [1.0, np.nan],
            "node": ["007", "NA"],
            "empty": [np.nan, np.nan],
        }
    )
    path = tmp_path / "t.csv"
    path.write_text(csv_text(table))
    back = read_csv(path)
    assert [str(kind) for kind in back.dtypes] == ["int64", "Int64", "bool", "boolean", "float64", "str", "float64"]
    pd.testing.assert_frame_equal(back, table.astype({"node": "str"}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty: not even a header"),
        ("a,b\n1,2\n3\n", "row 3 has 1 fields, the header 2"),
        ("a,a\n1,2\n", "the column 'a' appears twice"),
    ],
)
def test_damaged_files_are_refused(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(FrontierError, match=message):
        read_csv(path)
    with pytest.raises(FrontierError, match=r"none\.csv can't be read"):
        read_csv(tmp_path / "none.csv")


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("old")
    write_atomically(path, b"new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["t.csv"]


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path):
    target = tmp_path / "folder"
    target.mkdir()
    (target / "inside").write_text("x")
    with pytest.raises(StorageError, match="folder can't be written"):
        write_atomically(target, b"new")
    assert os.listdir(tmp_path) == ["folder"]
    with pytest.raises(StorageError, match=r"missing/t\.csv can't be written"):
        write_atomically(tmp_path / "missing" / "t.csv", b"new")
