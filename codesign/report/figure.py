"""The figure of a frontier: two of its columns, the frontier before a sample of what was evaluated."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import matplotlib
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from codesign.errors import UnknownNameError, nearest
from codesign.pareto.dominance import non_dominated
from codesign.pareto.frontier import Frontier
from codesign.pareto.objective import Objective, costs
from codesign.report.labels import Label, label, significant
from codesign.report.results import CLOUD_ROWS

WIDTH_INCHES = 3.5
HEIGHT_INCHES = 2.25
LINE_INCHES = 0.13
DECADES_FOR_LOG = 2.0

# Okabe and Ito 2002, revised 2008, "Color universal design", https://jfly.uni-koeln.de/color/; neighbours differ in
# lightness.
COLOURS = ("#0072B2", "#E69F00", "#D55E00", "#56B4E9", "#009E73", "#CC79A7", "#000000", "#F0E442")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")
REST = "#888888"
_CLOUD_NAME = "evaluated"
_METADATA = {"png": ["Software"], "pdf": ["Creator", "Producer", "CreationDate"]}
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "pdf.fonttype": 42,
    "savefig.dpi": 300,
    "figure.dpi": 150,
}


def figure(
    frontier: Frontier,
    cloud: pd.DataFrame | None = None,
    x: str | None = None,
    y: str | None = None,
    colour: str | None = None,
    labels: Mapping[str, Label] | None = None,
) -> Figure:
    """Return a figure one column wide (3.5 in, 8 pt).

    With two objectives on the axes, the frontier's points are joined by the steps that bound what they dominate. With
    more, the figure is a projection: it says so, and the steps bound what is dominated in these two. A frontier of one
    objective is shown as the end of the distribution of what was evaluated. An axis is logarithmic when its values are
    positive and span more than 2 decades. So that a far cloud doesn't hide the frontier, an axis ends at twice the
    frontier's range beyond its worst value, or where half of the cloud is inside if that is further; how many designs
    lie outside is said below.

    Args:
        frontier: the frontier.
        cloud: other evaluated designs, drawn in light grey behind; of more than 5,000, a sample with a fixed seed.
        x, y: columns of numbers; None: the first and second objective.
        colour: the column that decides colour and marker; more than 8 numbers become a colour scale, more than 8 other
            values are cut to the 7 most frequent and the rest. None: all alike.
        labels: column -> name and unit; None: from the column's name.

    Raises UnknownNameError when a column named isn't in the table.
    """
    metrics = [objective.metric for objective in frontier.objectives]
    x = metrics[0] if x is None else x
    y = (metrics[1] if len(metrics) > 1 else None) if y is None else y
    for name in (x, y, colour):
        if name is not None and name not in frontier.table.columns:
            columns = [str(column) for column in frontier.table.columns]
            raise UnknownNameError(f"no column {name!r} to draw{nearest(name, columns)}; allowed: {', '.join(columns)}")
    cloud = pd.DataFrame() if cloud is None else cloud
    if len(cloud) > CLOUD_ROWS:
        cloud = cloud.sample(CLOUD_ROWS, random_state=0)
    view = _View(frontier, cloud, x, y, colour, labels or {})
    with _style():
        drawn = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), layout="constrained")
        axes = drawn.add_subplot()
        if not len(frontier):
            axes.text(0.5, 0.5, "no feasible design", ha="center", va="center", transform=axes.transAxes)
            axes.set(xticks=[], yticks=[], xlabel=view.label(x), ylabel=view.label(y) if y else "")
        elif y is None:
            _distribution(axes, view)
        else:
            _plane(axes, view)
        lines = _legend(drawn, axes, view) + _caption(drawn, axes, view)
        drawn.set_figheight(HEIGHT_INCHES + LINE_INCHES * lines)
    return drawn


def figure_bytes(drawn: Figure, kind: str) -> bytes:
    """Return the figure as ``png`` or ``pdf`` with no date and no version in it: equal figures give equal bytes."""
    if kind not in _METADATA:
        raise UnknownNameError(f"unknown kind of picture {kind!r}; allowed: {', '.join(_METADATA)}")
    buffer = io.BytesIO()
    with _style():
        drawn.savefig(buffer, format=kind, metadata=dict.fromkeys(_METADATA[kind]))
    return buffer.getvalue()


@dataclass(frozen=True)
class _View:
    frontier: Frontier
    cloud: pd.DataFrame
    x: str
    y: str | None
    colour: str | None
    labels: Mapping[str, Label]

    def label(self, name: str) -> str:
        return str(self.labels.get(name, label(name)))

    def objective(self, name: str | None) -> Objective | None:
        return next((objective for objective in self.frontier.objectives if objective.metric == name), None)

    def values(self, name: str) -> npt.NDArray[np.float64]:
        return self.frontier.table[name].to_numpy(dtype=np.float64, na_value=np.nan)

    def cloud_values(self, name: str) -> npt.NDArray[np.float64]:
        if name not in self.cloud.columns:
            return np.full(len(self.cloud), np.nan)
        return self.cloud[name].to_numpy(dtype=np.float64, na_value=np.nan)


@contextmanager
def _style() -> Iterator[None]:
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def _plane(axes: Axes, view: _View) -> None:
    assert view.y is not None
    xs, ys = view.values(view.x), view.values(view.y)
    cloud_x, cloud_y = view.cloud_values(view.x), view.cloud_values(view.y)
    for name, own, others in ((view.x, xs, cloud_x), (view.y, ys, cloud_y)):
        scale = "log" if spans_decades(np.concatenate([own, others])) else "linear"
        (axes.set_xscale if name == view.x else axes.set_yscale)(scale)
    if len(view.cloud):
        axes.scatter(cloud_x, cloud_y, s=2.5, c="#C4C4C4", linewidths=0, rasterized=True, zorder=1, label=_CLOUD_NAME)
    _steps(axes, view, xs, ys)
    _points(axes, view, xs, ys)
    _crop(axes.xaxis, view.objective(view.x), xs, cloud_x)
    _crop(axes.yaxis, view.objective(view.y), ys, cloud_y)
    _plain_numbers(axes)
    axes.set_xlabel(view.label(view.x))
    axes.set_ylabel(view.label(view.y))


def _crop(
    axis: XAxis | YAxis, objective: Objective | None, own: npt.NDArray[np.float64], others: npt.NDArray[np.float64]
) -> None:
    """End the axis on its worse side with frontier and half the cloud in view; linear if that is under a decade."""
    others = others[np.isfinite(others)]
    if objective is None or not len(others) or np.ptp(own) == 0:
        return
    scaled = np.log10 if axis.get_scale() == "log" else np.asarray
    signed, cloud = scaled(own) * objective.sign, scaled(others) * objective.sign
    best = min(signed.min(), cloud.min())
    worst = max(signed.max(), min(cloud.max(), max(np.median(cloud), signed.max() + 2 * np.ptp(signed))))
    margin = 0.04 * (worst - best)
    ends = np.sort(np.array([best - margin, worst + margin]) * objective.sign)
    if axis.get_scale() == "log" and ends[1] - ends[0] < 1:
        axis.axes.set(**{f"{axis.axis_name}scale": "linear"})
        _crop(axis, objective, own, others)
        return
    axis.axes.set(**{f"{axis.axis_name}lim": 10.0**ends if axis.get_scale() == "log" else ends})


def _plain_numbers(axes: Axes) -> None:
    """Write 0.1, 1, 10 at the decades of a logarithmic axis and 20,000 on a linear one; powers where that is long."""
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        plain = low >= 1e-3 and high < 1e5 if axis.get_scale() == "log" else 1e4 <= high < 1e6
        if plain:
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))


def _steps(axes: Axes, view: _View, xs: npt.NDArray[np.float64], ys: npt.NDArray[np.float64]) -> None:
    """Join the points that are on the front of these two objectives by the edge of what they dominate."""
    first, second = view.objective(view.x), view.objective(view.y)
    if first is None or second is None:
        return
    front = non_dominated(costs(view.frontier.table, [first, second]))
    order = np.argsort(xs[front], kind="stable")
    where: Literal["post", "pre"] = "post" if first.direction == "minimize" else "pre"
    axes.step(xs[front][order], ys[front][order], where=where, color="#555555", linewidth=0.8, zorder=2)


def _points(axes: Axes, view: _View, xs: npt.NDArray[np.float64], ys: npt.NDArray[np.float64]) -> None:
    size = 16.0 if len(xs) <= 60 else 9.0
    edge: dict[str, Any] = {"edgecolors": "#202020", "linewidths": 0.35, "zorder": 3}
    if view.colour is None:
        axes.scatter(xs, ys, s=size, c=COLOURS[0], marker=MARKERS[0], label="frontier", **edge)
        return
    column = view.frontier.table[view.colour]
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if numeric and column.nunique() > len(COLOURS):
        values = view.values(view.colour)
        norm: Any = "log" if spans_decades(values) else None
        drawn = axes.scatter(xs, ys, s=size, c=values, cmap="cividis", norm=norm, **edge)
        bar = axes.get_figure().colorbar(drawn, ax=axes, pad=0.02, aspect=30)  # type: ignore[union-attr]
        bar.set_label(view.label(view.colour))
        return
    for name, rows, colour, marker in groups(column):
        axes.scatter(xs[rows], ys[rows], s=size, c=colour, marker=marker, label=name, **edge)


def groups(column: pd.Series[Any]) -> list[tuple[str, npt.NDArray[np.int64], str, str]]:
    """Return (name, rows, colour, marker) of each distinct value, at most 8; the less frequent beyond 7 are one group.

    Numbers are in order of size, texts in alphabetical order (numbers in them by size), missing values last as "none".
    """
    values = column.astype(object).where(column.notna(), None).tolist()
    counts: dict[Any, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    ordered = sorted(counts, key=_place)
    kept = ordered
    if len(ordered) > len(COLOURS):
        kept = sorted(sorted(ordered, key=lambda value: -counts[value])[: len(COLOURS) - 1], key=_place)
    result = []
    for position, value in enumerate(kept):
        rows = np.array([row for row, each in enumerate(values) if each == value], dtype=np.int64)
        result.append((_name(value), rows, COLOURS[position], MARKERS[position]))
    rest = np.array([row for row, each in enumerate(values) if each not in kept], dtype=np.int64)
    if len(rest):
        result.append((f"{len(ordered) - len(kept)} others", rest, REST, "."))
    return result


def _place(value: Any) -> tuple[Any, ...]:
    if value is None:
        return (2,)
    if isinstance(value, int | float | np.number):
        return (0, float(value))
    return (
        1,
        *(
            (0, int(part), "") if part.isdecimal() else (1, 0, part)
            for part in re.findall(r"[0-9]+|[^0-9]+", str(value))
        ),
    )


def _name(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{float(value):.4g}" if isinstance(value, float | np.floating) else str(value)


def _distribution(axes: Axes, view: _View) -> None:
    """Draw the share of evaluated designs that are at least as good as each value of the one objective."""
    objective = view.frontier.objectives[0]
    name = objective.metric
    values = np.sort(view.cloud_values(name))
    values = values[np.isfinite(values)]
    best = view.values(name)[0]
    if spans_decades(np.append(values, best)):
        axes.set_xscale("log")
    if len(values):
        share = np.arange(1, len(values) + 1) / len(values)
        share = share if objective.direction == "minimize" else 1 - share + 1 / len(values)
        axes.step(values, share, where="post", color="#888888", linewidth=0.8, zorder=2, label=_CLOUD_NAME)
    axes.scatter([best], [0.0], s=24, c=COLOURS[0], edgecolors="#202020", linewidths=0.35, zorder=3, clip_on=False,
                 label=f"best: {significant(float(best))}")  # fmt: skip
    axes.set_ylim(0, 1)
    axes.set_xlabel(view.label(name))
    axes.set_ylabel("Share as good or better")


def spans_decades(values: npt.NDArray[np.float64]) -> bool:
    """Return whether all finite values are above 0 and the largest is more than 100 times the smallest."""
    finite = values[np.isfinite(values)]
    if not len(finite) or finite.min() <= 0:
        return False
    return bool(np.log10(finite.max()) - np.log10(finite.min()) > DECADES_FOR_LOG)


def _legend(drawn: Figure, axes: Axes, view: _View) -> int:
    """Put the legend above the axes; return its lines."""
    handles, names = axes.get_legend_handles_labels()
    if not handles:
        return 0
    order = sorted(range(len(names)), key=lambda index: names[index] == _CLOUD_NAME)
    named = [name for name in names if name not in (_CLOUD_NAME, "frontier")]
    title = view.label(view.colour) if view.colour is not None and view.y is not None and named else None
    columns = max(1, min(len(names), 60 // (max(map(len, names)) + 3)))
    drawn.legend(
        [handles[i] for i in order], [names[i] for i in order], loc="outside upper left", ncols=columns, frameon=False,
        title=title, title_fontsize=7, alignment="left", handletextpad=0.1, columnspacing=0.8, borderpad=0.0,
        labelspacing=0.35, handlelength=1.6,
    )  # fmt: skip
    return -(-len(names) // columns) + (title is not None)


def _caption(drawn: Figure, axes: Axes, view: _View) -> int:
    """Put what the reader must know below the axes; return its lines."""
    notes = []
    count = len(view.frontier.objectives)
    if count > 2 and view.y is not None and len(view.frontier):
        line = "; the line bounds these two" if view.objective(view.x) and view.objective(view.y) else ""
        notes.append(f"Projection of {count} objectives{line}.")
    outside = _outside(axes, view) if len(view.frontier) else 0
    if outside:
        notes.append(f"{outside:,} of {len(view.cloud):,} grey designs lie beyond the axes.")
    certificate = str(view.frontier.certificate)
    notes.append(f"{certificate[:1].upper()}{certificate[1:].rstrip('.')}.")
    lines = textwrap.wrap(" ".join(notes), 76)
    drawn.supxlabel("\n".join(lines), fontsize=6, color="#404040", x=0.01, ha="left", linespacing=1.2)
    return len(lines)


def _outside(axes: Axes, view: _View) -> int:
    if view.y is None or not len(view.cloud):
        return 0
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    xs, ys = view.cloud_values(view.x), view.cloud_values(view.y)
    return int(((xs < left) | (xs > right) | (ys < low) | (ys > high)).sum())
