"""What the runs of ``dram_regret`` say: tables, tests and the figure."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from scipy.stats import mannwhitneyu

from benchmarks.dram_regret import CHECKPOINTS, CLOSE, METHODS, OBJECTIVES, PUBLISHED, TRACES, case, short
from benchmarks.dram_truth import published_space
from codesign.search.learning.actions import rounded

SEVERAL_AGENTS = ("independent PPO", "MAPPO")
RIVALS = (
    "PPO",
    "SAC",
    "SAC, binned",
    "PPO as released",
    "SAC as released",
    "random",
    "random walk",
    "REINFORCE per parameter",
    "NSGA-II",
    "tree search",
    "TPE",
)
LEVEL = 0.05
IN_FIGURE = (
    "random",
    "tree search",
    "NSGA-II",
    "REINFORCE per parameter",
    "PPO",
    "independent PPO",
    "MAPPO",
    "SAC",
    "PPO as released",
    "several agents as released",
)
LABELS = [method.label for method in METHODS]


def landscape(traces: tuple[str, ...], kept: Path) -> pd.DataFrame:
    """Return the best of each case, how many designs are as good, how many within 1 %, and what chance needs.

    ``samples by chance`` is the mean number of draws without repetition until the first design within 1 %:
    (N + 1) / (K + 1) for K of N designs. The last column is the regret of the best design that single agents as
    released can choose.
    """
    rows = []
    reachable = reachable_as_released()
    for trace, objective in product(traces, OBJECTIVES):
        _, of = case(trace, objective, kept)
        if of.costs.shape[1] > 1:
            continue
        cost, best = of.costs[:, 0], of.frontier[0, 0]
        gap = (cost - best) / abs(best)
        close = int((gap <= CLOSE).sum())
        rows.append(
            {
                "objective": objective,
                "trace": short(trace),
                "best": abs(best),
                "designs at best": int((gap <= 0.0).sum()),
                "designs within 1 %": close,
                "samples by chance": (len(cost) + 1) / (close + 1),
                "different values": len(np.unique(cost)),
                "least regret as released": float(gap[reachable].min()) if objective in PUBLISHED else np.nan,
            }
        )
    return pd.DataFrame(rows).sort_values("objective", key=lambda c: c.map(list(OBJECTIVES).index), kind="stable")


def reachable_as_released() -> npt.NDArray[np.bool_]:
    """Return which designs single agents as released can choose: the first, middle and last value of each parameter."""
    space = published_space()
    sizes = tuple(len(parameter.domain.values) for parameter in space.parameters)  # type: ignore[union-attr]
    corners = np.repeat(np.array([[-1.0], [0.0], [1.0]]), len(sizes), axis=1)
    chosen = rounded(corners, sizes)
    codes = np.concatenate(list(space.chunks()))
    one_by_one = [np.isin(codes[:, at], [-1, *chosen[:, at]]) for at in range(len(sizes))]
    return np.asarray(np.logical_and.reduce(one_by_one))


def needed(runs: pd.DataFrame, count: str) -> pd.DataFrame:
    """Return quartiles of the ``samples`` or ``designs`` until a run was within 1 %; inf where it never was."""
    some = runs.assign(needed=runs[f"{count}_to_close"].fillna(np.inf))
    groups = some.groupby(["objective", "trace", "search"])["needed"]
    table = groups.agg(
        lower=lambda x: quantile(x, 0.25),
        median=lambda x: quantile(x, 0.5),
        upper=lambda x: quantile(x, 0.75),
        reached=lambda x: int(np.isfinite(x).sum()),
        runs="size",
    )
    return table.reset_index()


def quantile(values: pd.Series[float], share: float) -> float:
    """Return a quantile as one of the values (the lower of two), so that infinite ones are no trouble."""
    return float(np.quantile(values.to_numpy(), share, method="inverted_cdf"))


def regrets(runs: pd.DataFrame, count: str) -> pd.DataFrame:
    """Return quartiles of the regret after each number of ``samples`` or ``designs``."""
    rows = []
    for (objective, trace, search), own in runs.groupby(["objective", "trace", "search"]):
        for number in CHECKPOINTS:
            values = own[f"regret_{number}_{count}"]
            low, middle, high = (quantile(values, share) for share in (0.25, 0.5, 0.75))
            rows.append((objective, trace, search, number, low, middle, high))
    return pd.DataFrame(rows, columns=["objective", "trace", "search", count, "lower", "median", "upper"])


def sooner_tests(runs: pd.DataFrame) -> pd.DataFrame:
    """Return, for each case, whether several agents come within 1 % sooner than a rival.

    ``sooner`` is the probability that a run of the agents needs fewer samples than one of the rival (ties count half;
    never is more than any number): Vargha and Delaney's A. ``p`` is that of the two-sided Mann-Whitney test, after
    Holm's correction over all rows.
    """
    needed = runs.assign(needed=runs["samples_to_close"].fillna(2.0 * CHECKPOINTS[-1]))
    rows = []
    for (objective, trace), own in needed.groupby(["objective", "trace"]):
        values = {search: part["needed"].to_numpy() for search, part in own.groupby("search")}
        for agents, rival in product(SEVERAL_AGENTS, RIVALS):
            if agents in values and rival in values:
                found = mannwhitneyu(values[agents], values[rival], alternative="two-sided", method="asymptotic")
                larger = found.statistic / (len(values[agents]) * len(values[rival]))
                p = 1.0 if np.isnan(found.pvalue) else float(found.pvalue)
                rows.append((objective, trace, agents, rival, 1.0 - larger, p))
    table = pd.DataFrame(rows, columns=["objective", "trace", "agents", "rival", "sooner", "p"])
    order = np.argsort(table["p"].to_numpy(), kind="stable")
    held = np.maximum.accumulate(table["p"].to_numpy()[order] * np.arange(len(order), 0, -1))
    table.loc[order, "p"] = np.minimum(held, 1.0)
    return table


def verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """Count the cases in which the agents are sooner or later than each rival, at a level of 5 %."""
    sure = table["p"] < LEVEL
    counted = table.assign(
        sooner_in=(sure & (table["sooner"] > 0.5)).astype(int),
        later_in=(sure & (table["sooner"] < 0.5)).astype(int),
        cases=1,
    )
    groups = counted.groupby(["agents", "rival"], sort=False)
    summed = groups[["sooner_in", "later_in", "cases"]].sum()
    return summed.assign(mean_sooner=groups["sooner"].mean()).reset_index()


def regret_figure(runs: pd.DataFrame, path: Path) -> None:
    """Draw regret against samples, medians with interquartile bands: a panel for each published objective and trace."""
    table = regrets(runs, "samples")

    def draw(panel: Axes, objective: str, trace: str, search: str, colour: Any) -> None:
        own = table[(table["objective"] == objective) & (table["trace"] == trace) & (table["search"] == search)]
        low, middle, high = (np.maximum(own[name], FLOOR) for name in ("lower", "median", "upper"))
        panel.fill_between(own["samples"], low, high, color=colour, alpha=0.15, linewidth=0)
        panel.plot(own["samples"], middle, color=colour, label=search, linewidth=1.4)
        panel.set_yscale("log")
        panel.axhline(CLOSE, color="0.6", linewidth=0.8, linestyle=":")

    _panels(runs, draw, f"regret (none: {FLOOR:g})", path)


def reached_figure(runs: pd.DataFrame, path: Path) -> None:
    """Draw the share of runs that are within 1 % of the best after so many samples."""

    def draw(panel: Axes, objective: str, trace: str, search: str, colour: Any) -> None:
        own = runs[(runs["objective"] == objective) & (runs["trace"] == trace) & (runs["search"] == search)]
        at = np.sort(own["samples_to_close"].fillna(np.inf).to_numpy())
        share = np.arange(1, len(at) + 1) / max(len(at), 1)
        some = np.isfinite(at)
        last = share[some][-1] if some.any() else 0.0
        x, y = [1.0, *at[some], CHECKPOINTS[-1]], [0.0, *share[some], last]
        panel.step(x, y, where="post", color=colour, label=search, linewidth=1.4)

    _panels(runs, draw, "share of runs within 1 % of the best", path)


def _panels(runs: pd.DataFrame, draw: Callable[[Axes, str, str, str, Any], None], label: str, path: Path) -> None:
    """Draw a panel for each published objective and trace, with one line for each search of ``IN_FIGURE``."""
    colours = dict(zip(IN_FIGURE, mpl.color_sequences["tab10"], strict=False))
    present = [search for search in IN_FIGURE if search in set(runs["search"])]
    figure, axes = plt.subplots(3, 4, figsize=(11, 7), sharex=True, sharey=True, layout="constrained")
    for (row, objective), (column, trace) in product(enumerate(PUBLISHED), enumerate(map(short, TRACES))):
        panel = axes[row, column]
        for search in present:
            draw(panel, objective, trace, search, colours[search])
        panel.set_xscale("log")
        panel.set_title(f"{objective}, {trace}", fontsize=9)
    figure.supxlabel("samples")
    figure.supylabel(label)
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=5, fontsize=8, frameon=False)
    figure.savefig(path, dpi=130)
    plt.close(figure)


NEVER = "never"
WHOLE = 1000.0
"""From here on numbers are written without fractions."""
FLOOR = 1e-4
"""Regrets are drawn no smaller than this."""


def markdown(runs: pd.DataFrame, traces: tuple[str, ...], kept: Path) -> str:
    """Return all tables as Markdown."""
    lines = ["## Landscape", "", *_markdown(landscape(traces, kept)), ""]
    for count in ("samples", "designs"):
        lines += [f"## {count.capitalize()} until within 1 %: median (quartiles), runs that got there", ""]
        lines += [*_needed_lines(needed(runs, count)), ""]
    table = regrets(runs, "samples")
    for number in (100, 1000, 10000):
        lines += [
            f"## Median regret after {number:,} samples",
            "",
            *_regret_lines(table[table["samples"] == number]),
            "",
        ]
    for name, group in (
        ("published objectives", PUBLISHED),
        ("ours", tuple(o for o in OBJECTIVES if o not in PUBLISHED)),
    ):
        some = sooner_tests(runs[runs["objective"].isin(group)])
        lines += [f"## Several agents against rivals, {name}", "", *_markdown(verdicts(some)), ""]
    speed = runs.groupby("search")[["samples", "cpu_s"]].sum()
    speed = (1e3 * speed["cpu_s"] / speed["samples"]).reindex(LABELS).dropna().rename("CPU ms a sample").reset_index()
    return "\n".join([*lines, "## The searches' own time", "", *_markdown(speed)]) + "\n"


def _markdown(table: pd.DataFrame) -> list[str]:
    lines = ["| " + " | ".join(map(str, table.columns)) + " |", "|" + " --- |" * len(table.columns)]
    return lines + ["| " + " | ".join(_cell(value) for value in row) + " |" for row in table.itertuples(index=False)]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= WHOLE else "-" if np.isnan(value) else f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _pivot(table: pd.DataFrame, cells: pd.Series[str], traces: list[str]) -> list[str]:
    wide = table.assign(cell=cells).pivot(index="search", columns=["objective", "trace"], values="cell")
    order = [pair for pair in product(OBJECTIVES, traces) if pair in wide.columns]
    wide = wide.reindex(
        index=[label for label in LABELS if label in wide.index], columns=pd.MultiIndex.from_tuples(order)
    )
    lines = []
    for objective in dict.fromkeys(pair[0] for pair in order):
        part = wide[objective].dropna(how="all").fillna("-").reset_index().rename(columns={"search": objective})
        lines += [*_markdown(part), ""]
    return lines[:-1]


def _needed_lines(table: pd.DataFrame) -> list[str]:
    def said(row: pd.Series[float]) -> str:
        middle, low, high = (f"{row[n]:,.0f}" if np.isfinite(row[n]) else NEVER for n in ("median", "lower", "upper"))
        reached = "" if row["reached"] == row["runs"] else f", {row['reached']:.0f} of {row['runs']:.0f}"
        if low == NEVER:
            return f"{NEVER} ({reached[2:]})"
        return f"{middle} ({low} ... {high}{reached})"

    return _pivot(table, table.apply(said, axis=1), list(map(short, TRACES)))


def _regret_lines(table: pd.DataFrame) -> list[str]:
    return _pivot(table, table["median"].map(lambda value: f"{100.0 * value:.3g} %"), list(map(short, TRACES)))
