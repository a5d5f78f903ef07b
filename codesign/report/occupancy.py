"""The figure of a memory's occupancy: addresses against time, one rectangle a buffer."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.textpath import TextPath
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from codesign.errors import UnknownNameError, nearest
from codesign.report.figure import COLOURS, REST

FILLS = tuple(colour for colour in COLOURS if colour != "#000000")  # texts and edges are black

KINDS = ("png", "svg", "pdf")
WIDTH_INCHES = 7.0
HEIGHT_INCHES = 4.0
FONT_POINTS = 8.0
LEAST_LABEL_POINTS = 4.0
BYTES_PER_KIB = 1024
KIB_FROM_BYTES = 8 * BYTES_PER_KIB

HEADROOM = 1.06
TICKS = 8
TINT = 0.55
MANY = 300
LEGEND_CHARACTERS = 110
POINTS_PER_INCH = 72
FILLED = 0.85  # of a rectangle, by its label

_STYLE: dict[Any, Any] = {
    "font.size": FONT_POINTS,
    "axes.titlesize": FONT_POINTS,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": 7,
    "pdf.fonttype": 42,
    "svg.hashsalt": "codesign",
    "savefig.dpi": 200,
}
_METADATA = {"png": ["Software"], "svg": ["Date", "Creator"], "pdf": ["Creator", "Producer", "CreationDate"]}


def draw_rectangles(
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
    offset_bytes: npt.ArrayLike,
    size_bytes: npt.ArrayLike,
    *,
    labels: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    capacity_bytes: int | None = None,
    title: str = "",
    time_label: str = "Time",
) -> Figure:
    """Return a figure, 7 in wide, with time to the right and addresses upwards, in KiB (in bytes below 8 KiB).

    Args:
        lower, upper: (rectangles) lifetime [lower, upper).
        offset_bytes, size_bytes: (rectangles) addresses [offset, offset + size).
        labels: a text for each rectangle, written where it is readable inside.
        groups: a name for each rectangle: same name, same colour, and a legend in the order of appearance; of more than
            7 names, those after the sixth are grey "others". None: colours in turns, without meaning.
        capacity_bytes: a dashed line.
        title: above the axes.
        time_label: below the axes.

    Raises ValueError when the lengths differ.
    """
    corners = [np.asarray(each, dtype=np.float64) for each in (lower, upper, offset_bytes, size_bytes)]
    lengths = {len(each) for each in (*corners, labels, groups) if each is not None}
    if len(lengths) > 1:
        raise ValueError(f"lower, upper, offset_bytes, size_bytes, labels, groups have the lengths {sorted(lengths)}")
    left, right, bottom, size = corners
    highest = max(float((bottom + size).max(initial=0)), float(capacity_bytes or 0))
    unit, unit_name = (BYTES_PER_KIB, "KiB") if highest >= KIB_FROM_BYTES else (1, "bytes")
    shapes = _Shapes(left, right, bottom / unit, (bottom + size) / unit)
    with _style():
        drawn = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
        axes = drawn.add_subplot()
        axes.set(xlabel=time_label, ylabel=f"Memory address ({unit_name})")
        axes.set_title(title, parse_math=False)
        axes.set_xlim(left.min() if len(left) else 0, right.max() if len(right) else 1)
        axes.set_ylim(0, max(highest / unit, 1) * HEADROOM)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
        axes.yaxis.set_major_locator(MultipleLocator(2 ** max(0, math.ceil(math.log2(max(highest / unit, 1) / TICKS)))))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        colours = _colours(groups, len(left))
        _rectangles(axes, shapes, [colour for _, colour in colours])
        if capacity_bytes is not None:
            _capacity(axes, capacity_bytes / unit, unit_name)
        if groups is not None:
            _legend(drawn, dict(colours))
        if labels is not None:
            _labels(drawn, axes, shapes, labels)
    return drawn


def occupancy_bytes(drawn: Figure, kind: str) -> bytes:
    """Return the figure as ``png``, ``svg`` or ``pdf``; equal figures give equal bytes.

    Raises UnknownNameError for another kind.
    """
    if kind not in KINDS:
        raise UnknownNameError(f"unknown kind of picture {kind!r}{nearest(kind, KINDS)}; allowed: {', '.join(KINDS)}")
    buffer = io.BytesIO()
    with _style():
        drawn.savefig(buffer, format=kind, metadata=dict.fromkeys(_METADATA[kind]))
    return buffer.getvalue()


@contextmanager
def _style() -> Iterator[None]:
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


@dataclass(frozen=True)
class _Shapes:
    left: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]


def _colours(groups: Sequence[str] | None, count: int) -> list[tuple[str, str]]:
    """Return (name in the legend, colour) of each rectangle."""
    if groups is None:
        return [("", FILLS[index % len(FILLS)]) for index in range(count)]
    names = list(dict.fromkeys(groups))
    own = names if len(names) <= len(FILLS) else names[: len(FILLS) - 1]
    of_name = dict(zip(own, FILLS, strict=False))
    others = f"{len(names) - len(own)} others"
    return [(name, of_name[name]) if name in of_name else (others, REST) for name in groups]


def _rectangles(axes: Axes, shapes: _Shapes, colours: Sequence[str]) -> None:
    xs = np.stack([shapes.left, shapes.right, shapes.right, shapes.left], axis=1)
    ys = np.stack([shapes.low, shapes.low, shapes.high, shapes.high], axis=1)
    axes.add_collection(
        PolyCollection(
            list(np.stack([xs, ys], axis=2)),
            facecolors=[_tinted(colour) for colour in colours],
            edgecolors="#202020",
            linewidths=0.5 if len(colours) <= MANY else 0.25,
            zorder=2,
        ),
        autolim=False,
    )


def _tinted(colour: str) -> tuple[float, float, float]:
    """Return the colour mixed with white, so that dark text and edges stay readable on it."""
    red, green, blue = (1 - TINT * (1 - part) for part in to_rgb(colour))
    return red, green, blue


def _capacity(axes: Axes, capacity: float, unit_name: str) -> None:
    axes.axhline(capacity, color="#B00000", linewidth=1.0, linestyle=(0, (5, 3)), zorder=3)
    axes.annotate(
        f"capacity {capacity:,.6g} {unit_name}", (1, capacity), xycoords=("axes fraction", "data"), xytext=(-2, 2),
        textcoords="offset points", ha="right", va="bottom", fontsize=7, color="#B00000",
    )  # fmt: skip


def _legend(drawn: Figure, colours: dict[str, str]) -> None:
    handles = [Patch(facecolor=_tinted(c), edgecolor="#202020", linewidth=0.5, label=n) for n, c in colours.items()]
    columns = max(1, min(len(handles), LEGEND_CHARACTERS // (max(map(len, colours), default=0) + 5)))
    legend = drawn.legend(handles=handles, loc="outside upper left", ncols=columns, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _labels(drawn: Figure, axes: Axes, shapes: _Shapes, labels: Sequence[str]) -> None:
    """Write each label as large as its rectangle allows; leave out those that would be too small to read."""
    drawn.draw_without_rendering()
    corners = [axes.transData.transform(np.stack(pair, axis=1)) * POINTS_PER_INCH / drawn.dpi
               for pair in ((shapes.left, shapes.low), (shapes.right, shapes.high))]  # fmt: skip
    widths, heights = (corners[1] - corners[0]).T
    for index, text in enumerate(labels):
        if heights[index] < LEAST_LABEL_POINTS or not text.strip():
            continue
        points = min(FONT_POINTS, FILLED * heights[index], FILLED * widths[index] / _width(text))
        if points >= LEAST_LABEL_POINTS:
            middle = (shapes.left[index] + shapes.right[index]) / 2, (shapes.low[index] + shapes.high[index]) / 2
            axes.text(*middle, text, ha="center", va="center", fontsize=points, zorder=4, parse_math=False)


def _width(text: str) -> float:
    """Return the width of a text in font sizes."""
    return float(TextPath((0, 0), text.replace("$", "S"), size=100).get_extents().width) / 100
