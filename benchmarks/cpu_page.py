"""What training measured of the IPC predictor on held-out programs and cores: the figure and the tables of its page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from codesign.models.cpu.predictor.artefact import trained_errors
from codesign.models.cpu.predictor.evaluation import LEARNED, LEAST_BOUND, ONE_PASS
from codesign.models.cpu.splits_protocol import BOTH_UNSEEN, SPLITS, UNSEEN_CORE
from codesign.report.figure import COLOURS, MARKERS, REST

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
FIGURE = "cpu-protocol.png"
TABLES = "cpu-protocol.md"
PREDICTORS = (LEARNED, ONE_PASS, LEAST_BOUND, "nearest program", "constant")
ERRORS = {"mape_cpi_percent": "mean error of CPI (%)", "rmse_ipc": "root mean square error of IPC"}
HEADS = {
    "rmse_ipc": ("RMSE of IPC", ".3f"),
    "mape_cpi_percent": ("MAPE of CPI, %", ".1f"),
    "r2": ("R2", ".3f"),
    "spearman": ("rank correlation", ".3f"),
}
WORST = 8
APART = 0.15
"""Between two predictors of a split; splits are 1 apart."""
PRINT: dict[Any, Any] = {
    "font.size": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}


def run(out: Path) -> None:
    """Draw the figure into ``docs/images``; write the tables as Markdown."""
    table = pd.DataFrame(trained_errors()["errors"])
    protocol_figure(table, IMAGES / FIGURE)
    (out / TABLES).write_text(tables(), encoding="utf-8")


def protocol_figure(table: pd.DataFrame, file: Path) -> None:
    """Draw both errors of every predictor, split by split: a point each, further left is better."""
    with plt.rc_context(PRINT):
        drawing, panels = plt.subplots(1, 2, figsize=(7.0, 2.7), sharey=True, layout="constrained")
        for panel, (column, title) in zip(panels, ERRORS.items(), strict=True):
            for number, name in enumerate(PREDICTORS):
                own = table[table["predictor"] == name].set_index("split")[column].reindex(list(SPLITS))
                places = [split + APART * (number - (len(PREDICTORS) - 1) / 2) for split in range(len(SPLITS))]
                panel.plot(
                    own, places, MARKERS[number], color=COLOURS[number], ms=4.5, mew=0.4, mec="black", label=name
                )
                panel.hlines(places, 1e-9, own, color=REST, lw=0.4, zorder=0)
            values = table.loc[table["predictor"].isin(PREDICTORS), column]
            panel.set(xscale="log", xlabel=title, xlim=(0.6 * values.min(), 1.5 * values.max()))
            panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            panel.xaxis.set_minor_formatter(NullFormatter())
            panel.tick_params(axis="y", length=0)
        panels[0].set_yticks(range(len(SPLITS)), [split.replace(", ", ",\n") for split in SPLITS])
        panels[0].invert_yaxis()
        handles = panels[0].get_legend_handles_labels()
        drawing.legend(*handles, loc="outside upper center", ncols=len(PREDICTORS), frameon=False)
        drawing.savefig(file, dpi=200, metadata={"Software": None})
        plt.close(drawing)


def tables() -> str:
    """Return what was trained on, errors of every predictor, intervals, programs of largest error, as Markdown."""
    told = trained_errors()
    lines = [f"{told['programs']} programs of {told['families']} families on {told['cores']} cores.", ""]
    lines += [
        _row("split", "predictor", *(head for head, _ in HEADS.values())),
        "| --- | --- |" + " ---: |" * len(HEADS),
    ]
    errors = {(row["split"], row["predictor"]): row for row in told["errors"]}
    for split in SPLITS:
        for name in PREDICTORS:
            cells = [format(errors[split, name][column], form) for column, (_, form) in HEADS.items()]
            lines.append(_row(split, name, *cells))
    lines += ["", _row("interval", "held, unseen program and core", "held, seen program, unseen core")]
    lines.append("| ---: | ---: | ---: |")
    for level, unseen in told["intervals_unseen"].items():
        held = (unseen["held"], told["intervals_seen"][level]["held"])
        lines.append(_row(f"{100 * float(level):g} %", *(f"{100 * share:.1f} %" for share in held)))
    for split in (BOTH_UNSEEN, UNSEEN_CORE):
        lines += [
            "",
            _row(f"largest errors, {split}", "mean IPC", *(f"{n}, MAPE of CPI %" for n in (LEARNED, ONE_PASS))),
        ]
        lines += ["| --- | ---: | ---: | ---: |", *_worst(pd.DataFrame(told["errors_by_program"]), split)]
    return "\n".join(lines) + "\n"


def _worst(table: pd.DataFrame, split: str) -> list[str]:
    own = table[table["split"] == split]
    wide = own.pivot(index="program", columns="predictor", values="mape_cpi_percent")
    means = own.groupby("program")["mean_ipc"].first()
    largest = wide.sort_values(LEARNED, ascending=False).head(WORST)
    return [
        _row(program, f"{means[program]:.2f}", *(f"{largest.loc[program, name]:.1f}" for name in (LEARNED, ONE_PASS)))
        for program in largest.index
    ]


def _row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"
