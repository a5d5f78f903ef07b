"""One frontier against another, in numbers and design by design."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from codesign.pareto import quality
from codesign.pareto.dominance import Costs
from codesign.pareto.errors import FrontierError
from codesign.pareto.objective import Objective
from codesign.pareto.reference import reference_point


class Compared(Protocol):
    """What a comparison reads of a frontier (``codesign.pareto.frontier.Frontier`` has it)."""

    objectives: tuple[Objective, ...]
    parameters: list[str]

    @property
    def table(self) -> pd.DataFrame:
        """Designs with their metrics."""

    @property
    def costs(self) -> Costs:
        """Objective values, to be minimised."""

    def __len__(self) -> int: ...


def compare(a: Compared, b: Compared, reference: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Return the columns quantity, a, b, note: each quantity for A, for B, and what it means.

    Both hypervolumes have one reference point, ``reference`` or else derived from the rows of both (see
    ``codesign.pareto.reference``). Distances between objectives of different units are taken after scaling each
    objective to [0, 1] over the rows of both. NaN where a quantity isn't defined, with the reason in the note.

    Raises FrontierError when the two have different objectives, or both are empty.
    """
    _require_same_objectives(a, b)
    if not len(a) and not len(b):
        raise FrontierError("both frontiers are empty: there is nothing to compare")
    rows = [("designs", float(len(a)), float(len(b)), "rows of the table"), *_volumes(a, b, reference)]
    rows += [*_distances(a, b), *_designs(a, b)]
    return pd.DataFrame(rows, columns=["quantity", "a", "b", "note"])


def design_difference(a: Compared, b: Compared) -> pd.DataFrame:
    """Return the designs of both with a first column ``found_in``: ``both``, ``a`` or ``b``.

    The metrics of a design in both are those of A. Two designs are the same when all parameters are equal. Raises
    FrontierError when parameters or objectives differ.
    """
    _require_same_objectives(a, b)
    if a.parameters != b.parameters:
        raise FrontierError(
            f"the designs have different parameters: {', '.join(a.parameters)} and {', '.join(b.parameters)}"
        )
    in_a, in_b = _keys(a), _keys(b)
    of_a = a.table.assign(found_in=["both" if key in set(in_b) else "a" for key in in_a])
    of_b = b.table[[key not in set(in_a) for key in in_b]].assign(found_in="b")
    table = pd.concat([of_a.astype(object), of_b.astype(object)], ignore_index=True).infer_objects()
    return table[["found_in", *[name for name in table.columns if name != "found_in"]]]


def moved_metrics(a: Compared, b: Compared, tolerance: float = 0.0) -> pd.DataFrame:
    """Return where a design of both has another metric: parameters, metric, a, b, change = (b - a) / abs(a).

    Only metrics that both have; differences of at most ``tolerance``, relative, are left out. Empty when the same
    model gave both. Raises FrontierError when the objectives differ.
    """
    _require_same_objectives(a, b)
    metrics = [
        name
        for name in a.table.columns
        if name not in a.parameters and name in b.table.columns and pd.api.types.is_numeric_dtype(a.table[name])
    ]
    rows_a = dict(zip(_keys(a), a.table.to_dict("records"), strict=True))
    rows_b = dict(zip(_keys(b), b.table.to_dict("records"), strict=True))
    moved = []
    for key in (key for key in rows_a if key in rows_b):
        for name in metrics:
            before, after = float(rows_a[key][name]), float(rows_b[key][name])
            if before != after and not (math.isnan(before) and math.isnan(after)):
                change = (after - before) / abs(before) if before else math.inf
                if not abs(change) <= tolerance:
                    design = {parameter: rows_a[key][parameter] for parameter in a.parameters}
                    moved.append({**design, "metric": name, "a": before, "b": after, "change": change})
    return pd.DataFrame(moved, columns=[*a.parameters, "metric", "a", "b", "change"])


def _require_same_objectives(a: Compared, b: Compared) -> None:
    aims = [[(o.metric, o.direction) for o in frontier.objectives] for frontier in (a, b)]
    if aims[0] != aims[1]:
        texts = [", ".join(f"{direction} {metric}" for metric, direction in aim) for aim in aims]
        raise FrontierError(f"frontiers of different objectives can't be compared: A has {texts[0]}; B has {texts[1]}")


_Row = tuple[str, float, float, str]


def _volumes(a: Compared, b: Compared, reference: Mapping[str, float] | None) -> list[_Row]:
    union = np.vstack([a.costs, b.costs])
    point = reference_point(union, a.objectives, reference)
    corner, ideal = point.costs(a.objectives), union.min(axis=0)
    volumes = [quality.hypervolume(side.costs, corner) for side in (a, b)]
    place = ", ".join(f"{name} = {value:.6g}" for name, value in point.values.items())
    rows: list[_Row] = [("hypervolume", *volumes, f"up to {place} ({point.source})")]  # type: ignore[list-item]
    if np.isfinite(ideal).all() and (ideal < corner).all():
        shares = [quality.normalised_hypervolume(side.costs, ideal, corner) for side in (a, b)]
        note = "share of the box from the best values of both to the reference point"
        rows.append(("normalised_hypervolume", shares[0], shares[1], note))
    return rows


def _distances(a: Compared, b: Compared) -> list[_Row]:
    rows: list[_Row] = [
        (
            "coverage",
            quality.coverage(a.costs, b.costs),
            quality.coverage(b.costs, a.costs),
            "share of the other's designs that this one matches or beats in every objective; 1 is best",
        )
    ]
    reason = _no_distances(a.costs, b.costs)
    if reason:
        names = ("additive_epsilon", "igd_plus", "multiplicative_epsilon")
        return [*rows, *((name, math.nan, math.nan, reason) for name in names)]
    union = np.vstack([a.costs, b.costs])
    low, span = union.min(axis=0), np.ptp(union, axis=0)
    span = np.where(span > 0, span, 1.0)
    x, y = (a.costs - low) / span, (b.costs - low) / span
    scaled = "objectives scaled to [0, 1] over both"
    rows.append(
        (
            "additive_epsilon",
            quality.additive_epsilon(x, y),
            quality.additive_epsilon(y, x),
            f"how far this one must move to match or beat all of the other; {scaled}; 0 or less is best",
        )
    )
    rows.append(
        (
            "igd_plus",
            quality.inverted_generational_distance_plus(x, y),
            quality.inverted_generational_distance_plus(y, x),
            f"mean distance of the other's designs from what this one matches or beats; {scaled}; 0 is best",
        )
    )
    return [*rows, _factor(a, b)]


def _no_distances(x: Costs, y: Costs) -> str:
    if not len(x) or not len(y):
        return "not defined: one of the two is empty"
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return "not defined: an objective is infinite"
    return ""


def _factor(a: Compared, b: Compared) -> _Row:
    x, y = _ratios(a), _ratios(b)
    if (x <= 0).any() or (y <= 0).any():
        return ("multiplicative_epsilon", math.nan, math.nan, "not defined: an objective is not above 0")
    return (
        "multiplicative_epsilon",
        quality.multiplicative_epsilon(x, y),
        quality.multiplicative_epsilon(y, x),
        "factor by which this one must improve to match or beat all of the other; 1 or less is best",
    )


def _ratios(frontier: Compared) -> Costs:
    """Costs for ratios: a maximised metric v enters as 1/v, so that twice as good is half the cost."""
    columns = []
    for position, objective in enumerate(frontier.objectives):
        values = frontier.costs[:, position] * objective.sign
        if objective.direction == "maximize":
            values = np.where(values > 0, 1.0 / np.where(values > 0, values, 1.0), values)
        columns.append(values)
    return np.column_stack(columns)


def _designs(a: Compared, b: Compared) -> list[_Row]:
    if a.parameters != b.parameters:
        reason = "not defined: the two have different parameters"
        return [(name, math.nan, math.nan, reason) for name in ("designs_only_here", "designs_in_both")]
    in_a, in_b = set(_keys(a)), set(_keys(b))
    common = float(len(in_a & in_b))
    return [
        (
            "designs_only_here",
            float(len(in_a - in_b)),
            float(len(in_b - in_a)),
            "not found in the other",
        ),
        ("designs_in_both", common, common, "all parameters are equal"),
    ]


def _keys(frontier: Compared) -> list[tuple[str, ...]]:
    """One tuple of texts per design, so that 8 read from a file equals 8 computed."""
    table = frontier.table[frontier.parameters]
    columns = [table[name].astype(object).fillna("").map(str) for name in frontier.parameters]
    return list(zip(*columns, strict=True)) if columns else [()] * len(table)
