"""What is in the figure of a plan."""

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_hex

from codesign.models.scratchpad.plan import Placement, Plan, Residency, Transfer
from codesign.report.occupancy import KINDS, occupancy_bytes
from codesign.report.plan_figure import ARRIVALS, MOST_LABELS, SPILLED, TRANSFERS, WIDEST_INCHES, plan_figure

KIB = 1024


def plan_of(residencies, transfers=(), pools=(8 * KIB,), steps=4, spaces=None):
    """A plan whose buffers take 2 KiB each unless said otherwise."""
    names = dict.fromkeys(residency.buffer for residency in residencies)
    sizes = dict.fromkeys(names, 2 * KIB) | (spaces or {})
    return Plan(
        network="toy",
        order=tuple(f"op{step}" for step in range(steps)),
        views=(),
        pools_bytes=pools,
        alignment_bytes=1,
        placements=tuple(Placement(name, ((name, 0),), sizes[name], sizes[name]) for name in names),
        residencies=tuple(residencies),
        transfers=tuple(transfers),
    )


def stay(buffer, first, last, address=0, arrival="created", written_back=False, pool=0):
    return Residency(buffer, first, last, address, pool, arrival, written_back)


def spilled_plan():
    """x is loaded; a is created, spilled after step 0 and retrieved in step 3; y is created and stored at the end."""
    stays = [
        stay("x", 0, 0, 0, "loaded"),
        stay("a", 0, 1, 2 * KIB, written_back=True),
        stay("b", 1, 3, 4 * KIB),
        stay("a", 3, 3, 0, "retrieved"),
        stay("y", 3, 3, 6 * KIB),
    ]
    moved = [
        Transfer(0, "x", "load", 2 * KIB),
        Transfer(2, "a", "spill", 2 * KIB),
        Transfer(3, "a", "retrieve", 2 * KIB),
        Transfer(3, "y", "load", 1 * KIB),
        Transfer(4, "y", "store", 2 * KIB),
    ]
    return plan_of(stays, moved)


def rectangles(drawn):
    """(left, bottom, right, top) -> (colour, hatched) of everything in the scratchpad."""
    found = {}
    for collection in drawn.axes[0].collections:
        for path in collection.get_paths():
            (left, bottom), (right, top) = path.get_extents().get_points()
            found[left, bottom, right, top] = (
                to_hex(collection.get_facecolor()[0]).upper(),
                bool(collection.get_hatch()),
            )
    return found


def bars(drawn):
    """(step, bottom, height) -> colour of the bars below."""
    return {
        (bar.get_x(), bar.get_y(), bar.get_height()): to_hex(bar.get_facecolor()).upper()
        for bar in drawn.axes[1].patches
    }


def names_in(drawn):
    return [text.get_text() for text in drawn.axes[0].texts if not text.get_text().startswith("capacity")]


def test_one_rectangle_a_stay_coloured_by_its_beginning_and_hatched_where_it_is_spilled():
    created, loaded, retrieved = (ARRIVALS[name][0] for name in ("created", "loaded", "retrieved"))
    assert rectangles(plan_figure(spilled_plan())) == {
        (0, 0, 1, 2): (loaded, False),
        (0, 2, 2, 4): (created, True),
        (1, 4, 4, 6): (created, False),
        (3, 0, 4, 2): (retrieved, False),
        (3, 6, 4, 8): (created, False),
    }


def test_transfers_stand_below_on_top_of_each_other():
    colours = {kind: colour for kind, (colour, _) in TRANSFERS.items()}
    assert bars(plan_figure(spilled_plan())) == {
        (0, 0, 2): colours["load"],
        (2, 0, 2): colours["spill"],
        (3, 0, 1): colours["load"],
        (3, 1, 2): colours["retrieve"],
        (4, 0, 2): colours["store"],
    }


def test_axes_span_the_plan_and_share_the_steps():
    above, below = plan_figure(spilled_plan()).axes
    assert above.get_xlim() == below.get_xlim() == (0, 5)
    assert above.get_ylim() == (0, pytest.approx(8 * 1.06))
    assert (above.get_ylabel(), below.get_ylabel(), below.get_xlabel()) == ("address (KiB)", "moved (KiB)", "step")


def test_legends_name_what_is_there_and_stand_outside():
    drawn = plan_figure(spilled_plan())
    above, below = ([text.get_text() for text in axes.get_legend().get_texts()] for axes in drawn.axes)
    assert above == ["created", "loaded first", "retrieved", "spilled after"]
    assert below == ["load", "retrieve", "spill", "store"]
    drawn.draw_without_rendering()
    for axes in drawn.axes:
        assert axes.get_legend().get_window_extent().x0 >= axes.get_window_extent().x1
    calm = plan_figure(plan_of([stay("x", 0, 1)]))
    assert [text.get_text() for text in calm.axes[0].get_legend().get_texts()] == ["created"]
    assert calm.axes[1].get_legend() is None


def test_the_capacity_is_a_dashed_line_with_its_size():
    axes = plan_figure(plan_of([stay("x", 0, 1)], pools=(1634560,))).axes[0]
    (line,) = axes.lines
    assert line.get_ydata()[0] == 1596.25
    assert line.get_linestyle() != "-"
    assert "capacity 1,596.25 KiB" in [text.get_text() for text in axes.texts]


def test_banks_lie_on_top_of_each_other_with_their_borders():
    plan = plan_of([stay("x", 0, 1), stay("z", 0, 1, 1 * KIB, pool=1)], pools=(4 * KIB, 4 * KIB))
    drawn = plan_figure(plan)
    assert set(rectangles(drawn)) == {(0, 0, 2, 2), (0, 5, 2, 7)}
    assert [line.get_ydata()[0] for line in drawn.axes[0].lines] == [4, 8]
    assert "8 KiB in 2 banks" in drawn.get_suptitle()


@pytest.mark.parametrize(
    ("gap", "title"),
    [(None, "toy: 8 KiB, 9,216 bytes off-chip"), (0.0, "toy: 8 KiB, 9,216 bytes off-chip, gap 0 %"),
     (0.0123456, "toy: 8 KiB, 9,216 bytes off-chip, gap 1.23 %")],
)  # fmt: skip
def test_the_title_says_network_capacity_traffic_and_gap(gap, title):
    assert plan_figure(spilled_plan(), gap).get_suptitle() == title


def test_names_stand_where_they_fit_along_or_upwards():
    long = "a.name.that.is.long.enough"
    wide, tall, tiny = stay(long, 0, 3), stay("t." + long, 4, 4, 2 * KIB), stay("tiny" + long, 6, 6)
    plan = plan_of([wide, tall, tiny], steps=12, spaces={"t." + long: 6 * KIB, "tiny" + long: 16})
    drawn = plan_figure(plan)
    turned = {text.get_text(): text.get_rotation() for text in drawn.axes[0].texts}
    assert (turned[long], turned["t." + long]) == (0, 90)
    assert "tiny" + long not in turned


def test_names_stay_inside_their_rectangles():
    stays = [stay(f"layer{step}.conv", step, step + 1, (step % 4) * 2 * KIB) for step in range(40)]
    drawn = plan_figure(plan_of(stays, steps=41))
    drawn.draw_without_rendering()
    axes = drawn.axes[0]
    boxes = {f"layer{step}.conv": (step, step + 2, (step % 4) * 2, (step % 4) * 2 + 2) for step in range(40)}
    assert names_in(drawn)
    for text in axes.texts:
        if text.get_text() in boxes:
            left, right, bottom, top = boxes[text.get_text()]
            (x0, y0), (x1, y1) = axes.transData.transform([(left, bottom), (right, top)])
            extent = text.get_window_extent()
            assert x0 <= extent.x0 < extent.x1 <= x1
            assert y0 <= extent.y0 < extent.y1 <= y1


def test_eight_hundred_steps_make_a_wide_figure_with_few_names():
    stays = [stay(f"t{step}", step, step + 30, (step % 31) * KIB) for step in range(800)]
    drawn = plan_figure(plan_of(stays, pools=(32 * KIB,), steps=830, spaces={f"t{s}": KIB for s in range(800)}))
    assert drawn.get_figwidth() == WIDEST_INCHES
    assert len(rectangles(drawn)) == 800
    assert len(names_in(drawn)) == MOST_LABELS
    assert len(drawn.axes[1].get_xticks()) <= 14


def test_a_plan_without_stays_is_drawn_too():
    drawn = plan_figure(plan_of([], steps=0))
    assert rectangles(drawn) == bars(drawn) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_equal_plans_give_equal_bytes(kind):
    assert occupancy_bytes(plan_figure(spilled_plan()), kind) == occupancy_bytes(plan_figure(spilled_plan()), kind)


def test_settings_of_the_caller_neither_matter_nor_change():
    before = plan_figure(spilled_plan())
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        during = plan_figure(spilled_plan())
        assert matplotlib.rcParams["font.size"] == 30
    assert occupancy_bytes(before, "png") == occupancy_bytes(during, "png")


def test_hatches_and_edges_of_spilled_stays_have_the_colour_of_spills():
    hatched = [each for each in plan_figure(spilled_plan()).axes[0].collections if each.get_hatch()]
    assert [to_hex(each.get_edgecolor()[0]).upper() for each in hatched] == [SPILLED]
    assert np.isclose(hatched[0].get_linewidth(), 0.8)
