"""Tables as text."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import UnknownNameError
from codesign.report.tables import format_table


def make():
    return pd.DataFrame(
        {
            "design": ["a", "b"],
            "rows": [8, 128],
            "lanes": pd.array([4, None], dtype="Int64"),
            "latency_ms": [1.23456789, np.nan],
            "cycles": [12345678.0, np.inf],
            "ok": [True, False],
        },
        index=[7, 7],
    )


def test_a_table_is_aligned_numbers_to_the_right():
    assert format_table(make()) == (
        "design  rows  lanes  latency_ms    cycles  ok\n"
        "------  ----  -----  ----------  --------  ---\n"
        "a          8      4     1.23457  12345678  yes\n"
        "b        128                          inf  no\n"
    )


def test_json_is_a_list_of_objects_of_json_types():
    text = format_table(make(), "json")
    assert json.loads(text) == [
        {"design": "a", "rows": 8, "lanes": 4, "latency_ms": 1.23456789, "cycles": 12345678.0, "ok": True},
        {"design": "b", "rows": 128, "lanes": None, "latency_ms": None, "cycles": None, "ok": False},
    ]
    assert '"rows": 8,' in text
    assert '"ok": true' in text


def test_csv_is_that_of_frontiers():
    assert format_table(make(), "csv") == (
        "design,rows,lanes,latency_ms,cycles,ok\na,8,4,1.23456789,12345678.0,True\nb,128,,,inf,False\n"
    )


def test_tables_without_rows_or_columns():
    empty = make().head(0)
    assert format_table(empty).splitlines()[0].split() == list(empty.columns)
    assert format_table(empty, "json") == "[]\n"
    assert format_table(pd.DataFrame(), "table") == "(no columns)\n"
    assert json.loads(format_table(pd.DataFrame(index=[0, 1]), "json")) == [{}, {}]


def test_long_texts_are_cut_before_columns_move_to_a_further_block():
    table = pd.DataFrame({"item": ["x" * 90, "short"], "ours": [1.0, 2.0], "note": ["y" * 90, "z"]})
    lines = format_table(table, width=60).splitlines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 60
    assert "…" in lines[2]


def test_columns_that_do_not_fit_follow_in_further_blocks():
    table = pd.DataFrame({f"metric_{i:02d}": [i + 0.5, 2.0 * i] for i in range(20)})
    lines = format_table(table, width=50).splitlines()
    assert max(map(len, lines)) <= 50
    shown = [name for line in lines if line.startswith("metric") for name in line.split()]
    assert shown == list(table.columns)


def test_a_single_row_that_does_not_fit_is_listed_downwards():
    table = pd.DataFrame([{f"metric_{i:02d}": i + 0.5 for i in range(20)}])
    lines = format_table(table, width=50).splitlines()
    assert len(lines) == 20
    assert lines[3].split() == ["metric_03", "3.5"]


def test_texts_with_line_breaks_stay_on_their_line():
    assert format_table(pd.DataFrame({"note": ["a\n  b"]})).splitlines()[-1] == "a b"


def test_an_unknown_format_is_refused():
    with pytest.raises(UnknownNameError, match="unknown table format 'jsn'; allowed: table, csv, json.*'json'"):
        format_table(make(), "jsn")


@given(
    st.lists(st.tuples(st.floats(), st.integers(), st.text(), st.none() | st.booleans()), max_size=5),
    st.integers(20, 80),
)
def test_any_table_becomes_text_within_the_width_and_valid_json(rows, width):
    table = pd.DataFrame(rows, columns=["number", "whole", "text", "maybe"])
    assert max(map(len, format_table(table, width=width).split("\n"))) <= width
    back = json.loads(format_table(table, "json"))
    assert [row["whole"] for row in back] == [row[1] for row in rows]
    assert [row["number"] for row in back] == [row[0] if math.isfinite(row[0]) else None for row in rows]
