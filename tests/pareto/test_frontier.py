"""A frontier and what can be asked of it."""

import json

import numpy as np
import pandas as pd
import pytest

from codesign.pareto import (
    Certificate,
    Frontier,
    FrontierError,
    Objective,
    design_difference,
    moved_metrics,
    read_frontier,
    reference_point,
)

LATENCY, ACCURACY = Objective("latency_ms", "minimize"), Objective("accuracy", "maximize")
HEURISTIC = Certificate("heuristic", "5 evaluations")


def make_table():
    return pd.DataFrame(
        {
            "area_mm2": [9.0, 4.0, 1.0, 4.5],
            "accuracy": [0.9, 0.8, 0.5, 0.8],
            "latency_ms": [10.0, 4.0, 2.0, 4.0],
            "rows": [32, 16, 8, 24],
        }
    )


def make(table=None, **changes):
    arguments = {"objectives": [LATENCY, ACCURACY], "certificate": HEURISTIC, "parameters": ["rows"], "title": "Arrays"}
    return Frontier(make_table() if table is None else table, **(arguments | changes))


def test_rows_and_columns_are_in_canonical_order():
    frontier = make()
    assert list(frontier.table.columns) == ["rows", "latency_ms", "accuracy", "area_mm2"]
    assert frontier.table["rows"].tolist() == [8, 16, 24, 32]
    assert frontier.metrics == ["latency_ms", "accuracy", "area_mm2"]
    assert len(frontier) == 4
    assert len(frontier.distinct()) == 3
    assert frontier.costs.tolist() == [[2, -0.5], [4, -0.8], [4, -0.8], [10, -0.9]]


def test_a_changed_copy_leaves_the_frontier_as_it_was():
    frontier = make()
    copy = frontier.table
    copy.loc[0, "rows"] = 99
    frontier.costs[0, 0] = 99
    assert frontier.table["rows"].tolist() == [8, 16, 24, 32]
    assert frontier.costs[0, 0] == 2


def test_the_reference_point_is_derived_given_or_the_objectives_own():
    derived = make().reference_point
    assert derived.values == pytest.approx({"latency_ms": 10.8, "accuracy": 0.46})
    assert derived.source == "worst value found plus 10% of the range for latency_ms, accuracy"
    own = make(objectives=[Objective("latency_ms", "minimize", 20.0), ACCURACY]).reference_point
    assert own.values == pytest.approx({"latency_ms": 20.0, "accuracy": 0.46})
    assert own.source == "given for latency_ms; worst value found plus 10% of the range for accuracy"
    given = make(reference={"latency_ms": 12, "accuracy": 0}).reference_point
    assert given.values == {"latency_ms": 12.0, "accuracy": 0.0}
    assert given.source == "given for latency_ms, accuracy"


def test_a_derived_reference_lies_beyond_a_single_point():
    for value, expected in ((5.0, 5.5), (0.0, 1.0), (-5.0, -4.5)):
        point = reference_point(np.array([[value]]), [LATENCY])
        assert point.values["latency_ms"] == pytest.approx(expected)


def test_hypervolume_by_hand():
    # Against (12 ms, 0): 2 ms wide 0.5 high, 6 ms wide 0.8 high, 2 ms wide 0.9 high.
    frontier = make(reference={"latency_ms": 12, "accuracy": 0})
    assert frontier.hypervolume() == pytest.approx(2 * 0.5 + 6 * 0.8 + 2 * 0.9)
    assert frontier.hypervolume({"latency_ms": 4}) == pytest.approx(2 * 0.5)
    assert frontier.normalised_hypervolume() == pytest.approx(7.6 / (10 * 0.9))
    assert make(make_table().head(0)).hypervolume() == 0.0


def test_best_and_knee():
    frontier = make()
    assert frontier.best("latency_ms")["rows"] == 8
    assert frontier.best("accuracy")["rows"] == 32
    assert frontier.best("area_mm2", "maximize")["rows"] == 32
    # Scaled costs: (0, 1), (0.25, 0.25) twice, (1, 0); the first of the two in the middle.
    assert frontier.knee()["rows"] == 16


def test_which_designs_it_dominates():
    frontier = make()
    points = pd.DataFrame({"latency_ms": [5.0, 4.0, 1.0], "accuracy": [0.8, 0.8, 0.1]})
    assert frontier.dominates(points).tolist() == [True, False, False]
    assert frontier.dominates({"latency_ms": 99.0, "accuracy": 0.0}).tolist() == [True]


def test_from_designs_takes_the_frontier_out_of_a_larger_table():
    more = pd.DataFrame(
        {
            "area_mm2": [1.0, 1.0, np.nan],
            "accuracy": [0.4, 1.0, np.nan],
            "latency_ms": [3.0, 0.1, np.nan],
            "rows": [1, 2, 3],
            "feasible": [True, False, False],
        }
    )
    table = pd.concat([more, make_table().assign(feasible=True)], ignore_index=True)
    frontier = Frontier.from_designs(table, [LATENCY, ACCURACY], HEURISTIC, ["rows"])
    assert frontier.table["rows"].tolist() == [8, 16, 24, 32]


def test_comparison_by_hand():
    a = make(pd.DataFrame({"rows": [1, 2], "latency_ms": [1.0, 3.0], "accuracy": [0.5, 1.0]}))
    b = make(pd.DataFrame({"rows": [2, 3], "latency_ms": [3.0, 2.0], "accuracy": [1.0, 0.5]}))
    table = a.compare(b, {"latency_ms": 5, "accuracy": 0}).set_index("quantity")
    assert list(table.columns) == ["a", "b", "note"]
    found = {name: (row["a"], row["b"]) for name, row in table.iterrows()}
    assert found == {
        "designs": (2, 2),
        "hypervolume": (pytest.approx(2 * 0.5 + 2 * 1.0), pytest.approx(1 * 0.5 + 2 * 1.0)),
        "normalised_hypervolume": (pytest.approx(3 / 4), pytest.approx(2.5 / 4)),
        "coverage": (1.0, 0.5),
        "additive_epsilon": (0.0, 0.5),
        "igd_plus": (0.0, pytest.approx(0.25)),
        "multiplicative_epsilon": (1.0, 2.0),
        "designs_only_here": (1, 1),
        "designs_in_both": (1, 1),
    }
    assert "latency_ms = 5, accuracy = 0 (given for latency_ms, accuracy)" in table.loc["hypervolume", "note"]


def test_comparison_with_an_empty_frontier_says_what_is_not_defined():
    table = make().compare(make(make_table().head(0))).set_index("quantity")
    assert table.loc["hypervolume", "b"] == 0
    assert np.isnan(table.loc["igd_plus", "a"])
    assert table.loc["igd_plus", "note"] == "not defined: one of the two is empty"


def test_a_frontier_ties_with_itself():
    table = make().compare(make()).set_index("quantity")
    assert (table["a"] == table["b"]).all()
    assert table.loc["coverage", "a"] == 1
    assert table.loc["additive_epsilon", "a"] == 0
    assert table.loc["designs_only_here", "a"] == 0


def test_designs_of_two_frontiers_side_by_side():
    a = make(pd.DataFrame({"rows": [1, 2], "latency_ms": [1.0, 3.0], "accuracy": [0.5, 1.0]}))
    b = make(pd.DataFrame({"rows": [2, 3], "latency_ms": [3.0, 2.0], "accuracy": [1.0, 0.5]}))
    table = design_difference(a, b)
    assert table["found_in"].tolist() == ["a", "both", "b"]
    assert table["rows"].tolist() == [1, 2, 3]
    assert list(table.columns) == ["found_in", "rows", "latency_ms", "accuracy"]


def test_texts_say_what_it_is_and_are_escaped_in_html():
    frontier = make(title="<script>alert(1)</script>")
    assert repr(frontier) == (
        "<Frontier <script>alert(1)</script>: 4 designs; minimize latency_ms, maximize accuracy; "
        "heuristic: 5 evaluations>"
    )
    page = frontier._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "Certificate: heuristic: 5 evaluations" in page
    assert "Hypervolume" in page


def test_long_tables_are_cut_in_html():
    table = pd.DataFrame({"rows": range(30), "latency_ms": np.arange(30.0), "accuracy": np.linspace(0, 1, 30)})
    page = make(table)._repr_html_()
    assert page.count("<tr") == 11
    assert "First 10 of 30 designs" in page


def test_csv_round_trip_is_the_same_bytes(tmp_path):
    first = make().to_csv(tmp_path / "a.csv")
    back = read_frontier(first, objectives=[LATENCY, ACCURACY])
    assert back.parameters == ["rows"]
    assert back.certificate.kind == "heuristic"
    assert back.to_csv(tmp_path / "b.csv").read_bytes() == first.read_bytes()
    assert first.read_bytes().startswith(b"rows,latency_ms,accuracy,area_mm2\n8,2.0,0.5,1.0\n")


def test_a_results_folder_is_read_whole(tmp_path):
    make().to_csv(tmp_path / "frontier.csv")
    study = {
        "title": "Arrays",
        "objectives": [
            {"metric": "latency_ms", "direction": "minimize", "reference": None},
            {"metric": "accuracy", "direction": "maximize", "reference": 0.0},
        ],
        "parameters": [{"name": "rows"}],
        "certificate": {"kind": "enumerated", "statement": "all 99 designs", "gap": None},
        "hypervolume": {"reference": {"latency_ms": 12.0, "accuracy": 0.0}},
    }
    (tmp_path / "study.json").write_text(json.dumps(study))
    frontier = read_frontier(tmp_path)
    assert (frontier.title, frontier.certificate.kind, frontier.parameters) == ("Arrays", "enumerated", ["rows"])
    assert frontier.hypervolume() == pytest.approx(7.6)
    (tmp_path / "study.json").write_text("{")
    with pytest.raises(FrontierError, match=r"study\.json can't be read as JSON"):
        read_frontier(tmp_path)
    (tmp_path / "study.json").write_text('{"objectives": [{"metric": "latency_ms", "direction": "down"}]}')
    with pytest.raises(FrontierError, match=r"study\.json: an objective needs a metric and minimize or maximize"):
        read_frontier(tmp_path)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make(parameters=["row"]), "no column 'row' for the parameter.*did you mean 'rows'"),
        (lambda: make(parameters=["latency_ms"]), "'latency_ms' is named as parameter and as objective"),
        (lambda: make(objectives=[]), "at least one objective"),
        (lambda: make(reference={"latency": 1}), "names 'latency', which is no objective.*did you mean 'latency_ms'"),
        (lambda: make(reference={"latency_ms": float("inf")}), "must be a finite number; found inf"),
        (
            lambda: make(make_table().assign(accuracy=0.5)),
            r"row 0 of the table is dominated.*3 such rows",
        ),
        (lambda: make(make_table().assign(accuracy=np.nan)), "has an unknown objective"),
        (lambda: make().best("area_mm2"), "'area_mm2' is no objective here: say whether"),
        (lambda: make().best("area"), "no column 'area'"),
        (lambda: make(make_table().assign(area_mm2=np.nan)).best("area_mm2", "minimize"), "no row has a value"),
        (lambda: make(make_table().head(0)).knee(), "an empty frontier has no knee"),
        (lambda: make(make_table().head(0)).reference_point, "no reference value can be derived for latency_ms"),
        (lambda: make().compare(make(objectives=[LATENCY], table=make_table().iloc[[2]])), "different objectives"),
        (lambda: make(make_table().head(0)).compare(make(make_table().head(0))), "both frontiers are empty"),
        (lambda: design_difference(make(), make(parameters=["rows", "area_mm2"])), "different parameters"),
    ],
)
def test_what_can_not_be_is_refused(call, message):
    with pytest.raises(FrontierError, match=message):
        call()


def test_a_csv_file_alone_needs_objectives(tmp_path):
    path = make().to_csv(tmp_path / "a.csv")
    with pytest.raises(FrontierError, match=r"no study\.json beside it: say which columns are objectives"):
        read_frontier(path)


def test_moved_metrics_are_those_of_common_designs():
    before = make()
    after = make(before.table.assign(area_mm2=before.table["area_mm2"] * 1.5).iloc[1:])
    moved = moved_metrics(before, after)
    assert set(moved["metric"]) == {"area_mm2"}
    assert sorted(moved["rows"]) == sorted(after.table["rows"])
    assert moved["change"].tolist() == pytest.approx([0.5] * len(after))
    assert moved_metrics(before, after, tolerance=0.6).empty
    assert moved_metrics(before, make()).empty


def test_moved_metrics_of_different_objectives_are_refused():
    with pytest.raises(FrontierError, match="different objectives"):
        moved_metrics(make(), make(make_table().iloc[[2]], objectives=[LATENCY]))
