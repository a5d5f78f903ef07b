"""What is in the figure of a memory's occupancy."""

import numpy as np
import pytest
from matplotlib.collections import PolyCollection

from codesign.errors import UnknownNameError
from codesign.report.occupancy import FILLS, draw_rectangles, occupancy_bytes

LOWER, UPPER, OFFSET, SIZE = [0, 3, 0], [3, 9, 9], [8192, 8192, 0], [4096, 2048, 8192]


def shapes(axes):
    """(left, right, low, high) of each rectangle."""
    (collection,) = [each for each in axes.collections if isinstance(each, PolyCollection)]
    corners = [path.vertices for path in collection.get_paths()]
    return [(*c[:, 0][[0, 1]].tolist(), *c[:, 1][[0, 2]].tolist()) for c in corners]


def test_each_buffer_is_a_rectangle_of_time_and_kib():
    (axes,) = draw_rectangles(LOWER, UPPER, OFFSET, SIZE).axes
    assert shapes(axes) == [(0, 3, 8, 12), (3, 9, 8, 10), (0, 9, 0, 8)]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Time", "Memory address (KiB)")
    assert axes.get_xlim() == (0, 9)
    assert not axes.lines


def test_small_memories_are_in_bytes():
    (axes,) = draw_rectangles([0], [4], [8], [4], time_label="Step", title="toy").axes
    assert shapes(axes) == [(0, 4, 8, 12)]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title()) == ("Step", "Memory address (bytes)", "toy")


def test_the_capacity_is_a_line_within_the_axes():
    (axes,) = draw_rectangles(LOWER, UPPER, OFFSET, SIZE, capacity_bytes=16384).axes
    assert list(axes.lines[0].get_ydata()) == [16, 16]
    assert "capacity 16 KiB" in [text.get_text() for text in axes.texts]
    assert axes.get_ylim()[1] > 16


def test_labels_are_written_where_there_is_room():
    (axes,) = draw_rectangles(
        [0, 0, 0], [1000, 1000, 1], [0, 1024, 4096], [1024, 1, 8192], labels=["wide", "flat", "narrow"]
    ).axes
    assert [text.get_text() for text in axes.texts] == ["wide"]


def test_labels_stay_inside_their_rectangles():
    rng = np.random.default_rng(0)
    left = np.arange(40) * 10
    drawn = draw_rectangles(
        left, left + rng.integers(2, 10, 40), np.zeros(40), rng.integers(1, 40, 40) * 4096, labels=["W88"] * 40
    )
    (axes,) = drawn.axes
    drawn.draw_without_rendering()
    assert axes.texts
    boxes = [axes.transData.transform([[a, c], [b, d]]) for a, b, c, d in shapes(axes)]
    for text in axes.texts:
        extent = text.get_window_extent()
        assert any(
            low[0] <= extent.x0 and extent.x1 <= high[0] and low[1] <= extent.y0 + 1 and extent.y1 <= high[1] + 1
            for low, high in boxes
        )


def test_names_are_no_formulas():
    drawn = draw_rectangles(
        LOWER, UPPER, OFFSET, SIZE, labels=["$x_", "a$\\b$", "$$"], groups=["$^$", "b", "c"], title="$_$"
    )
    assert occupancy_bytes(drawn, "png").startswith(b"\x89PNG")


def test_groups_share_a_colour_and_stand_in_the_legend():
    drawn = draw_rectangles(LOWER, UPPER, OFFSET, SIZE, groups=["weight", "input", "weight"])
    (axes,) = drawn.axes
    colours = axes.collections[0].get_facecolor()
    assert (colours[0] == colours[2]).all()
    assert (colours[0] != colours[1]).any()
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["weight", "input"]


def test_groups_beyond_the_colours_are_others():
    names = [f"g{i}" for i in range(len(FILLS) + 3)]
    count = len(names)
    drawn = draw_rectangles(range(count), range(1, count + 1), [0] * count, [4096] * count, groups=names)
    shown = [text.get_text() for text in drawn.legends[0].get_texts()]
    assert shown == [*names[: len(FILLS) - 1], "4 others"]


def test_nothing_to_draw_is_drawn():
    drawn = draw_rectangles([], [], [], [], labels=[], groups=[], capacity_bytes=1024)
    assert shapes(drawn.axes[0]) == []
    assert occupancy_bytes(drawn, "png").startswith(b"\x89PNG")


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_equal_figures_give_equal_bytes(kind):
    one, other = (
        occupancy_bytes(draw_rectangles(LOWER, UPPER, OFFSET, SIZE, labels=["a", "b", "c"], capacity_bytes=16384), kind)
        for _ in range(2)
    )
    assert one == other


def test_other_kinds_are_refused():
    with pytest.raises(UnknownNameError, match=r"unknown kind of picture 'jpg'.*allowed: png, svg, pdf"):
        occupancy_bytes(draw_rectangles([0], [1], [0], [1]), "jpg")


def test_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match=r"have the lengths \[1, 2\]"):
        draw_rectangles([0], [1], [0], [1], labels=["a", "b"])
