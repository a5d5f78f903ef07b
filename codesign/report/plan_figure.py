"""The figure of a plan: what lies where in the scratchpad in each step, and below it what moves over the DRAM bus."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, get_args

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from codesign.models.scratchpad.plan import Arrival, Plan, TransferKind

if TYPE_CHECKING:
    from codesign.models.scratchpad.plan import Residency

WIDTH_INCHES = 7.2
"""With few steps; grows to ``WIDEST_INCHES``."""
WIDEST_INCHES = 12.0
STEPS_PER_INCH = 40.0
HEIGHT_INCHES = 4.8
MOST_LABELS = 40
LABEL_POINTS = (6.5, 5.0, 4.0)
CHARACTER_WIDTH = 0.6
"""Of the font size, on average."""

# Okabe and Ito 2002, revised 2008, "Color universal design", https://jfly.uni-koeln.de/color/; rectangles have tints.
ARRIVALS: dict[Arrival, tuple[str, str]] = {
    "created": ("#B9DCF2", "created"),
    "loaded": ("#8CCFB9", "loaded first"),
    "retrieved": ("#F5CC80", "retrieved"),
}
SPILLED = "#D55E00"
TRANSFERS: dict[TransferKind, tuple[str, str]] = {
    "load": ("#009E73", "load"),
    "retrieve": ("#E69F00", "retrieve"),
    "spill": (SPILLED, "spill"),
    "store": ("#404040", "store"),
}
_EDGE = "#303030"
_KIB = 1024
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "legend.title_fontsize": 7,
    "hatch.linewidth": 0.5,
}


def plan_figure(plan: Plan, gap: float | None = None) -> Figure:
    """Return the figure: address (KiB) against step, a rectangle for each stay; bytes moved in each step below.

    Step t reaches from t to t + 1. Colours say how a stay begins; one that ends with a spill is hatched. Pools lie on
    top of each other, borders drawn. A transfer stands at the step that it is recorded for.

    Args:
        plan: any plan; it needn't be right.
        gap: of the plan, for the title.
    """
    steps = max([len(plan.order), *(t.step + 1 for t in plan.transfers), *(r.last_step + 1 for r in plan.residencies)])
    with _style():
        width = min(WIDEST_INCHES, max(WIDTH_INCHES, steps / STEPS_PER_INCH))
        drawn = Figure(figsize=(width, HEIGHT_INCHES), layout="constrained")
        top, below = drawn.subplots(2, 1, sharex=True, height_ratios=(5, 1))
        boxes = _boxes(plan)
        _stays(top, plan, boxes)
        _borders(top, plan)
        _bars(below, plan)
        top.set_xlim(0, max(steps, 1))
        top.set_ylim(0, sum(plan.pools_bytes) / _KIB * 1.06)
        top.set_ylabel("address (KiB)")
        below.set_ylabel("moved (KiB)")
        below.set_xlabel("step")
        _plain_numbers(top, below)
        drawn.suptitle(_title(plan, gap), fontsize=9)
        drawn.align_ylabels([top, below])
        _labels(drawn, top, plan, boxes)
    return drawn


@contextmanager
def _style() -> Iterator[None]:
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def _title(plan: Plan, gap: float | None) -> str:
    words = [f"{sum(plan.pools_bytes) / _KIB:,.10g} KiB", f"{plan.offchip_bytes:,} bytes off-chip"]
    if len(plan.pools_bytes) > 1:
        words[0] += f" in {len(plan.pools_bytes)} banks"
    if gap is not None:
        words.append(f"gap {100 * gap:.3g} %")
    return f"{plan.network}: {', '.join(words)}"


def _boxes(plan: Plan) -> npt.NDArray[np.float64]:
    """Return left, right, bottom, top of each residency, in steps and KiB."""
    spaces = {placement.name: placement.space_bytes for placement in plan.placements}
    bases = np.concatenate([[0], np.cumsum(plan.pools_bytes)])
    rows = []
    for residency in plan.residencies:
        bottom = int(bases[residency.pool]) + residency.address_bytes
        high = bottom + spaces.get(residency.buffer, 0)
        rows.append((residency.first_step, residency.last_step + 1, bottom / _KIB, high / _KIB))
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def _stays(axes: Axes, plan: Plan, boxes: npt.NDArray[np.float64]) -> None:
    """Draw the rectangles, one collection for each kind of stay, and their legend."""
    handles = []
    thin = 0.4 if len(plan.order) <= 150 else 0.2
    for arrival in get_args(Arrival):
        colour, name = ARRIVALS[arrival]
        for spilled in (False, True):
            chosen = [_is(r, arrival, spilled) for r in plan.residencies]
            if any(chosen):
                axes.add_collection(
                    PolyCollection(
                        list(_corners(boxes[np.array(chosen)])),
                        facecolors=colour,
                        edgecolors=SPILLED if spilled else _EDGE,
                        linewidths=2 * thin if spilled else thin,
                        hatch="//////" if spilled else None,
                        zorder=3 if spilled else 2,
                    ),
                    autolim=False,
                )
        if any(residency.arrival == arrival for residency in plan.residencies):
            handles.append(Patch(facecolor=colour, edgecolor=_EDGE, linewidth=0.4, label=name))
    if any(residency.written_back for residency in plan.residencies):
        handles.append(
            Patch(facecolor="white", edgecolor=SPILLED, linewidth=0.8, hatch="//////", label="spilled after")
        )
    axes.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), title="in the scratchpad", alignment="left"
    )


def _is(residency: Residency, arrival: Arrival, spilled: bool) -> bool:
    return residency.arrival == arrival and residency.written_back == spilled


def _corners(boxes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    left, right, bottom, high = boxes.T
    return np.stack([np.stack([left, right, right, left], 1), np.stack([bottom, bottom, high, high], 1)], axis=2)


def _borders(axes: Axes, plan: Plan) -> None:
    """Draw the capacity as a dashed line, and thin ones where a bank ends."""
    *inner, capacity = np.cumsum(plan.pools_bytes) / _KIB
    for border in inner:
        axes.axhline(border, color="#B00000", linewidth=0.6, linestyle=":", zorder=4)
    axes.axhline(capacity, color="#B00000", linewidth=1.0, linestyle=(0, (5, 3)), zorder=4)
    axes.annotate(
        f"capacity {capacity:,.10g} KiB", (1, capacity), xycoords=("axes fraction", "data"), xytext=(-2, 2),
        textcoords="offset points", ha="right", va="bottom", fontsize=7, color="#B00000",
    )  # fmt: skip


def _bars(axes: Axes, plan: Plan) -> None:
    """Draw what moves in each step, the kinds on top of each other."""
    steps = sorted({transfer.step for transfer in plan.transfers})
    position = {step: index for index, step in enumerate(steps)}
    base = np.zeros(len(steps))
    for kind in get_args(TransferKind):
        moved = np.zeros(len(steps))
        for transfer in plan.transfers:
            if transfer.kind == kind:
                moved[position[transfer.step]] += transfer.size_bytes / _KIB
        if moved.any():
            colour, name = TRANSFERS[kind]
            some = moved > 0
            axes.bar(
                np.array(steps)[some], moved[some], 1.0, base[some], align="edge", color=colour, linewidth=0, label=name
            )
        base += moved
    if len(steps):
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.0, 1.1), title="over the DRAM bus", alignment="left", labelspacing=0.2
        )


def _plain_numbers(top: Axes, below: Axes) -> None:
    for axis, most in ((below.xaxis, 12), (top.yaxis, 8), (below.yaxis, 3)):
        axis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 5, 10], integer=axis is below.xaxis))
    for axis in (below.xaxis, top.yaxis, below.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))


def _labels(drawn: Figure, axes: Axes, plan: Plan, boxes: npt.NDArray[np.float64]) -> None:
    """Name the largest rectangles in which the name can be read, along or upwards."""
    drawn.draw_without_rendering()
    box = axes.get_window_extent()
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    points = 72.0 / drawn.dpi
    widths = (boxes[:, 1] - boxes[:, 0]) / (right - left) * box.width * points
    heights = (boxes[:, 3] - boxes[:, 2]) / (high - low) * box.height * points
    written = 0
    for index in np.argsort(-widths * heights, kind="stable"):
        name = plan.residencies[index].buffer
        size, upright = _label_size(len(name), widths[index], heights[index])
        if size:
            middle = boxes[index, :2].mean(), boxes[index, 2:].mean()
            axes.text(
                *middle, name, ha="center", va="center", fontsize=size, rotation=90 if upright else 0, zorder=5,
                clip_on=True,
            )  # fmt: skip
            written += 1
        if written == MOST_LABELS:
            break


def _label_size(characters: int, width: float, height: float) -> tuple[float, bool]:
    """Return the font size (in points; 0: none) with which a name fits a rectangle, and whether it runs upwards."""
    for size in LABEL_POINTS:
        length, thick = CHARACTER_WIDTH * size * (characters + 1), 1.3 * size
        if length <= width and thick <= height:
            return size, False
        if length <= height and thick <= width:
            return size, True
    return 0.0, False
