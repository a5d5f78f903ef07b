"""What is in the figure of a frontier."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from codesign.errors import UnknownNameError
from codesign.pareto import Certificate, Frontier, Objective
from codesign.report.figure import COLOURS, figure, figure_bytes, groups, spans_decades
from codesign.report.results import CLOUD_ROWS
from tests.report.folders import PARAMETERS, designs, objectives_of


def frontier_of(*objectives, table=None):
    certificate = Certificate("bounded", "stopped after 60 s", 0.02)
    return Frontier.from_designs(
        designs() if table is None else table, objectives_of(objectives), certificate, PARAMETERS
    )


def points(axes):
    """Offsets of the frontier's markers: every collection but the grey cloud."""
    drawn = [c for c in axes.collections if c.get_label() != "evaluated"]
    return np.vstack([c.get_offsets() for c in drawn])


def texts(drawn):
    legend = [text.get_text() for each in drawn.legends for text in each.get_texts()]
    return legend, drawn.get_supxlabel().replace("\n", " ")


@pytest.mark.parametrize(
    ("names", "where"),
    [
        (("latency_ms", "energy_mj"), "post"),
        (("latency_ms", "accuracy"), "post"),
        (("accuracy", "energy_mj"), "pre"),
    ],
)
def test_two_objectives_are_all_points_joined_by_steps(names, where):
    frontier = frontier_of(*names)
    axes = figure(frontier, designs()).axes[0]
    expected = frontier.table[list(names)].sort_values(names[0]).to_numpy()
    found = points(axes)
    assert sorted(map(tuple, found)) == sorted(map(tuple, expected))
    (line,) = axes.lines
    assert line.get_drawstyle() == f"steps-{where}"
    assert np.asarray(line.get_xydata()).tolist() == expected.tolist()


def test_three_objectives_are_a_projection_whose_line_bounds_two():
    frontier = frontier_of("latency_ms", "energy_mj", "area_mm2")
    drawn = figure(frontier, designs())
    axes = drawn.axes[0]
    assert len(points(axes)) == len(frontier)
    assert len(axes.lines[0].get_xdata()) == len(frontier_of("latency_ms", "energy_mj"))
    assert "Projection of 3 objectives; the line bounds these two." in texts(drawn)[1]


def test_a_metric_that_is_no_objective_has_no_line():
    drawn = figure(frontier_of("latency_ms", "energy_mj", "accuracy"), x="area_mm2")
    assert not drawn.axes[0].lines
    assert "Projection of 3 objectives." in texts(drawn)[1]


def test_one_objective_is_the_end_of_a_distribution():
    table = designs()
    frontier = frontier_of("energy_mj", table=table)
    feasible = table[table["feasible"]]
    axes = figure(frontier, feasible).axes[0]
    assert axes.get_ylabel() == "Share as good or better"
    (line,) = axes.lines
    assert line.get_xdata().tolist() == sorted(feasible["energy_mj"])
    assert line.get_ydata()[-1] == 1.0
    assert points(axes)[0][0] == frontier.table["energy_mj"][0]
    best = figure(frontier_of("accuracy", table=table), feasible).axes[0].lines[0]
    assert best.get_ydata()[0] == 1.0
    assert best.get_ydata()[-1] == pytest.approx(1 / len(feasible))


def test_certificate_labels_and_size():
    drawn = figure(frontier_of("latency_ms", "energy_mj"))
    assert texts(drawn)[1] == "Bounded (gap 0.02): stopped after 60 s."
    assert (drawn.axes[0].get_xlabel(), drawn.axes[0].get_ylabel()) == ("Latency (ms)", "Energy (mJ)")
    assert drawn.get_figwidth() == 3.5
    assert drawn.axes[0].xaxis.label.get_fontsize() == 8


def test_an_axis_is_logarithmic_when_its_values_span_more_than_two_decades():
    axes = figure(frontier_of("latency_ms", "energy_mj"), designs()).axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert spans_decades(np.array([1.0, 100.1, np.nan]))
    assert not spans_decades(np.array([1.0, 100.0]))
    assert not spans_decades(np.array([0.0, 1000.0]))
    assert not spans_decades(np.array([]))


def test_a_far_cloud_does_not_hide_the_frontier_and_what_lies_outside_is_counted():
    table = pd.DataFrame({"rows": [1, 2], "a": [1.0, 2.0], "b": [2.0, 1.0]})
    frontier = Frontier(
        table, [Objective("a", "minimize"), Objective("b", "minimize")], Certificate("heuristic", "made up"), ["rows"]
    )
    near = pd.DataFrame({"a": np.linspace(2, 3, 30), "b": np.linspace(2, 3, 30)})
    far = pd.DataFrame({"a": [50.0] * 5, "b": [60.0] * 5})
    drawn = figure(frontier, pd.concat([near, far]))
    assert drawn.axes[0].get_xlim()[1] == pytest.approx(4.0, abs=0.2)
    assert "5 of 35 grey designs lie beyond the axes." in texts(drawn)[1]
    assert "beyond" not in texts(figure(frontier, near))[1]


def test_groups_differ_in_colour_and_in_marker():
    column = pd.Series(["flow 10", "flow 9", None, "flow 9"])
    found = groups(column)
    assert [name for name, *_ in found] == ["flow 9", "flow 10", "none"]
    assert [rows.tolist() for _, rows, *_ in found] == [[1, 3], [0], [2]]
    assert len({colour for *_, colour, _ in found}) == len({marker for *_, marker in found}) == 3
    assert [name for name, *_ in groups(pd.Series([True, False]))] == ["no", "yes"]


def test_many_categories_are_cut_to_the_most_frequent():
    column = pd.Series([f"c{i}" for i in range(12) for _ in range(12 - i)])
    found = groups(column)
    assert [name for name, *_ in found] == [*(f"c{i}" for i in range(7)), "5 others"]
    assert sum(len(rows) for _, rows, *_ in found) == len(column)
    assert len(groups(pd.Series(range(8)))) == len(COLOURS)


def test_many_numbers_are_a_colour_scale():
    table = designs()
    table["clock_mhz"] = table["latency_ms"] * 3
    drawn = figure(frontier_of("latency_ms", "energy_mj", table=table), colour="clock_mhz")
    assert drawn.axes[1].get_ylabel() == "Clock (MHz)"


@pytest.mark.parametrize("table", [designs(1), designs(9).assign(feasible=False)], ids=["one design", "none"])
def test_frontiers_of_one_design_and_of_none_are_drawn(table):
    drawn = figure(frontier_of("latency_ms", "energy_mj", table=table), colour="dataflow")
    assert figure_bytes(drawn, "png").startswith(b"\x89PNG")
    assert len(drawn.axes) == 1


def test_equal_figures_give_equal_bytes_without_a_date():
    frontier = frontier_of("latency_ms", "energy_mj")
    for kind in ("png", "pdf"):
        first, again = (figure_bytes(figure(frontier, designs(), colour="dataflow"), kind) for _ in range(2))
        assert first == again
        assert b"CreationDate" not in first
        assert b"Matplotlib" not in first


def test_the_readers_own_style_neither_matters_nor_changes():
    frontier = frontier_of("latency_ms", "energy_mj")
    plain = figure_bytes(figure(frontier), "png")
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "red"}):
        before = dict(matplotlib.rcParams)
        assert figure_bytes(figure(frontier), "png") == plain
        assert dict(matplotlib.rcParams) == before


def test_unknown_columns_and_kinds_are_refused():
    frontier = frontier_of("latency_ms", "energy_mj")
    with pytest.raises(UnknownNameError, match="no column 'latency' to draw.*did you mean 'latency_ms'"):
        figure(frontier, x="latency")
    with pytest.raises(UnknownNameError, match="unknown kind of picture 'gif'; allowed: png, pdf"):
        figure_bytes(figure(frontier), "gif")


def test_a_large_cloud_is_sampled_with_a_fixed_seed():
    frontier, cloud = frontier_of("latency_ms", "energy_mj"), designs(20_000)
    drawn = [figure(frontier, cloud).axes[0].collections[0] for _ in range(2)]
    assert [each.get_label() for each in drawn] == ["evaluated"] * 2
    assert len(drawn[0].get_offsets()) == CLOUD_ROWS
    assert np.array_equal(drawn[0].get_offsets(), drawn[1].get_offsets())
