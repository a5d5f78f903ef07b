"""The frontier of a table seen in chunks is that of the table, whatever the chunks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.pareto import FrontierError, Objective, RunningFrontier, costs, csv_text, non_dominated

OBJECTIVES = (Objective("latency_ms", "minimize"), Objective("accuracy", "maximize"))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["ws", "os", "is"]),
        st.integers(1, 3) | st.none(),
        st.sampled_from([True, False]),
        st.sampled_from([0.0, -0.0, 1.0, 2.0, float("inf"), float("nan")]),
        st.sampled_from([0.5, 0.75, 1.0, float("nan")]),
    ),
    max_size=25,
)


def table_of(rows):
    table = pd.DataFrame(rows, columns=["dataflow", "bits", "buffer", "latency_ms", "accuracy"])
    table["dataflow"] = pd.Categorical(table["dataflow"], categories=["ws", "os", "is"])
    return table.astype({"bits": "Int64", "buffer": bool, "latency_ms": float, "accuracy": float})


def run(table, cuts, rank=None):
    running = RunningFrontier(OBJECTIVES, rank)
    for start, end in zip([0, *cuts], [*cuts, len(table)]):
        running.update(table.iloc[start:end])
    return running


@given(ROWS, st.lists(st.integers(0, 25), max_size=5), st.randoms(use_true_random=False))
def test_bytes_depend_on_the_set_of_rows_only(rows, cuts, random):
    table = table_of(rows)
    once = run(table, [])
    order = list(range(len(table)))
    random.shuffle(order)
    cuts = sorted(min(cut, len(table)) for cut in cuts)
    again = run(table.iloc[order], cuts)
    assert csv_text(again.table) == csv_text(once.table)
    assert again.table.dtypes.tolist() == once.table.dtypes.tolist()
    assert len(again) == len(once)
    assert again.rows_seen == len(table)


@given(ROWS)
def test_the_rows_are_the_distinct_non_dominated_ones(rows):
    table = table_of(rows)
    expected = table[non_dominated(costs(table, OBJECTIVES))].drop_duplicates()
    found = run(table, [len(table) // 2]).table
    assert len(found) == len(expected)
    assert len(found.merge(expected)) == len(expected)


def test_rows_are_sorted_by_costs_then_by_the_rest():
    table = table_of(
        [("os", 2, True, 1.0, 0.5), ("is", None, True, 1.0, 0.5), ("is", 3, True, 1.0, 0.5), ("ws", 1, False, 2.0, 1.0)]
    )
    found = RunningFrontier(OBJECTIVES)
    found.update(table.iloc[::-1])
    assert csv_text(found.table) == (
        "dataflow,bits,buffer,latency_ms,accuracy\n"
        "is,3,True,1.0,0.5\nis,,True,1.0,0.5\nos,2,True,1.0,0.5\nws,1,False,2.0,1.0\n"
    )


def test_a_rank_column_decides_between_equal_objectives():
    table = table_of([("is", 1, True, 1.0, 0.5), ("os", 1, True, 1.0, 0.5)]).assign(rank=[7, 3])
    assert run(table, [1], rank="rank").table["rank"].tolist() == [3, 7]


def test_infeasible_rows_never_enter():
    running = RunningFrontier(OBJECTIVES)
    running.update(table_of([("is", 1, True, 0.0, 1.0), ("os", 1, True, 1.0, 0.5)]).assign(feasible=[False, True]))
    assert running.table["dataflow"].tolist() == ["os"]


def test_columns_of_different_types_keep_their_values_in_any_order():
    whole = pd.DataFrame({"lanes": [4], "latency_ms": [1.0], "accuracy": [0.5]})
    words = pd.DataFrame({"lanes": ["auto"], "latency_ms": [2.0], "accuracy": [0.7]})
    texts = set()
    for chunks in ([whole, words], [words, whole]):
        running = RunningFrontier(OBJECTIVES)
        for chunk in chunks:
            running.update(chunk)
        texts.add(csv_text(running.table))
    assert texts == {"lanes,latency_ms,accuracy\n4,1.0,0.5\nauto,2.0,0.7\n"}


def test_memory_is_the_frontier_and_not_the_rows_seen():
    rng = np.random.default_rng(1)
    running = RunningFrontier(OBJECTIVES)
    for _ in range(20):
        running.update(pd.DataFrame({"latency_ms": rng.random(5000), "accuracy": rng.random(5000)}))
    assert running.rows_seen == 100_000
    assert len(running) < 60
    assert all(
        running._table[name].to_numpy().base is None or len(running._table[name].to_numpy().base) < 60
        for name in running._table.columns
    )


def test_before_any_chunk_it_is_empty():
    assert len(RunningFrontier(OBJECTIVES)) == 0
    assert RunningFrontier(OBJECTIVES).table.empty


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="accuracy"), "no column 'accuracy' for the objective; found: dataflow"),
        (lambda t: t.rename(columns={"accuracy": "acuracy"}), "did you mean 'acuracy'"),
        (lambda t: t.drop(columns="bits"), "missing bits; new none"),
        (lambda t: t.assign(extra=1), "missing none; new extra"),
        (lambda t: t.assign(accuracy="high"), "'accuracy' must be a column of numbers; found str"),
    ],
)
def test_a_chunk_with_other_columns_is_refused(change, message):
    table = table_of([("ws", 1, True, 1.0, 0.5)])
    running = RunningFrontier(OBJECTIVES)
    running.update(table)
    with pytest.raises(FrontierError, match=message):
        running.update(change(table))


def test_objectives_and_rank_are_checked():
    with pytest.raises(FrontierError, match="at least one objective"):
        RunningFrontier([])
    with pytest.raises(FrontierError, match="no column 'runk' to order by"):
        RunningFrontier(OBJECTIVES, rank="runk").update(table_of([]))
    twice = RunningFrontier([OBJECTIVES[0], OBJECTIVES[0]])
    with pytest.raises(FrontierError, match="'latency_ms' is named twice"):
        twice.update(table_of([]))
