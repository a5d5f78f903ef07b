"""How near each search comes to a frontier that is known: hypervolume reached against designs evaluated.

Each space is enumerated first. A run of a search is cut at several numbers of designs; the hypervolume of what it had
found by then is divided by that of the true frontier, under one reference point: the worst feasible value of each
objective.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from codesign import Space, Study, read_space
from codesign.pareto import costs, hypervolume
from codesign.search import search_methods

SPACES = Path(__file__).resolve().parents[1] / "spaces" / "systolic"
CASES = {
    "mobilenetv1-arrays": SPACES / "mobilenetv1-arrays.yaml",
    "draco-mobilenetv1": SPACES / "draco-mobilenetv1.yaml",
}
CHECKPOINTS = (25, 50, 100, 200, 400, 800)
SEEDS = 5
SLOW = {"tpe": (400, 3), "gp": (50, 2)}
"""Searches whose own time grows fast: largest number of designs, number of seeds."""
NEEDS = {"gp": "torch"}


def methods(space: Space) -> list[str]:
    """Return the searches that can take the space here."""
    found = [name for name in search_methods() if name not in ("exhaustive", "cma-es")]
    return [name for name in found if name not in NEEDS or importlib.util.find_spec(NEEDS[name]) is not None]


def true_frontier(space: Space) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], int]:
    """Return the costs of the true frontier, the reference point, and the number of designs."""
    result = Study(space, method="exhaustive", budget=10**9, options={}).run()
    assert result.frontier.certificate.kind == "enumerated"
    everything = result.evaluations
    good = everything[everything["feasible"]]
    reference = costs(good, space.objectives).max(axis=0)
    return costs(result.frontier.table, space.objectives), reference, len(everything)


def shares(space: Space, method: str, seed: int, best: float, reference: np.ndarray[Any, Any]) -> list[dict[str, Any]]:
    """Return the share of the true hypervolume that one run had reached at each checkpoint."""
    most = SLOW.get(method, (CHECKPOINTS[-1], 0))[0]
    options = {"population": 50} if method == "nsga2" else {}
    found = Study(space, method=method, budget=most, seed=seed, options=options).run().evaluations
    rows = []
    for count in (number for number in CHECKPOINTS if number <= most):
        seen = found.iloc[:count]
        seen = seen[seen["feasible"]]
        volume = hypervolume(costs(seen, space.objectives), reference) if len(seen) else 0.0
        rows.append({"search": method, "seed": seed, "designs": count, "share": volume / best})
    return rows


def measure(name: str, file: Path) -> pd.DataFrame:
    """Return search, seed, designs, share for one space."""
    space = read_space(file)
    frontier, reference, count = true_frontier(space)
    best = hypervolume(frontier, reference)
    rows = []
    for method in methods(space):
        for seed in range(SLOW.get(method, (0, SEEDS))[1]):
            rows += shares(space, method, seed, best, reference)
    table = pd.DataFrame(rows)
    table.insert(0, "space", name)
    table["all_designs"] = count
    return table


def draw(table: pd.DataFrame, out: Path) -> None:
    """Draw the median share against designs, with the range over seeds, a panel for each space."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(table["space"].unique())
    drawn = Figure(figsize=(3.5 * len(names), 3.0), layout="constrained")
    FigureCanvasAgg(drawn)
    panels = drawn.subplots(1, len(names), sharey=False, squeeze=False)[0]
    markers, colours = "osD^vPX", ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000"]
    for panel, name in zip(panels, names, strict=True):
        part = table[table["space"] == name]
        for number, (method, rows) in enumerate(part.groupby("search", sort=False)):
            grouped = rows.groupby("designs")["share"]
            middle = grouped.median()
            panel.plot(middle.index, middle, marker=markers[number], color=colours[number], ms=4, lw=1, label=method)
            panel.fill_between(middle.index, grouped.min(), grouped.max(), color=colours[number], alpha=0.12, lw=0)
        panel.set_xscale("log")
        panel.set_xticks(CHECKPOINTS, [str(number) for number in CHECKPOINTS])
        panel.minorticks_off()
        panel.set_xlabel(f"designs evaluated (of {part['all_designs'].iloc[0]:,})")
        panel.set_ylabel("share of the true hypervolume")
        panel.set_title(name, fontsize=9)
        panel.spines[["top", "right"]].set_visible(False)
    panels[-1].legend(fontsize=7, frameon=False, loc="lower right")
    drawn.savefig(out / "search-quality.png", dpi=200, metadata={"Software": None})


def run(out: Path) -> None:
    """Measure, print the medians, write ``search-quality.csv`` and ``.png``."""
    table = pd.concat([measure(name, file) for name, file in CASES.items()], ignore_index=True)
    table.to_csv(out / "search-quality.csv", index=False)
    for name, part in table.groupby("space", sort=False):
        medians = part.pivot_table(index="search", columns="designs", values="share", aggfunc="median", sort=False)
        total = part["all_designs"].iloc[0]
        print(f"\n{name} ({total:,} designs): median share of the true hypervolume after so many designs")
        print(medians.to_string(float_format="{:.4f}".format, na_rep="-"))
    draw(table, out)
